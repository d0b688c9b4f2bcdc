/* csv_plain_names.c: names of columns, what they are for, and options. */
#include "tests/support/csv_plain_parts.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"

/* ---- telling ------------------------------------------------------------------------ */

bool plain_fail(plain_import *im, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(im->error, sizeof im->error, format, args);
    va_end(args);
    seg_text_one_line(im->error);
    if (im->status == 0)
        im->status = SEG_E_DATA;
    return false;
}

void plain_say(plain_import *im, const char *format, ...)
{
    char text[512];
    va_list args;
    if (im->told)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    seg_put_text(im->notes, NULL, text);
    seg_text_one_line(text);
    fprintf(im->to, "note 1: %s\n", text);
}

/* ---- lists -------------------------------------------------------------------------- */

static char **split(const char *list, const char *by)
{
    char **out = calloc(strlen(list) + 2, sizeof *out), *copy = strdup(list), *rest = copy;
    size_t n = 0;
    for (char *word; out != NULL && (word = strsep(&rest, by)) != NULL;)
        if (word[0] != 0)
            out[n++] = strdup(word);
    free(copy);
    return out;
}

void plain_free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

/* ---- names and options -------------------------------------------------------------- */

static bool ends_in_word(const char *name, const char *word)
{
    size_t n = strlen(name), m = strlen(word);
    if (n < m || strcasecmp(name + n - m, word) != 0)
        return false;
    return n == m || !isalpha((unsigned char)name[n - m - 1]) ||
           (islower((unsigned char)name[n - m - 1]) && isupper((unsigned char)name[n - m]));
}

static bool date_like(const char *name)
{
    static const char *const ends[] = {"date", "time", "day", "timestamp", "at"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_in_word(name, ends[i]))
            return true;
    return strncasecmp(name, "date", 4) == 0;
}

static bool id_like(const char *name)
{
    static const char *const ids[] = {"id",        "customerid", "custid",
                                      "clientid",  "userid",     "memberid",
                                      "accountid", "contactid",  "subscriberid"};
    char plain[256];
    size_t n = 0;
    for (; *name != 0; name++)
        if (strchr("_- ", *name) == NULL)
            plain[n++] = (char)tolower((unsigned char)*name);
    plain[n] = 0;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (strcmp(plain, ids[i]) == 0)
            return true;
    return false;
}

static bool find_column(plain_import *im, const char *option, const char *name, plain_column **out)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 2;
    for (size_t c = 0; c < im->n_columns; c++) {
        *out = &im->columns[c];
        if (strcmp((*out)->name, name) == 0)
            return true;
        size_t distance = seg_edit_distance((*out)->name, name);
        if (distance < least) {
            least = distance;
            nearest = (*out)->name;
        }
    }
    im->status = SEG_E_USAGE;
    return nearest == NULL
               ? plain_fail(im, "--%s: %s has no column '%s'", option, im->csv->path, name)
               : plain_fail(im, "--%s: %s has no column '%s'; did you mean '%s'?", option,
                            im->csv->path, name, nearest);
}

static plain_type type_named(const char *name)
{
    return strcmp(name, "number") == 0     ? NUMBER
           : strcmp(name, "category") == 0 ? CATEGORY
           : strcmp(name, "date") == 0     ? DATE
           : strcmp(name, "text") == 0     ? TEXT
                                           : LEFT_OUT;
}

static bool take_list(plain_import *im, const char *option, const char *list)
{
    bool good = true;
    char **items = split(list == NULL ? "" : list, ",");
    for (size_t i = 0; good && items[i] != NULL; i++) {
        plain_column *c = NULL;
        bool drop = strcmp(option, "drop") == 0;
        char *colon = drop ? NULL : strrchr(items[i], ':');
        if (colon != NULL)
            *colon++ = 0;
        good = find_column(im, option, items[i], &c);
        if (!good)
            break;
        c->type = colon == NULL ? LEFT_OUT : type_named(colon);
        if (!drop)
            c->asked = c->type;
        if (c->type == LEFT_OUT)
            c->role = UNUSED;
    }
    plain_free_list(items);
    return good;
}

static void mark_id(plain_import *im)
{
    plain_column *found = NULL;
    for (size_t i = 0; i < im->n_columns; i++) {
        plain_column *c = &im->columns[i];
        if (c->type != OPEN || c->role != PLAIN || !id_like(c->name))
            continue;
        if (found != NULL) {
            plain_say(im, "columns '%s' and '%s' both look like ids: none is taken; give --id",
                      found->name, c->name);
            return;
        }
        found = c;
    }
    if (found != NULL)
        found->id_like = true;
}

bool plain_take_roles(plain_import *im)
{
    const seg_import_options *o = &im->options;
    plain_column *c;
    for (size_t i = 0; i < im->n_columns; i++)
        im->columns[i].date_like = date_like(im->columns[i].name);
    if (!take_list(im, "types", o->types) || !take_list(im, "drop", o->drop))
        return false;
    if (o->label != NULL && o->label[0] != 0) {
        if (!find_column(im, "label", o->label, &c))
            return false;
        c->role = IS_LABEL;
        c->asked = c->type = CATEGORY;
    }
    if (o->id == NULL) {
        mark_id(im);
    } else if (o->id[0] != 0) {
        if (!find_column(im, "id", o->id, &c))
            return false;
        if (c->role == IS_LABEL) {
            im->status = SEG_E_USAGE;
            return plain_fail(im, "column '%s' cannot be both id and label", o->id);
        }
        c->role = IS_ID;
        c->asked = c->type = ID;
    }
    return true;
}

/* ---- the header --------------------------------------------------------------------- */

static bool no_name_twice(plain_import *im)
{
    plain_words seen = {0};
    bool is_new = true;
    size_t c;
    for (c = 0; is_new && c < im->n_columns; c++) {
        plain_cell name = {im->columns[c].name, strlen(im->columns[c].name)};
        plain_add_word(&seen, name, 0, &is_new);
    }
    plain_forget_words(&seen);
    return is_new || plain_fail(im, "%s: line 1: duplicate column '%s'", im->csv->path,
                                im->columns[c - 1].name);
}

bool plain_find_names(plain_import *im)
{
    size_t first = 0;
    while (first < im->text.n && im->text.rows[first].empty)
        first++;
    if (first == im->text.n)
        return im->text.error[0] != 0 ? plain_fail(im, "%s: %s", im->csv->path, im->text.error)
                                      : plain_fail(im, "%s: the file is empty", im->csv->path);
    const plain_row *row = &im->text.rows[first];
    im->first_row = first + !im->options.no_header;
    im->n_columns = row->n_cells;
    im->columns = calloc(row->n_cells, sizeof *im->columns);
    bool numbers = true;
    for (size_t c = 0; c < row->n_cells; c++)
        numbers = numbers && plain_number(row->cells[c], '.', &(double){0}, NULL);
    unsigned long long line = row->line;
    if (!im->options.no_header && numbers)
        return plain_fail(im, "%s: line %llu: no column names, only numbers; give --no-header",
                          im->csv->path, line);
    if (!im->options.no_header && row->defect != SOUND)
        return plain_fail(im, "%s: line %llu: column %zu: the name %s", im->csv->path, line,
                          row->defect_cell + 1,
                          row->defect == NUL_BYTE ? "holds a null byte" : "is not valid UTF-8; give "
                          "--encoding WINDOWS-1252 if Excel wrote it, or another");
    plain_cell top = row->cells[0];
    bool excel = top.n >= 4 && memcmp(top.s, "sep=", 4) == 0;
    if (!im->options.no_header && (excel || (row->n_cells == 1 && top.n > 0 && *top.s == '#')))
        return plain_fail(im, "%s: line %llu: %s, no column names; leave it out: tail -n +%llu FILE"
                          " | segmill import -", im->csv->path, line,
                          excel ? "tells Excel the delimiter" : "a comment", line + 1);
    for (size_t c = 0; c < row->n_cells; c++) {
        plain_cell name = plain_trim(row->cells[c]);
        bool none = im->options.no_header || name.n == 0;
        im->columns[c].unnamed = name.n == 0;
        if (none ? asprintf(&im->columns[c].name, "column_%zu", c + 1) < 0
                 : (im->columns[c].name = strndup(name.s, name.n)) == NULL)
            abort();
        if (!none && name.n > 255)
            return plain_fail(im, "%s: line 1: the name of column %zu has %zu bytes; at most 255",
                              im->csv->path, c + 1, name.n);
    }
    return no_name_twice(im);
}

void plain_take_options(plain_import *im)
{
    static const char *const dates[] = {"", "iso", "compact", "d/m/y", "m/d/y", "epoch"};
    const seg_import_options *o = &im->options;
    im->point = o->decimal == NULL ? '.' : o->decimal[0];
    im->missing = split(o->missing == NULL ? "NA,N/A,NULL,null,NaN,nan,\\N" : o->missing, ",");
    for (int f = 1; f < 6; f++)
        if (o->dates != NULL && strcmp(o->dates, dates[f]) == 0)
            im->format = (seg_date_format)f;
}

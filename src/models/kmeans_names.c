/* kmeans_names.c: names that are told apart.
 *
 * A suggestion joins the two strongest traits. Where two segments would be called the same,
 * the one that is farther out becomes "very high ..."; what is still the same takes its third
 * trait, and at last its number. */
#include "models/kmeans_names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "models/kmeans_profile.h"

/* ---- pieces of a suggestion ----------------------------------------------------------------- */

enum { PIECES = 3, PIECE_BYTES = 40 };

typedef struct piece {
    char text[PIECE_BYTES + 1];   /* "high spend", "plan yearly"; empty: none */
    double away;                  /* how far out; 0: a level, which has no "very" */
} piece;

typedef struct suggestion {
    piece pieces[PIECES];
    bool very;
} suggestion;

/* Commas part names in lists, and a name is one line. */
static void set_piece(piece *p, const char *first, const char *second, double away)
{
    seg_text text = { 0 };
    seg_text_add(&text, first);
    seg_text_add_char(&text, ' ');
    seg_text_add(&text, second);
    p->away = away;
    if (!text.failed) {
        seg_text_one_line(text.bytes);
        size_t n = seg_utf8_cut(text.bytes, text.n, PIECE_BYTES);
        for (size_t i = 0; i < n; i++)
            p->text[i] = text.bytes[i] == ',' ? ' ' : text.bytes[i];
        while (n > 0 && p->text[n - 1] == ' ')
            n--;
        p->text[n] = '\0';
    }
    seg_text_free(&text);
}

static bool is_feature(const seg_schema *schema, const char *name)
{
    for (size_t f = 0; f < schema->n_features; f++)
        if (strcmp(schema->features[f].name, name) == 0)
            return true;
    return false;
}

/* First what the segments were made by, then the rest of the data. What a segment lacks of a
 * category makes no name. */
static void pieces_of_profile(const seg_kmeans_profile *p, const seg_schema *schema, size_t j,
                              suggestion *out)
{
    seg_kmeans_trait traits[4 * PIECES];
    size_t n = seg_kmeans_traits_find(p, j, traits, 4 * PIECES), there = 0;
    for (size_t i = 0; i < 2 * n && there < PIECES; i++) {
        const seg_kmeans_trait *t = &traits[i % n];
        bool number = t->number != SIZE_MAX, first = i < n;
        const char *category = number ? NULL
            : p->categories[t->level / SEG_KMEANS_LEVELS % p->n_categories];
        if (!number && is_feature(schema, category) == first && t->effect > 0)
            set_piece(&out->pieces[there++], category, p->level[t->level], 0);
        if (number && is_feature(schema, p->numbers[t->number]) == first)
            set_piece(&out->pieces[there++], t->effect > 0 ? "high" : "low",
                      p->numbers[t->number],
                      fabs(p->rank[j * p->n_numbers + t->number] - 0.5));
    }
}

static void pieces_of_centroid(const seg_kmeans_model *m, const seg_schema *schema, size_t j,
                               suggestion *out)
{
    static const double CLEAR = 0.3;   /* scaled units from the middle */
    size_t used[PIECES] = { SIZE_MAX, SIZE_MAX, SIZE_MAX };
    for (size_t i = 0; i < PIECES; i++) {
        double most = CLEAR;
        for (size_t f = 0; f < m->d; f++) {
            double z = m->z[j * m->d + f];
            z = seg_kmeans_is_level(m->level, f) ? z : fabs(z);
            if (z > most && f != used[0] && f != used[1]) {
                most = z;
                used[i] = f;
            }
        }
        if (used[i] == SIZE_MAX)
            return;
        const seg_column *column = &schema->features[m->columns[used[i]]];
        if (seg_kmeans_is_level(m->level, used[i]))
            set_piece(&out->pieces[i], column->name,
                      column->levels[(size_t)m->level[used[i]]], 0);
        else
            set_piece(&out->pieces[i], m->z[j * m->d + used[i]] > 0 ? "high" : "low",
                      column->name, most);
    }
}

/* ---- one after the other ------------------------------------------------------------------------ */

static bool same_start(const suggestion *a, const suggestion *b)
{
    return strcmp(a->pieces[0].text, b->pieces[0].text) == 0
           && strcmp(a->pieces[1].text, b->pieces[1].text) == 0;
}

static void find_very(const seg_kmeans_model *m, suggestion *all)
{
    for (size_t j = 0; j < m->k; j++) {
        size_t others = 0, farther = 0;
        if (m->names[j] != NULL || !(all[j].pieces[0].away > 0))
            continue;
        for (size_t i = 0; i < m->k; i++) {
            if (i == j || m->names[i] != NULL || !same_start(&all[i], &all[j]))
                continue;
            others++;
            farther += all[i].pieces[0].away > all[j].pieces[0].away
                       || (i < j && all[i].pieces[0].away >= all[j].pieces[0].away);
        }
        all[j].very = others > 0 && farther == 0;
    }
}

static bool is_taken(const seg_kmeans_model *m, size_t j, const char *name)
{
    for (size_t i = 0; i < m->k; i++)
        if (i != j && m->names[i] != NULL && strcmp(m->names[i], name) == 0)
            return true;
    return false;
}

/* The pieces a and b (SIZE_MAX: none) as a name. False: a piece is not there. */
static bool join(const suggestion *s, size_t a, size_t b, seg_text *out)
{
    seg_text_clear(out);
    if (s->pieces[a].text[0] == '\0' || (b < PIECES && s->pieces[b].text[0] == '\0'))
        return false;
    if (a == 0 && s->very)
        seg_text_add(out, "very ");
    seg_text_add(out, s->pieces[a].text);
    if (b < PIECES) {
        seg_text_add(out, " and ");
        seg_text_add(out, s->pieces[b].text);
    }
    return !out->failed;
}

static seg_status name_one(seg_kmeans_model *m, size_t j, const suggestion *s, seg_error *err)
{
    static const size_t pairs[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 }, { 0, SIZE_MAX } };
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    bool found = false;
    for (size_t i = 0; s != NULL && !found && i < sizeof pairs / sizeof *pairs; i++)
        found = join(s, pairs[i][0], pairs[i][1], &name) && !is_taken(m, j, name.bytes);
    if (!found) {
        seg_text_clear(&name);
        if (s == NULL)
            seg_text_addf(&name, "segment %zu", j);
        else if (!join(s, 0, 1, &name) && !join(s, 0, SIZE_MAX, &name))
            seg_text_add(&name, m->size[j] > 0 ? "typical" : "empty");
        size_t n = name.n;
        for (size_t number = j; !name.failed && is_taken(m, j, name.bytes); number += m->k) {
            name.n = n;
            seg_text_addf(&name, " (%zu)", number);
        }
    }
    TRY(seg_text_status(&name, err));
    m->names[j] = seg_arena_text(&m->arena, name.bytes);
    if (m->names[j] == NULL)
        st = seg_arena_failed(err);
done:
    seg_text_free(&name);
    return st;
}

seg_status seg_kmeans_name_segments(seg_kmeans_model *m, const seg_schema *schema,
                                    seg_error *err)
{
    seg_status st = SEG_OK;
    suggestion *all = NULL;
    if (m->k <= SEG_KMEANS_PROFILED) {
        TRY(SEG_ALLOC(&all, m->k, "the names", err));
        for (size_t j = 0; j < m->k; j++) {
            if (m->profile != NULL)
                pieces_of_profile(m->profile, schema, j, &all[j]);
            else
                pieces_of_centroid(m, schema, j, &all[j]);
        }
        find_very(m, all);
    }
    for (size_t j = 0; j < m->k; j++)
        if (m->names[j] == NULL)
            TRY(name_one(m, j, all == NULL ? NULL : &all[j], err));
done:
    seg_free(all);
    return st;
}

/* ---- the user's own ------------------------------------------------------------------------------ */

typedef struct own_name {
    const char *segment, *name;
    size_t line;
} own_name;

struct seg_kmeans_names {
    const char *path;
    own_name *names;
    size_t n, cap;
    seg_arena arena;
};

void seg_kmeans_names_free(seg_kmeans_names *names)
{
    if (names == NULL)
        return;
    seg_free(names->names);
    seg_arena_free(&names->arena);
    seg_free(names);
}

/* One field, plain or quoted, without blanks around it; *at moves behind its comma. False when
 * the quotes are wrong. */
static bool take_field(const char **at, const char *end, seg_text *out)
{
    const char *s = *at;
    seg_text_clear(out);
    seg_text_add(out, "");
    while (s < end && *s == ' ')
        s++;
    if (s < end && *s == '"') {
        for (s++; s < end && !(*s == '"' && !(s + 1 < end && s[1] == '"')); s++) {
            s += *s == '"';
            seg_text_add_char(out, *s);
        }
        if (s == end)
            return false;
        s++;
        while (s < end && *s == ' ')
            s++;
        if (s < end && *s != ',')
            return false;
    } else {
        while (s < end && *s != ',')
            seg_text_add_char(out, *s++);
    }
    while (!out->failed && out->n > 0 && out->bytes[out->n - 1] == ' ')
        out->bytes[--out->n] = '\0';
    while (!out->failed && out->n > 0 && out->bytes[0] == ' ')
        memmove(out->bytes, out->bytes + 1, out->n--);
    *at = s < end ? s + 1 : NULL;
    return true;
}

static bool is_number(const char *s)
{
    uint64_t value;
    return seg_parse_u64(s, strlen(s), &value);
}

static bool has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f
            || (*s == '\xC2' && (unsigned char)s[1] < 0xA0))
            return true;
    return false;
}

/* Null: the name may be used; else what is wrong with it. */
static const char *fault_of(const seg_text *name)
{
    if (strlen(name->bytes) != name->n || seg_utf8_check(name->bytes, name->n) != name->n)
        return "has bytes that are no UTF-8 text";
    if (name->n == 0)
        return "is empty";
    if (name->n > SEG_KMEANS_NAME_BYTES)
        return "has more than 100 bytes";
    if (strchr(name->bytes, ',') != NULL)
        return "has a comma, which parts names in lists";
    if (has_control(name->bytes))
        return "has a control character";
    if (is_number(name->bytes))
        return "is a number, as which other segments are known";
    return NULL;
}

static seg_status add_own(seg_kmeans_names *to, const seg_text *segment, const seg_text *name,
                          size_t line, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *fault = fault_of(name);
    if (to->n == SEG_KMEANS_NAMES_MAX)
        return seg_fail(err, SEG_E_DATA, "line %zu: more than %d names", line,
                        SEG_KMEANS_NAMES_MAX);
    if (fault != NULL)
        return seg_fail(err, SEG_E_DATA, "line %zu: the name %s", line, fault);
    if (segment->n == 0 || seg_utf8_check(segment->bytes, segment->n) != segment->n)
        return seg_fail(err, SEG_E_DATA, "line %zu: no segment is given", line);
    for (size_t i = 0; i < to->n; i++) {
        if (strcmp(to->names[i].segment, segment->bytes) == 0)
            return seg_fail(err, SEG_E_DATA, "line %zu: segment '%s' has a name already, in line"
                            " %zu", line, segment->bytes, to->names[i].line);
        if (strcmp(to->names[i].name, name->bytes) == 0)
            return seg_fail(err, SEG_E_DATA, "line %zu: the name '%s' is given twice, first in"
                            " line %zu", line, name->bytes, to->names[i].line);
    }
    TRY(SEG_GROW(&to->names, &to->cap, to->n + 1, "the names", err));
    own_name *own = &to->names[to->n++];
    *own = (own_name){ seg_arena_text(&to->arena, segment->bytes),
                       seg_arena_text(&to->arena, name->bytes), line };
    if (own->segment == NULL || own->name == NULL)
        st = seg_arena_failed(err);
done:
    return st;
}

static seg_status read_line(seg_kmeans_names *to, const char *s, const char *end, size_t line,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text segment = { 0 }, name = { 0 };
    const char *at = s;
    bool good = take_field(&at, end, &segment) && at != NULL && take_field(&at, end, &name);
    TRY(seg_text_status(&segment, err));
    TRY(seg_text_status(&name, err));
    if (!good || at != NULL)
        st = seg_fail(err, SEG_E_DATA, "line %zu: expected SEGMENT,NAME", line);
    else if (!(line == 1 && strcmp(segment.bytes, "segment") == 0
               && strcmp(name.bytes, "name") == 0))
        st = add_own(to, &segment, &name, line, err);
done:
    seg_text_free(&segment);
    seg_text_free(&name);
    return st;
}

static seg_status read_lines(seg_kmeans_names *to, const char *s, size_t n, seg_error *err)
{
    const char *end = s + n;
    if (n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
        s += 3;
    for (size_t line = 1; s < end; line++) {
        const char *next = memchr(s, '\n', (size_t)(end - s)), *stop = next == NULL ? end : next;
        if (stop > s && stop[-1] == '\r')
            stop--;
        if (stop > s) {
            seg_status st = read_line(to, s, stop, line, err);
            if (st != SEG_OK)
                return st;
        }
        s = next == NULL ? end : next + 1;
    }
    return to->n > 0 ? SEG_OK : seg_fail(err, SEG_E_DATA, "no names in it");
}

seg_status seg_kmeans_names_read(const char *path, seg_kmeans_names **out, seg_error *err)
{
    enum { MOST_BYTES = 8 << 20 };
    seg_status st = SEG_OK;
    seg_kmeans_names *names = NULL;
    char *bytes = NULL;
    size_t n;
    *out = NULL;
    TRY(seg_file_get(path, MOST_BYTES, &bytes, &n, err));   /* names the file itself */
    TRY(SEG_ALLOC(&names, 1, "the names", err));
    names->path = seg_arena_text(&names->arena, path);
    if (names->path == NULL)
        TRY(seg_arena_failed(err));
    st = read_lines(names, bytes, n, err);
    if (st != SEG_OK) {
        seg_error_context(err, "%s", path);
        goto done;
    }
    *out = names;
    names = NULL;
done:
    seg_free(bytes);
    seg_kmeans_names_free(names);
    return st;
}

/* ---- putting them on -------------------------------------------------------------------------------- */

static seg_status find_segment(const seg_kmeans_model *m, const own_name *own, size_t *at,
                               seg_error *err)
{
    uint64_t number;
    if (seg_parse_u64(own->segment, strlen(own->segment), &number)) {
        *at = (size_t)number;
        if (number < m->k)
            return SEG_OK;
        return seg_fail(err, SEG_E_DATA, "line %zu: no segment %llu; there are 0 to %zu",
                        own->line, (unsigned long long)number, m->k - 1);
    }
    for (*at = 0; *at < m->k; ++*at)
        if (strcmp(m->names[*at], own->segment) == 0)
            return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "line %zu: no segment is called '%.100s'; give its number,"
                    " 0 to %zu", own->line, own->segment, m->k - 1);
}

static seg_status check_taken(const seg_kmeans_model *m, const char *const *fresh,
                              const own_name *own, size_t at, seg_error *err)
{
    for (size_t j = 0; j < m->k; j++)
        if (j != at && fresh[j] == m->names[j] && strcmp(m->names[j], own->name) == 0)
            return seg_fail(err, SEG_E_DATA, "line %zu: segment %zu is called '%s' already; give"
                            " it another name too", own->line, j, own->name);
    return SEG_OK;
}

static seg_status resolve(const seg_kmeans_names *names, seg_kmeans_model *m, const char **fresh,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    size_t at;
    for (size_t i = 0; i < names->n; i++) {
        TRY(find_segment(m, &names->names[i], &at, err));
        if (fresh[at] != m->names[at]) {
            st = seg_fail(err, SEG_E_DATA, "line %zu: segment %zu has a name already, '%s'",
                          names->names[i].line, at, fresh[at]);
            goto done;
        }
        fresh[at] = seg_arena_text(&m->arena, names->names[i].name);
        if (fresh[at] == NULL)
            TRY(seg_arena_failed(err));
    }
    for (size_t i = 0; i < names->n; i++) {
        TRY(find_segment(m, &names->names[i], &at, err));
        TRY(check_taken(m, fresh, &names->names[i], at, err));
    }
done:
    if (st == SEG_E_DATA)
        seg_error_context(err, "%s", names->path);
    return st;
}

seg_status seg_kmeans_names_apply(const seg_kmeans_names *names, seg_kmeans_model *m,
                                  seg_error *err)
{
    const char **fresh = NULL;
    seg_status st = SEG_ALLOC(&fresh, m->k, "the names", err);
    if (st != SEG_OK)
        return st;
    memcpy(fresh, m->names, m->k * sizeof *fresh);
    st = resolve(names, m, fresh, err);
    if (st == SEG_OK)
        memcpy(m->names, fresh, m->k * sizeof *fresh);
    seg_free(fresh);
    return st;
}

/* option.c: option tables: parse, check, record, describe. */
#include "segmill/option.h"

#include <math.h>
#include <string.h>
#include "base/date.h"
#include "base/number.h"
#include "base/text.h"

static void *field_of(const seg_option *option, void *options)
{
    return (char *)options + option->offset;
}

static const void *value_of(const seg_option *option, const void *options)
{
    return (const char *)options + option->offset;
}

const seg_option *seg_option_find(const seg_option *table, const char *name)
{
    for (const seg_option *o = table; o != NULL && o->name != NULL; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

const char *seg_option_nearest(const seg_option *table, const char *name)
{
    const char *best = NULL;
    size_t least = strlen(name) / 3 + 2;   /* farther is no help */
    for (const seg_option *o = table; o != NULL && o->name != NULL; o++) {
        size_t distance = seg_edit_distance(o->name, name);
        if (distance < least) {
            least = distance;
            best = o->name;
        }
    }
    return best;
}

/* ---- check ---------------------------------------------------------------------- */

static int n_choices(const seg_option *option)
{
    int n = option->choices != NULL;
    for (const char *c = option->choices; n > 0 && *c != '\0'; c++)
        n += *c == '|';
    return n;
}

static seg_status check_choice(const seg_option *option, int index, seg_error *err)
{
    if (index >= 0 && index < n_choices(option))
        return SEG_OK;
    return seg_fail(err, SEG_E_USAGE, "--%s is choice %d of %s", option->name, index,
                    option->choices == NULL ? "none" : option->choices);
}

static double number_at(const seg_option *option, const void *options)
{
    const void *field = value_of(option, options);
    switch (option->type) {
    case SEG_OPTION_U32:  return *(const uint32_t *)field;
    case SEG_OPTION_U64:
    case SEG_OPTION_SIZE: return (double)*(const uint64_t *)field;
    case SEG_OPTION_F64:  return *(const double *)field;
    default:              return 0;
    }
}

static bool is_ranged(const seg_option *option)
{
    return option->type >= SEG_OPTION_U32 && option->type <= SEG_OPTION_SIZE;
}

static seg_status check_range(const seg_option *option, double value, seg_error *err)
{
    if (!is_ranged(option) || (value >= option->min && value <= option->max))
        return SEG_OK;
    char shown[SEG_NUMBER_BYTES], low[SEG_NUMBER_BYTES], high[SEG_NUMBER_BYTES];
    seg_print_f64(shown, value);
    seg_print_f64(low, option->min);
    seg_print_f64(high, option->max);
    return seg_fail(err, SEG_E_USAGE, "--%s is %s; it must be from %s to %s", option->name,
                    shown, low, high);
}

seg_status seg_option_check(const seg_option *table, const void *options, seg_error *err)
{
    for (const seg_option *o = table; o->name != NULL; o++) {
        seg_status st = o->type == SEG_OPTION_CHOICE
                            ? check_choice(o, *(const int *)value_of(o, options), err)
                            : check_range(o, number_at(o, options), err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- parse ---------------------------------------------------------------------- */

static seg_status wants(const seg_option *option, const char *what, const char *text,
                        seg_error *err)
{
    char quoted[SEG_QUOTE_BYTES];
    return seg_fail(err, SEG_E_USAGE, "--%s takes %s, not '%s'", option->name, what,
                    seg_quote_cell(quoted, text, strlen(text)));
}

static seg_status set_flag(const seg_option *option, bool *field, const char *text,
                           seg_error *err)
{
    static const char *const yes[] = { "yes", "true", "on", "1" };
    static const char *const no[] = { "no", "false", "off", "0" };
    if (text == NULL) {
        *field = true;
        return SEG_OK;
    }
    for (size_t i = 0; i < 4; i++)
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *field = strcmp(text, yes[i]) == 0;
            return SEG_OK;
        }
    return wants(option, "yes or no", text, err);
}

static seg_status set_whole(const seg_option *option, void *field, const char *text,
                            seg_error *err)
{
    uint64_t value;
    if (!seg_parse_u64(text, strlen(text), &value))
        return wants(option, "a whole number", text, err);
    seg_status st = check_range(option, (double)value, err);
    if (st != SEG_OK)
        return st;
    if (option->type == SEG_OPTION_U32)
        *(uint32_t *)field = (uint32_t)value;
    else
        *(uint64_t *)field = value;
    return SEG_OK;
}

static seg_status set_real(const seg_option *option, double *field, const char *text,
                           seg_error *err)
{
    double value;
    if (!seg_parse_f64(text, strlen(text), '.', &value))
        return wants(option, "a number", text, err);
    seg_status st = check_range(option, value, err);
    if (st == SEG_OK)
        *field = value;
    return st;
}

/* 512M, 4G, 1.5GiB, 65536: powers of 1024. */
static seg_status set_size(const seg_option *option, uint64_t *field, const char *text,
                           seg_error *err)
{
    size_t n = strspn(text, "0123456789.");
    static const char units[] = "KMGT";
    double value, factor = 1;
    const char *rest = text + n;
    const char *unit = *rest < 'A' ? NULL : strchr(units, *rest & ~0x20);
    if (unit != NULL) {
        factor = ldexp(1, 10 * (int)(unit - units + 1));
        rest++;
    }
    if (strcmp(rest, "iB") == 0 || strcmp(rest, "B") == 0)
        rest = "";
    if (!seg_parse_f64(text, n, '.', &value) || *rest != '\0')
        return wants(option, "a size like 512M or 4G", text, err);
    value *= factor;
    seg_status st = check_range(option, value, err);
    if (st == SEG_OK)
        *field = (uint64_t)value;
    return st;
}

static seg_status set_choice(const seg_option *option, int *field, const char *text,
                             seg_error *err)
{
    const char *choice = option->choices;
    for (int i = 0; choice != NULL; i++) {
        size_t n = strcspn(choice, "|");
        if (seg_equal_n(text, choice, n)) {
            *field = i;
            return SEG_OK;
        }
        choice = choice[n] == '\0' ? NULL : choice + n + 1;
    }
    return wants(option, option->choices, text, err);
}

static seg_status set_day(const seg_option *option, int32_t *field, const char *text,
                          seg_error *err)
{
    int64_t seconds;
    bool has_time;
    if (!seg_parse_date(text, strlen(text), SEG_DATE_ISO, &seconds, &has_time) || has_time)
        return wants(option, "a date like 2011-12-10", text, err);
    *field = seg_day_of_seconds(seconds);
    return SEG_OK;
}

static seg_status set_field(const seg_option *option, void *field, const char *text,
                            seg_error *err)
{
    if (option->type == SEG_OPTION_FLAG)
        return set_flag(option, field, text, err);
    if (text == NULL)
        return seg_fail(err, SEG_E_USAGE, "--%s takes a value: %s", option->name, option->help);
    switch (option->type) {
    case SEG_OPTION_U32:
    case SEG_OPTION_U64:    return set_whole(option, field, text, err);
    case SEG_OPTION_F64:    return set_real(option, field, text, err);
    case SEG_OPTION_SIZE:   return set_size(option, field, text, err);
    case SEG_OPTION_CHOICE: return set_choice(option, field, text, err);
    case SEG_OPTION_DAY:    return set_day(option, field, text, err);
    case SEG_OPTION_TEXT:
    case SEG_OPTION_LIST:
        *(const char **)field = text;
        return SEG_OK;
    case SEG_OPTION_FLAG:   break;
    }
    return seg_fail(err, SEG_E_IO, "option '%s' has no type", option->name);
}

seg_status seg_option_set(const seg_option *table, void *options, const char *name,
                          const char *value, seg_error *err)
{
    const seg_option *option = seg_option_find(table, name);
    if (option != NULL)
        return set_field(option, field_of(option, options), value, err);
    const char *nearest = seg_option_nearest(table, name);
    if (nearest == NULL)
        return seg_fail(err, SEG_E_USAGE, "unknown option '--%.60s'", name);
    return seg_fail(err, SEG_E_USAGE, "unknown option '--%.60s'; did you mean '--%s'?", name,
                    nearest);
}

/* ---- record ---------------------------------------------------------------------- */

/* The choice's name, copied into `out`. */
static const char *choice_name(const seg_option *option, int index, char *out, size_t size)
{
    const char *choice = option->choices;
    for (int i = 0; i < index && choice != NULL; i++) {
        choice = strchr(choice, '|');
        choice = choice == NULL ? NULL : choice + 1;
    }
    size_t n = choice == NULL ? 0 : strcspn(choice, "|");
    n = n < size ? n : size - 1;
    if (n > 0)
        memcpy(out, choice, n);
    out[n] = '\0';
    return out;
}

static void record_one(const seg_option *o, const void *options, seg_node *into)
{
    const void *field = value_of(o, options);
    char buffer[64];
    switch (o->type) {
    case SEG_OPTION_FLAG: seg_put_bool(into, o->name, *(const bool *)field); break;
    case SEG_OPTION_U32:  seg_put_int(into, o->name, *(const uint32_t *)field); break;
    case SEG_OPTION_U64:
    case SEG_OPTION_SIZE: seg_put_int(into, o->name, (int64_t)*(const uint64_t *)field); break;
    case SEG_OPTION_F64:  seg_put_real(into, o->name, *(const double *)field); break;
    case SEG_OPTION_TEXT:
    case SEG_OPTION_LIST: seg_put_text(into, o->name, *(const char *const *)field); break;
    case SEG_OPTION_CHOICE:
        seg_put_text(into, o->name, choice_name(o, *(const int *)field, buffer, sizeof buffer));
        break;
    case SEG_OPTION_DAY:
        if (*(const int32_t *)field == INT32_MIN) {
            seg_put_null(into, o->name);
            break;
        }
        seg_print_day(buffer, *(const int32_t *)field);
        seg_put_text(into, o->name, buffer);
        break;
    }
}

void seg_option_record(const seg_option *table, const void *options, unsigned skip,
                       seg_node *into)
{
    for (const seg_option *o = table; o->name != NULL; o++)
        if ((o->flags & skip) == 0)
            record_one(o, options, into);
}

/* ---- help ------------------------------------------------------------------------- */

static const char *value_word(const seg_option *o)
{
    if (o->value != NULL)
        return o->value;
    switch (o->type) {
    case SEG_OPTION_FLAG:   return "";
    case SEG_OPTION_F64:    return "X";
    case SEG_OPTION_SIZE:   return "SIZE";
    case SEG_OPTION_CHOICE: return o->choices;
    case SEG_OPTION_DAY:    return "DATE";
    case SEG_OPTION_TEXT:   return "TEXT";
    case SEG_OPTION_LIST:   return "NAME,...";
    case SEG_OPTION_U32:
    case SEG_OPTION_U64:    break;
    }
    return "N";
}

void seg_option_describe(const seg_option *table, const void *options, seg_node *out)
{
    for (const seg_option *o = table; o->name != NULL; o++) {
        seg_node *row = seg_put_object(out, NULL);
        seg_put_text(row, "name", o->name);
        seg_put_text(row, "value", value_word(o));
        seg_put_text(row, "help", o->help);
        if (o->type != SEG_OPTION_FLAG)
            record_one(&(seg_option){ .name = "default", .type = o->type, .offset = o->offset,
                                      .choices = o->choices }, options, row);
        if (is_ranged(o)) {
            seg_put_real(row, "min", o->min);
            seg_put_real(row, "max", o->max);
        }
    }
}

/* inspect_columns.c: the figures of every column, as a tree. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "jobs/inspect_parts.h"

const char *seg_look_number(char out[SEG_LOOK_BYTES], double value)
{
    double size = fabs(value);
    if (isnan(value))
        snprintf(out, SEG_LOOK_BYTES, "-");
    else if (size < 1e9 && (value == floor(value) || size >= 1000))
        snprintf(out, SEG_LOOK_BYTES, "%.0f", value == 0 ? 0 : value);
    else
        snprintf(out, SEG_LOOK_BYTES, "%.4g", value);
    return out;
}

static bool is_date(const seg_column *what)
{
    return what->type == SEG_TYPE_DAY || what->type == SEG_TYPE_TIME;
}

/* A time of any seconds is a day to people; what lies outside of the calendar is none. */
static bool print_date(char out[SEG_LOOK_BYTES], const seg_column *what, double value)
{
    double days = what->type == SEG_TYPE_DAY ? value : value / 86400;
    if (!(days > -719163 && days < 2932897))   /* years 1 .. 9999 */
        return false;
    if (what->type == SEG_TYPE_DAY)
        seg_print_day(out, (int32_t)floor(value));
    else
        seg_print_time(out, (int64_t)floor(value));
    return true;
}

const char *seg_look_value(char out[SEG_LOOK_BYTES], const seg_column *what, double value)
{
    if (!is_date(what))
        return seg_look_number(out, value);
    if (!print_date(out, what, value))
        snprintf(out, SEG_LOOK_BYTES, "-");
    return out;
}

bool seg_look_has_email(const seg_column *what)
{
    for (size_t l = 0; l < what->n_levels; l++) {
        const char *at = strchr(what->levels[l], '@');
        if (at != NULL && at != what->levels[l] && strchr(at, '.') != NULL)
            return true;
    }
    return false;
}

bool seg_look_private(const seg_look *look, const seg_profile_column *column)
{
    const seg_column *what = &column->what;
    if (what->type != SEG_TYPE_CODE)
        return true;
    if (look->schema->kind == SEG_KIND_TRANSACTIONS
        && (strcmp(what->name, "customer") == 0 || strcmp(what->name, "order") == 0))
        return true;
    return (column->n_distinct > 20 && column->n_distinct * 2 > (double)column->n)
           || seg_look_has_email(what);
}

static const char *type_name(const seg_profile_column *column)
{
    switch (column->what.type) {
    case SEG_TYPE_F32:
    case SEG_TYPE_F64:  return "number";
    case SEG_TYPE_I64:  return "whole number";
    case SEG_TYPE_DAY:  return "date";
    case SEG_TYPE_TIME: return "time";
    case SEG_TYPE_CODE: return "category";
    case SEG_TYPE_TEXT: return "text";
    }
    return "unknown";
}

/* ---- numbers and dates ------------------------------------------------------------------- */

static void put_value(seg_node *row, const char *name, const seg_column *what, double value)
{
    char text[SEG_LOOK_BYTES];
    if (!isfinite(value))
        seg_put_null(row, name);
    else if (is_date(what) && !print_date(text, what, value))
        seg_put_null(row, name);
    else if (is_date(what))
        seg_put_text(row, name, text);
    else if (what->type == SEG_TYPE_I64 && what->scale <= 1 && value == floor(value)
             && fabs(value) < 9e15)
        seg_put_int(row, name, (int64_t)value);
    else
        seg_put_real(row, name, value);
}

static void put_distinct(seg_node *row, const seg_profile_column *column)
{
    seg_put_int(row, "distinct", (int64_t)(column->n_distinct + 0.5));
    seg_put_bool(row, "distinct_exact", column->distinct_exact);
}

static void put_shape(seg_node *row, const seg_profile_column *column)
{
    static const char *const names[SEG_PROFILE_QUANTILES] = { "p1", "p5", "p25", "p50", "p75",
                                                              "p95", "p99" };
    const seg_column *what = &column->what;
    for (size_t q = 0; q < SEG_PROFILE_QUANTILES; q++)
        put_value(row, names[q], what, column->quantiles[q]);
    if (column->n_values == 0)
        return;
    put_value(row, "usual", what, column->usual);
    seg_put_real(row, "usual_share", (double)column->n_usual / (double)column->n_values);
    seg_node *histogram = seg_put_object(row, "histogram");
    put_value(histogram, "from", what, column->bins_from);
    put_value(histogram, "to", what, column->bins_to);
    seg_node *counts = seg_put_array(histogram, "counts");
    for (size_t b = 0; b < column->n_bins; b++)
        seg_put_int(counts, NULL, (int64_t)column->bins[b]);
}

static void put_rest(seg_node *row, const seg_profile_column *column)
{
    put_distinct(row, column);
    seg_put_int(row, "zeros", column->n_zero);
    seg_put_int(row, "infinite", column->n - column->n_finite);
    put_shape(row, column);
    if (!isnan(column->auc))
        seg_put_real(row, "auc", column->auc);
}

static void put_missing(seg_node *row, const seg_look *look, const seg_profile_column *column)
{
    seg_put_int(row, "missing", (int64_t)look->n_rows - column->n);
    seg_put_int(row, "warnings", look->n_warnings[column - look->profile->columns]);
}

static void put_number(seg_node *row, const seg_look *look, const seg_profile_column *column)
{
    seg_put_text(row, "name", column->what.name);
    put_missing(row, look, column);
    seg_put_real(row, "mean", column->mean);
    seg_put_real(row, "std", column->sd);
    put_value(row, "min", &column->what, column->least);
    put_value(row, "median", &column->what, column->quantiles[3]);
    put_value(row, "max", &column->what, column->largest);
    put_rest(row, column);
}

/* ---- categories ----------------------------------------------------------------------------- */

enum { TOP = 10, TOLD = 4 };

/* The commonest levels, the first of equals. Returns how many. */
static size_t find_top(const seg_profile_column *column, size_t top[TOP])
{
    size_t n = 0;
    for (size_t l = 0; l < column->what.n_levels; l++) {
        int64_t count = column->levels[l];
        if (count <= 0 || (n == TOP && count <= column->levels[top[n - 1]]))
            continue;
        size_t at = n < TOP ? n++ : n - 1;
        for (; at > 0 && column->levels[top[at - 1]] < count; at--)
            top[at] = top[at - 1];
        top[at] = l;
    }
    return n;
}

static void put_commonest(seg_node *row, const seg_profile_column *column)
{
    size_t top[TOP], n = find_top(column, top);
    char told[TOLD * 72] = "";
    seg_node *levels = seg_put_array(row, "top");
    for (size_t i = 0; i < n; i++) {
        const char *level = column->what.levels[top[i]];
        int64_t count = column->levels[top[i]];
        seg_node *one = seg_put_object(levels, NULL);
        seg_put_text(one, "level", level);
        seg_put_int(one, "count", count);
        if (i < TOLD)
            snprintf(told + strlen(told), sizeof told - strlen(told), "%s%.*s (%lld)",
                     i == 0 ? "" : ", ", (int)seg_utf8_cut(level, strlen(level), 40), level,
                     (long long)count);
    }
    seg_put_text(row, "commonest", told);
}

static void put_levels(seg_node *row, const seg_look *look, const seg_profile_column *column)
{
    seg_put_int(row, "categories", (int64_t)column->what.n_levels);
    put_distinct(row, column);
    if (seg_look_private(look, column))
        seg_put_null(row, "commonest");
    else
        put_commonest(row, column);
}

/* ---- all ------------------------------------------------------------------------------------ */

static void put_features(const seg_look *look, seg_node *result)
{
    const seg_profile *p = look->profile;
    if (p->n_features == 0)
        return;
    seg_node *numbers = seg_put_array(result, "numbers");
    seg_node *categories = seg_put_array(result, "categories");
    for (size_t c = 0; c < p->n_features; c++) {
        const seg_profile_column *column = &p->columns[c];
        if (column->what.type != SEG_TYPE_CODE) {
            put_number(seg_put_object(numbers, NULL), look, column);
            continue;
        }
        seg_node *row = seg_put_object(categories, NULL);
        seg_put_text(row, "name", column->what.name);
        put_missing(row, look, column);
        put_levels(row, look, column);
    }
}

static void put_column(seg_node *row, const seg_look *look, const seg_profile_column *column)
{
    seg_put_text(row, "name", column->what.name);
    seg_put_text(row, "type", type_name(column));
    put_missing(row, look, column);
    if (column->what.type == SEG_TYPE_CODE) {
        put_levels(row, look, column);
    } else {
        seg_put_null(row, "categories");
        put_value(row, "min", &column->what, column->least);
        put_value(row, "max", &column->what, column->largest);
        if (seg_profile_is_number(column)) {
            put_value(row, "mean", &column->what, column->mean);
            if (!is_date(&column->what))
                seg_put_real(row, "std", column->sd);
            put_rest(row, column);
        } else {
            put_distinct(row, column);
        }
    }
}

void seg_look_columns(const seg_look *look, seg_node *result)
{
    const seg_profile *p = look->profile;
    size_t end = p->n_columns - (p->has_ids ? 1 : 0);
    put_features(look, result);
    if (end > p->n_features) {
        seg_node *columns = seg_put_array(result, "columns");
        for (size_t c = p->n_features; c < end; c++)
            put_column(seg_put_object(columns, NULL), look, &p->columns[c]);
    }
    if (p->has_ids) {
        seg_node *ids = seg_put_object(result, "ids");
        seg_put_int(ids, "missing", (int64_t)look->n_rows - p->columns[end].n);
        put_distinct(ids, &p->columns[end]);
    }
}

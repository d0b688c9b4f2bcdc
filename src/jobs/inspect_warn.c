/* inspect_warn.c: what a data scientist should look at twice. Each check is a row of one
 * table, the gravest first. Texts quote numbers, dates and names of columns; of categories a
 * level, unless it may be a person's. There is no clock in it: "the future" is what lies after
 * the file's as-of day or, in a file without one, more than a year after the day by which 99 %
 * of all its dates lie. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "jobs/inspect_parts.h"

enum { TEXT = 256, FEW_ROWS = 20, RARE = 5, MANY_LEVELS = 1000 };
static const double tells_label = 0.99, saves_guesses = 0.98, nearly_all = 0.95;

typedef bool check_fn(const seg_look *look, const seg_profile_column *column, char text[TEXT]);

static bool is_label(const seg_look *look, const seg_profile_column *column)
{
    return look->label != SIZE_MAX && column == &look->profile->columns[look->label];
}

static bool is_id(const seg_look *look, const seg_profile_column *column)
{
    return look->profile->has_ids
           && column == &look->profile->columns[look->profile->n_columns - 1];
}

static bool is_date(const seg_profile_column *column)
{
    return column->what.type == SEG_TYPE_DAY || column->what.type == SEG_TYPE_TIME;
}

static bool is_whole(const seg_profile_column *column)
{
    return seg_profile_is_number(column) && !is_date(column) && column->n > 0
           && column->n_whole == column->n;
}

/* As many different values as rows that have one: known, or estimated within three errors. */
static bool all_different(const seg_profile_column *column)
{
    return column->n >= FEW_ROWS
           && (column->distinct_exact ? column->n_distinct == (double)column->n
                                      : column->n_distinct >= 0.93 * (double)column->n);
}

/* ---- what gives the label away -------------------------------------------------------------- */

static bool gives_label_away(const seg_look *look, const seg_profile_column *column,
                             char text[TEXT])
{
    if (look->label == SIZE_MAX || is_label(look, column))
        return false;
    if (column->auc >= tells_label)
        snprintf(text, TEXT, "tells the label by itself (AUC %.4f): is it known in time?",
                 column->auc);
    else if (column->purity >= saves_guesses)
        snprintf(text, TEXT, "tells the label%s (saves %.1f %% of the wrong guesses): is it known"
                 " in time?", column->what.type == SEG_TYPE_CODE ? "" : " by being there or not",
                 column->purity * 100);
    else
        return false;
    return true;
}

static bool label_is_lopsided(const seg_look *look, const seg_profile_column *column,
                              char text[TEXT])
{
    if (!is_label(look, column) || column->what.type != SEG_TYPE_CODE)
        return false;
    if (column->n_distinct < 2) {
        snprintf(text, TEXT, "the label has one value only: there is nothing to learn");
        return true;
    }
    for (size_t l = 0; l < column->what.n_levels; l++)
        if (column->levels[l] > 0 && column->levels[l] * 100 < column->n
            && column->what.n_levels <= 20) {
            snprintf(text, TEXT, "only %lld rows of the label are '%.40s'",
                     (long long)column->levels[l], column->what.levels[l]);
            return true;
        }
    return false;
}

/* ---- ids ------------------------------------------------------------------------------------ */

static bool ids_repeat(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    int64_t missing = (int64_t)look->n_rows - column->n;
    if (!is_id(look, column))
        return false;
    if (missing > 0)
        snprintf(text, TEXT, "%lld rows have no id", (long long)missing);
    else if (column->distinct_exact && column->n_distinct < (double)column->n)
        snprintf(text, TEXT, "%lld rows repeat an id", (long long)column->n
                 - (long long)column->n_distinct);
    else if (!column->distinct_exact && column->n_distinct < 0.9 * (double)column->n)
        snprintf(text, TEXT, "about %.0f %% of the rows repeat an id",
                 100 * (1 - column->n_distinct / (double)column->n));
    else
        return false;
    return true;
}

static bool counts_rows(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    if (!is_whole(column) || !all_different(column) || column->n != (int64_t)look->n_rows
        || column->largest - column->least + 1 != (double)column->n)
        return false;
    snprintf(text, TEXT, "counts the rows: no feature (--drop)");
    return true;
}

static bool looks_like_id(const seg_look *look, const seg_profile_column *column,
                          char text[TEXT])
{
    char other[TEXT];
    if (is_id(look, column) || is_date(column) || counts_rows(look, column, other)
        || (seg_profile_is_number(column) && !is_whole(column)) || !all_different(column))
        return false;
    snprintf(text, TEXT, "looks like an id: %s its %lld values are different",
             column->distinct_exact ? "all" : "nearly all", (long long)column->n);
    return true;
}

static bool holds_emails(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    if (column->what.type != SEG_TYPE_CODE || look->schema->kind == SEG_KIND_TRANSACTIONS)
        return false;
    snprintf(text, TEXT, "holds e-mail addresses: they are not shown");
    return seg_look_has_email(&column->what);
}

/* ---- what is missing or the same ------------------------------------------------------------ */

static bool is_empty(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    if (look->n_rows == 0 || column->n > 0)
        return false;
    snprintf(text, TEXT, "has no value at all");
    return true;
}

static bool is_constant(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    if (column->n < 2 || column->n_distinct != 1 || is_label(look, column))
        return false;
    snprintf(text, TEXT, "is constant%s", column->n < (int64_t)look->n_rows
             ? " where it is not missing" : "");
    return true;
}

static bool is_mostly_missing(const seg_look *look, const seg_profile_column *column,
                              char text[TEXT])
{
    double share = 1 - (double)column->n / (double)look->n_rows;
    if (column->n == 0 || !(share > 0.5))
        return false;
    snprintf(text, TEXT, "%.1f %% are missing", share * 100);
    return true;
}

static bool has_twin(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    if (column->twin == SIZE_MAX || column->twin == look->label || is_label(look, column))
        return false;
    const char *name = look->profile->columns[column->twin].what.name;
    int shown = (int)seg_utf8_cut(name, strlen(name), 80);
    if (column->what.type == SEG_TYPE_CODE)
        snprintf(text, TEXT, "tells the same as '%.*s'", shown, name);
    else
        snprintf(text, TEXT, "moves with '%.*s' (r = %.4f)", shown, name, column->twin_r);
    return true;
}

/* A level of nearly all rows, that may be shown. */
static bool is_nearly_one_level(const seg_look *look, const seg_profile_column *column,
                                char text[TEXT])
{
    for (size_t l = 0; l < column->what.n_levels; l++)
        if ((double)column->levels[l] >= nearly_all * (double)column->n) {
            snprintf(text, TEXT, "%.1f %% are %s%.40s%s",
                     100 * (double)column->levels[l] / (double)column->n,
                     seg_look_private(look, column) ? "the same" : "'",
                     seg_look_private(look, column) ? "" : column->what.levels[l],
                     seg_look_private(look, column) ? "" : "'");
            return true;
        }
    return false;
}

static bool is_nearly_constant(const seg_look *look, const seg_profile_column *column,
                               char text[TEXT])
{
    char value[SEG_LOOK_BYTES];
    if (column->n < FEW_ROWS || column->n_distinct < 2 || is_label(look, column))
        return false;
    if (column->what.type == SEG_TYPE_CODE)
        return is_nearly_one_level(look, column, text);
    if (column->n_values == 0
        || (double)column->n_usual < nearly_all * (double)column->n_values)
        return false;
    snprintf(text, TEXT, "%.1f %% are %s", 100 * (double)column->n_usual
             / (double)column->n_values, seg_look_value(value, &column->what, column->usual));
    return true;
}

static bool has_rare_levels(const seg_look *look, const seg_profile_column *column,
                            char text[TEXT])
{
    size_t rare = 0, which = 0;
    if (column->what.type != SEG_TYPE_CODE || column->n < 100 * RARE || is_label(look, column)
        || column->n_distinct > 50 || seg_look_private(look, column))
        return false;
    for (size_t l = column->what.n_levels; l-- > 0;)
        if (column->levels[l] > 0 && column->levels[l] <= RARE) {
            rare++;
            which = l;
        }
    if (rare == 0)
        return false;
    const char *level = column->what.levels[which];
    snprintf(text, TEXT, "%zu rare categor%s: '%.*s'%s %lld row%s", rare,
             rare == 1 ? "y" : "ies", (int)seg_utf8_cut(level, strlen(level), 40), level,
             rare == 1 ? " has" : " and others; it has", (long long)column->levels[which],
             column->levels[which] == 1 ? "" : "s");
    return true;
}

static bool has_many_levels(const seg_look *look, const seg_profile_column *column,
                            char text[TEXT])
{
    if (column->what.type != SEG_TYPE_CODE || column->n_distinct <= MANY_LEVELS
        || all_different(column) || is_label(look, column))
        return false;
    snprintf(text, TEXT, "%.0f categories", column->n_distinct);
    return true;
}

/* ---- values that cannot be meant ------------------------------------------------------------ */

static bool has_infinite(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    (void)look;
    int64_t infinite = column->n - column->n_finite;
    if (!seg_profile_is_number(column) || infinite == 0)
        return false;
    snprintf(text, TEXT, "%lld infinite value%s: left out of its figures", (long long)infinite,
             infinite == 1 ? "" : "s");
    return true;
}

/* 99, 999, -999, 9999 ...: what people write where there is no number. */
static bool is_sentinel(double v)
{
    double nines = 99;
    if (v == -9)
        return true;
    while (nines < fabs(v))
        nines = nines * 10 + 9;
    return fabs(v) == nines && (nines > 99 || v < 0);
}

/* An end of the range that is such a value, and farther away than the others spread. */
static bool has_sentinel(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    char value[SEG_LOOK_BYTES];
    double spread = column->inner_largest - column->inner_least;
    (void)look;
    if (!seg_profile_is_number(column) || is_date(column) || column->n_values < FEW_ROWS
        || isnan(spread))
        return false;
    bool low = is_sentinel(column->least) && column->inner_least - column->least > spread;
    bool high = is_sentinel(column->largest)
                && column->largest - column->inner_largest > spread;
    if (!low && !high)
        return false;
    snprintf(text, TEXT, "%s stands far from the rest: does it mean missing?",
             seg_look_number(value, low ? column->least : column->largest));
    return true;
}

static bool has_absurd(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    char value[SEG_LOOK_BYTES], usual[SEG_LOOK_BYTES], other[TEXT];
    double low = column->quantiles[0], high = column->quantiles[SEG_PROFILE_QUANTILES - 1];
    if (!seg_profile_is_number(column) || is_date(column) || column->n_values < FEW_ROWS
        || !(high > low) || has_sentinel(look, column, other))
        return false;
    double above = column->largest - high, below = low - column->least;
    if (above <= 1000 * (high - low) && below <= 1000 * (high - low))
        return false;
    bool is_high = above > below;
    snprintf(text, TEXT, "%s %s is far from the %s quantile, %s", is_high ? "max" : "min",
             seg_look_number(value, is_high ? column->largest : column->least),
             is_high ? "99 %" : "1 %", seg_look_number(usual, is_high ? high : low));
    return true;
}

/* ---- dates ---------------------------------------------------------------------------------- */

static double day_of(const seg_profile_column *column, double value)
{
    return column->what.type == SEG_TYPE_TIME ? floor(value / 86400) : value;
}

/* The day by which 99 % of the dates of each column lie. */
static double file_end(const seg_look *look)
{
    double end = -(double)INFINITY;
    for (size_t c = 0; c < look->profile->n_columns; c++) {
        const seg_profile_column *column = &look->profile->columns[c];
        if (!is_date(column) || column->n_values < FEW_ROWS)
            continue;
        double day = day_of(column, column->quantiles[SEG_PROFILE_QUANTILES - 1]);
        end = day > end ? day : end;
    }
    return end;
}

static bool has_future(const seg_look *look, const seg_profile_column *column, char text[TEXT])
{
    static const seg_column day = { .type = SEG_TYPE_DAY };
    char last[SEG_LOOK_BYTES], end[SEG_LOOK_BYTES];
    bool known = look->schema->as_of_day != SEG_MISSING_DAY;
    if (!is_date(column) || column->n_finite == 0)
        return false;
    double largest = day_of(column, column->largest);
    double limit = known ? look->schema->as_of_day : file_end(look);
    if (isinf(limit) || largest < limit + (known ? 0 : 366))
        return false;
    snprintf(text, TEXT, "reaches to %s, %s (%s)", seg_look_value(last, &day, largest),
             known ? "not before the file's as-of day"
                   : "more than a year after 99 % of the file's dates",
             seg_look_value(end, &day, limit));
    return true;
}

/* ---- the table ------------------------------------------------------------------------------ */

enum { FEATURES = 1, LOG = 2, SCORES = 4 };
static const struct {
    const char *name;
    check_fn *check;
    unsigned kinds;
} checks[] = {
    { "id-repeats", ids_repeat, FEATURES | SCORES },
    { "label", label_is_lopsided, FEATURES },
    { "leak", gives_label_away, FEATURES },
    { "infinite", has_infinite, FEATURES | LOG | SCORES },
    { "future", has_future, FEATURES | LOG },
    { "no-value-word", has_sentinel, FEATURES | LOG },
    { "far-value", has_absurd, FEATURES | LOG },
    { "empty", is_empty, FEATURES | LOG | SCORES },
    { "constant", is_constant, FEATURES },
    { "row-number", counts_rows, FEATURES },
    { "id-like", looks_like_id, FEATURES },
    { "e-mail", holds_emails, FEATURES | SCORES },
    { "twin", has_twin, FEATURES },
    { "missing", is_mostly_missing, FEATURES | LOG },
    { "nearly-constant", is_nearly_constant, FEATURES },
    { "many-categories", has_many_levels, FEATURES },
    { "rare-category", has_rare_levels, FEATURES },
};

static unsigned kind_bit(seg_kind kind)
{
    return kind == SEG_KIND_FEATURES ? FEATURES : kind == SEG_KIND_TRANSACTIONS ? LOG
           : kind == SEG_KIND_SCORES ? SCORES : 0;
}

void seg_look_warnings(const seg_look *look, seg_node *result)
{
    seg_node *warnings = seg_put_array(result, "warnings");
    unsigned kind = kind_bit(look->schema->kind);
    for (size_t w = 0; w < sizeof checks / sizeof *checks; w++)
        for (size_t c = 0; c < look->profile->n_columns && (checks[w].kinds & kind) != 0; c++) {
            char text[TEXT];
            const seg_profile_column *column = &look->profile->columns[c];
            if (!checks[w].check(look, column, text))
                continue;
            seg_node *row = seg_put_object(warnings, NULL);
            seg_put_text(row, "column", column->what.name);
            seg_put_text(row, "warning", checks[w].name);
            seg_put_text(row, "text", text);
            look->n_warnings[c]++;
        }
}

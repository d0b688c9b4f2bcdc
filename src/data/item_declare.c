/* item_declare.c: --bins "5,age:30,45,income:q4,year:each" and --drop of baskets that are made
 * of features. A part with a colon begins a column (the last colon: names may have some); parts
 * without one are further bounds of it. */
#include "data/item_bins.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "data/select.h"

typedef struct part {
    const char *s;
    size_t n;
} part;

void seg_item_declared_free(seg_item_declared *declared, size_t n)
{
    for (size_t f = 0; declared != NULL && f < n; f++)
        seg_free(declared[f].cuts);
    seg_free(declared);
}

bool seg_item_left_out(const seg_feature_baskets_options *options, const char *name)
{
    return (options->drop != NULL && seg_list_has(options->drop, name))
           || (options->weights != NULL && strcmp(options->weights, name) == 0);
}

static bool is_there(const seg_schema *schema, const char *name, size_t n)
{
    bool there = schema->id_name != NULL && seg_equal_n(schema->id_name, name, n);
    for (size_t f = 0; !there && f < schema->n_features; f++)
        there = seg_equal_n(schema->features[f].name, name, n);
    for (size_t c = 0; !there && c < schema->n_columns; c++)
        there = seg_equal_n(schema->columns[c].name, name, n);
    return there;
}

static seg_status leave_out(const seg_feature_baskets_options *options, const seg_schema *schema,
                            seg_item_declared *declared, seg_error *err)
{
    const char *list = options->drop, *item;
    size_t n;
    while (list != NULL && seg_list_next(&list, &item, &n))
        if (!is_there(schema, item, n))
            return seg_unknown_column(schema, "drop", item, n, err);
    if (options->weights != NULL && !is_there(schema, options->weights, strlen(options->weights)))
        return seg_unknown_column(schema, "weights", options->weights, strlen(options->weights),
                                  err);
    for (size_t f = 0; f < schema->n_features; f++)
        if (seg_item_left_out(options, schema->features[f].name))
            declared[f].rule = SEG_ITEM_LEFT_OUT;
    return SEG_OK;
}

static seg_status malformed(part p, const char *why, seg_error *err)
{
    char quoted[SEG_QUOTE_BYTES];
    return seg_fail(err, SEG_E_USAGE, "--bins has '%s', %s", seg_quote_cell(quoted, p.s, p.n),
                    why);
}

static seg_status number_of_bins(part digits, part all, uint32_t *out, seg_error *err)
{
    uint64_t n;
    if (!seg_parse_u64(digits.s, digits.n, &n) || n < 2 || n > SEG_ITEM_MAX_BINS)
        return malformed(all, "where a number of ranges from 2 to 100 is expected, or a column"
                         " as in age:30,45, age:q4 or age:each", err);
    *out = (uint32_t)n;
    return SEG_OK;
}

static seg_status add_cut(seg_item_declared *d, part p, seg_error *err)
{
    float cut;
    if (!seg_parse_f32(p.s, p.n, '.', &cut) || !isfinite(cut))
        return malformed(p, "which is no number to be the bound of a range", err);
    cut += 0.0f;                 /* no -0 */
    if (d->n_cuts > 0 && !(d->cuts[d->n_cuts - 1] < cut))
        return malformed(p, "which is not above the bound before it: bounds ascend", err);
    seg_status st = SEG_GROW(&d->cuts, &d->cuts_cap, d->n_cuts + 1, "the bounds of ranges", err);
    if (st == SEG_OK)
        d->cuts[d->n_cuts++] = cut;
    return st;
}

/* COL:WHAT */
static seg_status begin_column(const seg_schema *schema, seg_item_declared *declared, part p,
                               size_t colon, seg_item_declared **out, seg_error *err)
{
    part what = { p.s + colon + 1, p.n - colon - 1 };
    size_t f = 0;
    while (f < schema->n_features && !seg_equal_n(schema->features[f].name, p.s, colon))
        f++;
    if (f == schema->n_features && is_there(schema, p.s, colon))
        return malformed(p, "but that column is no number", err);
    if (f == schema->n_features)
        return seg_unknown_column(schema, "bins", p.s, colon, err);
    seg_item_declared *d = *out = &declared[f];
    if (schema->features[f].type == SEG_TYPE_CODE)
        return malformed(p, "but that column is a category: each of its values is an item", err);
    if (d->rule == SEG_ITEM_LEFT_OUT)
        return malformed(p, "but that column is left out", err);
    if (d->said)
        return malformed(p, "but that column was declared before", err);
    d->said = true;
    d->rule = SEG_ITEM_BY_CUTS;
    if (what.n == 4 && memcmp(what.s, "each", 4) == 0)
        d->rule = SEG_ITEM_BY_VALUE;
    else if (what.n > 1 && what.s[0] == 'q')
        d->rule = SEG_ITEM_BY_COUNT;
    if (d->rule == SEG_ITEM_BY_COUNT)
        return number_of_bins((part){ what.s + 1, what.n - 1 }, p, &d->n_bins, err);
    return d->rule == SEG_ITEM_BY_VALUE ? SEG_OK : add_cut(d, what, err);
}

static seg_status parse_bins(const char *list, const seg_schema *schema,
                             seg_item_declared *declared, uint32_t *n_bins, seg_error *err)
{
    seg_item_declared *open = NULL;   /* the column that further bounds are for */
    part p;
    for (bool first = true; seg_list_next(&list, &p.s, &p.n); first = false) {
        seg_status st;
        size_t colon = p.n;
        while (colon > 0 && p.s[colon - 1] != ':')
            colon--;
        if (colon > 0)
            st = begin_column(schema, declared, p, colon - 1, &open, err);
        else if (first)
            st = number_of_bins(p, p, n_bins, err);
        else if (open != NULL && open->rule == SEG_ITEM_BY_CUTS)
            st = add_cut(open, p, err);
        else
            st = malformed(p, "which belongs to no column: as in 5,age:30,45,income:q4", err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_status seg_item_declare(const seg_feature_baskets_options *options, const seg_schema *schema,
                            seg_item_declared **declared, uint32_t *n_bins, seg_error *err)
{
    seg_status st = SEG_OK;
    *n_bins = 0;
    TRY(SEG_ALLOC(declared, schema->n_features, "the items of columns", err));
    TRY(leave_out(options, schema, *declared, err));
    if (options->bins != NULL)
        TRY(parse_bins(options->bins, schema, *declared, n_bins, err));

done:
    if (st != SEG_OK) {
        seg_item_declared_free(*declared, schema->n_features);
        *declared = NULL;
    }
    return st;
}

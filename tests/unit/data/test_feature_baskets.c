/* Rows of features as baskets of attribute=value items: by hand, and against plain loops and a
 * sort of each column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/basket_groups.h"
#include "data/feature_baskets.h"
#include "data/schema.h"

#define N NAN
static const char *const plans[] = { "gold", "silver" };
static const char *const answers[] = { "No", "Yes" };
static const seg_column features[] = {
    { .name = "age", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 2 },
    { .name = "calls", .type = SEG_TYPE_F32 },
    { .name = "spend", .type = SEG_TYPE_F32 },
};
static const seg_column beside[] = {
    { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers, .n_levels = 2 },
    { .name = "since", .type = SEG_TYPE_DAY },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = 4, .columns = beside, .n_columns = 2,
                                   .id_name = "id", .id_width = 8, .label = "churned",
                                   .as_of_day = SEG_MISSING_DAY };
enum { N_ROWS = 6 };
static const float cells[N_ROWS * 4] = {
    29, 0, 0, 10.5f,
    30, 1, 1, 0.1f,
    44.5f, N, 2, 99,
    45, 1, 0, N,
    N, 0, N, 0.1f,
    90, 0, -0.0f, 1e6f,
};
static const int32_t churned[N_ROWS] = { 0, 1, 1, 0, -1, 1 };
static const int32_t since[N_ROWS] = { 1, 2, 3, 4, 5, 6 };
static const void *const columns[] = { churned, since };
static const seg_block rows = {
    .n_rows = N_ROWS, .columns = columns, .ids = "a\0\0\0\0\0\0\0b\0\0\0\0\0\0\0c\0\0\0\0\0\0\0"
        "d\0\0\0\0\0\0\0e\0\0\0\0\0\0\0f\0\0\0\0\0\0",
    .x = { .x = cells, .n_rows = N_ROWS, .n_cols = 4, .stride = 4 },
};

static char told[2048];

static void note(void *user, seg_level level, const char *text)
{
    (void)user;
    (void)level;
    strncat(told, text, sizeof told - strlen(told) - 1);
    strncat(told, "\n", sizeof told - strlen(told) - 1);
}

static seg_status open_as(const char *bins, const char *drop, const char *weights,
                          seg_source **out, seg_error *err)
{
    const seg_feature_baskets_options options = { .bins = bins, .drop = drop,
                                                  .weights = weights };
    static seg_context ctx;
    seg_source *from;
    ctx = seg_context_defaults();
    ctx.note = note;
    told[0] = 0;
    *out = NULL;
    seg_status st = seg_memory_source(&ctx, &schema, &rows, &from, err);
    if (st != SEG_OK)
        return st;
    st = seg_feature_baskets(&ctx, from, &options, out, err);
    if (st != SEG_OK)
        seg_source_close(from);
    return st;
}

/* Row i as "age<30 plan=gold". */
static const char *row_text(const seg_source *s, const seg_block *block, size_t i)
{
    static char text[512];
    text[0] = 0;
    for (int64_t at = block->row_start[i]; at < block->row_start[i + 1]; at++) {
        assert_true(at == block->row_start[i] || block->items[at - 1] < block->items[at]);
        strcat(text, text[0] == 0 ? "" : " ");
        strcat(text, s->schema->features[block->items[at]].name);
    }
    return text;
}

static void assert_rows(seg_source *s, const char *const *expected)
{
    seg_block block;
    seg_error err = { 0 };
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(s->next(s, &block, &err), SEG_OK);
        assert_int_equal(block.n_rows, N_ROWS);
        for (size_t i = 0; i < N_ROWS; i++)
            assert_string_equal(row_text(s, &block, i), expected[i]);
        assert_string_equal(block.ids + 16, "c");
        assert_ptr_equal(block.columns[1], since);
        assert_int_equal(s->next(s, &block, &err), SEG_OK);
        assert_int_equal(block.n_rows, 0);
        assert_int_equal(s->rewind(s, &err), SEG_OK);
    }
}

static void names_the_values_of_every_column(void **state)
{
    (void)state;
    seg_source *s;
    seg_error err = { 0 };
    if (open_as("age:30,45,spend:0.1,50", NULL, NULL, &s, &err) != SEG_OK)
        fail_msg("%s", err.text);
    assert_rows(s, (const char *const[]){
        "age<30 plan=gold calls=0 spend=[0.1,50) churned=No",
        "age=[30,45) plan=silver calls=1 spend=[0.1,50) churned=Yes",
        "age=[30,45) calls=2 spend>=50 churned=Yes",
        "age>=45 plan=silver calls=0 churned=No",
        "plan=gold spend=[0.1,50)",
        "age>=45 plan=gold calls=0 spend>=50 churned=Yes" });
    assert_int_equal(s->schema->kind, SEG_KIND_BASKETS);
    assert_int_equal(s->schema->n_features, 13);
    assert_non_null(strstr(told, "baskets are made of features: 5 columns give 13 items like"
                                 " 'age<30'"));
    seg_source_close(s);
}

static void leaves_out_what_is_dropped(void **state)
{
    (void)state;
    seg_source *s;
    seg_error err = { 0 };
    assert_int_equal(open_as("spend:50", "age,churned,plan", "calls", &s, &err), SEG_OK);
    seg_block block;
    assert_int_equal(s->schema->n_features, 2);
    assert_int_equal(s->schema->n_columns, 3);
    assert_string_equal(s->schema->columns[2].name, "calls");
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_string_equal(row_text(s, &block, 0), "spend<50");
    assert_string_equal(row_text(s, &block, 3), "");
    assert_true(((const float *)block.columns[2])[2] == 2);
    seg_source_close(s);
}

static void makes_ranges_of_equal_counts(void **state)
{
    (void)state;
    seg_source *s;
    seg_error err = { 0 };
    seg_block block;
    /* ages 29 30 44.5 45 90: rank 5/2 = 2 is 44.5; of spend 0.1 0.1 10.5 99 1e6 10.5; of calls
     * 0 0 0 1 2 rank 2 is the least value, so the range begins at the next. */
    assert_int_equal(open_as("2", "plan,churned", NULL, &s, &err), SEG_OK);
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_string_equal(row_text(s, &block, 0), "age<44.5 calls<1 spend>=10.5");
    assert_string_equal(row_text(s, &block, 1), "age<44.5 calls>=1 spend<10.5");
    assert_string_equal(row_text(s, &block, 2), "age>=44.5 calls>=1 spend>=10.5");
    seg_source_close(s);

    assert_int_equal(open_as("age:q3,spend:each,calls:q3", "plan,churned", NULL, &s, &err), SEG_OK);
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    /* ranks 5/3 = 1 and 10/3 = 3 */
    assert_string_equal(row_text(s, &block, 0), "age<30 calls=0 spend=10.5");
    assert_string_equal(row_text(s, &block, 2), "age=[30,45) calls=2 spend=99");
    assert_string_equal(row_text(s, &block, 5), "age>=45 calls=0 spend=1000000");
    seg_source_close(s);
}

static void refuses(const char *bins, const char *drop, const char *weights, seg_status status,
                    const char *message)
{
    seg_source *s;
    seg_error err = { 0 };
    seg_status st = open_as(bins, drop, weights, &s, &err);
    assert_string_equal(err.text, message);
    assert_int_equal(st, status);
    assert_null(s);
}

static void says_what_to_declare(void **state)
{
    (void)state;
    refuses(NULL, NULL, NULL, SEG_E_USAGE,
            "numbers with more than 12 values, or with fractions, become items as ranges that you"
            " declare: --bins 5 makes 5 of each, --bins 'age:A,B' three with the bounds A and B,"
            " --drop leaves a column out; this is about 'age', 'spend'");
    refuses("agee:30", NULL, NULL, SEG_E_USAGE,
            "--bins names 'agee', which is no column of the data; did you mean 'age'?");
    refuses("age:30", "spent", NULL, SEG_E_USAGE,
            "--drop names 'spent', which is no column of the data; did you mean 'spend'?");
    refuses("5", NULL, "call", SEG_E_USAGE,
            "--weights names 'call', which is no column of the data; did you mean 'calls'?");
    refuses("age:45,30", NULL, NULL, SEG_E_USAGE,
            "--bins has '30', which is not above the bound before it: bounds ascend");
    refuses("age:30,x", NULL, NULL, SEG_E_USAGE,
            "--bins has 'x', which is no number to be the bound of a range");
    refuses("age:q1", NULL, NULL, SEG_E_USAGE, "--bins has 'age:q1', where a number of ranges"
            " from 2 to 100 is expected, or a column as in age:30,45, age:q4 or age:each");
    refuses("101", NULL, NULL, SEG_E_USAGE, "--bins has '101', where a number of ranges from 2 to"
            " 100 is expected, or a column as in age:30,45, age:q4 or age:each");
    refuses("age:q4,7", NULL, NULL, SEG_E_USAGE,
            "--bins has '7', which belongs to no column: as in 5,age:30,45,income:q4");
    refuses("plan:1", NULL, NULL, SEG_E_USAGE,
            "--bins has 'plan:1', but that column is a category: each of its values is an item");
    refuses("since:1", NULL, NULL, SEG_E_USAGE, "--bins has 'since:1', but that column is no"
            " number");
    refuses("age:1,age:2", NULL, NULL, SEG_E_USAGE,
            "--bins has 'age:2', but that column was declared before");
    refuses("age:1", "age", NULL, SEG_E_USAGE,
            "--bins has 'age:1', but that column is left out");
    refuses(NULL, "age,plan,calls,spend,churned", NULL, SEG_E_DATA,
            "memory: no column gives items");
}

static void two_columns_cannot_give_one_item(void **state)
{
    (void)state;
    static const char *const b[] = { "b=c" }, *const c[] = { "c" };
    const seg_column both[] = {
        { .name = "a", .type = SEG_TYPE_CODE, .levels = b, .n_levels = 1 },
        { .name = "a=b", .type = SEG_TYPE_CODE, .levels = c, .n_levels = 1 } };
    const seg_schema odd = { .kind = SEG_KIND_FEATURES, .features = both, .n_features = 2 };
    const seg_block one = { .n_rows = 1, .x = { .x = (float[]){ 0, 0 }, .n_rows = 1, .n_cols = 2,
                                                .stride = 2 } };
    const seg_feature_baskets_options none = { 0 };
    seg_source *from, *s;
    seg_error err = { 0 };
    assert_int_equal(seg_memory_source(NULL, &odd, &one, &from, &err), SEG_OK);
    assert_int_equal(seg_feature_baskets(NULL, from, &none, &s, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "two columns give an item 'a=b=c'; rename one, or leave it"
                                     " out with --drop"));
    seg_source_close(from);
}

/* ---- by what a model remembers ------------------------------------------------------------- */

static void a_model_makes_the_same_items(void **state)
{
    (void)state;
    seg_source *s, *from, *again;
    seg_item_bins *bins;
    seg_error err = { 0 };
    assert_int_equal(open_as("2,age:30,45", NULL, NULL, &s, &err), SEG_OK);
    assert_int_equal(seg_item_bins_new(seg_feature_baskets_bins(s), &bins, &err), SEG_OK);
    seg_source_close(s);

    /* Columns in another order, another code of the plan, one column more and one less. */
    static const char *const other_plans[] = { "bronze", "silver", "gold" };
    const seg_column later[] = {
        { .name = "calls", .type = SEG_TYPE_F32 },
        { .name = "new", .type = SEG_TYPE_F32 },
        { .name = "plan", .type = SEG_TYPE_CODE, .levels = other_plans, .n_levels = 3 },
        { .name = "age", .type = SEG_TYPE_F32 },
        { .name = "spend", .type = SEG_TYPE_F32 } };
    const seg_schema of_later = { .kind = SEG_KIND_FEATURES, .features = later, .n_features = 5 };
    const float x[] = { 7, 7, 2, 31, 0, 0, 7, 0, N, N };
    const seg_block two = { .n_rows = 2, .x = { .x = x, .n_rows = 2, .n_cols = 5, .stride = 5 } };
    seg_context ctx = seg_context_defaults();
    ctx.note = note;
    told[0] = 0;
    assert_int_equal(seg_memory_source(&ctx, &of_later, &two, &from, &err), SEG_OK);
    assert_int_equal(seg_feature_baskets_by(&ctx, from, bins, &again, &err), SEG_OK);
    seg_block block;
    assert_int_equal(again->next(again, &block, &err), SEG_OK);
    assert_string_equal(row_text(again, &block, 0), "age=[30,45) plan=gold calls>=1 spend<10.5");
    assert_string_equal(row_text(again, &block, 1), "plan=bronze calls<1");
    assert_non_null(strstr(told, "1 columns that gave items in training are not there, like"
                                 " 'churned'"));
    seg_source_close(again);

    /* A number where a category was. */
    seg_column wrong[5];
    memcpy(wrong, later, sizeof wrong);
    wrong[2] = (seg_column){ .name = "plan", .type = SEG_TYPE_F32 };
    const seg_schema of_wrong = { .kind = SEG_KIND_FEATURES, .features = wrong, .n_features = 5 };
    assert_int_equal(seg_memory_source(&ctx, &of_wrong, &two, &from, &err), SEG_OK);
    assert_int_equal(seg_feature_baskets_by(&ctx, from, bins, &again, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "column 'plan' is a number here; its items were made of a"
                                     " category"));
    seg_source_close(from);
    seg_item_bins_free(bins);
}

static void values_not_seen_give_no_item(void **state)
{
    (void)state;
    const seg_item_column column = { .name = "calls", .form = SEG_ITEM_VALUE,
                                     .cuts = (float[]){ 0, 2 }, .n_cuts = 2 };
    const seg_item_bins bins = { .columns = &column, .n_columns = 1 };
    seg_context ctx = seg_context_defaults();
    seg_source *from, *s;
    seg_error err = { 0 };
    seg_block block;
    ctx.note = note;
    told[0] = 0;
    assert_int_equal(seg_memory_source(&ctx, &schema, &rows, &from, &err), SEG_OK);
    assert_int_equal(seg_feature_baskets_by(&ctx, from, &bins, &s, &err), SEG_OK);
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_string_equal(row_text(s, &block, 0), "calls=0");
    assert_string_equal(row_text(s, &block, 1), "");
    assert_string_equal(row_text(s, &block, 2), "calls=2");
    assert_string_equal(row_text(s, &block, 5), "calls=0");
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_string_equal(told, "1 cells hold a value that was not there in training: they give no"
                              " item\n");
    seg_source_close(s);
}

static void believes_no_bins_unchecked(void **state)
{
    (void)state;
    seg_item_bins *bins;
    seg_error err = { 0 };
    seg_item_column column[2] = {
        { .name = "a", .form = SEG_ITEM_RANGE, .cuts = (float[]){ 1, 2 }, .n_cuts = 2 },
        { .name = "b", .form = SEG_ITEM_LEVEL } };
    const seg_item_bins parts = { .columns = column, .n_columns = 2 };
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_OK);
    seg_item_bins_free(bins);
    column[0].cuts = (float[]){ 2, 2 };
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_E_DATA);
    column[0].cuts = (float[]){ 2, N };
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_E_DATA);
    column[0].cuts = (float[]){ 2, INFINITY };
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_E_DATA);
    column[0].cuts = (float[]){ 1, 2 };
    column[0].form = (seg_item_form)7;
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_E_DATA);
    column[0].form = SEG_ITEM_LEVEL;
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_E_DATA);
    column[0].form = SEG_ITEM_RANGE;
    column[1].name = "a";
    assert_int_equal(seg_item_bins_new(&parts, &bins, &err), SEG_E_DATA);
    assert_null(bins);
}

/* ---- many rows, against sorted columns ------------------------------------------------------ */

enum { MANY = 6000, WIDE = 19 };
static float many[MANY * WIDE];

static uint32_t random_below(uint32_t n)
{
    static uint64_t x = 0x9e3779b97f4a7c15u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (uint32_t)(x >> 33) % n;
}

static float random_cell(int column)
{
    float u = (float)random_below(1u << 24) / (1 << 24);
    if (random_below(9) == 0)
        return NAN;
    switch (column % 6) {
    case 0: return u * u * 1000 - 300;
    case 1: return (float)random_below(40);
    case 2: return random_below(10) < 7 ? 0 : u;
    case 3: return (float)random_below(4) * 0.25f;
    case 4: return -1e30f * u;
    default: return random_below(500) == 0 ? INFINITY : -floorf(u * 15);
    }
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The number of the range or value of v, from a sorted copy of the column. */
static int plain_item(const float *sorted, size_t n, int n_bins, float v)
{
    float distinct[WIDE + 2], cuts[128];
    int n_distinct = 0, n_cuts = 0;
    for (size_t i = 0; i < n && n_distinct <= n_bins; i++)
        if (n_distinct == 0 || distinct[n_distinct - 1] < sorted[i])
            distinct[n_distinct++] = sorted[i];
    if (n_distinct <= n_bins) {
        for (int i = 0; i < n_distinct; i++)
            if (!(distinct[i] < v) && !(distinct[i] > v))
                return i;
        return -1;
    }
    for (int k = 1; k < n_bins; k++) {
        float cut = sorted[n * (size_t)k / (size_t)n_bins];
        if (!(cut > sorted[0]))
            cut = distinct[1];
        if (isfinite(cut) && (n_cuts == 0 || cuts[n_cuts - 1] < cut))
            cuts[n_cuts++] = cut;
    }
    int below = 0;
    while (below < n_cuts && cuts[below] <= v)
        below++;
    return below;
}

static void agrees_with_sorted_columns(void **state)
{
    (void)state;
    static char names[WIDE][16];
    static seg_column column[WIDE];
    static float sorted[WIDE][MANY];
    size_t n_sorted[WIDE] = { 0 };
    enum { BINS = 7 };
    for (int f = 0; f < WIDE; f++) {
        snprintf(names[f], sizeof names[f], "f%d", f);
        column[f] = (seg_column){ .name = names[f], .type = SEG_TYPE_F32 };
        for (int i = 0; i < MANY; i++) {
            float v = many[i * WIDE + f] = random_cell(f);
            if (!isnan(v))
                sorted[f][n_sorted[f]++] = v + 0.0f;
        }
        qsort(sorted[f], n_sorted[f], sizeof(float), by_value);
    }
    const seg_schema wide = { .kind = SEG_KIND_FEATURES, .features = column, .n_features = WIDE };
    const seg_block all = { .n_rows = MANY, .x = { .x = many, .n_rows = MANY, .n_cols = WIDE,
                                                   .stride = WIDE } };
    for (uint32_t way = 0; way < 3; way++) {
        seg_context ctx = seg_context_defaults();
        const seg_feature_baskets_options options = { .bins = "7" };
        seg_source *from, *s;
        seg_block block;
        seg_error err = { 0 };
        ctx.n_threads = way + 1;
        ctx.block_rows = (way + 1) * 1024;
        assert_int_equal(seg_memory_source(&ctx, &wide, &all, &from, &err), SEG_OK);
        assert_int_equal(seg_feature_baskets(&ctx, from, &options, &s, &err), SEG_OK);
        size_t row = 0;
        for (;;) {
            assert_int_equal(s->next(s, &block, &err), SEG_OK);
            if (block.n_rows == 0)
                break;
            for (size_t i = 0; i < block.n_rows; i++, row++) {
                int64_t at = block.row_start[i];
                int32_t first = 0;
                for (size_t f = 0; f < WIDE; f++) {
                    const seg_item_column *c = &seg_feature_baskets_bins(s)->columns[f];
                    float v = many[row * WIDE + f];
                    int item = isnan(v) ? -1 : plain_item(sorted[f], n_sorted[f], BINS, v);
                    if (item >= 0)
                        assert_int_equal(block.items[at++], first + item);
                    first += (int32_t)c->n_cuts + (c->form == SEG_ITEM_RANGE);
                }
                assert_int_equal(at, block.row_start[i + 1]);
            }
        }
        assert_int_equal(row, MANY);
        seg_source_close(s);
    }
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_error err = { 0 };
        seg_source *s = NULL;
        seg_block block;
        seg_alloc_fail_after = n;
        st = open_as("2,age:30", "plan", "calls", &s, &err);
        if (st == SEG_OK)
            st = s->next(s, &block, &err);
        seg_source_close(s);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_values_of_every_column),
        cmocka_unit_test(leaves_out_what_is_dropped),
        cmocka_unit_test(makes_ranges_of_equal_counts),
        cmocka_unit_test(says_what_to_declare),
        cmocka_unit_test(two_columns_cannot_give_one_item),
        cmocka_unit_test(a_model_makes_the_same_items),
        cmocka_unit_test(values_not_seen_give_no_item),
        cmocka_unit_test(believes_no_bins_unchecked),
        cmocka_unit_test(agrees_with_sorted_columns),
        cmocka_unit_test(survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The method `rules` from baskets to offers: the golden rules of groceries, the model
 * file, offers against a plain search, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/try.h"
#include "models/rules_offers.h"
#include "tests/support/fimi.h"

static char directory[] = "/tmp/segmill-rules-XXXXXX";

static const char *temp_path(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* Baskets of whole numbers as a source; names[i] (or the digits of i) names item i. */
static seg_status open_baskets(const seg_context *ctx, const fimi *f, const char *const *names,
                               seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    *out = NULL;
    TRY(seg_schema_new(SEG_KIND_BASKETS, &schema, err));
    for (size_t i = 0; i < f->n_items; i++) {
        char digits[32];
        snprintf(digits, sizeof digits, "%zu", i);
        seg_column item = { .name = names != NULL ? names[i] : digits, .type = SEG_TYPE_F32 };
        TRY(seg_schema_add_feature(schema, &item, err));
    }
    TRY(seg_batch_new(&schema->view, f->n_rows, &batch, err));
    memcpy(batch->row_start, f->row_start, (f->n_rows + 1) * sizeof *f->row_start);
    size_t n = (size_t)f->row_start[f->n_rows];
    TRY(SEG_ALLOC(&batch->items, n, "items", err));
    batch->items_cap = n;
    memcpy(batch->items, f->items, n * sizeof *f->items);
    st = seg_batch_source(ctx, "baskets", schema, batch, f->n_rows, out, err);
    schema = NULL;
    batch = NULL;

done:
    seg_batch_free(batch);
    seg_schema_free(schema);
    return st;
}

static seg_rules_options options_of(const char *support, const char *confidence)
{
    seg_rules_options o;
    seg_rules_defaults(&o);
    o.min_support = support;
    o.min_confidence = confidence;
    return o;
}

static seg_status train(const seg_context *ctx, const fimi *f, const char *const *names,
                        const seg_rules_options *options, seg_model **out, seg_error *err)
{
    seg_source *source = NULL;
    *out = NULL;
    seg_status st = open_baskets(ctx, f, names, &source, err);
    if (st == SEG_OK)
        st = seg_train(ctx, &seg_method_rules, options, source, out, err);
    seg_source_close(source);
    return st;
}

static const seg_node *figures_of(const seg_model *model)
{
    return seg_node_get(seg_doc_root(model->info), "figures");
}

static int64_t figure(const seg_model *model, const char *name)
{
    return seg_node_int(seg_node_get(figures_of(model), name), -1);
}

/* ---- five baskets by hand ------------------------------------------------------------------ */

enum { MILK, BREAD, BUTTER, BEER };
static const char *const shop_names[] = { "milk", "bread", "butter", "beer" };
static int64_t shop_start[] = { 0, 3, 6, 8, 9, 11 };
static int32_t shop_items[] = { MILK, BREAD, BUTTER, MILK, BREAD, BUTTER, MILK, BREAD, BEER,
                                BREAD, BEER };
static const fimi shop = { .n_rows = 5, .n_items = 4, .row_start = shop_start,
                           .items = shop_items };

static void text_of(const seg_model *model, size_t rule, seg_text *text)
{
    seg_text_clear(text);
    seg_rules_add_rule(text, model->state, &model->schema->view, rule);
}

static void lists_rules_best_first_and_by_name(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_rules_options options = options_of("2", "0.6");
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    static const char *const expected[] = {
        "bread + butter => milk", "butter => bread", "butter => milk", "butter + milk => bread",
        "milk => bread",                            /* confidence 1 */
        "bread => milk",                            /* 3 of 4 */
        "bread + milk => butter", "milk => butter", /* 2 of 3 */
    };
    const seg_rules_model *m = model->state;
    seg_text text = { 0 };
    assert_int_equal(m->n_rules, sizeof expected / sizeof *expected);
    for (size_t r = 0; r < m->n_rules; r++) {
        text_of(model, r, &text);
        assert_string_equal(text.bytes, expected[r]);
    }
    assert_int_equal(figure(model, "baskets"), 5);
    assert_int_equal(figure(model, "items"), 4);
    assert_int_equal(figure(model, "itemsets"), 8);
    assert_int_equal(figure(model, "rules"), 8);
    seg_text_free(&text);
    seg_model_free(model);
}

static void keeps_the_top_rules_to_one_item(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_text text = { 0 };
    seg_rules_options options = options_of("2", "50%");
    options.head = "butter";
    options.top = 1;
    options.by = "support";
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    assert_int_equal(figure(model, "rules"), 1);
    assert_int_equal(figure(model, "rules_found"), 3);
    text_of(model, 0, &text);
    assert_string_equal(text.bytes, "bread => butter");
    seg_model_free(model);

    options.head = "buter";
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "'butter' is near"));
    seg_text_free(&text);
}

static void asks_for_support_and_confidence(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    static const struct {
        const char *support, *confidence, *word;
    } bad[] = {
        { NULL, "0.5", "--min-support" },  { "2", NULL, "--min-confidence" },
        { "0", "0.5", "--min-support" },   { "two", "0.5", "--min-support" },
        { "1.5", "0.5", "--min-support" }, { "120%", "0.5", "--min-support" },
        { "2", "1.01", "--min-confidence" }, { "2", "x", "--min-confidence" },
        { "-1", "0.5", "--min-support" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        seg_rules_options options = options_of(bad[i].support, bad[i].confidence);
        assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_E_USAGE);
        assert_null(model);
        assert_non_null(strstr(err.text, bad[i].word));
    }
}

static void no_frequent_item_is_no_error(void **state)
{
    (void)state;
    seg_model *model, *loaded;
    seg_error err = { 0 };
    seg_rules_options options = options_of("6", "0.5");
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    assert_int_equal(figure(model, "itemsets"), 0);
    assert_int_equal(figure(model, "rules"), 0);
    assert_int_equal(seg_model_save(model, temp_path("empty.model"), &err), SEG_OK);
    assert_int_equal(seg_model_load(temp_path("empty.model"), &loaded, &err), SEG_OK);
    assert_int_equal(((const seg_rules_model *)loaded->state)->n_rules, 0);
    unlink(temp_path("empty.model"));
    seg_model_free(model);
    seg_model_free(loaded);
}

static void counts_the_chosen_target(void **state)
{
    (void)state;
    fimi data;
    if (!fimi_read("groceries", &data))
        skip();
    static const struct {
        int target;
        bool count_only;
        int64_t itemsets, longest;
    } cases[] = {
        { SEG_TARGET_ITEMSETS, false, 13492, 10 }, { SEG_TARGET_CLOSED, false, 13464, 10 },
        { SEG_TARGET_MAXIMAL, true, 7794, 10 },    { SEG_TARGET_RULES, true, 13492, 10 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_model *model;
        seg_error err = { 0 };
        seg_rules_options options = options_of("10", NULL);
        options.target = cases[i].target;
        options.count_only = cases[i].count_only;
        assert_int_equal(train(NULL, &data, NULL, &options, &model, &err), SEG_OK);
        assert_int_equal(figure(model, "itemsets"), cases[i].itemsets);
        const seg_node *by_length = seg_node_get(figures_of(model), "itemsets_by_length");
        assert_int_equal(seg_node_count(by_length), 6);
        assert_int_equal(seg_node_int(seg_node_at(by_length, 5), -1), cases[i].longest);
        seg_itemset_counts counts;
        seg_itemset_tree_count(&((const seg_rules_model *)model->state)->sets, &counts);
        assert_int_equal(counts.total, cases[i].count_only ? 0 : (uint64_t)cases[i].itemsets);
        seg_model_free(model);
    }
    fimi_free(&data);
}

static void marks_a_partial_model(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_rules_options options = options_of("2", "0.5");
    options.max_itemsets = 5;
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_E_GATE);
    options.allow_partial = true;
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    assert_int_equal(figure(model, "itemsets"), 4);
    assert_int_equal(seg_node_type(seg_node_get(figures_of(model), "incomplete")),
                     SEG_DOC_BOOL);
    assert_int_equal(figure(model, "incomplete"), 1);
    seg_model_free(model);
}

/* ---- the golden rules ------------------------------------------------------------------------ */

typedef struct golden {
    char body[64];
    int head;
    unsigned count;
    double support, confidence, lift, leverage, conviction;
} golden;

/* Field `n` of a line, counted from 0. */
static const char *field(const char *line, int n)
{
    for (; n > 0 && line != NULL; n--)
        line = strchr(line, ',') + 1;
    return line;
}

static int by_text(const void *a, const void *b)
{
    const golden *x = a, *y = b;
    int order = strcmp(x->body, y->body);
    return order != 0 ? order : (x->head > y->head) - (x->head < y->head);
}

static size_t read_golden(golden **out)
{
    static char line[4096];
    size_t n = 0;
    gzFile gz = gzopen(data_path("baskets/groceries_rules_s10_c50.csv.gz"), "rb");
    if (gz == NULL)
        return 0;
    *out = calloc(10000, sizeof **out);
    gzgets(gz, line, sizeof line);
    while (gzgets(gz, line, sizeof line) != NULL) {
        golden *g = &(*out)[n++];
        sscanf(line, "%63[^,],%d,%u", g->body, &g->head, &g->count);
        g->support = strtod(field(line, 7), NULL);
        g->confidence = strtod(field(line, 8), NULL);
        g->lift = strtod(field(line, 9), NULL);
        const char *conviction = field(line, 19);
        g->conviction = strncmp(conviction, "Inf", 3) == 0 ? HUGE_VAL : strtod(conviction, NULL);
        g->leverage = strtod(field(line, 40), NULL);
    }
    gzclose(gz);
    qsort(*out, n, sizeof **out, by_text);
    return n;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Our rule in the form of the golden file: the body's numbers ascending, blanks between. */
static void to_golden(const seg_model *model, size_t r, golden *g)
{
    const seg_rules_model *m = model->state;
    const seg_column *items = model->schema->view.features;
    int numbers[16], n = 0;
    for (int64_t i = m->body_start[r]; i < m->body_start[r + 1]; i++)
        numbers[n++] = (int)strtol(items[m->body[i]].name, NULL, 10);
    qsort(numbers, (size_t)n, sizeof *numbers, by_number);
    *g = (golden){ .head = (int)strtol(items[m->head[m->head_start[r]]].name, NULL, 10),
                   .count = m->counts[r].both,
                   .support = seg_rule_measure(&m->counts[r], SEG_MEASURE_SUPPORT),
                   .confidence = seg_rule_measure(&m->counts[r], SEG_MEASURE_CONFIDENCE),
                   .lift = seg_rule_measure(&m->counts[r], SEG_MEASURE_LIFT),
                   .leverage = seg_rule_measure(&m->counts[r], SEG_MEASURE_LEVERAGE),
                   .conviction = seg_rule_measure(&m->counts[r], SEG_MEASURE_CONVICTION) };
    for (int i = 0; i < n; i++) {
        size_t used = strlen(g->body);
        snprintf(g->body + used, sizeof g->body - used, "%s%d", i == 0 ? "" : " ", numbers[i]);
    }
}

static void assert_close(double x, double expected)
{
    if (isinf(expected))
        assert_true(isinf(x) && x > 0);
    else
        assert_true(fabs(x - expected) <= 1e-10 * fabs(expected));
}

static void finds_the_golden_rules_of_groceries(void **state)
{
    (void)state;
    fimi data;
    golden *expected = NULL, *found = NULL;
    size_t n = read_golden(&expected);
    if (n == 0 || !fimi_read("groceries", &data))
        skip();
    seg_model *model;
    seg_error err = { 0 };
    seg_rules_options options = options_of("10", "0.5");
    assert_int_equal(train(NULL, &data, NULL, &options, &model, &err), SEG_OK);
    const seg_rules_model *m = model->state;
    assert_int_equal(n, 5668);
    assert_int_equal(m->n_rules, n);

    found = calloc(n, sizeof *found);
    for (size_t r = 0; r < n; r++)
        to_golden(model, r, &found[r]);
    qsort(found, n, sizeof *found, by_text);
    for (size_t r = 0; r < n; r++) {
        assert_string_equal(found[r].body, expected[r].body);
        assert_int_equal(found[r].head, expected[r].head);
        assert_int_equal(found[r].count, expected[r].count);
        assert_close(found[r].support, expected[r].support);
        assert_close(found[r].confidence, expected[r].confidence);
        assert_close(found[r].lift, expected[r].lift);
        assert_close(found[r].leverage, expected[r].leverage);
        assert_close(found[r].conviction, expected[r].conviction);
    }
    free(expected);
    free(found);
    seg_model_free(model);
    fimi_free(&data);
}

/* ---- the file, threads and blocks ---------------------------------------------------------- */

static char *read_bytes(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(*n);
    assert_int_equal(fread(bytes, 1, *n, f), *n);
    fclose(f);
    return bytes;
}

static void same_bytes_for_any_threads_and_blocks(void **state)
{
    (void)state;
    fimi data;
    if (!fimi_read("groceries", &data))
        skip();
    static const struct {
        uint32_t threads;
        size_t rows;
    } runs[] = { { 1, 0 }, { 1, 1024 }, { 3, 1024 }, { 4, 4096 } };
    char *first = NULL;
    size_t n_first = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        seg_context ctx = seg_context_defaults();
        ctx.n_threads = runs[i].threads;
        ctx.block_rows = runs[i].rows;
        seg_model *model;
        seg_error err = { 0 };
        seg_rules_options options = options_of("0.005", "0.3");
        assert_int_equal(train(&ctx, &data, NULL, &options, &model, &err), SEG_OK);
        assert_int_equal(figure(model, "support_count"), 50);
        assert_int_equal(seg_model_save(model, temp_path("x.model"), &err), SEG_OK);
        seg_model_free(model);
        size_t n;
        char *bytes = read_bytes(temp_path("x.model"), &n);
        unlink(temp_path("x.model"));
        if (first == NULL) {
            first = bytes;
            n_first = n;
            continue;
        }
        assert_int_equal(n, n_first);
        assert_memory_equal(bytes, first, n);
        free(bytes);
    }
    free(first);
    fimi_free(&data);
}

static void loads_what_it_saved(void **state)
{
    (void)state;
    seg_model *model, *loaded;
    seg_error err = { 0 };
    seg_rules_options options = options_of("2", "0.5");
    options.max_head = 2;
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    assert_int_equal(seg_model_save(model, temp_path("a.model"), &err), SEG_OK);
    assert_int_equal(seg_model_load(temp_path("a.model"), &loaded, &err), SEG_OK);
    const seg_rules_model *a = model->state, *b = loaded->state;
    assert_int_equal(a->n_rules, b->n_rules);
    assert_memory_equal(a->counts, b->counts, a->n_rules * sizeof *a->counts);
    assert_memory_equal(a->body_start, b->body_start, (a->n_rules + 1) * sizeof(int64_t));
    assert_memory_equal(a->body, b->body, (size_t)a->body_start[a->n_rules] * sizeof(int32_t));
    assert_memory_equal(a->head, b->head, (size_t)a->head_start[a->n_rules] * sizeof(int32_t));
    assert_int_equal(a->sets.n, b->sets.n);
    assert_memory_equal(a->sets.count, b->sets.count, a->sets.n * sizeof *a->sets.count);
    const seg_rules_offers *of_a, *of_b;
    assert_int_equal(seg_rules_offers_of(model, &of_a, &err), SEG_OK);
    assert_int_equal(seg_rules_offers_of(loaded, &of_b, &err), SEG_OK);
    assert_int_equal(of_a->rules.n_rules, of_b->rules.n_rules);
    assert_memory_equal(of_a->rule, of_b->rule, of_a->rules.n_rules * sizeof(uint32_t));
    unlink(temp_path("a.model"));
    seg_model_free(model);
    seg_model_free(loaded);
}

/* Each defect is put into a good model, which is saved: loading must notice. */
static void refuses_a_damaged_model_file(void **state)
{
    (void)state;
    for (int defect = 0; defect < 8; defect++) {
        seg_model *model, *loaded;
        seg_error err = { 0 };
        seg_rules_options options = options_of("2", "0.5");
        assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
        seg_rules_model *m = model->state;
        switch (defect) {
        case 0: m->counts[0].both = 0; break;
        case 1: m->counts[0].both = m->counts[0].body + 1; break;
        case 2: m->n_baskets = 3; break;
        case 3: m->item_count[0] = 0; break;
        case 4: m->head[0] = m->body[0]; break;
        case 5: m->sets.item[0] = 99; break;
        case 6: m->sets.item[m->sets.n - 1] = 0; m->sets.depth[m->sets.n - 1] = 2; break;
        case 7: m->sets.count[0] = 6; break;
        }
        assert_int_equal(seg_model_save(model, temp_path("bad.model"), &err), SEG_OK);
        assert_int_equal(seg_model_load(temp_path("bad.model"), &loaded, &err), SEG_E_DATA);
        assert_null(loaded);
        assert_non_null(strstr(err.text, "bad.model"));
        unlink(temp_path("bad.model"));
        seg_model_free(model);
    }
}

/* ---- offers -------------------------------------------------------------------------------- */

static void offers_what_the_customer_lacks(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_rules_options options = options_of("2", "0.5");
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);

    /* Customers whose data know other items, in another order. */
    static const char *const names[] = { "butter", "wine", "bread", "milk" };
    static int64_t start[] = { 0, 1, 3, 4, 4 };
    static int32_t items[] = { 0, 1, 2, 1 };
    fimi people = { .n_rows = 4, .n_items = 4, .row_start = start, .items = items };
    seg_source *source, *scores;
    seg_block block;
    assert_int_equal(open_baskets(NULL, &people, names, &source, &err), SEG_OK);
    assert_int_equal(seg_score_open(NULL, model, source, &scores, &err), SEG_OK);
    assert_int_equal(scores->next(scores, &block, &err), SEG_OK);
    assert_int_equal(block.n_rows, 4);

    const seg_column *columns = scores->schema->columns;
    assert_string_equal(columns[0].name, "offer_1");
    assert_string_equal(columns[8].name, "offer_3_reason");
    const int32_t *offer_1 = block.columns[0], *offer_2 = block.columns[3];
    const int32_t *offer_3 = block.columns[6];
    const double *score_1 = block.columns[1];
    const char *reason_1 = block.columns[2];
    size_t width = columns[2].width;

    /* butter: milk (confidence 1, lift 5/3) before bread (confidence 1, lift 5/4) */
    assert_string_equal(columns[0].levels[offer_1[0]], "milk");
    assert_string_equal(columns[3].levels[offer_2[0]], "bread");
    assert_true(offer_3[0] == SEG_MISSING_CODE);
    assert_true(score_1[0] == 1.0);
    assert_int_equal(strnlen(reason_1, width), 6);
    assert_memory_equal(reason_1, "butter", 6);
    /* wine is unknown; bread: milk (3 of 4), butter (2 of 4) */
    assert_string_equal(columns[0].levels[offer_1[1]], "milk");
    assert_true(score_1[1] == 0.75);
    assert_string_equal(columns[3].levels[offer_2[1]], "butter");
    /* only unknown items, or none at all */
    assert_true(offer_1[2] == SEG_MISSING_CODE && isnan(score_1[2]));
    assert_true(offer_1[3] == SEG_MISSING_CODE && reason_1[3 * width] == 0);

    seg_source_close(scores);
    seg_source_close(source);
    seg_model_free(model);
}

static bool owns(const fimi *f, size_t row, int32_t item)
{
    for (int64_t j = f->row_start[row]; j < f->row_start[row + 1]; j++)
        if (f->items[j] == item)
            return true;
    return false;
}

/* Best confidence among the rules that apply, by trying every rule; -1: none. */
static double plain_best(const seg_model *model, const fimi *f, size_t row,
                         const int32_t *item_of)
{
    const seg_rules_model *m = model->state;
    double best = -1;
    for (size_t r = 0; r < m->n_rules; r++) {
        bool fits = !owns(f, row, item_of[m->head[m->head_start[r]]]);
        for (int64_t i = m->body_start[r]; fits && i < m->body_start[r + 1]; i++)
            fits = owns(f, row, item_of[m->body[i]]);
        double confidence = (double)m->counts[r].both / (double)m->counts[r].body;
        if (fits && confidence > best)
            best = confidence;
    }
    return best;
}

static void offers_the_best_rule_of_all(void **state)
{
    (void)state;
    fimi data;
    if (!fimi_read("groceries", &data))
        skip();
    seg_model *model;
    seg_error err = { 0 };
    seg_source *source, *scores;
    seg_block block;
    seg_rules_options options = options_of("40", "0.2");
    assert_int_equal(train(NULL, &data, NULL, &options, &model, &err), SEG_OK);
    int32_t item_of[1000];
    for (size_t i = 0; i < model->schema->view.n_features; i++)
        item_of[i] = (int32_t)strtol(model->schema->view.features[i].name, NULL, 10);

    data.n_rows = 1500;
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 3;
    assert_int_equal(open_baskets(&ctx, &data, NULL, &source, &err), SEG_OK);
    assert_int_equal(seg_score_open(&ctx, model, source, &scores, &err), SEG_OK);
    assert_int_equal(scores->next(scores, &block, &err), SEG_OK);
    const double *score_1 = block.columns[1], *score_2 = block.columns[4];
    const int32_t *offer_1 = block.columns[0], *offer_2 = block.columns[3];
    for (size_t i = 0; i < block.n_rows; i++) {
        double best = plain_best(model, &data, i, item_of);
        assert_true(best < 0 ? isnan(score_1[i]) : score_1[i] == best);
        assert_true(offer_2[i] == SEG_MISSING_CODE
                    || (offer_2[i] != offer_1[i] && score_2[i] <= score_1[i]));
    }
    seg_source_close(scores);
    seg_source_close(source);
    seg_model_free(model);
    fimi_free(&data);
}

static void itemsets_make_no_offers(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_source *source, *scores;
    seg_rules_options options = options_of("2", NULL);
    options.target = SEG_TARGET_CLOSED;
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    assert_int_equal(open_baskets(NULL, &shop, shop_names, &source, &err), SEG_OK);
    assert_int_equal(seg_score_open(NULL, model, source, &scores, &err), SEG_E_USAGE);
    assert_null(scores);
    seg_source_close(source);
    seg_model_free(model);
}

static void counts_hits_on_hidden_items(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_source *source, *scores;
    seg_block block;
    void *ev;
    seg_rules_options options = options_of("2", "0.5");
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);

    /* Two baskets of bread and milk: the other one is always an offer (3 of 4, or 1), and
     * always among the three best-sellers. Tea and wine are unknown: nothing to hide. */
    static const char *const names[] = { "bread", "milk", "tea", "wine" };
    static int64_t start[] = { 0, 2, 4, 6 };
    static int32_t items[] = { 0, 1, 0, 1, 2, 3 };
    fimi people = { .n_rows = 3, .n_items = 4, .row_start = start, .items = items };
    seg_context ctx = seg_context_defaults();
    assert_int_equal(open_baskets(&ctx, &people, names, &source, &err), SEG_OK);
    assert_int_equal(seg_score_open(&ctx, model, source, &scores, &err), SEG_OK);
    assert_int_equal(scores->next(scores, &block, &err), SEG_OK);
    static const int64_t bound_start[] = { 0, 2, 4, 4 };
    int32_t bread = (int32_t)seg_schema_feature(&model->schema->view, "bread");
    int32_t milk = (int32_t)seg_schema_feature(&model->schema->view, "milk");
    const int32_t bound_items[] = { bread, milk, bread, milk };
    seg_block bound = { .n_rows = 3, .row_start = bound_start, .items = bound_items };

    seg_offer_trial trial = { .offers = 3 };
    seg_train_input input = { .ctx = &ctx, .schema = source->schema, .n_rows = 3,
                              .options = &trial };
    seg_doc *doc = seg_doc_new();
    seg_node *figures = seg_doc_root(doc);
    assert_int_equal(seg_method_rules.evaluate_begin(model, &input, &ev, &err), SEG_OK);
    assert_int_equal(seg_method_rules.evaluate_add(ev, &bound, &block, &err), SEG_OK);
    assert_int_equal(seg_method_rules.evaluate_end(ev, figures, &err), SEG_OK);
    seg_method_rules.evaluate_free(ev);
    assert_int_equal(seg_node_int(seg_node_get(figures, "rows"), -1), 3);
    assert_int_equal(seg_node_int(seg_node_get(figures, "tested"), -1), 2);
    assert_true(seg_node_real(seg_node_get(figures, "hit_rate_3"), -1) == 1.0);
    assert_true(seg_node_real(seg_node_get(figures, "best_seller_hit_rate_3"), -1) == 1.0);
    assert_true(seg_node_real(seg_node_get(figures, "with_offer"), -1) == 2.0 / 3);

    seg_doc_free(doc);
    seg_source_close(scores);
    seg_source_close(source);
    seg_model_free(model);
}

/* ---- allocation failures ------------------------------------------------------------------- */

static seg_status training(seg_model *none, seg_error *err)
{
    (void)none;
    seg_model *model = NULL;
    seg_doc *doc = NULL;
    seg_status st = SEG_OK;
    seg_rules_options options = options_of("2", "0.5");
    TRY(train(NULL, &shop, shop_names, &options, &model, err));
    doc = seg_doc_new();
    TRY(seg_model_describe(model, seg_doc_root(doc), err));
    TRY(seg_method_rules.text(model, seg_doc_root(doc), err));
    TRY(seg_doc_status(doc, err));

done:
    seg_doc_free(doc);
    seg_model_free(model);
    return st;
}

static seg_status scoring(seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL, *scores = NULL;
    seg_context ctx = seg_context_defaults();
    seg_train_input input = { .ctx = &ctx };
    void *ev = NULL;
    seg_block block, bound = { .n_rows = 1, .row_start = (int64_t[]){ 0, 2 },
                               .items = (int32_t[]){ 0, 1 } };
    TRY(open_baskets(NULL, &shop, shop_names, &source, err));
    TRY(seg_score_open(NULL, model, source, &scores, err));
    TRY(scores->next(scores, &block, err));
    TRY(seg_method_rules.evaluate_begin(model, &input, &ev, err));
    TRY(seg_method_rules.evaluate_add(ev, &bound, &block, err));

done:
    seg_method_rules.evaluate_free(ev);
    seg_source_close(scores);
    seg_source_close(source);
    return st;
}

static seg_status saving(seg_model *model, seg_error *err)
{
    seg_status st = seg_model_save(model, temp_path("f.model"), err);
    unlink(temp_path("f.model"));
    return st;
}

static seg_status loading(seg_model *none, seg_error *err)
{
    (void)none;
    seg_model *loaded;
    seg_status st = seg_model_load(temp_path("kept.model"), &loaded, err);
    seg_model_free(loaded);
    return st;
}

static void fail_each_allocation(seg_status (*work)(seg_model *, seg_error *), seg_model *model)
{
    seg_error err = { 0 };
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = work(model, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_model *model;
    seg_error err = { 0 };
    seg_rules_options options = options_of("2", "0.5");
    assert_int_equal(train(NULL, &shop, shop_names, &options, &model, &err), SEG_OK);
    assert_int_equal(seg_model_save(model, temp_path("kept.model"), &err), SEG_OK);
    fail_each_allocation(training, NULL);
    fail_each_allocation(scoring, model);
    fail_each_allocation(saving, model);
    fail_each_allocation(loading, NULL);
    unlink(temp_path("kept.model"));
    seg_model_free(model);
    assert_int_equal(seg_alloc_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_rules_best_first_and_by_name),
        cmocka_unit_test(keeps_the_top_rules_to_one_item),
        cmocka_unit_test(asks_for_support_and_confidence),
        cmocka_unit_test(no_frequent_item_is_no_error),
        cmocka_unit_test(counts_the_chosen_target),
        cmocka_unit_test(marks_a_partial_model),
        cmocka_unit_test(finds_the_golden_rules_of_groceries),
        cmocka_unit_test(same_bytes_for_any_threads_and_blocks),
        cmocka_unit_test(loads_what_it_saved),
        cmocka_unit_test(refuses_a_damaged_model_file),
        cmocka_unit_test(offers_what_the_customer_lacks),
        cmocka_unit_test(offers_the_best_rule_of_all),
        cmocka_unit_test(itemsets_make_no_offers),
        cmocka_unit_test(counts_hits_on_hidden_items),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

/* The Online Retail log, from its CSV to customers, scores and segments, against figures
 * that were computed independently (README.md beside the data). Skipped without the data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "data/csv.h"
#include "data/schema.h"
#include "jobs/customers.h"
#include "models/rfm.h"

enum { N_ROWS = 541909, N_BUYERS = 4338 };

static seg_schema_owner *log_schema;
static seg_batch *log_rows;          /* the whole log, read once */

static const char *data_path(const char *name)
{
    static char path[512];
    const char *folder = getenv("SEGMILL_DATA");
    snprintf(path, sizeof path, "%s/%s", folder == NULL ? "../shared/data" : folder, name);
    return path;
}

static void fail_with(seg_status st, const seg_error *err)
{
    if (st != SEG_OK)
        fail_msg("%s", err->text);
}

static void copy_rows(const seg_block *block, size_t at)
{
    for (size_t c = 0; c < log_schema->view.n_columns; c++) {
        size_t bytes = seg_column_cell_bytes(&log_schema->view.columns[c]);
        memcpy((char *)log_rows->columns[c] + at * bytes, block->columns[c],
               block->n_rows * bytes);
    }
}

static int read_log(void **state)
{
    (void)state;
    const char *path = data_path("transactions/online_retail.csv.gz");
    if (!seg_path_exists(path))
        return 0;
    seg_error err;
    seg_import_options options;
    seg_import_defaults(&options);
    options.kind = 2;
    options.customer = "CustomerID";
    options.time = "InvoiceDate";
    options.order = "InvoiceNo";
    options.item = "StockCode";
    options.quantity = "Quantity";
    options.price = "UnitPrice";
    seg_source *source;
    fail_with(seg_csv_source(NULL, &path, 1, &options, NULL, &source, &err), &err);
    assert_int_equal(source->n_rows, N_ROWS);
    fail_with(seg_schema_copy(source->schema, &log_schema, &err), &err);
    fail_with(seg_batch_new(&log_schema->view, N_ROWS, &log_rows, &err), &err);
    size_t n = 0;
    for (;;) {
        seg_block block;
        fail_with(source->next(source, &block, &err), &err);
        if (block.n_rows == 0)
            break;
        copy_rows(&block, n);
        n += block.n_rows;
    }
    assert_int_equal(n, N_ROWS);
    seg_source_close(source);
    return 0;
}

static int drop_log(void **state)
{
    (void)state;
    seg_batch_free(log_rows);
    seg_schema_free(log_schema);
    return 0;
}

static seg_source *open_customers(const seg_context *ctx, int32_t as_of, int returns,
                                  seg_doc *report)
{
    seg_error err;
    seg_source *log, *customers;
    const seg_customer_options options = { .as_of_day = as_of, .returns = returns };
    fail_with(seg_memory_source(ctx, &log_schema->view, seg_batch_view(log_rows, 0, N_ROWS),
                                &log, &err), &err);
    fail_with(seg_customers_from_transactions(ctx, log, &options, seg_doc_root(report),
                                              &customers, &err), &err);
    seg_source_close(log);
    return customers;
}

static const int64_t *numbers(const seg_source *source, const seg_block *block,
                              const char *name)
{
    return block->columns[seg_schema_column(source->schema, name)];
}

/* First 16 digits of the SHA-256 of the text, which is freed. */
static void assert_digest(seg_text *text, const char *expected)
{
    char hex[65];
    assert_int_equal(seg_sha256_bytes(text->bytes, text->n, hex, NULL), SEG_OK);
    hex[16] = 0;
    assert_string_equal(hex, expected);
    seg_text_free(text);
}

typedef struct totals {
    int64_t n, recency, frequency, monetary;
} totals;

/* Lines id,R,F,M of those who bought, and their sums. */
static totals list_customers(seg_source *customers, seg_text *text)
{
    totals t = { 0 };
    seg_block b;
    for (;;) {
        assert_int_equal(customers->next(customers, &b, NULL), SEG_OK);
        if (b.n_rows == 0)
            return t;
        const int64_t *r = numbers(customers, &b, "recency_days");
        const int64_t *f = numbers(customers, &b, "frequency");
        const int64_t *m = numbers(customers, &b, "monetary");
        for (size_t i = 0; i < b.n_rows; i++) {
            if (f[i] == 0)
                continue;
            t.n++;
            t.recency += r[i];
            t.frequency += f[i];
            t.monetary += m[i];
            size_t width = customers->schema->id_width;
            seg_text_add_n(text, b.ids + i * width, seg_cell_length(b.ids + i * width, width));
            seg_text_addf(text, ",%lld,%lld,%lld\n", (long long)r[i], (long long)f[i],
                          (long long)m[i]);
        }
    }
}

static void need_log(void)
{
    if (log_rows == NULL)
        skip();
}

static void has_the_known_customers(void **state)
{
    (void)state;
    need_log();
    seg_text text = { 0 };
    seg_doc *report = seg_doc_new();
    seg_source *customers = open_customers(NULL, SEG_MISSING_DAY, 1, report);
    assert_int_equal(customers->schema->as_of_day, seg_day_from_ymd(2011, 12, 10));
    assert_int_equal(customers->n_rows, 4372);
    totals t = list_customers(customers, &text);
    assert_int_equal(t.n, N_BUYERS);
    assert_int_equal(t.recency, 403692);
    assert_int_equal(t.frequency, 18532);
    assert_int_equal(t.monetary, 8911407904);
    assert_digest(&text, "dd57ffa329b895a6");
    seg_source_close(customers);

    const seg_node *rows = seg_node_get(seg_doc_root(report), "rows");
    assert_int_equal(seg_node_int(seg_node_get(rows, "used"), 0), 397884);
    assert_int_equal(seg_node_int(seg_node_get(rows, "no_id"), 0), 135080);
    assert_int_equal(seg_node_int(seg_node_get(rows, "zero"), 0), 40);
    assert_int_equal(seg_node_int(seg_node_get(rows, "cancelled"), 0), 8905);
    assert_int_equal(seg_node_int(seg_node_get(rows, "bad"), -1), 0);
    assert_int_equal(seg_node_int(seg_node_get(rows, "outside_window"), -1), 0);
    seg_doc_free(report);

    customers = open_customers(NULL, SEG_MISSING_DAY, 0, NULL);
    t = list_customers(customers, &text);
    assert_int_equal(t.monetary, 8310477054);
    seg_text_free(&text);
    seg_source_close(customers);
}

/* Against the same rule written out in a few lines of Python. */
static void assert_matched(const seg_context *ctx)
{
    seg_text text = { 0 };
    seg_source *customers = open_customers(ctx, SEG_MISSING_DAY, 2, NULL);
    assert_int_equal(customers->n_rows, 4372);
    totals t = list_customers(customers, &text);
    assert_int_equal(t.n, 4327);
    assert_int_equal(t.recency, 403416);
    assert_int_equal(t.frequency, 18370);
    assert_int_equal(t.monetary, 8395237374);
    assert_digest(&text, "5641ec46907e6694");
    seg_source_close(customers);
}

static void refunds_take_back_the_purchases_they_belong_to(void **state)
{
    (void)state;
    need_log();
    assert_matched(NULL);
}

/* Order of the rows, blocks and threads change nothing. */
static void has_the_same_customers_in_any_order_and_block(void **state)
{
    (void)state;
    need_log();
    seg_text text = { 0 };
    seg_context ctx = seg_context_defaults();
    ctx.block_rows = 3 * SEG_CHUNK_ROWS;
    ctx.n_threads = 3;
    for (size_t c = 0; c < log_schema->view.n_columns; c++) {
        size_t bytes = seg_column_cell_bytes(&log_schema->view.columns[c]);
        char *cells = log_rows->columns[c], cell[64];
        for (size_t i = 0, j = N_ROWS - 1; i < j; i++, j--) {
            memcpy(cell, cells + i * bytes, bytes);
            memcpy(cells + i * bytes, cells + j * bytes, bytes);
            memcpy(cells + j * bytes, cell, bytes);
        }
    }
    seg_source *customers = open_customers(&ctx, SEG_MISSING_DAY, 1, NULL);
    list_customers(customers, &text);
    assert_digest(&text, "dd57ffa329b895a6");
    seg_source_close(customers);
    assert_matched(&ctx);
}

/* ---- scores ------------------------------------------------------------------------------ */

static seg_model *train(int32_t as_of, const seg_rfm_options *options)
{
    seg_error err;
    seg_model *model = NULL;
    seg_source *customers = open_customers(NULL, as_of, 1, NULL);
    fail_with(seg_train(NULL, &seg_method_rfm, options, customers, &model, &err), &err);
    seg_source_close(customers);
    return model;
}

static seg_rfm_options options_for(int scheme, const char *map)
{
    seg_rfm_options options;
    seg_method_defaults(&seg_method_rfm, &options);
    options.scheme = scheme;
    options.map = map;
    return options;
}

/* Number of the segment of every customer, -1 for those without a purchase; lines id,RFM. */
static size_t list_scores(const seg_model *model, int32_t as_of, seg_text *text,
                          int32_t *segments, char (*ids)[8])
{
    seg_error err;
    seg_source *customers = open_customers(NULL, as_of, 1, NULL), *scores;
    size_t n = 0;
    seg_block b;
    fail_with(seg_score_open(NULL, model, customers, &scores, &err), &err);
    for (;;) {
        fail_with(scores->next(scores, &b, &err), &err);
        if (b.n_rows == 0)
            break;
        const char *code = b.columns[seg_schema_column(scores->schema, "rfm")];
        const int32_t *name = b.columns[seg_schema_column(scores->schema, "segment_name")];
        for (size_t i = 0; i < b.n_rows; i++) {
            if (code[8 * i] == 0)
                continue;
            assert_int_equal(scores->schema->id_width, 8);
            memcpy(ids[n], b.ids + 8 * i, 8);
            segments[n++] = name[i];
            seg_text_addf(text, "%.8s,%.8s\n", b.ids + 8 * i, code + 8 * i);
        }
    }
    seg_source_close(scores);
    seg_source_close(customers);
    return n;
}

static void assert_list(const seg_model *model, const char *path, const double *expected,
                        size_t n)
{
    const seg_node *list = seg_node_get(seg_doc_root(model->info), path);
    assert_int_equal(seg_node_count(list), n);
    for (size_t i = 0; i < n; i++)
        assert_true(seg_node_real(seg_node_at(list, i), -1) == expected[i]);
}

static void assert_segments(const seg_model *model, const char *const *names,
                            const int64_t *customers, size_t n)
{
    const seg_node *list = seg_node_get(seg_doc_root(model->info), "figures.segments");
    for (size_t i = 0; i < n; i++) {
        size_t found = 0;
        for (size_t s = 0; s < seg_node_count(list); s++) {
            const seg_node *row = seg_node_at(list, s);
            if (strcmp(seg_node_text(seg_node_get(row, "name"), ""), names[i]) != 0)
                continue;
            found++;
            assert_int_equal(seg_node_int(seg_node_get(row, "customers"), -1), customers[i]);
        }
        assert_int_equal(found, 1);
    }
}

static int32_t segments_now[5000], segments_then[5000];
static char ids_now[5000][8], ids_then[5000][8];

static void assert_scores(const seg_model *model, const char *digest)
{
    seg_text text = { 0 };
    assert_int_equal(list_scores(model, SEG_MISSING_DAY, &text, segments_now, ids_now),
                     N_BUYERS);
    assert_digest(&text, digest);
}

static const char *const r_names[] = {
    "Champions", "Potential Loyalist", "Loyal", "Promising", "New", "Can't Lose", "At Risk",
    "Need Attention", "About To Sleep", "Lost", "Others", "Prospect", "Returns only",
};

static void disc_scores_are_the_known_ones(void **state)
{
    (void)state;
    need_log();
    static const int64_t counts[] = { 324, 1280, 688, 99, 355, 81, 63, 32, 630, 772, 14, 1, 33 };
    seg_rfm_options options = options_for(SEG_RFM_DISC, "r-rfm");
    seg_model *model = train(SEG_MISSING_DAY, &options);
    assert_list(model, "figures.edges.recency", (const double[]){ 13, 33, 72, 180 }, 4);
    assert_list(model, "figures.edges.frequency", (const double[]){ 1, 2, 3, 6 }, 4);
    assert_list(model, "figures.edges.monetary",
                (const double[]){ 250.150, 490.220, 942.260, 2059.450 }, 4);
    assert_list(model, "figures.scores.recency", (const double[]){ 861, 866, 863, 880, 868 }, 5);
    assert_list(model, "figures.scores.frequency", (const double[]){ 1493, 835, 508, 802, 700 },
                5);
    assert_list(model, "figures.scores.monetary", (const double[]){ 868, 868, 867, 868, 867 },
                5);
    assert_segments(model, r_names, counts, 13);
    assert_scores(model, "971b940067c6dac1");
    seg_model_free(model);
}

static void ntile_scores_are_the_known_ones(void **state)
{
    (void)state;
    need_log();
    static const int64_t counts[] = { 348, 1530, 657, 63, 253, 88, 71, 66, 501, 743, 18 };
    seg_rfm_options options = options_for(SEG_RFM_NTILE, "r-rfm");
    seg_model *model = train(SEG_MISSING_DAY, &options);
    assert_segments(model, r_names, counts, 11);
    assert_scores(model, "0d95ff80d775dd89");
    seg_model_free(model);
}

static void nested_scores_are_the_known_ones(void **state)
{
    (void)state;
    need_log();
    seg_rfm_options options = options_for(SEG_RFM_NESTED, NULL);
    seg_model *model = train(SEG_MISSING_DAY, &options);
    assert_scores(model, "0f4c921b99b9b005");
    seg_model_free(model);
}

/* ---- movement between two days ------------------------------------------------------------- */

static size_t count_stayers(size_t n_then, size_t n_now)
{
    size_t stayers = 0, j = 0;
    for (size_t i = 0; i < n_then; i++) {   /* both are in order of the ids */
        while (j < n_now && memcmp(ids_now[j], ids_then[i], 8) < 0)
            j++;
        assert_true(j < n_now && memcmp(ids_now[j], ids_then[i], 8) == 0);
        stayers += segments_now[j] == segments_then[i];
    }
    return stayers;
}

static void customers_move_as_known_with_new_and_with_frozen_edges(void **state)
{
    (void)state;
    need_log();
    int32_t then = seg_day_from_ymd(2011, 6, 10), now = seg_day_from_ymd(2011, 12, 10);
    seg_text text = { 0 };
    char path[64];
    seg_error err;
    snprintf(path, sizeof path, "/tmp/test_online_retail_%ld.model", (long)getpid());

    seg_rfm_options options = options_for(SEG_RFM_DISC, "r-rfm");
    seg_model *model = train(then, &options);
    assert_list(model, "figures.edges.recency", (const double[]){ 16, 33, 68, 115 }, 4);
    assert_list(model, "figures.edges.frequency", (const double[]){ 1, 1, 2, 4 }, 4);
    assert_list(model, "figures.edges.monetary",
                (const double[]){ 208.560, 357.980, 654.120, 1330.000 }, 4);
    size_t n_then = list_scores(model, then, &text, segments_then, ids_then);
    assert_int_equal(n_then, 2800);
    fail_with(seg_model_save(model, path, &err), &err);
    seg_model_free(model);

    model = train(now, &options);
    size_t n_now = list_scores(model, now, &text, segments_now, ids_now);
    assert_int_equal(n_now, N_BUYERS);
    assert_int_equal(count_stayers(n_then, n_now), 941);
    seg_model_free(model);

    options = options_for(SEG_RFM_FROZEN, NULL);
    options.from = path;
    model = train(now, &options);
    n_now = list_scores(model, now, &text, segments_now, ids_now);
    assert_int_equal(count_stayers(n_then, n_now), 879);
    seg_model_free(model);
    seg_text_free(&text);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_known_customers),
        cmocka_unit_test(refunds_take_back_the_purchases_they_belong_to),
        cmocka_unit_test(disc_scores_are_the_known_ones),
        cmocka_unit_test(ntile_scores_are_the_known_ones),
        cmocka_unit_test(nested_scores_are_the_known_ones),
        cmocka_unit_test(customers_move_as_known_with_new_and_with_frozen_edges),
        cmocka_unit_test(has_the_same_customers_in_any_order_and_block),
    };
    return cmocka_run_group_tests(tests, read_log, drop_log);
}

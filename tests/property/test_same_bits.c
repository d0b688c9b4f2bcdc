/* test_same_bits.c: one SHA-256 of all results - models, scores, features - for any number
 * of threads, block sizes and instruction sets: the oldest complaint in every tracker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "data/csv.h"
#include "jobs/customers.h"
#include "jobs/pipe.h"
#include "jobs/score.h"
#include "jobs/view.h"
#include "models/method.h"

enum { CUSTOMERS = 5000, LINES = 12000 };

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static char folder[] = "/tmp/same-bits-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[8][256];
    static int next;
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

/* ---- a shop that is awkward on purpose: missing cells, ties, huge and tiny values ---------- */

static void write_customers(const char *path)
{
    static const char *const cities[] = { "Rom", "Oslo", "Wien", "" };
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("id,age,spend,visits,tiny,city,churn\n", f);
    for (uint64_t i = 0; i < CUSTOMERS; i++) {
        seg_rng r = { 7, 1 };
        uint64_t age = seg_rng_below(r, 6 * i, 60), spend = seg_rng_below(r, 6 * i + 1, 100000);
        uint64_t visits = seg_rng_below(r, 6 * i + 2, 5), city = seg_rng_below(r, 6 * i + 3, 4);
        int churn = seg_rng_below(r, 6 * i + 4, 100) < 10 + 10 * visits + (city == 1 ? 30 : 0);
        fprintf(f, "c%05llu,", (unsigned long long)i);
        if (age > 5)
            fprintf(f, "%llu", (unsigned long long)age + 18);
        fprintf(f, ",%llu.%02llu,%llu,%g,%s,%s\n", (unsigned long long)spend * spend / 1000,
                (unsigned long long)spend % 100, (unsigned long long)visits,
                1e-6 * (double)(i % 17), cities[city], churn ? "Yes" : "No");
    }
    fclose(f);
}

static void write_orders(const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("order_id,customer_id,order_date,sku,quantity,unit_price\n", f);
    for (uint64_t i = 0; i < LINES; i++) {
        seg_rng r = { 8, 1 };
        uint64_t order = i / 3, customer = seg_rng_below(r, order, 900);
        uint64_t item = seg_rng_below(r, 5 * i, 40);
        item = item * item / 40;
        fprintf(f, "%llu,%s%llu,2024-%02llu-%02llu,sku%llu,%d,%llu.%02llu\n",
                (unsigned long long)order, order % 11 == 0 ? "" : "k",
                order % 11 == 0 ? 0ull : (unsigned long long)customer,
                (unsigned long long)(1 + order % 12), (unsigned long long)(1 + order % 28),
                (unsigned long long)item, i % 23 == 0 ? -1 : 1 + (int)(i % 3),
                (unsigned long long)(item * 3 + 1), (unsigned long long)(i % 100));
    }
    fclose(f);
}

/* ---- one setting: everything is made, and hashed ---------------------------------------------- */

typedef struct setting {
    uint32_t threads;
    size_t block_rows;
    const char *isa;
} setting;

static void add_file(seg_sha256 *hash, const char *path)
{
    char hex[65];
    OK(seg_sha256_file(path, hex, &err));
    seg_sha256_add(hash, hex, 64);
}

static seg_source *open_view(const seg_context *ctx, const seg_method *method, const char *path)
{
    seg_source *source;
    seg_view_request request = { .path = path, .view = method->train_view,
                                 .selection.label = method->needs_label ? "churn" : NULL };
    OK(seg_view_open(ctx, &request, NULL, &source, &err));
    return source;
}

static void set(const seg_method *method, void *options, const char *name, const char *value)
{
    OK(seg_option_set(method->options, options, name, value, &err));
}

static void set_options(const seg_method *method, char *options)
{
    seg_method_defaults(method, options);
    if (strcmp(method->name, "kmeans") == 0) {
        set(method, options, "k", "3..5");
        set(method, options, "n-init", "2");
    }
    if (method->needs_label)
        set(method, options, "label", "churn");
    if (strcmp(method->name, "forest") == 0 || strcmp(method->name, "boost") == 0)
        set(method, options, "trees", "12");
    if (strcmp(method->name, "rules") == 0) {
        set(method, options, "min-support", "20");
        set(method, options, "min-confidence", "0.1");
    }
}

static void run_method(const seg_context *ctx, const char *name, const char *data,
                       seg_sha256 *hash)
{
    const seg_method *method = seg_method_find(name);
    _Alignas(16) char options[2048];
    seg_model *model;
    set_options(method, options);
    seg_source *source = open_view(ctx, method, data);
    OK(seg_train(ctx, method, options, source, &model, &err));
    seg_source_close(source);
    OK(seg_model_save(model, in_folder("m.model"), &err));
    add_file(hash, in_folder("m.model"));

    const seg_model *one = model;
    seg_score_job job = { .context = ctx, .models = &one, .n_models = 1, .data = data,
                          .output = in_folder("s.h5") };
    OK(seg_score_write(&job, NULL, &err));
    add_file(hash, in_folder("s.h5"));
    seg_model_free(model);
}

static void run_all(setting s, char hex[65])
{
    seg_context ctx = seg_context_defaults();
    seg_sha256 *hash;
    ctx.n_threads = s.threads;
    ctx.block_rows = s.block_rows;
    setenv("SEGMILL_ISA", s.isa, 1);
    OK(seg_sha256_new(&hash, &err));
    run_method(&ctx, "kmeans", in_folder("customers.csv"), hash);
    run_method(&ctx, "tree", in_folder("customers.csv"), hash);
    run_method(&ctx, "forest", in_folder("customers.csv"), hash);
    run_method(&ctx, "boost", in_folder("customers.csv"), hash);
    run_method(&ctx, "rules", in_folder("orders.csv"), hash);
    run_method(&ctx, "rfm", in_folder("orders.csv"), hash);
    seg_sha256_hex(hash, hex);
    seg_sha256_free(hash);
    unsetenv("SEGMILL_ISA");
}

static void same_bits_for_any_threads_blocks_and_instruction_sets(void **state)
{
    (void)state;
    static const setting settings[] = {
        { 1, 1024, "base" }, { 2, 1024, "base" }, { 5, 1024, "base" }, { 1, 4096, "base" },
        { 5, 4096, "base" }, { 2, 0, "base" },    { 1, 1024, "v3" },   { 5, 4096, "v3" },
        { 1, 1024, "v4" },   { 5, 4096, "v4" },
    };
    char first[65] = "", hex[65];
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        setting s = settings[i];
        if (strcmp(s.isa, "v3") == 0 && seg_cpu_best_isa() < SEG_ISA_V3)
            continue;
        if (strcmp(s.isa, "v4") == 0 && seg_cpu_best_isa() < SEG_ISA_V4)
            continue;
        run_all(s, hex);
        if (i == 0)
            memcpy(first, hex, sizeof first);
        if (strcmp(first, hex) != 0)
            fail_msg("threads %u, blocks of %zu rows, level %s: other bits", s.threads,
                     s.block_rows, s.isa);
    }
}

static void another_seed_gives_other_bits(void **state)
{
    (void)state;
    seg_context ctx = seg_context_defaults();
    const seg_method *method = seg_method_find("kmeans");
    char hex[2][65];
    for (uint64_t seed = 1; seed <= 2; seed++) {
        _Alignas(16) char options[2048];
        seg_model *model;
        ctx.seed = seed;
        set_options(method, options);
        seg_source *source = open_view(&ctx, method, in_folder("customers.csv"));
        OK(seg_train(&ctx, method, options, source, &model, &err));
        OK(seg_model_save(model, in_folder("m.model"), &err));
        OK(seg_sha256_file(in_folder("m.model"), hex[seed - 1], &err));
        seg_model_free(model);
        seg_source_close(source);
    }
    assert_string_not_equal(hex[0], hex[1]);
}

static int make_shop(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    write_customers(in_folder("customers.csv"));
    write_orders(in_folder("orders.csv"));
    return 0;
}

static int remove_shop(void **state)
{
    (void)state;
    seg_remove_tree(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_threads_blocks_and_instruction_sets),
        cmocka_unit_test(another_seed_gives_other_bits),
    };
    return cmocka_run_group_tests(tests, make_shop, remove_shop);
}

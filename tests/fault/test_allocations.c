/* Every allocation of every entry point fails in turn: the call ends with "try again" or
 * does its work without it, nothing leaks, and no file is left half made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "tests/support/commands.h"

enum { MOST = 100000, ROWS = 40 };

typedef seg_status entry(const void *argument, seg_error *err);

/* Calls with the n-th allocation failing, n = 0, 1, ... until one needs no more. Far into a
 * call the allocations repeat: then only every few of them. `output` (may be null) is the
 * file that a call makes: whole, or not at all. */
static void fail_each_in_turn(entry *call, const void *argument, const char *output)
{
    size_t files = count_files();
    for (long n = 0; n < MOST; n += n < 60 ? 1 : 1 + n / 8) {
        seg_error err = { .text = "" };
        long live = seg_alloc_live;
        seg_alloc_fail_after = n;
        seg_status st = call(argument, &err);
        bool reached = seg_alloc_fail_after == 0;
        seg_alloc_fail_after = -1;
        if (seg_alloc_live != live)
            fail_msg("%s: allocation %ld: %ld blocks are lost", (const char *)argument, n,
                     seg_alloc_live - live);
        if (st != SEG_OK && st != SEG_E_AGAIN)
            fail_msg("%s: allocation %ld: status %d: %s", (const char *)argument, n, (int)st,
                     err.text);
        if (st != SEG_OK && err.text[0] == '\0')
            fail_msg("%s: allocation %ld: nothing is said", (const char *)argument, n);
        if (output != NULL) {
            char command[256];
            snprintf(command, sizeof command, "rm -rf '%s'", output);
            assert_int_equal(system(command), 0);
        }
        if (count_files() != files)
            fail_msg("%s: allocation %ld: a file is left", (const char *)argument, n);
        if (st == SEG_OK && !reached)
            return;
    }
    fail_msg("%s: there is no end", (const char *)argument);
}

/* ---- commands -------------------------------------------------------------------------------- */

static seg_status run_line(const void *line, seg_error *err)
{
    return command_line(line, NULL, err);
}

static void command(const char *line)
{
    const char *output = strstr(line, "--output=");
    fail_each_in_turn(run_line, line, output == NULL ? NULL : output + strlen("--output="));
}

static void import(void **state)
{
    (void)state;
    command("import c.csv --id=id --label=churned --output=x.h5");
    command("import o.csv --kind=transactions --customer=customer --time=time --order=order"
            " --item=item --quantity=quantity --price=price --output=x.h5");
    command("import b.dat --output=x.h5");
}

static void features(void **state)
{
    (void)state;
    command("features o.h5 --output=x.h5");
}

static void train(void **state)
{
    (void)state;
    command("train kmeans c.h5 --k=2..3 --scale=robust --output=x.model");
    command("train kmeans c.h5 --init=start.csv --output=x.model");
    command("train kmeans c.h5 --k=2 --categories=all --output=x.model");
    command("train tree c.h5 --cv=2 --output=x.model");
    command("train rules o.h5 --min-support=2 --min-confidence=0.1 --output=x.model");
    command("train rfm o.h5 --output=x.model");
}

static void score(void **state)
{
    (void)state;
    command("score k.model c.h5 --output=x.h5");
    command("score k.model t.model c.csv --output=x.csv");
    command("score b.model o.h5 --output=x.h5");
    command("score r.model o.h5 --output=x.h5");
}

static void evaluate(void **state)
{
    (void)state;
    command("evaluate k.model c.h5");
    command("evaluate t.model c.h5");
    command("evaluate b.model o.h5");
    command("evaluate r.model o.h5");
}

static void inspect(void **state)
{
    (void)state;
    command("inspect c.h5");
    command("inspect c.csv --schema");
    command("inspect o.csv");
    command("inspect b.dat");
    command("inspect t.model");
    command("inspect b.model");
}

static void export(void **state)
{
    (void)state;
    command("export k.model --to=json --output=x.json");
    command("export t.model --to=text --output=x.txt");
    command("export b.model --to=csv --output=x.csv");
    command("export r.model --to=csv");
}

static void lists(void **state)
{
    (void)state;
    command("lists s.h5 --target=hubspot,salesforce --suppress=no.csv --previous=before"
            " --output=x");
}

static void verify(void **state)
{
    (void)state;
    command("verify before");
    command("verify k.model");
}

/* ---- calls of the library -------------------------------------------------------------------- */

static const seg_column columns[] = {
    { .name = "age", .type = SEG_TYPE_F32 }, { .name = "spend", .type = SEG_TYPE_F32 },
};

static seg_status train_and_score(const void *argument, seg_error *err)
{
    (void)argument;
    float x[ROWS * 2];
    for (int i = 0; i < ROWS * 2; i++)
        x[i] = (float)(i * i % 31);
    seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = columns, .n_features = 2,
                          .as_of_day = SEG_MISSING_DAY };
    seg_block all = { .n_rows = ROWS,
                      .x = { .x = x, .n_rows = ROWS, .n_cols = 2, .stride = 2 } };
    seg_source *source = NULL, *scores = NULL;
    seg_model *model = NULL;
    seg_block block;
    seg_status st = seg_memory_source(NULL, &schema, &all, &source, err);
    if (st == SEG_OK)
        st = seg_train(NULL, seg_method_find("kmeans"), NULL, source, &model, err);
    if (st == SEG_OK)
        st = source->rewind(source, err);
    if (st == SEG_OK)
        st = seg_score_open(NULL, model, source, &scores, err);
    if (st == SEG_OK)
        st = scores->next(scores, &block, err);
    seg_source_close(scores);
    seg_source_close(source);
    seg_model_free(model);
    return st;
}

static seg_status load_and_describe(const void *path, seg_error *err)
{
    seg_model *model = NULL;
    seg_doc *doc = NULL;
    seg_status st = seg_model_load(path, &model, err);
    if (st == SEG_OK) {
        doc = seg_doc_new();
        st = seg_model_describe(model, seg_doc_root(doc), err);
        if (st == SEG_OK)
            st = seg_doc_status(doc, err);
        if (st == SEG_OK && (seg_doc_plain(doc) == NULL || seg_doc_json(doc, 2) == NULL)) {
            snprintf(err->text, sizeof err->text, "no text");
            st = SEG_E_AGAIN;
        }
    }
    seg_doc_free(doc);
    seg_model_free(model);
    return st;
}

static seg_status save(const void *argument, seg_error *err)
{
    return seg_model_save(argument, "x.model", err);
}

static seg_status open_and_read(const void *path, seg_error *err)
{
    seg_source *source = NULL;
    seg_block block;
    seg_status st = seg_source_open(NULL, path, &source, err);
    if (st == SEG_OK)
        st = source->next(source, &block, err);
    if (st == SEG_OK)
        st = source->rewind(source, err);
    seg_source_close(source);
    return st;
}

static seg_status parse(const void *text, seg_error *err)
{
    seg_doc *doc = NULL;
    seg_status st = seg_doc_parse(text, strlen(text), &doc, err);
    seg_doc_free(doc);
    return st;
}

static seg_status record_and_describe(const void *argument, seg_error *err)
{
    (void)argument;
    const seg_method *method = seg_method_find("kmeans");
    _Alignas(16) char options[2048] = { 0 };
    seg_doc *doc = seg_doc_new();
    seg_node *record = seg_put_object(seg_doc_root(doc), "options");
    seg_method_defaults(method, options);
    seg_option_record(seg_method_options(method), options, 0, record);
    seg_option_describe(seg_method_options(method), options,
                        seg_put_array(seg_doc_root(doc), "help"));
    seg_status st = seg_doc_status(doc, err);
    seg_doc_free(doc);
    return st;
}

static void library(void **state)
{
    (void)state;
    seg_error err;
    seg_model *model = NULL;
    fail_each_in_turn(train_and_score, "train and score", NULL);
    fail_each_in_turn(load_and_describe, "k.model", NULL);
    fail_each_in_turn(load_and_describe, "t.model", NULL);
    fail_each_in_turn(load_and_describe, "b.model", NULL);
    fail_each_in_turn(load_and_describe, "r.model", NULL);
    fail_each_in_turn(open_and_read, "c.csv", NULL);
    fail_each_in_turn(open_and_read, "c.h5", NULL);
    fail_each_in_turn(open_and_read, "o.h5", NULL);
    fail_each_in_turn(parse, "{\"a\": [1, 2.5, \"x\", {\"b\": null}], \"c\": true}", NULL);
    fail_each_in_turn(record_and_describe, "options", NULL);
    assert_int_equal(seg_model_load("t.model", &model, &err), SEG_OK);
    fail_each_in_turn(save, model, "x.model");
    seg_model_free(model);
}

/* ---- set up ------------------------------------------------------------------------------------- */

static void make_inputs(void)
{
    FILE *people = fopen("c.csv", "w"), *orders = fopen("o.csv", "w");
    fputs("id,age,spend,plan,churned\n", people);
    fputs("customer,time,order,item,quantity,price\n", orders);
    for (int i = 0; i < ROWS; i++) {
        fprintf(people, "c%d,%d,%d.5,%s,%s\n", i, 20 + i * 7 % 50, i * i % 97,
                i % 3 == 0 ? "gold" : i % 3 == 1 ? "silver" : "", i * 7 % 50 > 24 ? "yes" : "no");
        fprintf(orders, "c%d,2024-02-%02d,o%d,i%d,1,%d\n", i % 9, i % 28 + 1, i / 2, i % 5, i);
    }
    fclose(people);
    fclose(orders);
    write_text("b.dat", "1 2 3\n1 2\n2 3\n1 3\n");
    write_text("no.csv", "c3\nc5\n");
    write_text("start.csv", "age,spend\n20,10\n60,90\n");
}

static int set_up(void **state)
{
    static const char *const lines[] = {
        "import c.csv --id=id --label=churned --output=c.h5",
        ("import o.csv --kind=transactions --customer=customer --time=time --order=order"
         " --item=item --quantity=quantity --price=price --output=o.h5"),
        "train kmeans c.h5 --k=2 --output=k.model",
        "train tree c.h5 --output=t.model",
        "train rules o.h5 --min-support=2 --min-confidence=0.1 --output=b.model",
        "train rfm o.h5 --output=r.model",
        "score k.model c.h5 --output=s.h5",
        "lists s.h5 --output=before",
    };
    if (enter_directory(state) != 0)
        return -1;
    make_inputs();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        seg_error err;
        if (command_line(lines[i], NULL, &err) != SEG_OK) {
            print_error("%s: %s\n", lines[i], err.text);
            return -1;
        }
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library), cmocka_unit_test(import), cmocka_unit_test(features),
        cmocka_unit_test(train), cmocka_unit_test(score), cmocka_unit_test(evaluate),
        cmocka_unit_test(inspect), cmocka_unit_test(export), cmocka_unit_test(lists),
        cmocka_unit_test(verify),
    };
    return cmocka_run_group_tests_name("no allocation is taken for granted", tests, set_up,
                                       leave_directory);
}

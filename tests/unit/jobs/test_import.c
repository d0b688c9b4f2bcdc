/* Import: a file holds what the text held, cell by cell; a failure leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "data/schema.h"
#include "jobs/import.h"

static char folder[64], text_path[96], file_path[96];

static void write_text(const char *text)
{
    FILE *f = fopen(text_path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static seg_status import(const char *const *words, size_t n_words, const char *output,
                         seg_node *result, seg_error *err)
{
    const char *operands[] = { text_path };
    seg_import_command command;
    seg_import_command_defaults(&command);
    command.output = output;
    for (size_t i = 0; i + 1 < n_words; i += 2)
        assert_int_equal(seg_option_set(seg_import_command_table, &command, words[i], words[i + 1],
                                        NULL), SEG_OK);
    seg_call call = { .context = seg_context_defaults(), .options = &command,
                      .operands = operands, .n_operands = 1 };
    return seg_import_run(&call, result, err);
}

static void same_columns(const seg_column *a, const seg_column *b, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        assert_string_equal(a[c].name, b[c].name);
        assert_int_equal(a[c].type, b[c].type);
        assert_int_equal(a[c].n_levels, b[c].n_levels);
        for (size_t l = 0; l < a[c].n_levels; l++)
            assert_string_equal(a[c].levels[l], b[c].levels[l]);
        if (a[c].type == SEG_TYPE_I64)
            assert_int_equal(a[c].scale, b[c].scale);
    }
}

static void same_schema(const seg_schema *a, const seg_schema *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->id_width, b->id_width);
    assert_int_equal(a->n_features, b->n_features);
    assert_int_equal(a->n_columns, b->n_columns);
    same_columns(a->features, b->features, a->n_features);
    same_columns(a->columns, b->columns, a->n_columns);
    if (a->label != NULL)
        assert_string_equal(a->label, b->label);
}

/* The first block of each: small tables have one. */
static void same_rows(const seg_schema *schema, const seg_block *a, const seg_block *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    if (schema->id_width > 0)
        assert_memory_equal(a->ids, b->ids, a->n_rows * schema->id_width);
    for (size_t r = 0; a->x.x != NULL && r < a->n_rows; r++)
        assert_memory_equal(a->x.x + r * a->x.stride, b->x.x + r * b->x.stride,
                            schema->n_features * sizeof(float));
    for (size_t c = 0; c < schema->n_columns; c++)
        assert_memory_equal(a->columns[c], b->columns[c],
                            a->n_rows * seg_column_cell_bytes(&schema->columns[c]));
    for (size_t r = 0; a->row_start != NULL && r < a->n_rows; r++) {
        size_t n = (size_t)(a->row_start[r + 1] - a->row_start[r]);
        assert_int_equal(n, b->row_start[r + 1] - b->row_start[r]);
        if (n > 0)
            assert_memory_equal(a->items + a->row_start[r], b->items + b->row_start[r],
                                n * sizeof *a->items);
    }
}

static void round_trip(const char *text, const char *const *words, size_t n_words)
{
    seg_error err = { 0 };
    seg_import_options options;
    seg_source *from, *back;
    seg_block a, b;
    const char *path = text_path;
    write_text(text);
    if (import(words, n_words, file_path, NULL, &err) != SEG_OK)
        fail_msg("%s", err.text);
    seg_import_defaults(&options);
    for (size_t i = 0; i + 1 < n_words; i += 2)
        assert_int_equal(seg_option_set(seg_import_option_table, &options, words[i], words[i + 1],
                                        NULL), SEG_OK);
    assert_int_equal(seg_csv_source(NULL, &path, 1, &options, NULL, &from, &err), SEG_OK);
    if (seg_source_open(NULL, file_path, &back, &err) != SEG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(back->n_rows, from->n_rows);
    same_schema(from->schema, back->schema);
    assert_int_equal(from->next(from, &a, &err), SEG_OK);
    assert_int_equal(back->next(back, &b, &err), SEG_OK);
    same_rows(from->schema, &a, &b);
    seg_source_close(from);
    seg_source_close(back);
    unlink(file_path);
}

static void features_in_a_file_are_those_of_the_text(void **state)
{
    (void)state;
    static char text[200000];
    seg_rng rng = { 5, 5 };
    size_t n = (size_t)sprintf(text, "id,x,\"k, l\",day,seen,left,mail\n"
                               "u2,,,,,no,\nu3,-0.1,\"b \"\"c\"\"\",1999-12-31,,,m3\n");
    for (uint64_t i = 0; i < 2000; i++) {
        unsigned r = (unsigned)seg_rng_below(rng, i, 1000);
        n += (size_t)sprintf(text + n, "v%u,%u.5,k%u,2024-01-1%u,2024-02-01 10:0%u:00,%s,m%u@x\n",
                             (unsigned)i * 31, r, r % 5, r % 10, r % 9, r % 3 == 0 ? "yes" : "no",
                             (unsigned)i);
    }
    static const char *const words[] = { "label", "left" };
    round_trip(text, words, 2);
}

static void order_lines_in_a_file_are_those_of_the_text(void **state)
{
    (void)state;
    static const char *const words[] = { "zone", "Europe/Berlin" };
    round_trip("customer,order,item,date,quantity,price\n"
               "17.0,o1,tea,2024-01-01 08:00,2,1.255\n"
               ",o1,jam,2024-01-01 08:01,-1,3\n"
               "18.0,C2,tea,2024-01-03 09:00,1,0\n", words, 2);
}

static void baskets_in_a_file_are_those_of_the_text(void **state)
{
    (void)state;
    static const char *const words[] = { "kind", "baskets", "lines", "yes" };
    round_trip("milk,bread\n\nbread,\"tea, green\",milk\n", words, 4);
    static const char *const orders[] = { "kind", "baskets" };
    round_trip("order,item,customer,date\no1,a,x,2024-01-01\no2,b,y,2024-01-02\no1,c,x,2024-01-01\n",
               orders, 2);
}

static size_t files_in_folder(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static void a_failure_leaves_no_file(void **state)
{
    (void)state;
    seg_error err;
    write_text("id,x\n1,2\n1,3\n2,4\n3,5\n");
    assert_int_equal(import(NULL, 0, file_path, NULL, &err), SEG_E_DATA);
    assert_int_equal(files_in_folder(), 1);   /* the text */
    assert_int_equal(import(NULL, 0, NULL, NULL, &err), SEG_E_USAGE);
    assert_string_equal(err.text, "no output: give -o FILE");
}

/* Compressed only where that can be; then with the same values. */
static void an_archive_is_hdf5_in_chunks(void **state)
{
    (void)state;
    seg_error err;
    char csv_path[128];
    static const char *const archive[] = { "archive", "yes" };
    static char text[40000];
    size_t n = (size_t)snprintf(text, sizeof text, "id,x\n");
    for (int i = 0; i < 2000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "c%d,%d\n", i, i % 10);
    write_text(text);
    snprintf(csv_path, sizeof csv_path, "%s.csv", file_path);
    assert_int_equal(import(archive, 2, csv_path, NULL, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "only .h5 is written compressed"));
    assert_int_equal(import(archive, 2, file_path, NULL, &err), SEG_OK);
    seg_source *source;
    seg_block block;
    assert_int_equal(seg_source_open(NULL, file_path, &source, &err), SEG_OK);
    assert_int_equal(source->next(source, &block, &err), SEG_OK);
    assert_int_equal(block.n_rows, 2000);
    for (size_t r = 0; r < 2000; r++)
        assert_true(block.x.x[r] == (float)(r % 10));
    seg_source_close(source);
    unlink(file_path);
}

static void the_result_tells_what_was_read(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    const seg_node *root = seg_doc_root(doc);
    write_text("id,x\n1,2\n2,3\n");
    assert_int_equal(import(NULL, 0, file_path, seg_doc_root(doc), NULL), SEG_OK);
    assert_string_equal(seg_node_text(seg_node_get(root, "kind"), ""), "features");
    assert_int_equal(seg_node_int(seg_node_get(root, "rows"), 0), 2);
    assert_int_equal(seg_node_count(seg_node_get(root, "columns")), 2);
    assert_string_equal(seg_node_text(seg_node_get(root, "output"), ""), file_path);
    seg_doc_free(doc);
    unlink(file_path);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    write_text("id,x,k\n1,2,a\n2,3,b\n");
    assert_int_equal(import(NULL, 0, file_path, NULL, NULL), SEG_OK);   /* libraries are loaded */
    long before = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        unlink(file_path);
        seg_alloc_fail_after = n;
        st = import(NULL, 0, file_path, NULL, NULL);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, before);
        assert_int_equal(files_in_folder(), st == SEG_OK ? 2 : 1);
    }
    assert_int_equal(st, SEG_OK);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/segmill-import-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(text_path, sizeof text_path, "%s/text.csv", folder);
    snprintf(file_path, sizeof file_path, "%s/table.h5", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(text_path);
    unlink(file_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_in_a_file_are_those_of_the_text),
        cmocka_unit_test(order_lines_in_a_file_are_those_of_the_text),
        cmocka_unit_test(baskets_in_a_file_are_those_of_the_text),
        cmocka_unit_test(a_failure_leaves_no_file),
        cmocka_unit_test(an_archive_is_hdf5_in_chunks),
        cmocka_unit_test(the_result_tells_what_was_read),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* A CSV that is small is parsed once: its rows stay in memory, the same for every pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "base/alloc.h"
#include "data/csv.h"
#include "jobs/keep.h"

static const char *const path = "datasets/customers.csv";
static seg_error err;

static seg_source *parse(void)
{
    seg_import_options options;
    seg_source *source;
    seg_import_defaults(&options);
    options.label = "churned";
    assert_int_equal(seg_csv_source(NULL, &path, 1, &options, NULL, &source, &err), SEG_OK);
    return source;
}

static void assert_same_rows(seg_source *a, seg_source *b)
{
    seg_block x, y;
    const seg_schema *schema = a->schema;
    assert_int_equal(a->n_rows, b->n_rows);
    assert_string_equal(schema->label, b->schema->label);
    assert_int_equal(schema->n_columns, b->schema->n_columns);
    assert_int_equal(a->next(a, &x, &err), SEG_OK);
    assert_int_equal(b->next(b, &y, &err), SEG_OK);
    assert_int_equal(x.n_rows, 500);
    assert_int_equal(y.n_rows, 500);
    assert_memory_equal(x.ids, y.ids, 500 * schema->id_width);
    for (size_t i = 0; i < 500; i++)
        assert_memory_equal(x.x.x + i * x.x.stride, y.x.x + i * y.x.stride,
                            schema->n_features * sizeof(float));
    for (size_t c = 0; c < schema->n_columns; c++) {
        size_t width = schema->columns[c].width;
        size_t bytes = schema->columns[c].type == SEG_TYPE_TEXT ? width : sizeof(int32_t);
        assert_memory_equal(x.columns[c], y.columns[c], 500 * bytes);
    }
}

static void the_rows_are_the_same_at_every_pass(void **state)
{
    (void)state;
    seg_source *kept = parse(), *parsed = parse(), *before = kept;
    assert_int_equal(seg_keep_rows(NULL, &kept, &err), SEG_OK);
    assert_ptr_not_equal(kept, before);
    for (int pass = 0; pass < 2; pass++) {
        assert_same_rows(kept, parsed);
        assert_int_equal(kept->rewind(kept, &err), SEG_OK);
        assert_int_equal(parsed->rewind(parsed, &err), SEG_OK);
    }
    seg_source_close(kept);
    seg_source_close(parsed);
}

static void what_is_too_large_is_streamed(void **state)
{
    (void)state;
    seg_source *source = parse(), *before = source;
    seg_alloc_set_limit(seg_alloc_in_use() + 1000);
    seg_status st = seg_keep_rows(NULL, &source, &err);
    seg_alloc_set_limit(0);
    assert_true(st == SEG_OK || st == SEG_E_AGAIN);
    assert_ptr_equal(source, before);
    seg_source_close(source);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_source *source = parse();
        seg_alloc_fail_after = n;
        st = seg_keep_rows(NULL, &source, &err);
        seg_alloc_fail_after = -1;
        seg_source_close(source);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_are_the_same_at_every_pass),
        cmocka_unit_test(what_is_too_large_is_streamed),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

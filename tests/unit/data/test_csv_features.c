/* Feature tables from text: types, ids, labels, dates, rejects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/date.h"
#include "data/csv_import.h"
#include "tests/support/csv_case.h"
#include "tests/support/fimi.h"

static const char shop[] =
    "customer_id,age,plan,since,\"last, name\",spend,churned\r\n"
    "A-1,30,plus,2024-01-31,\"O'Neil\",12.5,yes\r\n"
    "A-2,,basic,2024-02-01,\"He said \"\"hi\"\"\",-0.25,no\r\n"
    "\r\n"
    "007, 41 ,plus,,Mu\xc3\xb1oz,1e3,no\r\n"
    "A-4,NA,,2023-12-31,\"two\nlines\",NULL,no\r\n";

static void cells_become_typed_columns(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, shop, "--label=churned");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->schema->kind, SEG_KIND_FEATURES);
    assert_int_equal(c.source->n_rows, 4);
    assert_int_equal(c.all.n_rows, 4);
    assert_string_equal(c.source->schema->id_name, "customer_id");
    assert_string_equal(csv_case_id(&c, 0), "A-1");
    assert_string_equal(csv_case_id(&c, 2), "007");
    assert_true(csv_case_feature(&c, "age", 0) == 30);
    assert_true(isnan(csv_case_feature(&c, "age", 1)));
    assert_true(csv_case_feature(&c, "age", 2) == 41);
    assert_true(isnan(csv_case_feature(&c, "age", 3)));
    assert_true(csv_case_feature(&c, "spend", 1) == -0.25f);
    assert_true(csv_case_feature(&c, "spend", 2) == 1000);
    assert_true(isnan(csv_case_feature(&c, "spend", 3)));
    assert_string_equal(csv_case_level(&c, "plan", 0), "plus");
    assert_string_equal(csv_case_level(&c, "plan", 3), "");
    assert_string_equal(csv_case_level(&c, "last, name", 1), "He said \"hi\"");
    assert_string_equal(csv_case_level(&c, "last, name", 3), "two\nlines");
    assert_string_equal(csv_case_level(&c, "churned", 0), "yes");
    assert_string_equal(c.source->schema->label, "churned");
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void levels_stand_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "k,x\nb,1\nZ,2\na,3\nb,4\n\xc3\xa9,5\n", NULL);
    const seg_column *k = csv_case_schema(&c, "k");
    assert_int_equal(k->n_levels, 4);
    assert_string_equal(k->levels[0], "Z");
    assert_string_equal(k->levels[3], "\xc3\xa9");
    assert_true(csv_case_feature(&c, "k", 0) == 2);
    csv_case_close(&c);
}

static void dates_become_days_or_times(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "x,born,seen\n1,31.12.1999,2024-02-29 23:59:58\n2,,2024-03-01\n", NULL);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(csv_case_schema(&c, "born")->type, SEG_TYPE_DAY);
    assert_int_equal(csv_case_schema(&c, "seen")->type, SEG_TYPE_TIME);
    const int32_t *born = csv_case_column(&c, "born");
    const int64_t *seen = csv_case_column(&c, "seen");
    assert_int_equal(born[0], 10956);   /* `date -d 1999-12-31 +%s` / 86400 */
    assert_int_equal(born[1], SEG_MISSING_DAY);
    assert_int_equal(seen[0], 1709251198);   /* `date -u -d "2024-02-29 23:59:58" +%s` */
    assert_int_equal(seen[1], 1709251200);
    csv_case_close(&c);
}

static void ambiguous_dates_need_a_word(void **state)
{
    (void)state;
    static const char text[] = "x,day\n1,1/2/2024\n2,3/12/2024\n";
    csv_case c = { 0 };
    csv_case_open(&c, text, NULL);
    assert_int_equal(c.status, SEG_E_DATA);
    assert_non_null(strstr(c.error.text, "line 2: column 'day': '1/2/2024' may be"));
    csv_case_close(&c);
    csv_case_open(&c, text, "--dates=d/m/y");
    assert_int_equal(*(const int32_t *)csv_case_column(&c, "day"), seg_day_from_ymd(2024, 2, 1));
    csv_case_close(&c);
    csv_case_open(&c, text, "--dates=m/d/y");
    assert_int_equal(*(const int32_t *)csv_case_column(&c, "day"), seg_day_from_ymd(2024, 1, 2));
    csv_case_close(&c);
    csv_case_open(&c, "x,day\n1,1/2/2024\n2,13/12/2024\n", NULL);   /* only one reading fits */
    assert_int_equal(*(const int32_t *)csv_case_column(&c, "day"), seg_day_from_ymd(2024, 2, 1));
    csv_case_close(&c);
}

static void ids_lose_point_zero_only_when_all_have_it(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "id,x\n17850.0,1\n13047.0,2\n", NULL);
    assert_string_equal(csv_case_id(&c, 0), "17850");
    assert_int_equal(c.source->schema->id_width, 8);
    assert_non_null(strstr(c.notes, "ends in .0, which is dropped"));
    csv_case_close(&c);
    csv_case_open(&c, "id,x\n17850.0,1\n13047.0,2\n", "--id-text");
    assert_string_equal(csv_case_id(&c, 0), "17850.0");
    csv_case_close(&c);
    csv_case_open(&c, "id,x\n17850.0,1\n13047,2\n", NULL);
    assert_string_equal(csv_case_id(&c, 0), "17850.0");
    csv_case_close(&c);
}

static void an_id_is_inferred_only_when_one_column_fits(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "id,customer_id,x\n1,5,2\n2,6,3\n", NULL);
    assert_int_equal(c.source->schema->id_width, 0);
    assert_non_null(strstr(c.notes, "both look like ids"));
    csv_case_close(&c);
    csv_case_open(&c, "id,x\n1,1\n1,2\n1,3\n2,4\n", NULL);
    assert_int_equal(c.source->schema->id_width, 0);
    assert_int_equal(c.source->schema->n_features, 2);
    assert_non_null(strstr(c.notes, "'id' is no id"));
    csv_case_close(&c);
    csv_case_open(&c, "id,x\n1,1\n2,2\n", "--id=");
    assert_int_equal(c.source->schema->n_features, 2);
    csv_case_close(&c);
}

static void a_message_never_shows_an_id(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "mail,x\nann@example.org,1\nbob@example.org,2\nann@example.org,3\n",
                  "--id=mail");
    assert_int_equal(c.status, SEG_E_DATA);
    assert_null(strstr(c.error.text, "example.org"));
    assert_non_null(strstr(c.error.text, "line 4: column 'mail': the id stands in line 2 already"));
    csv_case_close(&c);
}

static void a_label_is_a_category_whatever_its_type(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "x,left\n1,0\n2,1\n3,0\n", "--label=left");
    assert_int_equal(csv_case_schema(&c, "left")->type, SEG_TYPE_CODE);
    assert_string_equal(csv_case_level(&c, "left", 1), "1");
    csv_case_close(&c);
    csv_case_open(&c, "x,left\n1,0\n", "--label=lefd");
    assert_int_equal(c.status, SEG_E_USAGE);
    assert_non_null(strstr(c.error.text, "no column 'lefd'; did you mean 'left'?"));
    csv_case_close(&c);
}

/* 100 rows, `n_words` of them with a word where numbers are. */
static const char *numbers_with_words(int n_words)
{
    static char text[4096];
    size_t n = (size_t)sprintf(text, "x,y\n");
    for (int i = 0; i < 100; i++)
        n += (size_t)sprintf(text + n, i < n_words ? "%d,Unknown\n" : "%d,7\n", i);
    return text;
}

static void ninety_five_percent_numbers_make_the_rest_a_mistake(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, numbers_with_words(5), NULL);
    assert_int_equal(c.status, SEG_E_DATA);
    assert_non_null(strstr(c.error.text, "line 2: column 'y': 'Unknown' is not a number; give"));
    csv_case_close(&c);
    csv_case_open(&c, numbers_with_words(6), NULL);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(csv_case_schema(&c, "y")->type, SEG_TYPE_CODE);
    assert_non_null(strstr(c.notes, "94 % numbers: taken as a category"));
    csv_case_close(&c);
    csv_case_open(&c, numbers_with_words(5), "--missing=Unknown");
    assert_int_equal(csv_case_schema(&c, "y")->type, SEG_TYPE_F32);
    assert_true(isnan(csv_case_feature(&c, "y", 4)));
    csv_case_close(&c);
    csv_case_open(&c, numbers_with_words(5), "--types=y:category");
    assert_string_equal(csv_case_level(&c, "y", 0), "Unknown");
    csv_case_close(&c);
    csv_case_open(&c, numbers_with_words(99), "--types=y:number");
    assert_int_equal(c.status, SEG_E_DATA);
    csv_case_close(&c);
}

static void question_marks_and_dashes_are_no_missing_words(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "x,k\n1,?\n2,-\n3,Unknown\n4,N/A\n5,\\N\n6,  \n", NULL);
    assert_int_equal(csv_case_schema(&c, "k")->n_levels, 3);
    assert_string_equal(csv_case_level(&c, "k", 0), "?");
    for (size_t r = 3; r < 6; r++)
        assert_string_equal(csv_case_level(&c, "k", r), "");
    csv_case_close(&c);
}

static char *slurp(const char *path)
{
    static char text[4096];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    unlink(path);
    return text;
}

static void rows_that_do_not_fit_go_to_the_rejects(void **state)
{
    (void)state;
    static char text[2048];
    char options[128], path[64];
    csv_case c = { 0 };
    size_t n = (size_t)sprintf(text, "id,x,k\n");
    for (int i = 0; i < 60; i++)
        n += (size_t)sprintf(text + n, i == 10 ? "i%d,oops,\"a,b\"\n" : i == 20 ? "i%d,1\n"
                                                                          : "i%d,%d,u\n", i, i);
    snprintf(path, sizeof path, "/tmp/segmill-rejects-%d", (int)getpid());
    snprintf(options, sizeof options, "--max-errors=2 --rejects=%s", path);
    csv_case_open(&c, text, options);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->n_rows, 58);
    assert_int_equal(c.all.n_rows, 58);
    assert_string_equal(csv_case_id(&c, 10), "i11");
    assert_true(csv_case_feature(&c, "x", 57) == 59);
    assert_int_equal(csv_case_schema(&c, "k")->n_levels, 1);   /* a,b is left out with its row */
    assert_int_equal(seg_node_int(seg_node_get(seg_doc_root(c.doc), "rejected"), -1), 2);
    assert_int_equal(c.source->rewind(c.source, NULL), SEG_OK);
    seg_block again;
    assert_int_equal(c.source->next(c.source, &again, NULL), SEG_OK);
    assert_int_equal(again.n_rows, 58);
    char expected[512];
    snprintf(expected, sizeof expected, "line,column,reason,row,file\n"
             "12,x,'oops' is not a number,\"i10,oops,\"\"a,b\"\"\",%s\n"
             "22,,2 fields; the header has 3,\"i20,1\",%s\n", c.path, c.path);
    assert_string_equal(slurp(path), expected);
    csv_case_close(&c);

    snprintf(options, sizeof options, "--max-errors=1 --rejects=%s", path);
    csv_case_open(&c, text, options);
    assert_int_equal(c.status, SEG_E_DATA);
    assert_non_null(strstr(c.error.text, "line 22: 2 fields; the header has 3; 1 rows before it"));
    assert_null(slurp(path));   /* nothing is left of a failure */
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void long_texts_stay_beside_the_features(void **state)
{
    (void)state;
    static char text[8192];
    csv_case c = { 0 };
    size_t n = (size_t)sprintf(text, "x,name,mail\n");
    for (int i = 0; i < 50; i++)
        n += (size_t)sprintf(text + n, "%d,n%d,m%d@x.org\n", i, i % 5, i);
    csv_case_open(&c, text, NULL);
    assert_int_equal(csv_case_schema(&c, "name")->type, SEG_TYPE_CODE);
    assert_int_equal(csv_case_schema(&c, "mail")->type, SEG_TYPE_TEXT);
    assert_int_equal(csv_case_schema(&c, "mail")->width, 16);
    assert_string_equal((const char *)csv_case_column(&c, "mail") + 16 * 12, "m12@x.org");
    assert_non_null(strstr(c.notes, "'mail' has 50 different texts"));
    csv_case_close(&c);
}

static void other_dialects_are_found(void **state)
{
    (void)state;
    static const struct { const char *text, *options; } cases[] = {
        { "\xef\xbb\xbfx;y;k\n1;2.5;a\n2;3.5;b,c\n", NULL },
        { "x\ty\tk\n1\t2.5\ta\n2\t3.5\tb,c\n", NULL },
        { "x|y|k\r1|2.5|a\r2|3.5|b,c\r", NULL },
        { "x;y;k\n1;2,5;a\n2;3,5;b,c\n", "--decimal=," },
        { "x#y#k\n1#2.5#a\n2#3.5#b,c\n", "--delimiter=#" },
        { "1;2.5;a\n2;3.5;b,c\n", "--no-header --columns=x,y,k" },
        { "  x  y   k\n 1 2.5 \"a\"\n2\t3.5 b,c  \n", "--delimiter=space" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        csv_case c = { 0 };
        csv_case_open(&c, cases[i].text, cases[i].options);
        assert_int_equal(c.status, SEG_OK);
        assert_int_equal(c.source->n_rows, 2);
        assert_true(csv_case_feature(&c, "y", 1) == 3.5f);
        assert_string_equal(csv_case_level(&c, "k", 1), "b,c");
        csv_case_close(&c);
    }
}

static void blocks_hold_the_same_rows_as_the_whole(void **state)
{
    (void)state;
    static char text[200000];
    csv_case c = { .context.block_rows = SEG_CHUNK_ROWS };
    size_t n = (size_t)sprintf(text, "id,x\n");
    for (int i = 0; i < 5000; i++)
        n += (size_t)sprintf(text + n, "%d,%d.5\n", i + 100000, i);
    csv_case_open(&c, text, NULL);
    assert_int_equal(c.status, SEG_OK);
    uint64_t row = 0;
    seg_block block = c.all;
    while (block.n_rows > 0) {
        assert_int_equal(block.first_row, row);
        assert_true(block.n_rows == SEG_CHUNK_ROWS || row + block.n_rows == 5000);
        for (size_t r = 0; r < block.n_rows; r++)
            assert_true(block.x.x[r] == (float)(row + r) + 0.5f);
        row += block.n_rows;
        assert_int_equal(c.source->next(c.source, &block, NULL), SEG_OK);
    }
    assert_int_equal(row, 5000);
    csv_case_close(&c);
}

static void several_files_make_one_table(void **state)
{
    (void)state;
    csv_case a = { 0 }, b = { 0 }, other = { 0 };
    seg_source *source;
    seg_block block;
    seg_error err;
    csv_case_open(&a, "id,x\n1,10\n2,20\n", NULL);
    csv_case_open(&b, "id,x\n3,30\n2,40\n5,50\n", NULL);
    csv_case_open(&other, "id,y\n3,30\n", NULL);
    const char *paths[] = { a.path, b.path };
    assert_int_equal(seg_csv_source(NULL, paths, 2, NULL, NULL, &source, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "line 3: column 'id': the id stands in line 3 of"));
    seg_import_options options;
    seg_import_defaults(&options);
    options.id = "";
    assert_int_equal(seg_csv_source(NULL, paths, 2, &options, NULL, &source, &err), SEG_OK);
    assert_int_equal(source->n_rows, 5);
    assert_int_equal(source->next(source, &block, &err), SEG_OK);
    assert_true(block.x.x[2 * 2 + 1] == 30);
    seg_source_close(source);
    paths[1] = other.path;
    assert_int_equal(seg_csv_source(NULL, paths, 2, &options, NULL, &source, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "the column names are not those of"));
    csv_case_close(&a);
    csv_case_close(&b);
    csv_case_close(&other);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    csv_case keep = { 0 };
    csv_case_open(&keep, shop, NULL);
    char path[64];
    snprintf(path, sizeof path, "%s", keep.path);
    seg_source_close(keep.source);
    keep.source = NULL;
    seg_doc_free(keep.doc);
    keep.doc = NULL;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        const char *paths[] = { path };
        seg_source *source = NULL;
        seg_block block;
        seg_alloc_fail_after = n;
        st = seg_csv_source(NULL, paths, 1, NULL, NULL, &source, NULL);
        if (st == SEG_OK)
            st = source->next(source, &block, NULL);
        seg_alloc_fail_after = -1;
        seg_source_close(source);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
    csv_case_close(&keep);
}

static void telco_has_eleven_missing_charges(void **state)
{
    (void)state;
    const char *path = data_path("churn/telco_churn.csv");
    if (access(path, R_OK) != 0)
        skip();
    csv_case c = { 0 };
    csv_case_open_file(&c, path, "--label=Churn");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->n_rows, 7043);
    assert_int_equal(c.source->schema->n_features, 19);
    size_t f = seg_schema_feature(c.source->schema, "TotalCharges"), missing = 0, yes = 0, rows = 0;
    const seg_column *label = csv_case_schema(&c, "Churn");
    size_t l = seg_schema_column(c.source->schema, "Churn");
    for (seg_block b = c.all; b.n_rows > 0;) {
        for (size_t r = 0; r < b.n_rows; r++) {
            missing += isnan(b.x.x[r * b.x.stride + f]) ? 1 : 0;
            int32_t code = ((const int32_t *)b.columns[l])[r];
            yes += strcmp(label->levels[code], "Yes") == 0;
        }
        rows += b.n_rows;
        assert_int_equal(c.source->next(c.source, &b, NULL), SEG_OK);
    }
    assert_int_equal(rows, 7043);
    assert_int_equal(missing, 11);
    assert_int_equal(yes, 1869);   /* 26.54 % */
    csv_case_close(&c);
}

static void cell2cell_keeps_the_word_unknown(void **state)
{
    (void)state;
    const char *path = data_path("churn/cell2cell_train.csv.gz");
    if (access(path, R_OK) != 0)
        skip();
    csv_case c = { 0 };
    csv_case_open_file(&c, path, "--label=Churn");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->n_rows, 51047);
    assert_int_equal(c.source->schema->n_features, 56);
    assert_int_equal(csv_case_schema(&c, "HandsetPrice")->n_levels, 16);
    assert_int_equal(csv_case_schema(&c, "ServiceArea")->n_levels, 747);
    csv_case_close(&c);
}

/* So many that they are read as texts; the sample has an empty line and tells nothing. */
static void a_sign_of_letters_is_no_text_beside_a_word(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    csv_case c = { 0 };
    char *text = malloc((size_t)ROWS * 24);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "x,price\n\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, i % 100 == 50 ? "%d,word\n" : "1,CHF %d\n", i);
    for (size_t i = 0; i < 3; i++) {
        seg_csv_chunk_bytes = (const size_t[]){ 0, 100, 3000 }[i];
        csv_case_open(&c, text, "--signs");
        assert_int_equal(c.status, SEG_E_DATA);
        assert_non_null(strstr(c.error.text, "line 53: column 'price': 'word' is not a number"));
        csv_case_close(&c);
    }
    seg_csv_chunk_bytes = 0;
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sign_of_letters_is_no_text_beside_a_word),
        cmocka_unit_test(cells_become_typed_columns),
        cmocka_unit_test(levels_stand_in_the_order_of_their_bytes),
        cmocka_unit_test(dates_become_days_or_times),
        cmocka_unit_test(ambiguous_dates_need_a_word),
        cmocka_unit_test(ids_lose_point_zero_only_when_all_have_it),
        cmocka_unit_test(an_id_is_inferred_only_when_one_column_fits),
        cmocka_unit_test(a_message_never_shows_an_id),
        cmocka_unit_test(a_label_is_a_category_whatever_its_type),
        cmocka_unit_test(ninety_five_percent_numbers_make_the_rest_a_mistake),
        cmocka_unit_test(question_marks_and_dashes_are_no_missing_words),
        cmocka_unit_test(rows_that_do_not_fit_go_to_the_rejects),
        cmocka_unit_test(long_texts_stay_beside_the_features),
        cmocka_unit_test(other_dialects_are_found),
        cmocka_unit_test(blocks_hold_the_same_rows_as_the_whole),
        cmocka_unit_test(several_files_make_one_table),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(telco_has_eleven_missing_charges),
        cmocka_unit_test(cell2cell_keeps_the_word_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

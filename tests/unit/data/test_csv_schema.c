/* --schema FILE: the columns that must be there, and cells that must fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "tests/support/csv_case.h"

static char path[64];

static void open_with(csv_case *c, const char *schema, const char *text)
{
    char option[96];
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(schema, f);
    fclose(f);
    snprintf(option, sizeof option, "--schema=%s", path);
    csv_case_open(c, text, option);
}

static const char shop[] =
    "{\"kind\": \"features\", \"columns\": ["
    "{\"name\": \"key\", \"type\": \"id\"},"
    "{\"name\": \"plan\", \"type\": \"category\", \"levels\": [\"plus\", \"basic\", \"old\"]},"
    "{\"name\": \"age\", \"type\": \"number\"}, {\"name\": \"mail\", \"type\": \"drop\"},"
    "{\"name\": \"left\", \"type\": \"label\"}]}";

static void levels_keep_the_order_of_the_schema(void **state)
{
    (void)state;
    csv_case c = { 0 };
    open_with(&c, shop, "age,plan,key,left,mail\n30,basic,a,1,x\n31,plus,b,0,y\n");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(csv_case_schema(&c, "plan")->n_levels, 3);
    assert_true(csv_case_feature(&c, "plan", 0) == 1);
    assert_true(csv_case_feature(&c, "plan", 1) == 0);
    assert_string_equal(c.source->schema->label, "left");
    assert_null(csv_case_schema(&c, "mail"));
    assert_string_equal(csv_case_id(&c, 1), "b");
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    static const struct { const char *text, *message; } cases[] = {
        { "age,plan,key,left\n1,basic,a,1\n", "line 1: column 'mail' of the schema is missing" },
        { "age,plan,key,left,mail,new\n1,basic,a,1,x,5\n",
          "line 1: column 'new' is not in the schema" },
        { "age,plan,key,left,mail\n1,basic,a,1,x\n2,gold,b,1,x\n",
          "line 3: column 'plan': 'gold' is not a level of the schema" },
        { "age,plan,key,left,mail\n1,basic,a,1,x\nold,plus,b,1,x\n",
          "line 3: column 'age': 'old' is not a number" },
        { "age,plan,key,left,mail\n1,basic,a,1,x\n2,plus,a,1,x\n",
          "line 3: column 'key': the id stands in line 2 already" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        csv_case c = { 0 };
        open_with(&c, shop, cases[i].text);
        assert_int_equal(c.status, SEG_E_DATA);
        if (strstr(c.error.text, cases[i].message) == NULL)
            fail_msg("%s", c.error.text);
        csv_case_close(&c);
        assert_int_equal(seg_alloc_live, 0);
    }
}

static void a_bad_schema_is_named(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "", "[", "{}", "{\"columns\": 3}", "{\"kind\": \"models\", \"columns\": []}",
        "{\"columns\": [{\"name\": \"x\"}]}", "{\"columns\": [{\"name\": \"x\", \"type\": \"y\"}]}",
        "{\"columns\": [{\"name\": \"x\", \"type\": \"id\"}, {\"name\": \"x\", \"type\": \"id\"}]}",
        "{\"kind\": \"transactions\", \"columns\": [{\"name\": \"x\", \"type\": \"customer\"}]}",
        "{\"columns\": [{\"name\": \"x\", \"type\": \"category\", \"levels\": [1]}]}",
    };
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        csv_case c = { 0 };
        open_with(&c, schemas[i], "x\n1\n");
        assert_int_equal(c.status, SEG_E_DATA);
        csv_case_close(&c);
        assert_int_equal(seg_alloc_live, 0);
    }
}

/* The schema that a table gives reads its own text again, with the same codes. */
static void a_table_gives_its_own_schema(void **state)
{
    (void)state;
    static const char text[] = "id,k,x,day,left\n1,b,2.5,2024-01-01,y\n2,a,3,2024-01-02,n\n";
    csv_case c = { 0 };
    csv_case_open(&c, text, "--label=left");
    seg_doc *doc = seg_doc_new();
    seg_csv_schema_json(c.source->schema, seg_doc_root(doc));
    char json[2048];
    snprintf(json, sizeof json, "%s", seg_doc_json(doc, 0));
    seg_doc_free(doc);
    csv_case_close(&c);
    open_with(&c, json, "id,k,x,day,left\n3,b,1,2024-01-03,y\n");
    assert_int_equal(c.status, SEG_OK);
    assert_true(csv_case_feature(&c, "k", 0) == 1);
    assert_int_equal(((const int32_t *)csv_case_column(&c, "left"))[0], 1);
    csv_case_close(&c);
}

static int name_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/segmill-schema-%d.json", (int)getpid());
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_keep_the_order_of_the_schema),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(a_bad_schema_is_named),
        cmocka_unit_test(a_table_gives_its_own_schema),
    };
    return cmocka_run_group_tests(tests, name_file, remove_file);
}

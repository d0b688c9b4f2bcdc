/* Taxonomies read from both forms, against parts written by hand; and baskets with the groups
 * of their items, against a plain walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/basket_groups.h"
#include "data/csv.h"
#include "data/schema.h"
#include "tests/support/fimi.h"
#include "tests/support/files.h"

enum { N_ITEMS = 5 };
static const seg_column items[N_ITEMS] = {
    { .name = "beer", .type = SEG_TYPE_F32 }, { .name = "wine", .type = SEG_TYPE_F32 },
    { .name = "sausage", .type = SEG_TYPE_F32 }, { .name = "ham", .type = SEG_TYPE_F32 },
    { .name = "pen", .type = SEG_TYPE_F32 },
};
static const seg_schema shop = { .kind = SEG_KIND_BASKETS, .features = items,
                                 .n_features = N_ITEMS, .as_of_day = SEG_MISSING_DAY };

static char told[2048];

static void note(void *user, seg_level level, const char *text)
{
    (void)user;
    (void)level;
    strncat(told, text, sizeof told - strlen(told) - 1);
    strncat(told, "\n", sizeof told - strlen(told) - 1);
}

static seg_taxonomy *read_text(const char *text)
{
    seg_taxonomy *t;
    seg_error err = { 0 };
    seg_context ctx = seg_context_defaults();
    ctx.note = note;
    told[0] = 0;
    write_text("t.csv", text);
    if (seg_taxonomy_read(&ctx, "t.csv", &shop, &t, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return t;
}

static void refuses(const char *text, const char *message)
{
    seg_taxonomy *t;
    seg_error err = { 0 };
    write_text("t.csv", text);
    seg_status st = seg_taxonomy_read(NULL, "t.csv", &shop, &t, &err);
    assert_string_equal(err.text, message);
    assert_int_equal(st, SEG_E_DATA);
    assert_null(t);
}

/* "beer>drinks>food" for every item of the taxonomy, in its order. */
static const char *ways(const seg_taxonomy *t)
{
    static char text[4096];
    text[0] = 0;
    for (size_t i = 0; i < t->n_items; i++) {
        strcat(text, i == 0 ? "" : " ");
        strcat(text, t->items[i]);
        for (int32_t g = t->item_group[i]; g >= 0; g = t->group_parent[g]) {
            strcat(text, ">");
            strcat(text, t->groups[g]);
        }
    }
    return text;
}

static void reads_a_line_per_item(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("name,level2,level1\nbeer,drinks,food\nwine,drinks,food\n"
                                "sausage,sausage,food\nham,sausage,food\nrum,drinks,food\n");
    assert_string_equal(ways(t), "beer>drinks>food wine>drinks>food sausage>sausage (level2)>food"
                                 " ham>sausage (level2)>food rum>drinks>food");
    assert_int_equal(t->n_groups, 3);
    assert_non_null(strstr(told, "t.csv: 5 items (column 'name') in 3 groups\n"));
    assert_non_null(strstr(told, "1 groups have the name of an item or of another group and are"
                                 " told apart, like 'sausage (level2)'"));
    assert_non_null(strstr(told, "t.csv: 1 items are not in the data\n"));
    assert_non_null(strstr(told, "t.csv does not have 1 of the 5 items of the data"));
    seg_taxonomy_free(t);
}

static void passes_over_empty_cells(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("name\tgroup\tall\nbeer\t\tfood\nwine\tdrinks\t\nham\t\t\n"
                                "pen\tdrinks\tfood\n");
    assert_string_equal(ways(t), "beer>food wine>drinks>food pen>drinks>food");
    seg_taxonomy_free(t);
}

static void parts_equal_names_of_two_levels(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("name,a,b\nbeer,drinks,drinks\nwine,drinks,drinks\n");
    assert_string_equal(ways(t), "beer>drinks>drinks (b) wine>drinks>drinks (b)");
    seg_taxonomy_free(t);
}

static void takes_the_id_where_the_data_have_it(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("title,kind,id\nOne,x,beer\nTwo,y,pen\n");
    assert_string_equal(ways(t), "beer>x pen>y");
    seg_taxonomy_free(t);
    t = read_text("title,kind,id\nbeer,x,1\npen,y,2\n");
    assert_string_equal(ways(t), "beer>x pen>y");
    seg_taxonomy_free(t);
    t = read_text("ID,title,kind\n1,beer,x\n2,pen,y\n");
    assert_string_equal(ways(t), "beer>x pen>y");
    seg_taxonomy_free(t);
}

static void reads_lines_of_item_and_parent(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("item;parent\nbeer;drinks\ndrinks;food\nham;sausage\n"
                                "sausage;meat\nmeat;food\nwine;drinks\nrum;drinks\npen;\n"
                                "beer;drinks\n");
    assert_string_equal(ways(t), "beer>drinks>food ham>sausage (group)>meat>food"
                                 " sausage>sausage (group)>meat>food wine>drinks>food"
                                 " rum>drinks>food");
    assert_non_null(strstr(told, "t.csv: 1 items are not in the data\n"));
    seg_taxonomy_free(t);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    refuses("item,parent\nbeer,drinks\ndrinks,food\nfood,drinks\n",
            "t.csv: 'drinks' > 'food' > 'drinks' is a cycle of 2: nothing can be in a group that"
            " is in itself");
    refuses("item,parent\nbeer,beer\n",
            "t.csv: 'beer' > 'beer' is a cycle of 1: nothing can be in a group that is in itself");
    refuses("item,parent\nbeer,drinks\n\nbeer,food\n",
            "t.csv: line 4: 'beer' is in the group 'food' here and in 'drinks' in line 2; it may"
            " be in one");
    refuses("name,a,b\nbeer,x,y\nwine,x,z\n",
            "t.csv: line 3: 'x' is in the group 'z' here and in 'y' in line 2; it may be in one");
    refuses("name,a,b\nbeer,x,y\n,x,y\n", "t.csv: line 3: column 'name': no item is named");
    refuses("name,a,b\nbeer,x\n", "t.csv: line 2: 2 cells; the header has 3");
    refuses("name,a\nnut,x\n", "t.csv: none of the 5 items of the data is in column 'name'");
    refuses("name\nbeer\n", "t.csv: a taxonomy has the columns item and parent, or an item and 1"
            " to 64 levels; this has 0 levels");
    refuses("item,parent\nsausage,x\nham,sausage\nbeer,sausage (group)\n",
            "t.csv: a group cannot be called 'sausage (group)': that is another item or group;"
            " rename one of them");
    refuses("", "t.csv: the file is empty");
}

static void refuses_a_tower_of_groups(void **state)
{
    (void)state;
    static char text[65536] = "item,parent\nbeer,g0\n";
    for (int i = 0; i < 64; i++)
        sprintf(text + strlen(text), "g%d,g%d\n", i, i + 1);
    refuses(text, "t.csv: taxonomy: group 'g0' has more than 63 groups above it");
    static char name[2000];
    memset(name, 'x', 1025);
    snprintf(text, sizeof text, "item,parent\nbeer,%s\n", name);
    refuses(text, "t.csv: line 2: column 'parent': the name has more than 1024 bytes");
}

static void believes_no_parts_unchecked(void **state)
{
    (void)state;
    const char *names[] = { "a", "b" }, *groups[] = { "g", "h" }, *twice[] = { "g", "a" };
    seg_taxonomy *t;
    seg_error err = { 0 };
    seg_taxonomy good = { .n_items = 2, .items = names, .item_group = (int32_t[]){ 0, 1 },
                          .n_groups = 2, .groups = groups, .group_parent = (int32_t[]){ 1, -1 } };
    assert_int_equal(seg_taxonomy_new(&good, &t, &err), SEG_OK);
    assert_string_equal(ways(t), "a>g>h b>h");
    seg_taxonomy_free(t);

    seg_taxonomy bad = good;
    bad.item_group = (int32_t[]){ 0, 2 };
    assert_int_equal(seg_taxonomy_new(&bad, &t, &err), SEG_E_DATA);
    bad.item_group = (int32_t[]){ 0, -1 };
    assert_int_equal(seg_taxonomy_new(&bad, &t, &err), SEG_E_DATA);
    bad = good;
    bad.group_parent = (int32_t[]){ 1, 2 };
    assert_int_equal(seg_taxonomy_new(&bad, &t, &err), SEG_E_DATA);
    bad.group_parent = (int32_t[]){ 1, -2 };
    assert_int_equal(seg_taxonomy_new(&bad, &t, &err), SEG_E_DATA);
    bad.group_parent = (int32_t[]){ 1, 0 };
    assert_int_equal(seg_taxonomy_new(&bad, &t, &err), SEG_E_DATA);
    assert_string_equal(err.text, "taxonomy: group 'g' has more than 63 groups above it");
    bad = good;
    bad.groups = twice;
    assert_int_equal(seg_taxonomy_new(&bad, &t, &err), SEG_E_DATA);
    assert_string_equal(err.text, "taxonomy: group 'a' has the name of another item or group");
    assert_null(t);
}

/* ---- baskets with groups ------------------------------------------------------------------ */

static seg_source *extend(const seg_schema *schema, const seg_block *rows,
                          const seg_taxonomy *t, const seg_context *ctx)
{
    seg_source *from, *out;
    seg_error err = { 0 };
    assert_int_equal(seg_memory_source(ctx, schema, rows, &from, &err), SEG_OK);
    if (seg_baskets_with_groups(ctx, from, t, &out, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return out;
}

static void adds_every_group_once(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("item,parent\nbeer,drinks\nwine,drinks\ndrinks,food\n"
                                "sausage,food\nham,sausage\n");
    const int64_t start[] = { 0, 2, 2, 3, 5 };
    const int32_t bought[] = { 0, 1, 4, 0, 3 };
    const seg_block rows = { .n_rows = 4, .row_start = start, .items = bought };
    seg_context ctx = seg_context_defaults();
    seg_source *s = extend(&shop, &rows, t, &ctx);
    seg_block block;
    seg_error err = { 0 };
    assert_int_equal(s->schema->n_features, 8);
    assert_string_equal(s->schema->features[5].name, "drinks");
    assert_string_equal(s->schema->features[6].name, "food");
    assert_string_equal(s->schema->features[7].name, "sausage (group)");
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(s->next(s, &block, &err), SEG_OK);
        assert_int_equal(block.n_rows, 4);
        assert_memory_equal(block.row_start, ((int64_t[]){ 0, 4, 4, 5, 10 }), 40);
        assert_memory_equal(block.items, ((int32_t[]){ 0, 1, 5, 6, 4, 0, 3, 5, 6, 7 }), 40);
        assert_int_equal(s->next(s, &block, &err), SEG_OK);
        assert_int_equal(block.n_rows, 0);
        assert_int_equal(s->rewind(s, &err), SEG_OK);
    }
    const seg_basket_groups *g = seg_baskets_groups(s);
    assert_memory_equal(g->start, ((int64_t[]){ 0, 2, 4, 6, 8, 8, 9, 9, 10 }), 72);
    assert_memory_equal(g->above, ((int32_t[]){ 5, 6, 5, 6, 6, 7, 6, 7, 6, 6 }), 40);
    assert_true(seg_basket_related(g, 0, 6));
    assert_true(seg_basket_related(g, 6, 0));
    assert_false(seg_basket_related(g, 0, 7));
    assert_false(seg_basket_related(g, 0, 1));
    assert_ptr_equal(seg_baskets_groups(seg_baskets_without_groups(s)), NULL);
    seg_source_close(s);
    seg_taxonomy_free(t);
}

static void an_item_is_not_the_group_of_its_name(void **state)
{
    (void)state;
    seg_taxonomy *t = read_text("name,kind\nbeer,drinks\nwine,drinks\n");
    const seg_column later[] = { { .name = "drinks", .type = SEG_TYPE_F32 },
                                 { .name = "wine", .type = SEG_TYPE_F32 } };
    const seg_schema schema = { .kind = SEG_KIND_BASKETS, .features = later, .n_features = 2 };
    const seg_block rows = { .n_rows = 2, .row_start = (int64_t[]){ 0, 1, 2 },
                             .items = (int32_t[]){ 0, 1 } };
    seg_context ctx = seg_context_defaults();
    ctx.note = note;
    told[0] = 0;
    seg_source *s = extend(&schema, &rows, t, &ctx);
    seg_block block;
    seg_error err = { 0 };
    assert_string_equal(s->schema->features[0].name, "drinks (item)");
    assert_string_equal(s->schema->features[2].name, "drinks");
    assert_non_null(strstr(told, "have the name of a group, like 'drinks'"));
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_memory_equal(block.items, ((int32_t[]){ 0, 1, 2 }), 12);
    seg_source_close(s);
    seg_taxonomy_free(t);
}

/* Random trees and baskets: each row against a plain walk with a table of marks; for threads
 * and blocks of any number. */
enum { N_ROWS = 5000, MANY = 300, GROUPS = 4300 };

static uint32_t random_below(uint32_t n)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (uint32_t)(x >> 33) % n;
}

static void same_rows_as_a_plain_walk(void **state)
{
    (void)state;
    static char names[MANY][16], group_names[GROUPS][16];
    static const char *item_name[MANY], *group_name[GROUPS];
    static seg_column column[MANY];
    static int32_t item_group[MANY], parent[GROUPS], bought[N_ROWS * 40];
    static int64_t start[N_ROWS + 1];
    for (int i = 0; i < MANY; i++) {
        sprintf(names[i], "i%d", i);
        item_name[i] = names[i];
        column[i] = (seg_column){ .name = names[i], .type = SEG_TYPE_F32 };
        item_group[i] = (int32_t)random_below(GROUPS);
    }
    for (int g = 0; g < GROUPS; g++) {
        sprintf(group_names[g], "g%d", g);
        group_name[g] = group_names[g];
        parent[g] = g == 0 || random_below(10) == 0 ? -1 : (int32_t)random_below((uint32_t)g);
    }
    for (int r = 0; r < N_ROWS; r++) {
        start[r + 1] = start[r];
        uint32_t rare = 1 + random_below(60);
        for (int32_t i = (int32_t)random_below(20); i < MANY && start[r + 1] - start[r] < 40;
             i += 1 + (int32_t)random_below(rare))
            bought[start[r + 1]++] = i;
    }
    const seg_schema schema = { .kind = SEG_KIND_BASKETS, .features = column,
                                .n_features = MANY };
    /* every third item is in no group */
    size_t n = 0;
    static const char *some[MANY];
    static int32_t some_group[MANY];
    for (int i = 0; i < MANY; i++)
        if (i % 3 != 0) {
            some[n] = item_name[i];
            some_group[n++] = item_group[i];
        }
    const seg_taxonomy t = { .n_items = n, .items = some, .item_group = some_group,
                             .n_groups = GROUPS, .groups = group_name, .group_parent = parent };
    const seg_block rows = { .n_rows = N_ROWS, .row_start = start, .items = bought };
    for (uint32_t way = 0; way < 4; way++) {
        seg_context ctx = seg_context_defaults();
        ctx.n_threads = 1 + way;
        ctx.block_rows = way % 2 == 0 ? 1024 : 3072;
        seg_source *s = extend(&schema, &rows, &t, &ctx);
        seg_block block;
        seg_error err = { 0 };
        size_t row = 0;
        for (;;) {
            assert_int_equal(s->next(s, &block, &err), SEG_OK);
            if (block.n_rows == 0)
                break;
            for (size_t r = 0; r < block.n_rows; r++, row++) {
                bool has[MANY + GROUPS] = { false };
                for (int64_t at = start[row]; at < start[row + 1]; at++) {
                    int32_t i = bought[at];
                    has[i] = true;
                    for (int32_t g = i % 3 == 0 ? -1 : item_group[i]; g >= 0; g = parent[g])
                        has[MANY + g] = true;
                }
                int64_t at = block.row_start[r];
                for (int32_t i = 0; i < MANY + GROUPS; i++)
                    if (has[i])
                        assert_int_equal(block.items[at++], i);
                assert_int_equal(at, block.row_start[r + 1]);
            }
        }
        assert_int_equal(row, N_ROWS);
        seg_source_close(s);
    }
}

/* The groceries as everybody has them: the counts of the groups against a plain count of the
 * file of items and of the baskets, read by other code. */
static void groceries_get_their_groups(void **state)
{
    (void)state;
    fimi f;
    char path[512], line[1024], level2[200][64], level1[200][64];
    if (!fimi_read("groceries", &f))
        skip();
    snprintf(path, sizeof path, "%s", data_path("baskets/groceries.items.tsv"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    int n = 0;
    for (; fgets(line, sizeof line, file) != NULL; n++)
        assert_int_equal(sscanf(line, "%*[^\t]\t%63[^\t]\t%63[^\t]", level2[n], level1[n]), 2);
    fclose(file);
    assert_int_equal(n, 169);

    seg_source *from, *s;
    seg_taxonomy *t;
    seg_error err = { 0 };
    seg_block block;
    const char *data = data_path("baskets/groceries.dat.gz");
    assert_int_equal(seg_csv_source(NULL, &data, 1, NULL, NULL, &from, &err), SEG_OK);
    if (seg_taxonomy_read(NULL, path, from->schema, &t, &err) != SEG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(t->n_items, 169);
    assert_int_equal(t->n_groups, 65);
    assert_int_equal(seg_baskets_with_groups(NULL, from, t, &s, &err), SEG_OK);
    static uint64_t counts[400], plain[400];
    for (;;) {
        assert_int_equal(s->next(s, &block, &err), SEG_OK);
        if (block.n_rows == 0)
            break;
        for (int64_t at = block.row_start[0]; at < block.row_start[block.n_rows]; at++)
            counts[block.items[at]]++;
    }
    /* The ids in the file of items are 1 .. 169 in order, those of the support from 0. */
    for (size_t g = 169; g < s->schema->n_features; g++) {
        char name[80];
        snprintf(name, sizeof name, "%s", s->schema->features[g].name);
        bool top = g >= 169 + 55;
        char *cut = strstr(name, " (level");
        if (cut != NULL)
            *cut = 0;
        for (size_t r = 0; r < f.n_rows; r++) {
            bool has = false;
            for (int64_t at = f.row_start[r]; at < f.row_start[r + 1]; at++)
                has = has || strcmp(top ? level1[f.items[at] - 1] : level2[f.items[at] - 1],
                                    name) == 0;
            plain[g] += has;
        }
        assert_int_equal(counts[g], plain[g]);
    }
    seg_source_close(s);
    seg_taxonomy_free(t);
    fimi_free(&f);
}

static seg_status read_and_extend(seg_error *err)
{
    const seg_block rows = { .n_rows = 2, .row_start = (int64_t[]){ 0, 1, 2 },
                             .items = (int32_t[]){ 0, 1 } };
    seg_source *from = NULL, *s = NULL;
    seg_taxonomy *t = NULL;
    seg_block block;
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 2;
    seg_status st = seg_memory_source(&ctx, &shop, &rows, &from, err);
    if (st == SEG_OK)
        st = seg_taxonomy_read(&ctx, "t.csv", &shop, &t, err);
    if (st == SEG_OK)
        st = seg_baskets_with_groups(&ctx, from, t, &s, err);
    if (st == SEG_OK)
        from = NULL;
    if (st == SEG_OK)
        st = s->next(s, &block, err);
    seg_source_close(s);
    seg_source_close(from);
    seg_taxonomy_free(t);
    return st;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    write_text("t.csv", "item,parent,x\nbeer,drinks,1\ndrinks,food,2\nham,sausage,3\n"
                        "sausage,food,1\nrum,drinks,1\n");
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_error err = { 0 };
        seg_alloc_fail_after = n;
        st = read_and_extend(&err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_line_per_item),
        cmocka_unit_test(passes_over_empty_cells),
        cmocka_unit_test(parts_equal_names_of_two_levels),
        cmocka_unit_test(takes_the_id_where_the_data_have_it),
        cmocka_unit_test(reads_lines_of_item_and_parent),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(refuses_a_tower_of_groups),
        cmocka_unit_test(believes_no_parts_unchecked),
        cmocka_unit_test(adds_every_group_once),
        cmocka_unit_test(an_item_is_not_the_group_of_its_name),
        cmocka_unit_test(same_rows_as_a_plain_walk),
        cmocka_unit_test(groceries_get_their_groups),
        cmocka_unit_test(survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

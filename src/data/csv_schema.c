/* csv_schema.c: --schema FILE: the columns that a text must have, as JSON:
 *   {"kind": "features", "columns": [
 *     {"name": "id", "type": "id"}, {"name": "age", "type": "number"},
 *     {"name": "plan", "type": "category", "levels": ["basic", "plus"]},
 *     {"name": "churn", "type": "label"}, {"name": "since", "type": "date"}]}
 * Types: id, number, category, label, date, text, drop; for transactions customer, order,
 * item, time, quantity, price, amount, currency. Names must be the same on both sides, in
 * any order; a cell that does not fit is an error with its line. Levels keep the order
 * given here, so that codes are the same for every delivery. */
#include "data/csv_import.h"

#include <inttypes.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { MAX_SCHEMA_BYTES = 64 << 20 };

static const struct { const char *name; seg_csv_type type; seg_csv_role role; } words[] = {
    { "id", SEG_CSV_EXACT, SEG_CSV_ID },
    { "number", SEG_CSV_NUMBER, SEG_CSV_PLAIN },
    { "category", SEG_CSV_CATEGORY, SEG_CSV_PLAIN },
    { "label", SEG_CSV_CATEGORY, SEG_CSV_LABEL },
    { "date", SEG_CSV_DATE, SEG_CSV_PLAIN },
    { "text", SEG_CSV_TEXT, SEG_CSV_PLAIN },
    { "drop", SEG_CSV_LEFT_OUT, SEG_CSV_UNUSED },
    { "customer", SEG_CSV_CODES, SEG_CSV_CUSTOMER },
    { "order", SEG_CSV_CODES, SEG_CSV_ORDER },
    { "item", SEG_CSV_CODES, SEG_CSV_ITEM },
    { "time", SEG_CSV_DATE, SEG_CSV_TIME },
    { "quantity", SEG_CSV_FIXED, SEG_CSV_QUANTITY },
    { "price", SEG_CSV_FIXED, SEG_CSV_PRICE },
    { "amount", SEG_CSV_FIXED, SEG_CSV_AMOUNT },
    { "currency", SEG_CSV_CATEGORY, SEG_CSV_CURRENCY },
};

static seg_status take_levels(seg_csv_column *c, const seg_node *levels, const char *path,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = seg_node_count(levels);
    int32_t code;
    if (n == 0)
        return SEG_OK;
    TRY(seg_dictionary_new(&c->coded, err));
    for (size_t i = 0; i < n; i++) {
        const char *level = seg_node_text(seg_node_at(levels, i), NULL);
        if (level == NULL)
            return seg_fail(err, SEG_E_DATA, "%s: column '%s': a level is not text", path,
                            c->name);
        TRY(seg_dictionary_add(c->coded, level, strlen(level), &code, err));
    }
    c->n_fixed_levels = seg_dictionary_size(c->coded);

done:
    return st;
}

static seg_status take_column(seg_csv_import *im, const seg_node *node, const char *path,
                              seg_error *err)
{
    const char *name = seg_node_text(seg_node_get(node, "name"), NULL);
    const char *type = seg_node_text(seg_node_get(node, "type"), NULL);
    size_t w = 0, n_words = sizeof words / sizeof words[0];
    seg_csv_column *c;
    if (name == NULL || type == NULL)
        return seg_fail(err, SEG_E_DATA, "%s: a column needs a name and a type", path);
    while (w < n_words && strcmp(words[w].name, type) != 0)
        w++;
    bool features = im->kind == SEG_KIND_FEATURES;
    if (w == n_words || (features && words[w].role >= SEG_CSV_CUSTOMER)
        || (!features && words[w].role < SEG_CSV_UNUSED))
        return seg_fail(err, SEG_E_DATA, "%s: column '%s': '%.40s' is no type of %s", path, name,
                        type, seg_kind_name(im->kind));
    if (seg_csv_find_column(im, "schema", name, &c, NULL) != SEG_OK)
        return seg_fail(err, SEG_E_DATA, "%s: line 1: column '%s' of the schema is missing",
                        seg_input_name(im->rows->inputs[0]), name);
    if (c->type != SEG_CSV_AUTO)
        return seg_fail(err, SEG_E_DATA, "%s: column '%s' stands there twice", path, name);
    c->role = words[w].role;
    c->type = c->asked = words[w].type;
    const seg_node *levels = seg_node_get(node, "levels");
    return c->type == SEG_CSV_CATEGORY ? take_levels(c, levels, path, err) : SEG_OK;
}

static seg_status check_roles(const seg_csv_import *im, const char *path, seg_error *err)
{
    size_t n[SEG_CSV_N_ROLES] = { 0 };
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        if (im->columns[c].type == SEG_CSV_AUTO)
            return seg_fail(err, SEG_E_DATA, "%s: line 1: column '%s' is not in the schema",
                            seg_input_name(im->rows->inputs[0]), im->columns[c].name);
        n[im->columns[c].role]++;
    }
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        seg_csv_role role = words[w].role;
        if (role != SEG_CSV_PLAIN && role != SEG_CSV_UNUSED && n[role] > 1)
            return seg_fail(err, SEG_E_DATA, "%s: more than one column of type '%s'", path,
                            words[w].name);
    }
    bool baskets = im->kind == SEG_KIND_BASKETS, log = im->kind == SEG_KIND_TRANSACTIONS;
    if ((baskets && (n[SEG_CSV_ORDER] == 0 || n[SEG_CSV_ITEM] == 0))
        || (log && (n[SEG_CSV_CUSTOMER] == 0 || n[SEG_CSV_TIME] == 0)))
        return seg_fail(err, SEG_E_DATA, "%s: %s need columns of type %s", path,
                        seg_kind_name(im->kind), baskets ? "order and item" : "customer and time");
    return SEG_OK;
}

static seg_kind kind_named(const char *name)
{
    for (int k = SEG_KIND_FEATURES; k <= SEG_KIND_BASKETS; k++)
        if (strcmp(seg_kind_name((seg_kind)k), name) == 0)
            return (seg_kind)k;
    return (seg_kind)0;
}

seg_status seg_csv_plan_schema(seg_csv_import *im, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    char *text = NULL;
    seg_doc *doc = NULL;
    size_t n;

    TRY(seg_file_get(path, MAX_SCHEMA_BYTES, &text, &n, err));
    st = seg_doc_parse(text, n, &doc, err);
    if (st != SEG_OK) {
        seg_error_context(err, "%s", path);
        goto done;
    }
    const seg_node *root = seg_doc_root(doc), *columns = seg_node_get(root, "columns");
    im->kind = kind_named(seg_node_text(seg_node_get(root, "kind"), "features"));
    if (im->kind == 0 || seg_node_type(columns) != SEG_DOC_ARRAY) {
        st = seg_fail(err, SEG_E_DATA, "%s: a kind (features, transactions, baskets) and an array"
                      " of columns are wanted", path);
        goto done;
    }
    for (size_t i = 0; i < seg_node_count(columns); i++)
        TRY(take_column(im, seg_node_at(columns, i), path, err));
    TRY(check_roles(im, path, err));

done:
    seg_doc_free(doc);
    seg_free(text);
    return st;
}

/* ---- the other way --------------------------------------------------------------------- */

static void put_column(seg_node *columns, const char *name, const char *type,
                       const seg_column *column)
{
    seg_node *row = seg_put_object(columns, NULL);
    seg_put_text(row, "name", name);
    seg_put_text(row, "type", type);
    if (column == NULL || column->type != SEG_TYPE_CODE || column->n_levels == 0)
        return;
    seg_node *levels = seg_put_array(row, "levels");
    for (size_t l = 0; l < column->n_levels; l++)
        seg_put_text(levels, NULL, column->levels[l]);
}

static const char *type_of(const seg_schema *schema, const seg_column *column)
{
    if (schema->label != NULL && strcmp(schema->label, column->name) == 0)
        return "label";
    switch (column->type) {
    case SEG_TYPE_DAY:
    case SEG_TYPE_TIME: return "date";
    case SEG_TYPE_CODE: return "category";
    case SEG_TYPE_TEXT: return "text";
    case SEG_TYPE_F32:
    case SEG_TYPE_F64:
    case SEG_TYPE_I64:  break;
    }
    return "number";
}

void seg_csv_schema_json(const seg_schema *schema, seg_node *into)
{
    bool log = schema->kind == SEG_KIND_TRANSACTIONS;
    seg_put_text(into, "kind", seg_kind_name(schema->kind));
    seg_node *columns = seg_put_array(into, "columns");
    if (schema->id_width > 0 && schema->id_name != NULL)
        put_column(columns, schema->id_name, "id", NULL);
    for (size_t f = 0; schema->kind != SEG_KIND_BASKETS && f < schema->n_features; f++)
        put_column(columns, schema->features[f].name, type_of(schema, &schema->features[f]),
                   &schema->features[f]);
    for (size_t c = 0; c < schema->n_columns; c++) {
        const seg_column *column = &schema->columns[c];
        if (!log)
            put_column(columns, column->name, type_of(schema, column), column);
        else if (strcmp(column->name, "day") == 0)
            put_column(columns, "time", "time", NULL);
        else if (strcmp(column->name, "ts") != 0)
            put_column(columns, column->name, column->name, NULL);
    }
}

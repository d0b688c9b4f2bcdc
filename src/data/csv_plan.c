/* csv_plan.c: from decided columns to the schema of the table and what fills it. */
#include "data/csv_fill.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

void seg_csv_targets_free(seg_csv_targets *targets)
{
    seg_schema_free(targets->schema);
    seg_free(targets->list);
    seg_csv_money_free(&targets->money);
    *targets = (seg_csv_targets){ 0 };
}

static seg_status aim_at(seg_csv_targets *t, seg_csv_aim aim, size_t input, size_t output,
                         seg_error *err)
{
    seg_status st = SEG_GROW(&t->list, &t->cap, t->n + 1, "the columns", err);
    if (st == SEG_OK)
        t->list[t->n++] = (seg_csv_target){ aim, input, output };
    return st;
}

/* ---- levels ------------------------------------------------------------------------- */

/* Names by final code: sorted by bytes, or as the schema or the text gave them. */
static seg_status name_levels(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = c->levels == NULL ? 0 : seg_dictionary_size(c->levels);
    if (n == 0)
        return SEG_OK;
    const char *const *texts = seg_dictionary_texts(c->levels);
    bool strip = c->type == SEG_CSV_CODES && c->role != SEG_CSV_ITEM && c->found.all_point_zero
                 && !im->options->id_text;
    if (c->type == SEG_CSV_CATEGORY && c->n_fixed_levels == 0)
        TRY(seg_dictionary_ranks(c->levels, false, &c->rank, err));
    TRY(SEG_ALLOC(&c->names, n, "the levels", err));
    for (size_t i = 0; i < n; i++) {
        const char *text = texts[i];
        if (strip && (text = seg_arena_text_n(&im->arena, text, strlen(text) - 2)) == NULL)
            return seg_arena_failed(err);
        c->names[c->rank == NULL ? i : (size_t)c->rank[i]] = text;
    }
    if (strip)
        seg_csv_say(im, "column '%s': every value ends in .0, which is dropped (--id-text keeps"
                    " it)", c->name);

done:
    return st;
}

/* ---- features ------------------------------------------------------------------------- */

static seg_status add_id(seg_csv_import *im, seg_csv_targets *t, size_t i, seg_error *err)
{
    seg_csv_column *c = &im->columns[i];
    size_t width = c->found.width;
    if (c->found.all_point_zero && !im->options->id_text) {
        width -= 2;
        seg_csv_say(im, "column '%s': every id ends in .0, which is dropped (--id-text keeps it)",
                    c->name);
    }
    seg_status st = seg_schema_set_id(t->schema, c->name, width, err);
    return st == SEG_OK ? aim_at(t, SEG_CSV_TO_ID, i, 0, err) : st;
}

static seg_status add_feature(seg_csv_import *im, seg_csv_targets *t, size_t i, seg_error *err)
{
    seg_csv_column *c = &im->columns[i];
    bool number = c->type == SEG_CSV_NUMBER;
    seg_column column = { .name = c->name, .type = number ? SEG_TYPE_F32 : SEG_TYPE_CODE };
    size_t output = t->schema->view.n_features;
    if (!number && c->levels != NULL) {
        column.levels = c->names;
        column.n_levels = seg_dictionary_size(c->levels);
    }
    if (number && c->found.whole && c->found.n_numbers > 0 && (c->found.max > 16777216 || c->found.min < -16777216))
        seg_csv_say(im, "column '%s' holds whole numbers beyond 16777216: kept to 24 bits",
                    c->name);
    if (number && c->found.counts && c->found.n_numbers > 20 && c->found.n_missing == 0)
        seg_csv_say(im, "column '%s' only counts the rows; --drop %s leaves it out", c->name,
                    c->name);
    seg_status st = seg_schema_add_feature(t->schema, &column, err);
    if (st != SEG_OK)
        return st;
    return aim_at(t, number ? SEG_CSV_TO_FEATURE : SEG_CSV_TO_FEATURE_CODE, i, output, err);
}

static seg_status add_column(seg_csv_targets *t, seg_csv_aim aim, size_t i,
                             const seg_column *column, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t output = t->schema->view.n_columns;
    seg_column plain = *column;
    plain.levels = NULL;   /* shared with the dictionary: there may be millions */
    plain.n_levels = 0;
    TRY(seg_schema_add_column(t->schema, &plain, err));
    t->schema->columns[output].levels = column->levels;
    t->schema->columns[output].n_levels = column->n_levels;
    TRY(aim_at(t, aim, i, output, err));

done:
    return st;
}

static seg_status add_obs(seg_csv_import *im, seg_csv_targets *t, size_t i, seg_error *err)
{
    seg_csv_column *c = &im->columns[i];
    seg_column column = { .name = c->name };
    if (c->type == SEG_CSV_DATE) {
        column.type = c->found.has_time ? SEG_TYPE_TIME : SEG_TYPE_DAY;
        return add_column(t, c->found.has_time ? SEG_CSV_TO_TIME : SEG_CSV_TO_DAY, i, &column, err);
    }
    if (c->type == SEG_CSV_TEXT) {
        column.type = SEG_TYPE_TEXT;
        column.width = c->found.width == 0 ? 8 : (c->found.width + 7) / 8 * 8;
        return add_column(t, SEG_CSV_TO_TEXT, i, &column, err);
    }
    column.type = SEG_TYPE_CODE;
    column.levels = c->names;
    column.n_levels = c->levels == NULL ? 0 : seg_dictionary_size(c->levels);
    seg_status st = add_column(t, SEG_CSV_TO_CODE, i, &column, err);
    return st == SEG_OK ? seg_schema_set_label(t->schema, c->name, err) : st;
}

static seg_status plan_features(seg_csv_import *im, seg_csv_targets *t, seg_error *err)
{
    for (size_t i = 0; i < im->rows->n_columns; i++) {
        seg_csv_column *c = &im->columns[i];
        seg_status st = SEG_OK;
        if (c->type == SEG_CSV_LEFT_OUT)
            continue;
        if (c->type == SEG_CSV_EXACT)
            st = add_id(im, t, i, err);
        else if (c->role == SEG_CSV_LABEL || c->type == SEG_CSV_DATE || c->type == SEG_CSV_TEXT)
            st = add_obs(im, t, i, err);
        else
            st = add_feature(im, t, i, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- transactions ------------------------------------------------------------------------ */

static seg_status add_codes(seg_csv_import *im, seg_csv_targets *t, seg_csv_role role,
                            const char *name, seg_error *err)
{
    const seg_csv_column *c = seg_csv_with_role(im, role);
    if (c == NULL)
        return SEG_OK;
    seg_column column = { .name = name, .type = SEG_TYPE_CODE, .levels = c->names,
                          .n_levels = c->levels == NULL ? 0 : seg_dictionary_size(c->levels) };
    return add_column(t, SEG_CSV_TO_CODE, (size_t)(c - im->columns), &column, err);
}

static seg_status add_times(seg_csv_import *im, seg_csv_targets *t, seg_error *err)
{
    const seg_csv_column *c = seg_csv_with_role(im, SEG_CSV_TIME);
    if (c == NULL)
        return SEG_OK;
    size_t i = (size_t)(c - im->columns);
    seg_column day = { .name = "day", .type = SEG_TYPE_DAY };
    seg_column ts = { .name = "ts", .type = SEG_TYPE_TIME };
    seg_status st = add_column(t, SEG_CSV_TO_DAY, i, &day, err);
    if (st == SEG_OK && c->found.has_time)
        st = add_column(t, SEG_CSV_TO_TIME, i, &ts, err);
    return st;
}

static seg_status add_numbers(seg_csv_import *im, seg_csv_targets *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_column *quantity = t->money.quantity;
    if (quantity != NULL) {
        seg_column column = { .name = "quantity", .type = SEG_TYPE_I64, .scale = quantity->scale };
        TRY(add_column(t, SEG_CSV_TO_FIXED, (size_t)(quantity - im->columns), &column, err));
    }
    if (t->money.price != NULL) {
        seg_column column = { .name = "price", .type = SEG_TYPE_I64, .unit = "money",
                              .scale = t->money.price_scale };
        TRY(add_column(t, SEG_CSV_TO_PRICE, 0, &column, err));
    }
    if (t->money.price != NULL || t->money.amount != NULL) {
        seg_column column = { .name = "amount", .type = SEG_TYPE_I64, .unit = "money",
                              .scale = t->money.scale,
                              .source = t->money.amount == NULL && quantity != NULL
                                        ? "price x quantity" : NULL };
        TRY(add_column(t, SEG_CSV_TO_AMOUNT, 0, &column, err));
    }

done:
    return st;
}

static seg_status plan_transactions(seg_csv_import *im, seg_csv_targets *t, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_csv_money_plan(im, &t->money, err));
    TRY(add_codes(im, t, SEG_CSV_CUSTOMER, "customer", err));
    TRY(add_codes(im, t, SEG_CSV_ORDER, "order", err));
    TRY(add_codes(im, t, SEG_CSV_ITEM, "item", err));
    TRY(add_times(im, t, err));
    TRY(add_numbers(im, t, err));
    TRY(seg_schema_set_place(t->schema, im->options->zone, t->money.code, err));

done:
    return st;
}

/* With --decimal , a point may part thousands without being asked for. */
static void tell_thousands(seg_csv_import *im)
{
    bool numbers = false;
    for (size_t c = 0; c < im->rows->n_columns; c++)
        numbers = numbers || im->columns[c].type == SEG_CSV_NUMBER
                  || im->columns[c].type == SEG_CSV_FIXED;
    if (numbers && im->options->thousands == NULL && im->notation.thousands != 0)
        seg_csv_say(im, "a point between groups of three digits parts thousands: 1.234 is 1234");
}

seg_status seg_csv_targets_plan(seg_csv_import *im, seg_csv_targets *targets, seg_error *err)
{
    seg_status st = SEG_OK;
    bool features = im->kind == SEG_KIND_FEATURES;
    TRY(seg_schema_new(features ? SEG_KIND_FEATURES : SEG_KIND_TRANSACTIONS, &targets->schema,
                       err));
    for (size_t i = 0; i < im->rows->n_columns; i++) {
        seg_csv_column *c = &im->columns[i];
        if (c->type == SEG_CSV_CATEGORY || c->type == SEG_CSV_CODES)
            TRY(name_levels(im, c, err));
    }
    TRY(features ? plan_features(im, targets, err) : plan_transactions(im, targets, err));
    tell_thousands(im);

done:
    return st;
}

/* ---- report -------------------------------------------------------------------------------- */

static const char *type_word(const seg_csv_column *c)
{
    switch (c->type) {
    case SEG_CSV_NUMBER:   return "number";
    case SEG_CSV_CATEGORY: return "category";
    case SEG_CSV_DATE:     return c->found.has_time ? "time" : "date";
    case SEG_CSV_TEXT:     return "text";
    case SEG_CSV_CODES:    return "codes";
    case SEG_CSV_FIXED:    return "decimal";
    case SEG_CSV_EXACT:    return "id";
    case SEG_CSV_AUTO:
    case SEG_CSV_LEFT_OUT: break;
    }
    return "left out";
}

static void put_day(seg_node *row, const char *name, int64_t seconds)
{
    char text[SEG_DATE_BYTES];
    seg_print_day(text, seg_day_of_seconds(seconds));
    seg_put_text(row, name, text);
}

static void put_nulls(seg_node *row, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        seg_put_null(row, names[i]);
}

/* Every row has the same members, so that people see a table. */
static void report_column(seg_node *columns, const seg_csv_column *c)
{
    seg_node *row = seg_put_object(columns, NULL);
    seg_put_text(row, "name", c->name);
    seg_put_text(row, "type", type_word(c));
    seg_put_text(row, "role", seg_csv_role_word(c->role));
    if (c->type == SEG_CSV_LEFT_OUT) {
        put_nulls(row, (const char *[]){ "missing", "levels", "min", "max" }, 4);
        return;
    }
    seg_put_int(row, "missing", (int64_t)c->found.n_missing);
    if (c->levels != NULL && (c->type == SEG_CSV_CATEGORY || c->type == SEG_CSV_CODES))
        seg_put_int(row, "levels", (int64_t)seg_dictionary_size(c->levels));
    else
        seg_put_null(row, "levels");
    if ((c->type == SEG_CSV_NUMBER || c->type == SEG_CSV_FIXED) && c->found.n_numbers > 0) {
        seg_put_real(row, "min", c->found.min);
        seg_put_real(row, "max", c->found.max);
    } else if (c->type == SEG_CSV_DATE && c->found.n_dates[c->format] > 0) {
        put_day(row, "min", c->found.first_second[c->format]);
        put_day(row, "max", c->found.last_second[c->format]);
    } else {
        put_nulls(row, (const char *[]){ "min", "max" }, 2);
    }
}

void seg_csv_report(seg_csv_import *im)
{
    seg_put_text(im->report, "kind", seg_kind_name(im->kind));
    seg_put_int(im->report, "rows", (int64_t)im->n_rows);
    seg_put_int(im->report, "rejected", (int64_t)im->rejects.n);
    seg_put_int(im->report, "files", (int64_t)im->rows->n_inputs);
    char delimiter[2] = { im->rows->dialect.delimiter, 0 };
    seg_put_text(im->report, "delimiter", im->rows->dialect.blanks ? "space"
                 : delimiter[0] == '\t' ? "tab" : delimiter);
    seg_node *columns = seg_put_array(im->report, "columns");
    for (size_t c = 0; c < im->rows->n_columns; c++)
        report_column(columns, &im->columns[c]);
}

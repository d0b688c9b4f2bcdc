/* customer_table.c: the sums of kernels/rfm.c as a features table: who is in it, in which
 * order, and what a row holds. */
#include "jobs/customer_table.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/try.h"
#include "data/schema.h"
#include "kernels/radix.h"

typedef struct work {
    const seg_customer_table *table;
    uint32_t *codes;          /* of the customers to hand out */
    size_t n_codes;
    size_t id_width;
} work;

/* ---- who is handed out, in order of the ids ------------------------------------------ */

static seg_status choose_customers(work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_customer_table *t = w->table;

    TRY(SEG_ALLOC(&w->codes, t->n_customers, "the customers", err));
    for (size_t c = 0; c < t->n_customers; c++) {
        if (!t->customers[c].seen)
            continue;
        size_t n = strlen(t->names[c]);
        if (n > w->id_width)
            w->id_width = n;
        w->codes[w->n_codes++] = (uint32_t)c;
    }
    w->id_width = w->id_width == 0 ? 8 : (w->id_width + 7) / 8 * 8;
    if (w->n_codes == 0) {
        char day[SEG_DATE_BYTES];
        seg_print_day(day, t->as_of_day);
        st = seg_fail(err, SEG_E_DATA, "no row with a customer before %s", day);
    }

done:
    return st;
}

static seg_status check_ids_differ(const char *ids, size_t width, size_t n, seg_error *err)
{
    for (size_t r = 1; r < n; r++)
        if (memcmp(ids + r * width, ids + (r - 1) * width, width) == 0)
            return seg_fail(err, SEG_E_DATA, "two customers of the dictionary have one name");
    return SEG_OK;
}

/* Puts codes and ids in ascending order of the ids. */
static seg_status sort_customers(work *w, char *ids, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *const *names = w->table->names;
    size_t width = w->id_width;
    char *cells = NULL;
    uint32_t *order = NULL, *codes = NULL;

    TRY(seg_alloc_array(&cells, w->n_codes, width, "the ids", err));
    for (size_t r = 0; r < w->n_codes; r++) {
        const char *name = names[w->codes[r]];
        memcpy(cells + r * width, name, strlen(name));
    }
    TRY(seg_radix_order(cells, width, w->n_codes, &order, err));
    TRY(SEG_ALLOC(&codes, w->n_codes, "the customers", err));
    for (size_t r = 0; r < w->n_codes; r++) {
        codes[r] = w->codes[order[r]];
        memcpy(ids + r * width, cells + order[r] * width, width);
    }
    seg_free(w->codes);
    w->codes = codes;
    codes = NULL;
    TRY(check_ids_differ(ids, width, w->n_codes, err));

done:
    seg_free(cells);
    seg_free(order);
    seg_free(codes);
    return st;
}

/* ---- the rows ------------------------------------------------------------------------- */

enum { F_RECENCY, F_FREQUENCY, F_MONETARY, F_TENURE, F_ORDER_VALUE, F_LINES, F_RETURNS,
       N_FEATURES };
enum { C_RECENCY, C_FREQUENCY, C_MONETARY, C_RETURNS, C_CHURNED };

static seg_status make_schema(const work *w, seg_schema_owner **out, seg_error *err)
{
    const seg_customer_table *t = w->table;
    static const char *const no_yes[] = { "no", "yes" };
    static const seg_column features[N_FEATURES] = {
        { .name = "recency_days", .type = SEG_TYPE_F32, .unit = "days",
          .source = "as-of day minus day of the last purchase" },
        { .name = "frequency", .type = SEG_TYPE_F32, .unit = "orders",
          .source = "distinct orders with a purchase" },
        { .name = "monetary", .type = SEG_TYPE_F32, .unit = "money",
          .source = "money of the purchases, less refunds if net" },
        { .name = "tenure_days", .type = SEG_TYPE_F32, .unit = "days",
          .source = "as-of day minus day of the first purchase" },
        { .name = "mean_order_value", .type = SEG_TYPE_F32, .unit = "money",
          .source = "money of the purchases per order, gross" },
        { .name = "lines", .type = SEG_TYPE_F32, .unit = "lines", .source = "purchase lines" },
        { .name = "return_share", .type = SEG_TYPE_F32, .unit = "share",
          .source = "refunds as a share of the money of the purchases" },
    };
    const seg_column columns[] = {
        { .name = "recency_days", .type = SEG_TYPE_I64, .scale = 1, .unit = "days" },
        { .name = "frequency", .type = SEG_TYPE_I64, .scale = 1, .unit = "orders" },
        { .name = "monetary", .type = SEG_TYPE_I64, .scale = t->scale, .unit = "money" },
        { .name = "returns", .type = SEG_TYPE_I64, .scale = 1, .unit = "lines" },
        { .name = "churned", .type = SEG_TYPE_CODE, .levels = no_yes, .n_levels = 2,
          .source = "no purchase in the label window" },
    };
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    size_t n_columns = !t->label ? C_CHURNED : C_CHURNED + 1;

    TRY(seg_schema_new(SEG_KIND_FEATURES, &schema, err));
    TRY(seg_schema_set_id(schema, "customer", w->id_width, err));
    for (size_t f = 0; f < N_FEATURES; f++)
        TRY(seg_schema_add_feature(schema, &features[f], err));
    for (size_t c = 0; c < n_columns; c++)
        TRY(seg_schema_add_column(schema, &columns[c], err));
    if (t->label)
        TRY(seg_schema_set_label(schema, "churned", err));
    TRY(seg_schema_set_place(schema, t->zone, t->currency, err));
    schema->view.as_of_day = t->as_of_day;
    *out = schema;
    schema = NULL;

done:
    seg_schema_free(schema);
    return st;
}

static float real_money(int64_t money, uint32_t scale)
{
    return (float)((double)money / scale);
}

static void fill_features(const seg_customer_table *t, const seg_rfm_customer *c, int64_t money, float *x)
{
    bool bought = c->n_lines > 0;
    double gross = (double)c->gross;
    x[F_RECENCY] = bought ? (float)((int64_t)t->as_of_day - c->last_day) : NAN;
    x[F_FREQUENCY] = (float)c->n_orders;
    x[F_MONETARY] = real_money(money, t->scale);
    x[F_TENURE] = bought ? (float)((int64_t)t->as_of_day - c->first_day) : NAN;
    x[F_ORDER_VALUE] = bought ? (float)(gross / t->scale / c->n_orders) : NAN;
    x[F_LINES] = (float)c->n_lines;
    double bought_first = gross + (double)c->matched;
    x[F_RETURNS] = bought_first > 0 ? (float)((double)-c->refunds / bought_first) : NAN;
}

static void fill_row(const seg_customer_table *t, const seg_rfm_customer *c, seg_batch *batch,
                     size_t r)
{
    int64_t money = t->net ? c->gross + c->refunds : c->gross;
    bool bought = c->n_lines > 0;
    int64_t *recency = batch->columns[C_RECENCY], *frequency = batch->columns[C_FREQUENCY];
    int64_t *monetary = batch->columns[C_MONETARY], *returns = batch->columns[C_RETURNS];
    recency[r] = bought ? (int64_t)t->as_of_day - c->last_day : SEG_MISSING_I64;
    frequency[r] = c->n_orders;
    monetary[r] = money;
    returns[r] = c->n_returns;
    if (t->label) {
        int32_t *churned = batch->columns[C_CHURNED];
        churned[r] = !bought ? SEG_MISSING_CODE : c->later ? 0 : 1;
    }
    fill_features(t, c, money, batch->x + r * N_FEATURES);
}

seg_status seg_customer_table_open(const seg_context *ctx, const seg_customer_table *table,
                                   seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    work w = { .table = table };
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    *out = NULL;

    TRY(choose_customers(&w, err));
    TRY(make_schema(&w, &schema, err));
    TRY(seg_batch_new(&schema->view, w.n_codes, &batch, err));
    TRY(sort_customers(&w, batch->ids, err));
    for (size_t r = 0; r < w.n_codes; r++)
        fill_row(table, &table->customers[w.codes[r]], batch, r);
    /* Takes both over, also when it fails. */
    st = seg_batch_source(ctx, table->name, schema, batch, w.n_codes, out, err);
    schema = NULL;
    batch = NULL;

done:
    seg_batch_free(batch);
    seg_schema_free(schema);
    seg_free(w.codes);
    return st;
}

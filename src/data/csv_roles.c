/* csv_roles.c: what each column is for: as the options say, else by well-known names. */
#include "data/csv_import.h"

#include <ctype.h>
#include <string.h>
#include "base/try.h"

seg_status seg_csv_find_column(const seg_csv_import *im, const char *option, const char *name,
                               seg_csv_column **out, seg_error *err)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 2;
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        if (strcmp(im->columns[c].name, name) == 0) {
            *out = &im->columns[c];
            return SEG_OK;
        }
        size_t distance = seg_edit_distance(im->columns[c].name, name);
        if (distance < least) {
            least = distance;
            nearest = im->columns[c].name;
        }
    }
    const char *file = seg_input_name(im->rows->inputs[0]);
    *out = NULL;
    if (nearest == NULL)
        return seg_fail(err, SEG_E_USAGE, "--%s: %s has no column '%s'", option, file, name);
    return seg_fail(err, SEG_E_USAGE, "--%s: %s has no column '%s'; did you mean '%s'?", option,
                    file, name, nearest);
}

/* Lower case, without _ - and blanks: CustomerID, customer_id and "Customer ID" are one. */
static bool name_is(const char *name, const char *plain)
{
    for (; *name != 0; name++) {
        if (*name == '_' || *name == '-' || *name == ' ')
            continue;
        if (tolower((unsigned char)*name) != *plain++)
            return false;
    }
    return *plain == 0;
}

static bool name_in(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (name_is(name, *list))
            return true;
    return false;
}

static bool ends_in_word(const char *name, const char *word)
{
    size_t n = strlen(name), m = strlen(word);
    if (n < m || strcasecmp(name + n - m, word) != 0)
        return false;
    return n == m || !isalpha((unsigned char)name[n - m - 1])
           || (islower((unsigned char)name[n - m - 1]) && isupper((unsigned char)name[n - m]));
}

static bool date_like(const char *name)
{
    return ends_in_word(name, "date") || ends_in_word(name, "time") || ends_in_word(name, "day")
           || ends_in_word(name, "timestamp") || ends_in_word(name, "at")
           || strncasecmp(name, "date", 4) == 0;
}

/* ---- options ------------------------------------------------------------------------- */

static seg_csv_type type_named(const char *s, size_t n)
{
    static const struct { const char *name; seg_csv_type type; } known[] = {
        { "number", SEG_CSV_NUMBER }, { "int", SEG_CSV_NUMBER }, { "float", SEG_CSV_NUMBER },
        { "category", SEG_CSV_CATEGORY }, { "date", SEG_CSV_DATE }, { "time", SEG_CSV_DATE },
        { "text", SEG_CSV_TEXT }, { "drop", SEG_CSV_LEFT_OUT },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (seg_equal_n(known[i].name, s, n))
            return known[i].type;
    return SEG_CSV_AUTO;
}

static seg_status copy_name(seg_csv_import *im, const char *s, size_t n, const char **out,
                            seg_error *err)
{
    *out = seg_arena_text_n(&im->arena, s, n);
    return *out == NULL ? seg_arena_failed(err) : SEG_OK;
}

static seg_status apply_types(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *list = im->options->types, *item, *name;
    size_t n;
    seg_csv_column *c;
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        const char *colon = memrchr(item, ':', n);
        size_t name_bytes = colon == NULL ? 0 : (size_t)(colon - item);
        seg_csv_type type = colon == NULL ? SEG_CSV_AUTO
                                          : type_named(colon + 1, n - name_bytes - 1);
        if (type == SEG_CSV_AUTO)
            return seg_fail(err, SEG_E_USAGE, "--types takes COLUMN:TYPE with number, category, "
                            "date, text or drop, not '%.*s'", (int)n, item);
        TRY(copy_name(im, item, name_bytes, &name, err));
        TRY(seg_csv_find_column(im, "types", name, &c, err));
        c->asked = c->type = type;
        if (type == SEG_CSV_LEFT_OUT)
            c->role = SEG_CSV_UNUSED;
    }

done:
    return st;
}

static seg_status apply_drop(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *list = im->options->drop, *item, *name;
    size_t n;
    seg_csv_column *c;
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        TRY(copy_name(im, item, n, &name, err));
        TRY(seg_csv_find_column(im, "drop", name, &c, err));
        c->role = SEG_CSV_UNUSED;
        c->type = SEG_CSV_LEFT_OUT;
    }

done:
    return st;
}

/* ---- features ------------------------------------------------------------------------- */

static void mark_id_like(seg_csv_import *im)
{
    static const char *const names[] = { "id", "customerid", "custid", "clientid", "userid",
                                         "memberid", "accountid", "contactid", "subscriberid",
                                         NULL };
    seg_csv_column *found = NULL;
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        seg_csv_column *column = &im->columns[c];
        if (column->type != SEG_CSV_AUTO || column->role != SEG_CSV_PLAIN
            || !name_in(column->name, names))
            continue;
        if (found != NULL) {
            seg_csv_say(im, "columns '%s' and '%s' both look like ids: none is taken; give --id",
                        found->name, column->name);
            return;
        }
        found = column;
    }
    if (found != NULL)
        found->id_like = true;
}

seg_status seg_csv_plan_features(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_import_options *o = im->options;
    seg_csv_column *c;
    im->kind = SEG_KIND_FEATURES;
    for (size_t i = 0; i < im->rows->n_columns; i++)
        im->columns[i].date_like = date_like(im->columns[i].name);
    TRY(apply_types(im, err));
    TRY(apply_drop(im, err));
    if (o->label != NULL && o->label[0] != 0) {
        TRY(seg_csv_find_column(im, "label", o->label, &c, err));
        c->role = SEG_CSV_LABEL;
        c->asked = c->type = SEG_CSV_CATEGORY;
    }
    if (o->id != NULL && o->id[0] != 0) {
        TRY(seg_csv_find_column(im, "id", o->id, &c, err));
        if (c->role == SEG_CSV_LABEL)
            return seg_fail(err, SEG_E_USAGE, "column '%s' cannot be both id and label", o->id);
        c->role = SEG_CSV_ID;
        c->asked = c->type = SEG_CSV_EXACT;
    } else if (o->id == NULL) {
        mark_id_like(im);
    }

done:
    return st;
}

/* ---- transactions ----------------------------------------------------------------------- */

static const char *const role_names[][8] = {
    [SEG_CSV_CUSTOMER] = { "customerid", "customer", "custid", "clientid", "userid" },
    [SEG_CSV_TIME] = { "invoicedate", "orderdate", "ordertime", "time", "date", "datetime",
                       "timestamp" },
    [SEG_CSV_ORDER] = { "orderid", "order", "invoiceno", "invoice", "invoiceid", "ordernumber" },
    [SEG_CSV_ITEM] = { "stockcode", "sku", "item", "itemid", "product", "productid" },
    [SEG_CSV_QUANTITY] = { "quantity", "qty" },
    [SEG_CSV_PRICE] = { "unitprice", "price" },
    [SEG_CSV_AMOUNT] = { "amount", "revenue", "total" },
};

const char *seg_csv_role_word(seg_csv_role role)
{
    static const char *const words[SEG_CSV_N_ROLES] = {
        [SEG_CSV_ID] = "id", [SEG_CSV_LABEL] = "label", [SEG_CSV_CUSTOMER] = "customer",
        [SEG_CSV_ORDER] = "order", [SEG_CSV_ITEM] = "item", [SEG_CSV_TIME] = "time",
        [SEG_CSV_QUANTITY] = "quantity", [SEG_CSV_PRICE] = "price", [SEG_CSV_AMOUNT] = "amount",
        [SEG_CSV_CURRENCY] = "currency",
    };
    return words[role];
}

seg_csv_column *seg_csv_with_role(const seg_csv_import *im, seg_csv_role role)
{
    for (size_t c = 0; c < im->rows->n_columns; c++)
        if (im->columns[c].role == role)
            return &im->columns[c];
    return NULL;
}

static const char *given_name(const seg_import_options *o, int role)
{
    switch (role) {
    case SEG_CSV_CUSTOMER: return o->customer;
    case SEG_CSV_ORDER:    return o->order;
    case SEG_CSV_ITEM:     return o->item;
    case SEG_CSV_TIME:     return o->time;
    case SEG_CSV_QUANTITY: return o->quantity;
    case SEG_CSV_PRICE:    return o->price;
    case SEG_CSV_AMOUNT:   return o->amount;
    case SEG_CSV_CURRENCY: return o->currency;
    default:               return NULL;
    }
}

/* The first column, in order of the names, that is named like the role and still free. */
static seg_csv_column *well_known(seg_csv_import *im, seg_csv_column *const *taken, int role)
{
    if (role == SEG_CSV_CURRENCY)
        return NULL;
    for (size_t w = 0; w < 8 && role_names[role][w] != NULL; w++)
        for (size_t c = 0; c < im->rows->n_columns; c++) {
            seg_csv_column *column = &im->columns[c];
            bool used = false;
            for (int r = SEG_CSV_CUSTOMER; r < SEG_CSV_N_ROLES; r++)
                used |= taken[r] == column;
            if (!used && name_is(column->name, role_names[role][w]))
                return column;
        }
    return NULL;
}

static seg_status find_roles(seg_csv_import *im, seg_csv_column **found, bool *given,
                             seg_error *err)
{
    for (int r = SEG_CSV_CUSTOMER; r < SEG_CSV_N_ROLES; r++) {
        const char *name = given_name(im->options, r);
        const char *word = seg_csv_role_word((seg_csv_role)r);
        if (name == NULL || name[0] == 0)
            continue;
        seg_status st = seg_csv_find_column(im, word, name, &found[r], err);
        if (st != SEG_OK)
            return st;
        for (int q = SEG_CSV_CUSTOMER; q < r; q++)
            if (found[q] == found[r])
                return seg_fail(err, SEG_E_USAGE, "column '%s' cannot be both %s and %s", name,
                                seg_csv_role_word((seg_csv_role)q), word);
        *given = true;
    }
    for (int r = SEG_CSV_CUSTOMER; r < SEG_CSV_N_ROLES; r++) {
        const char *name = given_name(im->options, r);
        /* Money given in one way is not looked for in the other. */
        bool other = (r == SEG_CSV_PRICE && found[SEG_CSV_AMOUNT] != NULL)
                     || (r == SEG_CSV_AMOUNT && found[SEG_CSV_PRICE] != NULL);
        if (name == NULL && !other)
            found[r] = well_known(im, found, r);
    }
    return SEG_OK;
}

static void assign(seg_csv_import *im, seg_csv_column *const *found)
{
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        im->columns[c].role = SEG_CSV_UNUSED;
        im->columns[c].type = SEG_CSV_LEFT_OUT;
    }
    for (int r = SEG_CSV_CUSTOMER; r < SEG_CSV_N_ROLES; r++) {
        seg_csv_column *c = found[r];
        if (c == NULL)
            continue;
        c->role = (seg_csv_role)r;
        if (r <= SEG_CSV_ITEM)
            c->type = SEG_CSV_CODES;
        else if (r == SEG_CSV_TIME)
            c->type = SEG_CSV_DATE;
        else
            c->type = r == SEG_CSV_CURRENCY ? SEG_CSV_CATEGORY : SEG_CSV_FIXED;
        c->asked = c->type;
        const char *given = given_name(im->options, r);
        if (given == NULL)
            seg_csv_say(im, "column '%s' is the %s (--%s names another one)", c->name,
                        seg_csv_role_word(c->role), seg_csv_role_word(c->role));
    }
}

static seg_status need(const seg_csv_import *im, seg_csv_column *const *found,
                       seg_csv_role role, seg_error *err)
{
    if (found[role] != NULL)
        return SEG_OK;
    return seg_fail(err, SEG_E_USAGE, "%s: no column looks like the %s; import it with --%s COL",
                    seg_input_name(im->rows->inputs[0]), seg_csv_role_word(role),
                    seg_csv_role_word(role));
}

seg_status seg_csv_plan_transactions(seg_csv_import *im, seg_kind wanted, bool *is,
                                     seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_column *found[SEG_CSV_N_ROLES] = { NULL };
    bool given = false;
    *is = false;
    TRY(find_roles(im, found, &given, err));
    bool money = found[SEG_CSV_PRICE] != NULL || found[SEG_CSV_AMOUNT] != NULL;
    bool known = found[SEG_CSV_ORDER] != NULL && found[SEG_CSV_ITEM] != NULL
                 && found[SEG_CSV_CUSTOMER] != NULL && money;
    if (wanted == 0 && !given && !known)
        return SEG_OK;
    *is = true;
    im->kind = wanted;
    if (wanted == 0) {
        bool basket = found[SEG_CSV_ORDER] != NULL && found[SEG_CSV_ITEM] != NULL && !money
                      && (found[SEG_CSV_CUSTOMER] == NULL || found[SEG_CSV_TIME] == NULL);
        im->kind = basket ? SEG_KIND_BASKETS : SEG_KIND_TRANSACTIONS;
    }
    bool baskets = im->kind == SEG_KIND_BASKETS;
    TRY(need(im, found, baskets ? SEG_CSV_ORDER : SEG_CSV_CUSTOMER, err));
    TRY(need(im, found, baskets ? SEG_CSV_ITEM : SEG_CSV_TIME, err));
    assign(im, found);
    if (!baskets && !money)
        seg_csv_say(im, "no price and no amount: what was spent is not known");

done:
    return st;
}

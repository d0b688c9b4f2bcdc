#include "jobs/view.h"

#include <string.h>
#include "base/file.h"
#include "base/try.h"
#include "data/basket_groups.h"
#include "data/baskets.h"
#include "data/csv.h"
#include "data/h5.h"
#include "data/select.h"
#include "jobs/customers.h"
#include "jobs/keep.h"
#include "jobs/pipe.h"

bool seg_view_is_text(const char *path)
{
    static const char *const ends[] = { ".csv", ".csv.gz", ".csv.zst", ".txt", ".txt.gz", ".tsv",
                                        ".tsv.gz", ".dat", ".dat.gz" };
    if (strcmp(path, "-") == 0)
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (seg_ends_with(path, ends[i]))
            return true;
    return false;
}

/* Text is imported as the kind the method needs, with the usual import options. */
static seg_status open_text(const seg_context *ctx, const seg_view_request *request,
                            seg_source **out, seg_error *err)
{
    seg_import_options options;
    seg_import_defaults(&options);
    options.label = request->selection.label;
    if (request->view == SEG_VIEW_CUSTOMERS)
        options.kind = 2;
    seg_status st = seg_csv_source(ctx, &request->path, 1, &options, NULL, out, err);
    if (st == SEG_OK)
        st = seg_keep_rows(ctx, out, err);
    return st;
}

static seg_status wrong_kind(const seg_view_request *request, seg_kind have, const char *want,
                             seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "%s: holds %s; this method needs %s", request->path,
                    seg_kind_name(have), want);
}

static bool by_customer(seg_view view, const seg_schema *schema)
{
    size_t day = seg_schema_column(schema, "day");
    bool visits = seg_schema_column(schema, "order") != SIZE_MAX
                  && seg_schema_column(schema, "customer") != SIZE_MAX
                  && day != SIZE_MAX && schema->columns[day].type == SEG_TYPE_DAY;
    return view == SEG_VIEW_PEOPLE || (view == SEG_VIEW_VISITS && !visits);
}

/* The transactions behind `base` grouped as wanted; `base` is used up. */
static seg_status convert(const seg_context *ctx, const seg_view_request *request,
                          seg_source *base, seg_node *report, seg_source **out, seg_error *err)
{
    static const seg_customer_options usual = { .as_of_day = SEG_MISSING_DAY };
    const seg_customer_options *customers =
        request->customers == NULL ? &usual : request->customers;
    seg_status st;
    if (request->view == SEG_VIEW_FEATURES || request->view == SEG_VIEW_CUSTOMERS)
        st = seg_customers_from_transactions(ctx, base, customers, report, out, err);
    else
        st = seg_baskets_from_transactions(ctx, base, by_customer(request->view, base->schema),
                                           report, out, err);
    if (st != SEG_OK && err != NULL && strstr(err->text, request->path) == NULL)
        seg_error_context(err, "%s", request->path);
    return st;
}

static bool wants_baskets(const seg_view_request *request)
{
    return request->view == SEG_VIEW_ORDERS || request->view == SEG_VIEW_PEOPLE
           || request->view == SEG_VIEW_VISITS;
}

/* `base` as baskets: of features, where the request says how. It is taken over if all goes
 * well. */
static seg_status as_baskets(const seg_context *ctx, const seg_view_request *request,
                             seg_source *base, seg_source **out, seg_error *err)
{
    const seg_view_baskets *how = &request->baskets;
    *out = base;
    if (base->schema->kind == SEG_KIND_BASKETS)
        return SEG_OK;
    if (base->schema->kind == SEG_KIND_FEATURES && how->bins != NULL)
        return seg_feature_baskets_by(ctx, base, how->bins, out, err);
    if (base->schema->kind == SEG_KIND_FEATURES && how->features != NULL)
        return seg_feature_baskets(ctx, base, how->features, out, err);
    *out = NULL;
    return wrong_kind(request, base->schema->kind, "baskets or transactions", err);
}

/* The same with groups, where the request names some. */
static seg_status with_groups(const seg_context *ctx, const seg_view_request *request,
                              seg_source *base, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_view_baskets *how = &request->baskets;
    const seg_taxonomy *taxonomy = how->taxonomy;
    seg_taxonomy *read = NULL;
    *out = taxonomy == NULL && how->taxonomy_file == NULL ? base : NULL;
    if (*out != NULL)
        return SEG_OK;
    if (taxonomy == NULL) {
        TRY(seg_taxonomy_read(ctx, how->taxonomy_file, base->schema, &read, err));
        taxonomy = read;
    }
    TRY(seg_baskets_with_groups(ctx, base, taxonomy, out, err));

done:
    seg_taxonomy_free(read);
    return st;
}

seg_status seg_view_open(const seg_context *ctx, const seg_view_request *request,
                         seg_node *report, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *base = NULL, *converted = NULL;
    *out = NULL;

    TRY(seg_view_is_text(request->path) ? open_text(ctx, request, &base, err)
                               : seg_source_open(ctx, request->path, &base, err));
    if (base->schema->kind == SEG_KIND_TRANSACTIONS) {
        TRY(convert(ctx, request, base, report, &converted, err));
        seg_source_close(base);
        base = converted;
    }
    if (wants_baskets(request)) {
        TRY(as_baskets(ctx, request, base, &converted, err));
        base = converted;
        TRY(with_groups(ctx, request, base, out, err));
    } else if (base->schema->kind != SEG_KIND_FEATURES) {
        st = wrong_kind(request, base->schema->kind, "features or transactions", err);
        goto done;
    } else {
        TRY(seg_select_source(ctx, base, &request->selection, out, err));
    }
    base = NULL;

done:
    seg_source_close(base);
    return st;
}

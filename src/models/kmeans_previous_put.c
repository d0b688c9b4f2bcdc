/* kmeans_previous_put.c: what became of the old segments and their customers, as a result. */
#include "models/kmeans_previous.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

enum { FLOWS_OF_ONE = 16, FLOWS = 4096 };

typedef struct flow {
    int64_t customers;
    size_t to;
} flow;

/* The largest first; equal ones by number. */
static int by_customers(const void *a, const void *b)
{
    const flow *x = a, *y = b;
    if (x->customers != y->customers)
        return x->customers > y->customers ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

static int64_t size_of(const seg_kmeans_previous *p, size_t i)
{
    int64_t sum = 0;
    for (size_t j = 0; j < p->k; j++)
        sum += p->counts[i * p->k + j];
    return sum;
}

static double share_of(int64_t part, int64_t all)
{
    return all > 0 ? (double)part / (double)all : 0;
}

static void put_flows(const seg_kmeans_previous *p, const seg_kmeans_model *m, size_t i,
                      const flow *flows, size_t n, seg_node *into)
{
    int64_t all = size_of(p, i);
    for (size_t f = 0; f < n && f < FLOWS_OF_ONE && seg_node_count(into) < FLOWS; f++) {
        if (flows[f].customers == 0)
            return;
        seg_node *row = seg_put_object(into, NULL);
        seg_put_int(row, "from", (int64_t)i);
        seg_put_text(row, "from_name", p->old->names[i]);
        seg_put_int(row, "to", (int64_t)flows[f].to);
        seg_put_text(row, "to_name", m->names[flows[f].to]);
        seg_put_int(row, "customers", flows[f].customers);
        seg_put_real(row, "share", share_of(flows[f].customers, all));
    }
}

static seg_status put_migration(const seg_kmeans_previous *p, const seg_kmeans_model *m,
                                seg_node *into, seg_error *err)
{
    flow *flows = NULL;
    seg_status st = SEG_ALLOC(&flows, p->k, "the migration of customers", err);
    seg_node *rows = st == SEG_OK ? seg_put_array(into, "migration") : NULL;
    for (size_t i = 0; st == SEG_OK && i < p->old->k; i++) {
        for (size_t j = 0; j < p->k; j++)
            flows[j] = (flow){ p->counts[i * p->k + j], j };
        qsort(flows, p->k, sizeof *flows, by_customers);
        put_flows(p, m, i, flows, p->k, rows);
    }
    seg_free(flows);
    return st;
}

static void put_numbers(const seg_kmeans_previous *p, const seg_kmeans_model *m, seg_node *into)
{
    static const char *const fates[] = { "same", "renumbered", "new" };
    seg_node *rows = seg_put_array(into, "segment_numbers");
    for (size_t j = 0; j < p->k; j++) {
        seg_node *row = seg_put_object(rows, NULL);
        seg_put_int(row, "segment", (int64_t)j);
        seg_put_text(row, "segment_name", m->names[j]);
        seg_put_text(row, "is", fates[seg_kmeans_previous_fate(p, j)]);
        if (p->was[j] >= 0)
            seg_put_int(row, "was", p->was[j]);
        else
            seg_put_null(row, "was");
    }
}

static bool goes_on(const seg_kmeans_previous *p, size_t i)
{
    for (size_t j = 0; j < p->k; j++)
        if (p->was[j] == (int32_t)i)
            return true;
    return false;
}

static void put_vanished(const seg_kmeans_previous *p, seg_node *into)
{
    seg_node *rows = NULL;
    for (size_t i = 0; i < p->old->k; i++) {
        if (goes_on(p, i))
            continue;
        rows = rows == NULL ? seg_put_array(into, "vanished_segments") : rows;
        seg_node *row = seg_put_object(rows, NULL);
        seg_put_int(row, "segment", (int64_t)i);
        seg_put_text(row, "segment_name", p->old->names[i]);
        if (p->counts != NULL)
            seg_put_int(row, "customers", size_of(p, i));
    }
}

static void put_summary(const seg_kmeans_previous *p, seg_node *into)
{
    int64_t all = 0, stayed = 0, n[3] = { 0 };
    for (size_t j = 0; j < p->k; j++)
        n[seg_kmeans_previous_fate(p, j)]++;
    if (p->counts != NULL) {
        for (size_t i = 0; i < p->old->k; i++)
            all += size_of(p, i);
        for (size_t j = 0; j < p->k; j++)
            if (p->was[j] >= 0)
                stayed += p->counts[(size_t)p->was[j] * p->k + j];
        seg_put_int(into, "customers", all);
        seg_put_int(into, "stayed", stayed);
        seg_put_real(into, "share_stayed", share_of(stayed, all));
    }
    seg_put_int(into, "kept", n[SEG_KMEANS_SAME]);
    seg_put_int(into, "renumbered", n[SEG_KMEANS_RENUMBERED]);
    seg_put_int(into, "new", n[SEG_KMEANS_NEW]);
    seg_put_int(into, "vanished",
                (int64_t)p->old->k - n[SEG_KMEANS_SAME] - n[SEG_KMEANS_RENUMBERED]);
}

seg_status seg_kmeans_previous_put(const seg_kmeans_previous *p, const seg_kmeans_model *m,
                                   seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    put_summary(p, seg_put_object(into, "previous"));
    put_numbers(p, m, into);
    put_vanished(p, into);
    if (p->counts != NULL)
        st = put_migration(p, m, into, err);
    return st;
}

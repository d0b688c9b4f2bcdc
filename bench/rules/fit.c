/* fit.c: itemsets and rules by the library, over baskets in memory, as an embedder calls it:
 *
 *   fit [-t THREADS] [-c] count|list|rules FILE.h5 SUPPORT
 *
 * count: ranks of the items and the number of itemsets; list: the sets as a tree; rules: of such a
 * tree, which is not part of the time, all with one item in the head and half of the bodies, and
 * ten measures of each. Prints for bench/measure.c the seconds (with -c those of the processor)
 * and how many there are. */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/number.h"
#include "kernels/item_counts.h"
#include "kernels/miner.h"
#include "kernels/rule_find.h"
#include <inttypes.h>
#include <segmill.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct fit {
    int n_threads;
    bool cpu;
    uint32_t support;
    size_t n_items;
    int64_t *row_start;
    int32_t *items;
    seg_basket_rows rows;
    seg_item_ranks ranks;
    seg_miner *miner;
    seg_itemset_tree tree;
} fit;

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "fit: %s '%s'\n", what, which);
    exit(1);
}

static void must(seg_status st, const seg_error *err)
{
    if (st != SEG_OK)
        fail("segmill:", err->text);
}

static double now(const fit *f)
{
    struct timespec used;
    if (!f->cpu)
        return seg_clock_seconds();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

static uint32_t whole_number(const char *text)
{
    uint64_t value = 0;
    if (!seg_parse_u64(text, strlen(text), &value) || value < 1 || value > UINT32_MAX)
        fail("not a number that is allowed:", text);
    return (uint32_t)value;
}

/* ---- baskets ------------------------------------------------------------------------- */

static void add_rows(fit *f, const seg_block *in, size_t *n_pairs)
{
    size_t first = (size_t)in->row_start[0], n = (size_t)in->row_start[in->n_rows] - first;
    f->items = realloc(f->items, (*n_pairs + n + 1) * sizeof *f->items);
    if (!f->items)
        fail("could not allocate memory for", "baskets");
    memcpy(f->items + *n_pairs, in->items + first, n * sizeof *f->items);
    for (size_t r = 0; r <= in->n_rows; r++)
        f->row_start[in->first_row + r] = (int64_t)*n_pairs + in->row_start[r] - in->row_start[0];
    *n_pairs += n;
}

static void read_rows(fit *f, const char *path)
{
    seg_error err;
    seg_context ctx = seg_context_defaults();
    seg_source *file = NULL;
    seg_block in;
    size_t n_pairs = 0;
    must(seg_source_open(&ctx, path, &file, &err), &err);
    f->n_items = file->schema->n_features;
    f->row_start = bench_memory((file->n_rows + 1) * sizeof *f->row_start);
    for (must(file->next(file, &in, &err), &err); in.n_rows > 0;
         must(file->next(file, &in, &err), &err)) {
        if (!in.row_start)
            fail("no baskets in", path);
        add_rows(f, &in, &n_pairs);
    }
    f->rows = (seg_basket_rows){ .row_start = f->row_start, .items = f->items,
                                 .n_rows = file->n_rows };
    seg_source_close(file);
}

/* ---- what is timed ------------------------------------------------------------------- */

static void rank_items(fit *f)
{
    seg_error err;
    seg_item_counts counts;
    must(seg_item_counts_new(f->n_items, f->n_threads, &counts, &err), &err);
    must(seg_item_counts_add(&counts, &f->rows, 0, &err), &err);
    seg_item_counts_sum(&counts);
    must(seg_item_ranks_new(counts.count, f->n_items, f->support, NULL, NULL, &f->ranks, &err),
         &err);
    seg_item_counts_clear(&counts);
}

static void begin_mining(fit *f)
{
    seg_error err;
    rank_items(f);
    seg_miner_options options = { .n_ranks = f->ranks.n, .n_threads = f->n_threads };
    must(seg_miner_new(&options, &f->miner, &err), &err);
    must(seg_miner_add(f->miner, &f->rows, f->ranks.rank, &err), &err);
}

static uint64_t count_sets(fit *f)
{
    seg_error err;
    seg_itemset_counts counts;
    begin_mining(f);
    must(seg_miner_count(f->miner, f->support, 0, &counts, &err), &err);
    return counts.total;
}

static uint64_t list_sets(fit *f)
{
    seg_error err;
    begin_mining(f);
    must(seg_miner_list(f->miner, f->support, 0, &f->tree, &err), &err);
    return f->tree.n;
}

/* The measures, a part of the rules after the other. */
static void measure_rules(const fit *f, const seg_rules *rules)
{
    enum { N = 10, PART = 1 << 16 };
    static const seg_measure measures[N] = {
        SEG_MEASURE_CONFIDENCE, SEG_MEASURE_LIFT, SEG_MEASURE_LEVERAGE, SEG_MEASURE_CONVICTION,
        SEG_MEASURE_COSINE, SEG_MEASURE_KULCZYNSKI, SEG_MEASURE_JACCARD, SEG_MEASURE_ODDS_RATIO,
        SEG_MEASURE_PHI, SEG_MEASURE_CHI_SQUARED,
    };
    seg_rule_counts *counts = bench_memory(PART * sizeof *counts);
    double *values = bench_memory(N * PART * sizeof *values), *columns[N];
    for (int m = 0; m < N; m++)
        columns[m] = values + (size_t)m * PART;
    for (size_t first = 0; first < rules->n; first += PART) {
        size_t n = rules->n - first < PART ? rules->n - first : PART;
        for (size_t i = 0; i < n; i++)
            counts[i] = seg_rule_counts_in(&f->tree, (uint32_t)f->rows.n_rows,
                                           &rules->rules[first + i]);
        seg_rule_measure_columns(counts, n, measures, N, NULL, f->n_threads, columns);
        bench_keep(values);
    }
    free(counts);
    free(values);
}

static uint64_t find_rules(fit *f)
{
    seg_error err;
    seg_set_index index;
    seg_rules rules = { 0 };
    uint64_t n_found = 0;
    seg_rule_search search = { .confidence_num = 1, .confidence_den = 2, .max_head = 1,
                               .n_threads = f->n_threads };
    must(seg_set_index_new(&f->tree, f->ranks.n, f->n_threads, &index, &err), &err);
    must(seg_rule_find(&f->tree, &index, &search, &rules, &n_found, &err), &err);
    measure_rules(f, &rules);
    seg_rules_clear(&rules);
    seg_set_index_clear(&index);
    return n_found;
}

int main(int argc, char **argv)
{
    static fit f;
    f.n_threads = 1;
    for (int c; (c = getopt(argc, argv, "t:c")) != -1;)
        switch (c) {
        case 't': f.n_threads = (int)whole_number(optarg); break;
        case 'c': f.cpu = true; break;
        default: fail("unknown flag; see", "bench/rules/fit.c");
        }
    if (argc - optind != 3)
        fail("cannot understand the arguments; see", "bench/rules/fit.c");
    const char *verb = argv[optind];
    uint64_t (*job)(fit *) = strcmp(verb, "count") == 0 ? count_sets
                           : strcmp(verb, "list") == 0  ? list_sets
                           : strcmp(verb, "rules") == 0 ? find_rules : NULL;
    if (!job)
        fail("cannot do", verb);
    f.support = whole_number(argv[optind + 2]);
    read_rows(&f, argv[optind + 1]);
    if (job == find_rules)
        list_sets(&f);
    double began = now(&f);
    uint64_t n = job(&f);
    printf("seconds=%.9f\ncheck=%" PRIu64 "\n", now(&f) - began, n);
    seg_miner_free(f.miner);
    seg_itemset_tree_clear(&f.tree);
    seg_item_ranks_clear(&f.ranks);
    free(f.row_start);
    free(f.items);
    return 0;
}

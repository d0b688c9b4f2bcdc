/* bench_miner.c: frequent itemsets of FIMI files (a basket a line, items as numbers).
 *
 *     bench_miner FILE MIN_COUNT [THREADS [list]]
 *
 * prints the sets per length, and CPU and wall seconds of reading the text, of taking the
 * baskets in, and of counting (or listing) the sets; alone, it times a made-up shop. */
#include "bench/bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "base/rng.h"
#include "kernels/miner.h"

typedef struct shop {
    size_t n_rows, n_pairs, n_items, n_ranks;
    int64_t *row_start;
    int32_t *items, *rank;
    uint32_t *count;
} shop;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *why)
{
    fprintf(stderr, "bench_miner: %s\n", why);
    exit(1);
}

static char *read_text(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        fail("could not open the file");
    *size = (size_t)ftell(f);
    rewind(f);
    char *text = bench_memory(*size + 1);
    if (fread(text, 1, *size, f) != *size)
        fail("could not read the file");
    fclose(f);
    text[*size] = '\n';
    return text;
}

static shop parse(const char *text, size_t size)
{
    shop s = { .row_start = bench_memory((size / 2 + 2) * sizeof(int64_t)),
               .items = bench_memory((size / 2 + 2) * sizeof(int32_t)) };
    s.row_start[0] = 0;
    for (const char *p = text; p < text + size; p++) {
        if (*p == '\n') {
            s.row_start[++s.n_rows] = (int64_t)s.n_pairs;
        } else if ((unsigned)(*p - '0') < 10) {
            int32_t item = 0;
            for (; (unsigned)(*p - '0') < 10; p++)
                item = item * 10 + (*p - '0');
            p--;
            s.items[s.n_pairs++] = item;
            if ((size_t)item >= s.n_items)
                s.n_items = (size_t)item + 1;
        }
    }
    return s;
}

static const uint32_t *sort_key;

static int rarer_first(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (sort_key[x] != sort_key[y])
        return sort_key[x] < sort_key[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void rank_items(shop *s, uint32_t min_count)
{
    uint32_t *order = bench_memory((s->n_items + 1) * sizeof *order);
    s->count = bench_memory((s->n_items + 1) * sizeof *s->count);
    s->rank = bench_memory((s->n_items + 1) * sizeof *s->rank);
    memset(s->count, 0, s->n_items * sizeof *s->count);
    for (size_t i = 0; i < s->n_pairs; i++)
        s->count[s->items[i]]++;
    for (size_t i = 0; i < s->n_items; i++) {
        s->rank[i] = -1;
        order[s->n_ranks] = (uint32_t)i;
        s->n_ranks += s->count[i] >= min_count;
    }
    sort_key = s->count;
    qsort(order, s->n_ranks, sizeof *order, rarer_first);
    for (size_t r = 0; r < s->n_ranks; r++)
        s->rank[order[r]] = (int32_t)r;
    free(order);
}

static seg_miner *take_in(const shop *s, int n_threads)
{
    seg_miner *miner;
    seg_error err;
    seg_miner_options options = { .n_ranks = s->n_ranks, .n_pairs = s->n_pairs,
                                  .n_threads = n_threads };
    if (seg_miner_new(&options, &miner, &err) != SEG_OK)
        fail(err.text);
    enum { BLOCK = 65536 };
    for (size_t i = 0; i < s->n_rows; i += BLOCK) {
        seg_basket_rows rows = { .row_start = s->row_start + i, .items = s->items,
                                 .n_rows = s->n_rows - i < BLOCK ? s->n_rows - i : BLOCK };
        if (seg_miner_add(miner, &rows, s->rank, &err) != SEG_OK)
            fail(err.text);
    }
    return miner;
}

static void mine_file(const char *path, uint32_t min_count, int n_threads, bool list)
{
    seg_error err;
    size_t size;
    seg_itemset_counts counts = { 0 };
    seg_itemset_tree tree = { 0 };
    double cpu[4], wall[4];
    cpu[0] = seconds(CLOCK_PROCESS_CPUTIME_ID), wall[0] = seconds(CLOCK_MONOTONIC);
    char *text = read_text(path, &size);
    shop s = parse(text, size);
    free(text);
    rank_items(&s, min_count);
    cpu[1] = seconds(CLOCK_PROCESS_CPUTIME_ID), wall[1] = seconds(CLOCK_MONOTONIC);
    seg_miner *miner = take_in(&s, n_threads);
    cpu[2] = seconds(CLOCK_PROCESS_CPUTIME_ID), wall[2] = seconds(CLOCK_MONOTONIC);
    seg_status st = list ? seg_miner_list(miner, min_count, 0, &tree, &err)
                         : seg_miner_count(miner, min_count, 0, &counts, &err);
    cpu[3] = seconds(CLOCK_PROCESS_CPUTIME_ID), wall[3] = seconds(CLOCK_MONOTONIC);
    if (st != SEG_OK)
        fail(err.text);
    if (list)
        seg_itemset_tree_count(&tree, &counts);
    for (size_t k = 0; k < counts.n_lengths; k++)
        printf("%s%llu", k == 0 ? "" : " ", (unsigned long long)counts.by_length[k]);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    fprintf(stderr, "read %.4f add %.4f mine %.4f cpu; %.4f %.4f %.4f wall; %ld MiB\n",
            cpu[1] - cpu[0], cpu[2] - cpu[1], cpu[3] - cpu[2], wall[1] - wall[0],
            wall[2] - wall[1], wall[3] - wall[2], use.ru_maxrss / 1024);
    printf("\n");
    seg_miner_free(miner);
    seg_itemset_tree_clear(&tree);
    free(s.row_start);
    free(s.items);
    free(s.rank);
    free(s.count);
}

/* ---- a made-up shop -------------------------------------------------------------------- */

enum { ROWS = 50000, ITEMS = 1000, BASKET = 12, MIN_COUNT = 50 };

static shop make_up(void)
{
    shop s = { .n_items = ITEMS, .row_start = bench_memory((ROWS + 1) * sizeof(int64_t)),
               .items = bench_memory((size_t)ROWS * BASKET * sizeof(int32_t)) };
    seg_rng rng = { 3, 4 };
    s.row_start[0] = 0;
    for (size_t i = 0; i < ROWS; i++) {
        bool in[ITEMS] = { false };
        for (size_t k = 0; k < BASKET; k++) {
            double u = seg_rng_f64(rng, i * BASKET + k);
            in[(size_t)(u * u * u * ITEMS)] = true;
        }
        for (int32_t item = 0; item < ITEMS; item++)
            if (in[item])
                s.items[s.n_pairs++] = item;
        s.row_start[++s.n_rows] = (int64_t)s.n_pairs;
    }
    rank_items(&s, MIN_COUNT);
    return s;
}

static void count(void *miner)
{
    seg_itemset_counts counts;
    if (seg_miner_count(miner, MIN_COUNT, 0, &counts, NULL) != SEG_OK)
        fail("could not count");
}

static void list(void *miner)
{
    seg_itemset_tree tree = { 0 };
    if (seg_miner_list(miner, MIN_COUNT, 0, &tree, NULL) != SEG_OK)
        fail("could not list");
    seg_itemset_tree_clear(&tree);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        mine_file(argv[1], (uint32_t)strtoul(argv[2], NULL, 10),
                  argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1,
                  argc > 4 && strcmp(argv[4], "list") == 0);
        return 0;
    }
    shop s = make_up();
    for (int n_threads = 1; n_threads <= 2; n_threads++) {
        seg_miner *miner = take_in(&s, n_threads);
        bench_kernel_run(&(bench_kernel){ .name = "miner count", .shape = "50,000 x 12 of 1,000",
                                          .n_threads = n_threads, .amount = (double)s.n_pairs,
                                          .unit = BENCH_ROWS, .call = count, .state = miner });
        bench_kernel_run(&(bench_kernel){ .name = "miner list", .shape = "50,000 x 12 of 1,000",
                                          .n_threads = n_threads, .amount = (double)s.n_pairs,
                                          .unit = BENCH_ROWS, .call = list, .state = miner });
        seg_miner_free(miner);
    }
    free(s.row_start);
    free(s.items);
    free(s.rank);
    free(s.count);
    return 0;
}

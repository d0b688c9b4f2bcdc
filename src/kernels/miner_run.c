/* miner_run.c: the work as tasks for a team of threads.
 *
 * A task is an item of the first level with all that follows it, or, when at most 64 items are
 * frequent at all, a branch of the first node of masks. Tasks start with the one that looks
 * heaviest. Counts add up in any order; for a listing the sets of each task are counted first,
 * so that each knows its place. */
#include "kernels/miner_parts.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct task {
    uint32_t number;
    uint64_t weight;             /* how heavy it looks */
} task;

typedef struct job {
    seg_miner *miner;
    uint32_t min_count;
    size_t limit;
    bool listing;
    uint32_t *frequent;          /* ranks of at least min_count baskets */
    size_t n_frequent;
    bool as_masks;
    seg_mask_class class;        /* of all items, as masks */
    seg_mask_rows rows;
    seg_mask_counts counts;
    size_t n_tasks;
    task *tasks;
    size_t *place;               /* n_tasks + 1: where their sets begin; first their numbers */
    uint32_t *n_free;            /* per rank: free items below; null: none */
    size_t n_all_free;
    size_t n_lanes;
    seg_miner_lane *lanes;
    seg_itemset_tree *tree;      /* null: count */
    _Atomic bool stop;
    _Atomic size_t n_done;
} job;

/* ---- lanes ----------------------------------------------------------------------------- */

static seg_status lane_init(seg_miner_lane *lane, const job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    *lane = (seg_miner_lane){ .miner = j->miner, .kernels = j->miner->kernels,
                              .min_count = j->min_count, .limit = j->limit,
                              .listing = j->listing };
    TRY(SEG_ALLOC((uint32_t **)&lane->cube, 1 << SEG_CUBE_ITEMS, "the counts of a cube", err));
    TRY(seg_cells_init(&lane->cells, j->limit, err));
    if (!j->as_masks)
        TRY(seg_desk_init(&lane->desk, j->miner->options.n_ranks, err));
    if (j->listing)
        TRY(SEG_ALLOC(&lane->room, 1, "itemsets on their way", err));

done:
    return st;
}

static void lane_clear(seg_miner_lane *lane)
{
    for (size_t i = 0; i <= SEG_MASK_BITS; i++) {
        seg_free(lane->level[i].mask);
        seg_free(lane->level[i].weight);
        seg_free(lane->columns[i]);
    }
    seg_free(lane->table);
    seg_free(lane->cube);
    seg_free(lane->room);
    seg_cells_clear(&lane->cells);
    seg_desk_clear(&lane->desk);
}

static void job_clear(job *j)
{
    for (size_t i = 0; i < j->n_lanes; i++)
        lane_clear(&j->lanes[i]);
    seg_free(j->lanes);
    seg_free(j->rows.mask);
    seg_free(j->rows.weight);
    seg_free(j->tasks);
    seg_free(j->place);
    seg_free(j->n_free);
    seg_free(j->frequent);
}

/* ---- what there is to do --------------------------------------------------------------- */

/* Every basket as a mask of the frequent items. */
static void fill_rows(const seg_miner *miner, const uint64_t *bit, seg_mask_rows *rows)
{
    const seg_miner_lists *lists = &miner->lists;
    uint32_t end = seg_lists_end(lists->wide);
    uint64_t mask = 0;
    size_t row = 0;
    for (size_t i = 0; i < lists->n; i++) {
        uint32_t item = seg_lists_entry(lists->entries, lists->wide, i);
        if (item != end) {
            mask |= bit[item];
            continue;
        }
        rows->mask[rows->n] = mask;
        rows->weight[rows->n] = lists->weight == NULL ? 1 : lists->weight[row];
        rows->n += mask != 0;
        mask = 0;
        row++;
    }
}

/* Baskets of one item are not kept, so the rows lack them. */
static void add_lone_items(job *j)
{
    const seg_miner *miner = j->miner;
    seg_mask_counts kept;
    miner->kernels->mask_count(&j->rows, 1, UINT32_MAX, &kept);
    for (size_t b = 0; b < j->n_frequent; b++) {
        uint32_t lone = miner->count[j->frequent[b]] - kept.count[b];
        j->rows.mask[j->rows.n] = UINT64_C(1) << b;
        j->rows.weight[j->rows.n] = lone;
        j->rows.n += lone != 0;
    }
}

static seg_status make_masks(job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_miner *miner = j->miner;
    size_t n = miner->lists.n_rows + j->n_frequent;
    uint32_t *table = NULL;
    uint64_t *bit = NULL;
    TRY(SEG_ALLOC(&j->rows.mask, n + 1, "the baskets", err));
    TRY(SEG_ALLOC(&j->rows.weight, n + 1, "the baskets", err));
    TRY(SEG_ALLOC(&table, 4 * n + 64, "the baskets", err));
    TRY(SEG_ALLOC(&bit, miner->options.n_ranks, "the items", err));
    j->class.n = j->n_frequent;
    for (size_t b = 0; b < j->n_frequent; b++) {
        uint32_t rank = j->frequent[b], count = miner->count[rank];
        j->class.ids[b] = rank;
        j->counts.count[b] = count;
        j->counts.enough |= UINT64_C(1) << b;
        j->counts.all |= (uint64_t)(count == miner->n_baskets) << b;
        bit[rank] = UINT64_C(1) << b;
    }
    fill_rows(miner, bit, &j->rows);
    add_lone_items(j);
    miner->kernels->mask_merge(&j->rows, table);
    seg_mask_class_init(miner, &j->class);

done:
    seg_free(table);
    seg_free(bit);
    return st;
}

static int heavier_first(const void *a, const void *b)
{
    const task *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static uint32_t support_of(const job *j)
{
    return (uint32_t)j->miner->n_baskets;
}

static seg_status make_mask_tasks(job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    j->n_tasks = seg_mask_tasks(&j->lanes[0], &j->class, &j->rows, &j->counts);
    TRY(SEG_ALLOC(&j->tasks, j->n_tasks, "the tasks", err));
    for (size_t t = 0; t < j->n_tasks; t++)
        j->tasks[t] = (task){ .number = (uint32_t)t };

done:
    return st;
}

/* Items of all baskets leave the search when sets are only counted. */
static bool is_free(const job *j, size_t rank)
{
    const seg_miner *miner = j->miner;
    return !j->listing && miner->count[rank] == miner->n_baskets
           && (miner->has_apart == NULL || !miner->has_apart[rank]);
}

static seg_status make_item_tasks(job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_miner *miner = j->miner;
    const uint32_t *first = miner->lists.first;
    TRY(SEG_ALLOC(&j->tasks, j->n_frequent, "the tasks", err));
    TRY(SEG_ALLOC(&j->n_free, miner->options.n_ranks, "the tasks", err));
    for (size_t i = 0; i < j->n_frequent; i++) {
        uint32_t r = j->frequent[i];
        j->n_free[r] = (uint32_t)j->n_all_free;
        if (is_free(j, r))
            j->n_all_free++;
        else
            j->tasks[j->n_tasks++] = (task){
                .number = r, .weight = (uint64_t)(first[r + 1] - first[r]) * (j->n_frequent - i),
            };
    }
    qsort(j->tasks, j->n_tasks, sizeof *j->tasks, heavier_first);

done:
    return st;
}

static seg_status find_frequent(job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_miner *miner = j->miner;
    TRY(SEG_ALLOC(&j->frequent, miner->options.n_ranks + 1, "the items", err));
    for (size_t r = 0; r < miner->options.n_ranks; r++) {
        j->frequent[j->n_frequent] = (uint32_t)r;
        j->n_frequent += miner->count[r] >= j->min_count;
    }
    j->as_masks = j->n_frequent <= SEG_MASK_BITS;

done:
    return st;
}

static seg_status job_init(job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_miner *miner = j->miner;
    size_t n = miner->options.n_ranks, n_lanes = (size_t)miner->options.n_threads;
    seg_miner_sum_counts(miner);
    TRY(find_frequent(j, err));
    if (!j->as_masks && !miner->lists.ready)
        TRY(seg_lists_index(&miner->lists, miner->options.n_threads, err));
    if (j->as_masks)
        TRY(make_masks(j, err));
    TRY(SEG_ALLOC(&j->lanes, n_lanes, "the memory of the threads", err));
    for (; j->n_lanes < n_lanes; j->n_lanes++) {
        st = lane_init(&j->lanes[j->n_lanes], j, err);
        if (st != SEG_OK) {
            lane_clear(&j->lanes[j->n_lanes]);
            goto done;
        }
    }
    if (j->as_masks)
        TRY(make_mask_tasks(j, err));
    else
        TRY(make_item_tasks(j, err));
    if (j->listing)
        TRY(SEG_ALLOC(&j->place, (j->as_masks ? j->n_tasks : n) + 1, "the tasks", err));

done:
    return st;
}

/* ---- doing it -------------------------------------------------------------------------- */

/* Sets the cells hold now, which start from none again; all of it at most UINT64_MAX. */
static uint64_t take_total(seg_miner_cells *cells)
{
    uint64_t total = 0;
    seg_cells_fold(cells);
    for (size_t k = 1; k <= SEG_ITEMSET_MAX; k++)
        total = seg_add_most(total, cells->by_length[k]);
    memset(cells->by_length, 0, sizeof cells->by_length);
    return total;
}

/* The task's sets at their places. */
static void begin_list(const job *j, seg_miner_lane *lane, uint32_t number)
{
    seg_miner_sink *sink = lane->sink = lane->room;
    sink->sets = (seg_cube_sets){ .depth = j->tree->depth, .item = j->tree->item,
                                  .count = j->tree->count };
    sink->place = j->place[number];
    sink->end = j->place[number + 1];
    sink->overrun = false;
}

static bool end_list(seg_miner_lane *lane)
{
    const seg_miner_sink *sink = lane->sink;
    if (sink->overrun || sink->place != sink->end)
        lane->status = seg_fail(&lane->error, SEG_E_IO, "the itemsets are not as many as were"
                                " counted: this is a bug");
    return lane->status == SEG_OK;
}

static bool run_task(job *j, seg_miner_lane *lane, uint32_t number)
{
    const seg_miner *miner = j->miner;
    if (j->tree != NULL)
        begin_list(j, lane, number);
    bool ok = j->as_masks
              ? seg_mine_mask_task(lane, &j->class, &j->rows, &j->counts, support_of(j), number)
              : seg_mine_item(lane, &miner->lists, &lane->desk, NULL, number,
                              miner->count[number], 0, j->n_free[number]);
    if (ok && j->tree != NULL)
        return end_list(lane);
    if (ok && j->listing)
        j->place[number] = (size_t)take_total(&lane->cells);
    return ok;
}

/* One thread asks between its tasks whether to go on. */
static bool may_go_on(job *j, seg_miner_lane *lane)
{
    const seg_miner_options *o = &j->miner->options;
    double share = (double)atomic_load(&j->n_done) / (double)(j->n_tasks + 1);
    if (lane != &j->lanes[0] || o->step == NULL)
        return true;
    if (j->listing)
        share = (share + (j->tree != NULL)) / 2;
    lane->status = o->step(o->step_arg, share, &lane->error);
    return lane->status == SEG_OK;
}

static seg_status run(job *j, seg_error *err)
{
    atomic_store(&j->n_done, 0);
    #pragma omp parallel for schedule(dynamic, 1) num_threads((int)j->n_lanes) \
        if (j->n_tasks > 1)
    for (size_t t = 0; t < j->n_tasks; t++) {
        seg_miner_lane *lane = &j->lanes[omp_get_thread_num()];
        if (atomic_load_explicit(&j->stop, memory_order_relaxed))
            continue;
        if (!may_go_on(j, lane) || !run_task(j, lane, j->tasks[t].number))
            atomic_store(&j->stop, true);
        atomic_fetch_add(&j->n_done, 1);
    }
    for (size_t i = 0; i < j->n_lanes; i++)
        if (j->lanes[i].status != SEG_OK) {
            if (err != NULL)
                *err = j->lanes[i].error;
            return j->lanes[i].status;
        }
    return SEG_OK;
}

/* Nothing is cut off a listing: a set of more than SEG_ITEMSET_MAX items has more subsets than
 * any list can keep, which is said before the first is listed. */
static size_t limit_of(size_t max_length)
{
    return max_length == 0 || max_length > SEG_ITEMSET_MAX ? SEG_ITEMSET_MAX : max_length;
}

seg_status seg_miner_count(seg_miner *miner, uint32_t min_count, size_t max_length,
                           seg_itemset_counts *counts, seg_error *err)
{
    seg_status st = SEG_OK;
    job j = { .miner = miner, .min_count = min_count, .limit = limit_of(max_length) };
    *counts = (seg_itemset_counts){ 0 };
    TRY(job_init(&j, err));
    TRY(run(&j, err));
    seg_cells_add(&j.lanes[0].cells, 0, j.n_all_free, 1);
    for (size_t i = 0; i < j.n_lanes; i++) {
        seg_cells_fold(&j.lanes[i].cells);
        for (size_t k = 1; k <= SEG_ITEMSET_MAX; k++)
            counts->by_length[k - 1] = seg_add_most(counts->by_length[k - 1],
                                                    j.lanes[i].cells.by_length[k]);
    }
    for (size_t k = 1; k <= SEG_ITEMSET_MAX; k++) {
        counts->total = seg_add_most(counts->total, counts->by_length[k - 1]);
        if (counts->by_length[k - 1] > 0)
            counts->n_lengths = k;
    }

done:
    job_clear(&j);
    return st;
}

/* ---- listing --------------------------------------------------------------------------- */

/* Numbers of sets become places. */
static seg_status make_places(job *j, size_t *total, seg_error *err)
{
    size_t n = j->as_masks ? j->n_tasks : j->miner->options.n_ranks;
    uint64_t sum = 0;
    for (size_t t = 0; t < n; t++) {
        uint64_t own = j->place[t];
        j->place[t] = (size_t)sum;
        sum = seg_add_most(sum, own);
    }
    j->place[n] = (size_t)sum;
    if (sum >= UINT32_MAX)
        return seg_fail(err, SEG_E_AGAIN, "%llu itemsets are more than can be kept: raise"
                        " --min-support, limit --max-length, or count them with --count-only",
                        (unsigned long long)sum);
    *total = (size_t)sum;
    return SEG_OK;
}

seg_status seg_miner_list(seg_miner *miner, uint32_t min_count, size_t max_length,
                          seg_itemset_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    job j = { .miner = miner, .min_count = min_count, .limit = limit_of(max_length),
              .listing = true };
    size_t total = 0;
    TRY(job_init(&j, err));
    TRY(run(&j, err));
    TRY(make_places(&j, &total, err));
    TRY(seg_sink_reserve(tree, total, err));
    j.tree = tree;
    TRY(run(&j, err));
    tree->n = total;

done:
    if (st != SEG_OK)
        seg_itemset_tree_clear(tree);
    job_clear(&j);
    return st;
}

/* ensemble_paths.c: what each feature gave to a score, by the steps on the way: from the mean of
 * a node to the mean of the child that the row goes to (Saabas, "Interpreting random forests",
 * 2014). The steps add up to the score as Shapley values do and need one walk, where a deep
 * forest's Shapley values take milliseconds a row. */
#include "models/ensemble_paths.h"

#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/try.h"
#include "segmill/context.h"

struct seg_tree_paths {
    const seg_tree *trees;
    size_t n_trees, n_features;
    size_t *first;             /* per tree: its nodes in `mean` */
    float *mean;               /* per node, of the rows learned from */
};

/* Children come after their parents. */
static void find_means(const seg_tree *tree, float *mean)
{
    for (size_t v = tree->n_nodes; v-- > 0; ) {
        const seg_tree_node *node = &tree->nodes[v];
        if (node->feature < 0) {
            mean[v] = (float)node->value;
            continue;
        }
        const seg_tree_node *l = &tree->nodes[node->left], *r = &tree->nodes[node->right];
        double left = (double)(l->n[0] + l->n[1]), right = (double)(r->n[0] + r->n[1]);
        double share = left + right > 0 ? left / (left + right) : 0.5;
        mean[v] = (float)(share * (double)mean[node->left]
                          + (1 - share) * (double)mean[node->right]);
    }
}

seg_status seg_tree_paths_new(const seg_tree *trees, size_t n_trees, size_t n_features,
                         seg_tree_paths **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_tree_paths *p = NULL;
    size_t n = 0;
    *out = NULL;

    TRY(SEG_ALLOC(&p, 1, "the reasons", err));
    *p = (seg_tree_paths){ .trees = trees, .n_trees = n_trees, .n_features = n_features };
    TRY(SEG_ALLOC(&p->first, n_trees, "the reasons", err));
    for (size_t t = 0; t < n_trees; t++) {
        p->first[t] = n;
        n += trees[t].n_nodes;
    }
    TRY(SEG_ALLOC(&p->mean, n, "the reasons", err));
    for (size_t t = 0; t < n_trees; t++)
        find_means(&trees[t], p->mean + p->first[t]);
    *out = p;
    p = NULL;

done:
    seg_tree_paths_free(p);
    return st;
}

void seg_tree_paths_free(seg_tree_paths *p)
{
    if (p == NULL)
        return;
    seg_free(p->first);
    seg_free(p->mean);
    seg_free(p);
}

/* ---- rows ------------------------------------------------------------------------------- */

typedef struct work {
    const seg_tree_paths *paths;
    seg_matrix x;
    float *phi;
} work;

static void explain_row(const seg_tree_paths *p, const float *row, float *phi)
{
    for (size_t t = 0; t < p->n_trees; t++) {
        const seg_tree *tree = &p->trees[t];
        const float *mean = p->mean + p->first[t];
        uint32_t at = 0;
        while (tree->nodes[at].feature >= 0) {
            const seg_tree_node *node = &tree->nodes[at];
            uint32_t next = seg_tree_goes_left(tree, node, row[node->feature]) ? node->left
                                                                               : node->right;
            phi[node->feature] += mean[next] - mean[at];
            at = next;
        }
    }
}

static void explain_chunk(void *arg, size_t task, int thread)
{
    (void)thread;
    const work *w = arg;
    size_t first = task * SEG_CHUNK_ROWS, end = first + SEG_CHUNK_ROWS;
    for (size_t i = first; i < end && i < w->x.n_rows; i++) {
        float *phi = w->phi + i * w->paths->n_features;
        memset(phi, 0, w->paths->n_features * sizeof *phi);
        explain_row(w->paths, w->x.x + i * w->x.stride, phi);
    }
}

void seg_tree_paths_rows(const seg_tree_paths *paths, seg_matrix x, int n_threads, float *phi)
{
    work w = { paths, x, phi };
    seg_team_run(n_threads, (x.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS, explain_chunk, &w);
}

/* kmeans_checkpoint.c: the file of a training under way: a head, a JSON text that says whose
 * it is and what a scan found, and the centroids. Numbers are as they stand in memory, so
 * that they come back to the bit; a hash over all of it tells a damaged file. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/number.h"
#include "base/try.h"
#include "segmill/version.h"

typedef struct head {
    char magic[8];
    uint64_t hash;            /* of all that follows it */
    uint64_t text_bytes, k, d, dissolved;
    uint64_t scaling;         /* hash of it */
    uint64_t iteration, reason, settled;
    double inertia;           /* infinite before the first pass */
} head;

enum { MAX_TEXT = 1 << 26, HASHED_FROM = offsetof(head, text_bytes) };
static const char magic[8] = "segmkmc1";

struct seg_kmeans_checkpoint {
    const char *path;
    seg_doc *whose;           /* the training at hand */
    /* what was found */
    char *bytes;              /* null: nothing */
    head head;
    seg_doc *text;
};

/* ---- whose it is --------------------------------------------------------------------------- */

static void put_options(const seg_kmeans_trainer *t, seg_node *into)
{
    seg_option_record(seg_method_kmeans.options, t->options, SEG_OPTION_ENVIRONMENT, into);
    seg_put_null(into, "previous");
    seg_put_null(into, "names");
    if (t->given)   /* what is in the file counts, not its name */
        seg_put_textf(into, "init", "a file with hash %016llx", (unsigned long long)
                      seg_xxh3(t->given_z, t->k_last * t->d * sizeof *t->given_z));
}

static seg_status whose(const seg_kmeans_trainer *t, seg_doc **out, seg_error *err)
{
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_put_object(seg_doc_root(doc), "training");
    seg_put_text(root, "version", SEGMILL_VERSION);
    seg_put_int(root, "seed", (int64_t)t->input.ctx->seed);
    seg_put_int(root, "rows", (int64_t)t->input.n_rows);
    seg_status st = seg_kmeans_put_names(t->input.schema, t->columns, t->level, t->d,
                                         seg_put_array(root, "features"), err);
    put_options(t, seg_put_object(root, "options"));
    *out = doc;
    return st;
}

static const char *shown(const seg_node *node, char out[SEG_NUMBER_BYTES])
{
    switch (seg_node_type(node)) {
    case SEG_DOC_TEXT: return seg_node_text(node, "");
    case SEG_DOC_INT:  seg_print_i64(out, seg_node_int(node, 0)); return out;
    case SEG_DOC_REAL: seg_print_f64(out, seg_node_real(node, 0)); return out;
    case SEG_DOC_BOOL: return seg_node_int(node, 0) != 0 ? "yes" : "no";
    default:           return "not given";
    }
}

/* JSON has one kind of number: 0.0 comes back as 0. */
static bool is_same(const seg_node *a, const seg_node *b)
{
    char x[SEG_NUMBER_BYTES], y[SEG_NUMBER_BYTES];
    return strcmp(shown(a, x), shown(b, y)) == 0;
}

static seg_status of_another(const seg_kmeans_checkpoint *c, const char *what,
                             const seg_node *then, const seg_node *now, seg_error *err)
{
    char x[SEG_NUMBER_BYTES], y[SEG_NUMBER_BYTES];
    return seg_fail(err, SEG_E_DATA, "%s: is the checkpoint of another training: %s was %.60s"
                    " and is %.60s; delete it or name another file", c->path, what,
                    shown(then, x), shown(now, y));
}

static seg_status compare_options(const seg_kmeans_checkpoint *c, const seg_node *then,
                                  const seg_node *now, seg_error *err)
{
    for (size_t i = 0; i < seg_node_count(now); i++) {
        char option[64];
        const seg_node *value = seg_node_at(now, i);
        const seg_node *before = seg_node_member(then, seg_node_name(value));
        snprintf(option, sizeof option, "--%s", seg_node_name(value));
        if (!is_same(before, value))
            return of_another(c, option, before, value, err);
    }
    return SEG_OK;
}

static seg_status compare_features(const seg_kmeans_checkpoint *c, const seg_node *then,
                                   const seg_node *now, seg_error *err)
{
    for (size_t i = 0; i < seg_node_count(now) || i < seg_node_count(then); i++) {
        char what[40];
        snprintf(what, sizeof what, "feature %zu", i + 1);
        if (!is_same(seg_node_at(then, i), seg_node_at(now, i)))
            return of_another(c, what, seg_node_at(then, i), seg_node_at(now, i), err);
    }
    return SEG_OK;
}

static seg_status compare(const seg_kmeans_checkpoint *c, seg_error *err)
{
    static const char *const names[][2] = { { "version", "the version of segmill" },
                                            { "seed", "--seed" },
                                            { "rows", "the number of rows" } };
    const seg_node *then = seg_node_member(seg_doc_root(c->text), "training");
    const seg_node *now = seg_node_member(seg_doc_root(c->whose), "training");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const seg_node *a = seg_node_member(then, names[i][0]);
        const seg_node *b = seg_node_member(now, names[i][0]);
        if (!is_same(a, b))
            return of_another(c, names[i][1], a, b, err);
    }
    seg_status st = compare_features(c, seg_node_member(then, "features"),
                                     seg_node_member(now, "features"), err);
    if (st != SEG_OK)
        return st;
    return compare_options(c, seg_node_member(then, "options"), seg_node_member(now, "options"),
                           err);
}

static uint64_t hash_scaling(const seg_kmeans_trainer *t)
{
    size_t bytes = t->d * sizeof(double);
    const double totals[] = { t->space.total_square, t->weights.totals.weight,
                              t->space.dist_quantum };
    const uint64_t parts[] = { seg_xxh3(t->shift, bytes), seg_xxh3(t->inverse, bytes),
                               seg_xxh3(t->quantum, bytes), seg_xxh3(totals, sizeof totals) };
    return seg_xxh3(parts, sizeof parts);
}

/* ---- reading ------------------------------------------------------------------------------- */

static seg_status damaged(const seg_kmeans_checkpoint *c, const char *how, seg_error *err)
{
    return seg_fail(err, SEG_E_VERIFY, "%s: %s; delete it to begin anew", c->path, how);
}

static const double *centroids_of(const seg_kmeans_checkpoint *c, double *z)
{
    const head *h = &c->head;
    return memcpy(z, c->bytes + sizeof *h + h->text_bytes, h->k * h->d * sizeof *z);
}

/* Sizes fit together, and the hash is right. */
static seg_status check_bytes(seg_kmeans_checkpoint *c, size_t n, seg_error *err)
{
    const head *h = &c->head;
    if (n < sizeof *h || memcmp(c->bytes, magic, sizeof magic) != 0)
        return damaged(c, "is no checkpoint of k-means, or a damaged one", err);
    memcpy(&c->head, c->bytes, sizeof *h);
    uint64_t values, bytes, rest = n - sizeof *h;
    bool fits = h->text_bytes <= rest && !__builtin_mul_overflow(h->k, h->d, &values)
                && !__builtin_mul_overflow(values, sizeof(double), &bytes)
                && bytes == rest - h->text_bytes;
    if (!fits || seg_xxh3(c->bytes + HASHED_FROM, n - HASHED_FROM) != h->hash)
        return damaged(c, "is a damaged checkpoint", err);
    return SEG_OK;
}

/* Of this training; but are its numbers such as a training has? */
static seg_status check_numbers(const seg_kmeans_checkpoint *c, const seg_kmeans_trainer *t,
                                seg_error *err)
{
    const head *h = &c->head;
    const char *at = c->bytes + sizeof *h + h->text_bytes;
    bool good = h->dissolved < t->k_last && h->k >= 1 && h->k <= t->k_last - h->dissolved
                && h->d == t->d && h->inertia >= 0 && h->iteration <= t->options->max_iter
                && h->reason <= SEG_FIT_DEADLINE;
    for (size_t i = 0; good && i < h->k * h->d; i++, at += sizeof(double)) {
        double z;
        memcpy(&z, at, sizeof z);
        good = isfinite(z);
    }
    return good ? SEG_OK : damaged(c, "is a checkpoint with impossible numbers", err);
}

static seg_status read_file(seg_kmeans_checkpoint *c, const seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n, most = sizeof(head) + MAX_TEXT + t->k_last * t->d * sizeof(double);
    st = seg_file_get(c->path, most, &c->bytes, &n, err);
    if (st == SEG_E_DATA)
        return damaged(c, "is too large for a checkpoint of this training", err);
    if (st != SEG_OK)
        return st;
    TRY(check_bytes(c, n, err));
    st = seg_doc_parse(c->bytes + sizeof(head), (size_t)c->head.text_bytes, &c->text, err);
    if (st == SEG_E_DATA)
        return damaged(c, "is a damaged checkpoint", err);
    if (st != SEG_OK)
        return st;
    TRY(compare(c, err));
    TRY(check_numbers(c, t, err));

done:
    return st;
}

/* Better now than after the start. */
static seg_status try_to_write(const char *path, seg_error *err)
{
    seg_file *file = NULL;
    seg_status st = seg_file_create(path, &file, err);
    seg_file_close(file);
    return st;
}

seg_status seg_kmeans_checkpoint_open(const seg_kmeans_trainer *t, seg_kmeans_checkpoint **out,
                                      seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_checkpoint *c = NULL;
    *out = NULL;
    if (t->options->checkpoint == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(&c, 1, "the checkpoint", err));
    c->path = t->options->checkpoint;
    TRY(whose(t, &c->whose, err));
    TRY(seg_doc_status(c->whose, err));
    TRY(seg_path_check_output(c->path, err));
    if (seg_path_exists(c->path))
        TRY(read_file(c, t, err));
    else
        TRY(try_to_write(c->path, err));
    *out = c;
    c = NULL;

done:
    seg_kmeans_checkpoint_close(c);
    return st;
}

void seg_kmeans_checkpoint_close(seg_kmeans_checkpoint *c)
{
    if (c == NULL)
        return;
    seg_doc_free(c->whose);
    seg_doc_free(c->text);
    seg_free(c->bytes);
    seg_free(c);
}

/* ---- going on ------------------------------------------------------------------------------ */

seg_status seg_kmeans_checkpoint_fits(const seg_kmeans_trainer *t, seg_error *err)
{
    const seg_kmeans_checkpoint *c = t->checkpoint;
    if (c == NULL || c->bytes == NULL || c->head.scaling == hash_scaling(t))
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: is the checkpoint of another training: the values of"
                    " the data were other ones; delete it or name another file", c->path);
}

bool seg_kmeans_checkpoint_resume(seg_kmeans_trainer *t, bool *settled)
{
    const seg_kmeans_checkpoint *c = t->checkpoint;
    if (c == NULL || c->bytes == NULL)
        return false;
    const head *h = &c->head;
    seg_kmeans_fit_start(t->fit, centroids_of(c, t->best_z), (size_t)h->k);
    t->fit->iteration = (uint32_t)h->iteration;
    t->fit->inertia = h->inertia;
    t->fit->reason = (seg_fit_reason)h->reason;
    t->dissolved = (size_t)h->dissolved;
    const seg_node *scan = seg_node_member(seg_doc_root(c->text), "scan");
    for (size_t i = 0; i < seg_node_count(scan); i++)
        seg_put_node(seg_doc_root(t->scan), seg_node_name(seg_node_at(scan, i)),
                     seg_node_at(scan, i));
    *settled = h->settled != 0;
    seg_note(t->input.ctx, SEG_LEVEL_INFO, "%s: training goes on after pass %u over all rows",
             c->path, t->fit->iteration);
    return true;
}

/* ---- writing ------------------------------------------------------------------------------- */

seg_status seg_kmeans_checkpoint_put(const seg_kmeans_trainer *t, bool settled, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_checkpoint *c = t->checkpoint;
    const seg_kmeans_fit *fit = t->fit;
    char *bytes = NULL;
    if (c == NULL)
        return SEG_OK;
    seg_put_node(seg_doc_root(c->whose), "scan", seg_doc_root(t->scan));
    TRY(seg_doc_status(c->whose, err));
    const char *text = seg_doc_json(c->whose, 0);
    if (text == NULL)
        return seg_fail(err, SEG_E_AGAIN, "%s: no memory for the checkpoint", c->path);
    size_t text_bytes = strlen(text), z_bytes = fit->k * fit->d * sizeof *fit->z;
    size_t n = sizeof(head) + text_bytes + z_bytes;
    head h = { .text_bytes = text_bytes, .k = fit->k, .d = fit->d, .dissolved = t->dissolved,
               .scaling = hash_scaling(t), .iteration = fit->iteration, .reason = fit->reason,
               .settled = settled, .inertia = fit->inertia };
    memcpy(h.magic, magic, sizeof magic);
    TRY(SEG_ALLOC(&bytes, n, "the checkpoint", err));
    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, text, text_bytes);
    memcpy(bytes + sizeof h + text_bytes, fit->z, z_bytes);
    h.hash = seg_xxh3(bytes + HASHED_FROM, n - HASHED_FROM);
    memcpy(bytes, &h, sizeof h);
    TRY(seg_file_put(c->path, bytes, n, err));

done:
    seg_free(bytes);
    return st;
}

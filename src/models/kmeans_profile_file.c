/* kmeans_profile_file.c: the profile of segments in a model file, see models/FORMAT.md. */
#include "models/kmeans_profile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

#define ROOT "uns/model/profile/"

/* Arrays of doubles: where, what range, and whether a value may be missing. */
typedef struct member {
    const char *path;
    size_t offset;
    double least, largest;
    bool may_miss;
} member;

#define NUMBER(name, least, largest, may_miss) \
    { ROOT #name, offsetof(seg_kmeans_profile, name), least, largest, may_miss }
#define ANY (double)INFINITY

static const member number_members[] = {
    NUMBER(known, 0, 1, false), NUMBER(mean, -ANY, ANY, true), NUMBER(median, -ANY, ANY, true),
    NUMBER(rank, 0, 1, true), NUMBER(effect, -ANY, ANY, false), NUMBER(part, -ANY, ANY, true),
};
static const member level_members[] = {
    NUMBER(level_share, 0, 1, true), NUMBER(level_usual, 0, 1, true),
    NUMBER(level_effect, -ANY, ANY, true),
};
static const member rule_members[] = {
    NUMBER(recall, 0, 1, true), NUMBER(precision, 0, 1, true),
};
static const member category_member = NUMBER(category_known, 0, 1, false);

#define COUNT(array) (sizeof(array) / sizeof *(array))

static double **place(const seg_kmeans_profile *p, const member *m)
{
    return (double **)((char *)(uintptr_t)p + m->offset);
}

/* ---- saving ------------------------------------------------------------------------------- */

static seg_status put_members(const seg_kmeans_profile *p, const member *members, size_t n,
                              size_t rows, size_t cols, seg_h5_writer *w, seg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        seg_status st = seg_h5_put(w, members[i].path, SEG_H5_F64, *place(p, &members[i]), rows,
                                   cols, 0, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* Null is the empty text. */
static seg_status put_texts(seg_h5_writer *w, const char *path, const char *const *texts,
                            size_t n, seg_error *err)
{
    const char **filled = NULL;
    seg_status st = SEG_ALLOC(&filled, n, "the texts of the profile", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        filled[i] = texts[i] == NULL ? "" : texts[i];
    st = seg_h5_put_texts(w, path, filled, n, err);
    seg_free(filled);
    return st;
}

seg_status seg_kmeans_profile_save(const seg_kmeans_profile *p, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    if (p == NULL)
        return SEG_OK;
    TRY(seg_h5_put_int(w, ROOT "rows", p->rows, err));
    TRY(put_texts(w, ROOT "traits", p->traits, p->k * SEG_KMEANS_TRAITS, err));
    TRY(put_texts(w, ROOT "rules", p->rules, p->k, err));
    TRY(put_members(p, rule_members, COUNT(rule_members), p->k, 0, w, err));
    if (p->n_numbers > 0) {
        TRY(put_texts(w, ROOT "numbers", p->numbers, p->n_numbers, err));
        TRY(seg_h5_put(w, ROOT "flags", SEG_H5_U8, p->flags, p->n_numbers, 0, 0, err));
        TRY(put_members(p, number_members, COUNT(number_members), p->k + 1, p->n_numbers, w,
                        err));
    }
    if (p->n_categories > 0) {
        TRY(put_texts(w, ROOT "categories", p->categories, p->n_categories, err));
        TRY(put_members(p, &category_member, 1, p->k, p->n_categories, w, err));
        TRY(put_texts(w, ROOT "level", p->level, p->k * p->n_categories * SEG_KMEANS_LEVELS, err));
        TRY(put_members(p, level_members, COUNT(level_members), p->k * p->n_categories,
                        SEG_KMEANS_LEVELS, w, err));
    }
done:
    return st;
}

/* ---- loading ------------------------------------------------------------------------------ */

static seg_status check_values(const member *m, const double *x, size_t n, seg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        bool fine = isnan(x[i]) ? m->may_miss
                                : isfinite(x[i]) && x[i] >= m->least && x[i] <= m->largest;
        if (!fine)
            return seg_fail(err, SEG_E_DATA, "%s holds a value that cannot be", m->path);
    }
    return SEG_OK;
}

/* rows x cols; cols 0: a list. */
static seg_status get_members(seg_kmeans_profile *p, const member *members, size_t n, size_t rows,
                              size_t cols, seg_h5 *file, seg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        double **to = place(p, &members[i]);
        uint64_t there;
        seg_free(*to);
        *to = NULL;
        seg_status st = seg_h5_get(file, members[i].path, SEG_H5_F64, rows, cols, to, &there,
                                   err);
        if (st == SEG_OK && there != rows)
            st = seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", members[i].path,
                          (unsigned long long)there, rows);
        if (st == SEG_OK)
            st = check_values(&members[i], *to, rows * (cols == 0 ? 1 : cols), err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* A text of the file is shown to people: valid, and of one line. */
static bool is_clean(const char *text)
{
    size_t n = strlen(text);
    if (seg_utf8_check(text, n) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f
            || (text[i] == '\xC2' && (unsigned char)text[i + 1] < 0xA0))
            return false;
    return true;
}

/* words: ours, and so of one line; names of the data are cleaned where they are shown. */
static seg_status get_texts(seg_kmeans_profile *p, seg_h5 *file, const char *path, size_t n,
                            bool words, const char **to, seg_error *err)
{
    const char *const *texts;
    size_t there;
    seg_status st = seg_h5_get_texts(file, path, &texts, &there, err);
    if (st == SEG_OK && there != n)
        st = seg_fail(err, SEG_E_DATA, "%s has %zu texts, not %zu", path, there, n);
    for (size_t i = 0; st == SEG_OK && i < n; i++) {
        if (words && !is_clean(texts[i]))
            return seg_fail(err, SEG_E_DATA, "%s: text %zu has control characters or is no UTF-8",
                            path, i + 1);
        to[i] = texts[i][0] == '\0' ? NULL : seg_arena_text(&p->arena, texts[i]);
        if (to[i] == NULL && texts[i][0] != '\0')
            st = seg_arena_failed(err);
    }
    return st;
}

/* Names of features are never empty. */
static seg_status get_names(seg_kmeans_profile *p, seg_h5 *file, const char *path, size_t n,
                            const char **to, seg_error *err)
{
    seg_status st = get_texts(p, file, path, n, false, to, err);
    for (size_t i = 0; st == SEG_OK && i < n; i++)
        if (to[i] == NULL)
            st = seg_fail(err, SEG_E_DATA, "%s: name %zu is empty", path, i + 1);
    return st;
}

static seg_status get_numbers(seg_kmeans_profile *p, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t there = 0;
    TRY(get_names(p, file, ROOT "numbers", p->n_numbers, p->numbers, err));
    seg_free(p->flags);
    p->flags = NULL;
    TRY(seg_h5_get(file, ROOT "flags", SEG_H5_U8, p->n_numbers, 0, &p->flags, &there, err));
    for (size_t f = 0; f < p->n_numbers; f++)
        if (there != p->n_numbers || p->flags[f] > SEG_KMEANS_FLAGS) {
            st = seg_fail(err, SEG_E_DATA, ROOT "flags holds a value that cannot be");
            goto done;
        }
    TRY(get_members(p, number_members, COUNT(number_members), p->k + 1, p->n_numbers, file, err));
done:
    return st;
}

static seg_status get_categories(seg_kmeans_profile *p, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t levels = p->k * p->n_categories * SEG_KMEANS_LEVELS;
    TRY(get_names(p, file, ROOT "categories", p->n_categories, p->categories, err));
    TRY(get_members(p, &category_member, 1, p->k, p->n_categories, file, err));
    TRY(get_texts(p, file, ROOT "level", levels, false, p->level, err));
    TRY(get_members(p, level_members, COUNT(level_members), p->k * p->n_categories,
                    SEG_KMEANS_LEVELS, file, err));
    for (size_t i = 0; i < levels; i++)
        if (p->level[i] != NULL && !(p->level_usual[i] > 0 && p->level_share[i] >= 0
                                     && isfinite(p->level_effect[i]))) {
            st = seg_fail(err, SEG_E_DATA, ROOT "level_usual holds a value that cannot be");
            goto done;
        }
done:
    return st;
}

/* How many texts the list has; 0 when there is none. */
static seg_status count_of(seg_h5 *file, const char *path, size_t *n, seg_error *err)
{
    seg_h5_array info;
    *n = 0;
    if (!seg_h5_has(file, path))
        return SEG_OK;
    seg_status st = seg_h5_info(file, path, &info, err);
    if (st == SEG_OK && info.n_rows > SEG_KMEANS_PROFILE_CELLS)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu names", path,
                      (unsigned long long)info.n_rows);
    *n = st == SEG_OK ? (size_t)info.n_rows : 0;
    return st;
}

seg_status seg_kmeans_profile_load(seg_h5 *file, size_t k, seg_kmeans_profile **out,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_profile *p = NULL;
    size_t n_numbers = 0, n_categories = 0;
    *out = NULL;
    if (!seg_h5_has(file, ROOT "rows"))
        return SEG_OK;
    TRY(count_of(file, ROOT "numbers", &n_numbers, err));
    TRY(count_of(file, ROOT "categories", &n_categories, err));
    if (k > SEG_KMEANS_PROFILED || (k + 1) * (n_numbers + n_categories) > SEG_KMEANS_PROFILE_CELLS) {
        st = seg_fail(err, SEG_E_DATA, "uns/model/profile is of %zu segments and %zu features",
                      k, n_numbers + n_categories);
        goto done;
    }
    TRY(seg_kmeans_profile_new(k, n_numbers, n_categories, &p, err));
    TRY(seg_h5_get_int(file, ROOT "rows", &p->rows, err));
    if (p->rows < 0) {
        st = seg_fail(err, SEG_E_DATA, ROOT "rows is below 0");
        goto done;
    }
    TRY(get_texts(p, file, ROOT "traits", k * SEG_KMEANS_TRAITS, true, p->traits, err));
    TRY(get_texts(p, file, ROOT "rules", k, true, p->rules, err));
    TRY(get_members(p, rule_members, COUNT(rule_members), k, 0, file, err));
    if (n_numbers > 0)
        TRY(get_numbers(p, file, err));
    if (n_categories > 0)
        TRY(get_categories(p, file, err));
    *out = p;
    p = NULL;

done:
    seg_kmeans_profile_free(p);
    return st;
}

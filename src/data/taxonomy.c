/* taxonomy.c: a taxonomy that owns its parts, believed only after every name and every
 * number in it has been checked. Names share one dictionary while they are checked, so that
 * no group can be taken for an item. */
#include "data/taxonomy.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/try.h"
#include "data/dictionary.h"

enum { MAX_NAME_BYTES = 1100 };   /* a name of the file, and what tells it apart */

typedef struct owner {
    seg_taxonomy view;            /* first: what callers hold */
    seg_arena arena;
    const char **items, **groups;
    int32_t *item_group, *group_parent;
} owner;

void seg_taxonomy_free(seg_taxonomy *taxonomy)
{
    owner *o = (owner *)taxonomy;
    if (o == NULL)
        return;
    seg_arena_free(&o->arena);
    seg_free(o->items);
    seg_free(o->groups);
    seg_free(o->item_group);
    seg_free(o->group_parent);
    seg_free(o);
}

/* ---- checks -------------------------------------------------------------------------- */

static seg_status bad_name(const char *what, const char *name, const char *why, seg_error *err)
{
    char quoted[SEG_QUOTE_BYTES];
    return seg_fail(err, SEG_E_DATA, "taxonomy: %s '%s' %s", what,
                    seg_quote_cell(quoted, name, strlen(name)), why);
}

static seg_status add_names(seg_dictionary *seen, const char *what, const char *const *names,
                            size_t n, seg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int32_t code;
        size_t before = seg_dictionary_size(seen), length = strlen(names[i]);
        if (length == 0 || length > MAX_NAME_BYTES)
            return seg_fail(err, SEG_E_DATA, "taxonomy: the name of %s %zu has %zu bytes; the"
                            " range is 1 to %d", what, i + 1, length, MAX_NAME_BYTES);
        seg_status st = seg_dictionary_add(seen, names[i], length, &code, err);
        if (st != SEG_OK)
            return st;
        if ((size_t)code != before)
            return bad_name(what, names[i], "has the name of another item or group", err);
    }
    return SEG_OK;
}

static seg_status check_names(const seg_taxonomy *t, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_dictionary *seen = NULL;
    TRY(seg_dictionary_new(&seen, err));
    TRY(add_names(seen, "item", t->items, t->n_items, err));
    TRY(add_names(seen, "group", t->groups, t->n_groups, err));

done:
    seg_dictionary_free(seen);
    return st;
}

static seg_status check_depth(const seg_taxonomy *t, size_t group, seg_error *err)
{
    int32_t at = (int32_t)group;
    for (int depth = 0; depth < SEG_TAXONOMY_DEPTH; depth++) {
        at = t->group_parent[at];
        if (at < 0)
            return SEG_OK;
    }
    char why[64];
    snprintf(why, sizeof why, "has more than %d groups above it", SEG_TAXONOMY_DEPTH - 1);
    return bad_name("group", t->groups[group], why, err);
}

static seg_status check_numbers(const seg_taxonomy *t, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < t->n_items; i++)
        if (t->item_group[i] < 0 || (size_t)t->item_group[i] >= t->n_groups)
            return bad_name("item", t->items[i], "is in a group that is not there", err);
    for (size_t g = 0; g < t->n_groups; g++)
        if (t->group_parent[g] < -1 || (t->group_parent[g] >= 0
                                        && (size_t)t->group_parent[g] >= t->n_groups))
            return bad_name("group", t->groups[g], "is in a group that is not there", err);
    for (size_t g = 0; g < t->n_groups && st == SEG_OK; g++)
        st = check_depth(t, g, err);
    return st;
}

/* ---- a copy ------------------------------------------------------------------------------ */

static seg_status copy_names(owner *o, const char *const *names, size_t n, const char ***out,
                             seg_error *err)
{
    seg_status st = SEG_ALLOC(out, n, "a taxonomy", err);
    for (size_t i = 0; st == SEG_OK && i < n; i++) {
        (*out)[i] = seg_arena_text(&o->arena, names[i]);
        if ((*out)[i] == NULL)
            st = seg_arena_failed(err);
    }
    return st;
}

static seg_status copy_numbers(const int32_t *numbers, size_t n, int32_t **out, seg_error *err)
{
    seg_status st = SEG_ALLOC(out, n, "a taxonomy", err);
    if (st == SEG_OK && n > 0)
        memcpy(*out, numbers, n * sizeof *numbers);
    return st;
}

seg_status seg_taxonomy_new(const seg_taxonomy *parts, seg_taxonomy **out, seg_error *err)
{
    seg_status st = SEG_OK;
    owner *o = NULL;
    *out = NULL;

    if (parts->n_items > INT32_MAX || parts->n_groups > INT32_MAX)
        return seg_fail(err, SEG_E_DATA, "taxonomy: %zu items and %zu groups; there may be %d of"
                        " each", parts->n_items, parts->n_groups, INT32_MAX);
    TRY(check_names(parts, err));
    TRY(check_numbers(parts, err));
    TRY(SEG_ALLOC(&o, 1, "a taxonomy", err));
    TRY(copy_names(o, parts->items, parts->n_items, &o->items, err));
    TRY(copy_names(o, parts->groups, parts->n_groups, &o->groups, err));
    TRY(copy_numbers(parts->item_group, parts->n_items, &o->item_group, err));
    TRY(copy_numbers(parts->group_parent, parts->n_groups, &o->group_parent, err));
    o->view = (seg_taxonomy){ .n_items = parts->n_items, .items = o->items,
                              .item_group = o->item_group, .n_groups = parts->n_groups,
                              .groups = o->groups, .group_parent = o->group_parent };
    *out = &o->view;
    o = NULL;

done:
    seg_taxonomy_free((seg_taxonomy *)o);
    return st;
}

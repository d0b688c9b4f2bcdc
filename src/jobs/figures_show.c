/* figures_show.c: figures for people: fewer, and in less room, than in the JSON. */
#include "jobs/figures_show.h"

#include <string.h>
#include "base/doc_tree.h"

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static const char *show(seg_doc *result, const char *const *hidden)
{
    static const char *const as_rows[] = { "confusion", NULL };
    const seg_node *root = seg_doc_root(result);
    seg_doc *shown = seg_doc_new();
    for (size_t i = 0; i < seg_node_count(root); i++) {
        const seg_node *member = seg_node_at(root, i);
        const char *name = seg_node_name(member);
        if (is_one_of(name, hidden))
            continue;
        if (is_one_of(name, as_rows))
            seg_put_node(seg_put_array(seg_doc_root(shown), name), NULL, member);
        else
            seg_put_node(seg_doc_root(shown), name, member);
    }
    const char *text = seg_doc_plain(shown);
    if (result != NULL) {
        seg_text_clear(&result->text);
        seg_text_add(&result->text, text == NULL ? "" : text);
        result->failed |= text == NULL || result->text.failed;
    }
    seg_doc_free(shown);
    return result == NULL || result->failed ? NULL : result->text.bytes;
}

const char *seg_figures_show(seg_doc *result, const void *options, const seg_screen *screen)
{
    static const char *const hidden[] = { NULL };
    (void)options;
    (void)screen;
    return show(result, hidden);
}

const char *seg_figures_show_short(seg_doc *result, const void *options,
                                   const seg_screen *screen)
{
    static const char *const hidden[] = { "confusion", "deciles", "reliability", NULL };
    (void)options;
    (void)screen;
    return show(result, hidden);
}

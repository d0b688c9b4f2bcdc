/* rules_items.c: the items of a training: their order, and those that the options name. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "models/rules_trainer.h"

static seg_status unknown_item(const seg_schema *schema, const char *option, const char *name,
                               seg_error *err)
{
    size_t best = SIZE_MAX, distance = SIZE_MAX;
    for (size_t i = 0; i < schema->n_features; i++) {
        size_t d = seg_edit_distance(name, schema->features[i].name);
        if (d < distance) {
            distance = d;
            best = i;
        }
    }
    if (best != SIZE_MAX && (distance == 1 || distance * 3 <= strlen(name)))
        return seg_fail(err, SEG_E_USAGE, "no basket has an item '%s' for %s; '%s' is near", name,
                        option, schema->features[best].name);
    return seg_fail(err, SEG_E_USAGE, "no basket has an item '%s' for %s", name, option);
}

static seg_status find_head(seg_rules_trainer *t, seg_error *err)
{
    const seg_schema *schema = t->input.schema;
    t->head = -1;
    if (t->options->head == NULL)
        return SEG_OK;
    size_t item = seg_schema_feature(schema, t->options->head);
    if (item == SIZE_MAX)
        return unknown_item(schema, "--head", t->options->head, err);
    t->head = (int32_t)item;
    return SEG_OK;
}

/* The items of a list, marked; null when there is no list. */
static seg_status mark_items(const seg_rules_trainer *t, const char *option, const char *list,
                             bool **out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    *out = NULL;
    if (list == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(out, t->input.schema->n_features, "the items of the options", err));
    for (const char *rest = list; *rest != 0;) {
        size_t n = strcspn(rest, ",");
        seg_text_clear(&name);
        seg_text_add_n(&name, rest, n);
        TRY(seg_text_status(&name, err));
        size_t item = n == 0 ? SIZE_MAX : seg_schema_feature(t->input.schema, name.bytes);
        if (item == SIZE_MAX)
            TRY(unknown_item(t->input.schema, option, n == 0 ? "" : name.bytes, err));
        (*out)[item] = true;
        rest += n + (rest[n] == ',');
    }

done:
    seg_text_free(&name);
    return st;
}

static int by_name(const void *a, const void *b, void *arg)
{
    const seg_schema *schema = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    int order = strcmp(schema->features[x].name, schema->features[y].name);
    return order != 0 ? order : (x > y) - (x < y);
}

static seg_status order_items(seg_rules_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema schema = *t->input.schema;
    size_t n = schema.n_features;
    TRY(SEG_ALLOC(&t->by_name, n, "the order of the items", err));
    TRY(SEG_ALLOC(&t->place, n, "the order of the items", err));
    for (size_t i = 0; i < n; i++)
        t->by_name[i] = (int32_t)i;
    if (n > 1)
        qsort_r(t->by_name, n, sizeof *t->by_name, by_name, &schema);
    for (size_t i = 0; i < n; i++)
        t->place[t->by_name[i]] = (int32_t)i;

done:
    return st;
}

seg_status seg_rules_find_items(seg_rules_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_options *o = t->options;
    TRY(order_items(t, err));
    TRY(find_head(t, err));
    TRY(mark_items(t, "--body", o->body, &t->in_body, err));
    TRY(mark_items(t, "--with", o->with, &t->must, err));
    TRY(mark_items(t, "--without", o->without, &t->wanted, err));
    for (size_t i = 0; t->wanted != NULL && i < t->input.schema->n_features; i++) {
        t->wanted[i] = !t->wanted[i];
        if (!t->wanted[i] && ((int32_t)i == t->head || (t->must != NULL && t->must[i])))
            TRY(seg_fail(err, SEG_E_USAGE, "item '%s' is both asked for and left out by"
                         " --without", t->input.schema->features[i].name));
    }

done:
    return st;
}

seg_status seg_rules_item_uses(const seg_rules_trainer *t, const seg_rules_model *m, uint8_t **out,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_options *o = t->options;
    *out = NULL;
    if (o->body == NULL && o->with == NULL && t->head < 0)
        return SEG_OK;
    TRY(SEG_ALLOC(out, m->n_items, "the use of the items", err));
    for (size_t r = 0; r < m->n_items; r++) {
        int32_t item = t->found.ranks.item[r];
        unsigned use = SEG_RULE_HEAD;
        if (o->body == NULL || t->in_body[item])
            use |= SEG_RULE_BODY;
        if (t->must != NULL && t->must[item])
            use |= SEG_RULE_MUST;
        if (item == t->head)
            use |= SEG_RULE_WANTED;
        (*out)[r] = (uint8_t)use;
    }

done:
    return st;
}

bool seg_rules_lack_item(const seg_rules_trainer *t)
{
    int32_t missing = t->head >= 0 && t->new_item[t->head] < 0 ? t->head : -1;
    for (size_t i = 0; t->must != NULL && i < t->input.schema->n_features; i++)
        if (t->must[i] && t->new_item[i] < 0)
            missing = (int32_t)i;
    if (missing >= 0)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "item '%s' of --head or --with is not frequent, so"
                 " there are no rules: it is in %u baskets, the support is %u",
                 t->input.schema->features[missing].name, t->found.item_count[missing],
                 t->found.min_count);
    return missing >= 0;
}

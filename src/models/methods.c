/* methods.c: the list of methods. A new one is one row. */
#include "models/method.h"

#include <string.h>
#include "models/classifier.h"

static const seg_method *const methods[] = {
    &seg_method_kmeans,
    &seg_method_tree,
    &seg_method_forest,
    &seg_method_boost,
    &seg_method_rules,
    &seg_method_rfm,
};
enum { N_METHODS = sizeof methods / sizeof *methods };

const seg_method *seg_method_at(size_t i)
{
    return i < N_METHODS ? methods[i] : NULL;
}

const seg_method *seg_method_find(const char *name)
{
    for (size_t i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}

const char *seg_method_name(const seg_method *method) { return method->name; }
const char *seg_method_summary(const seg_method *method) { return method->summary; }
const char *seg_method_about(const seg_method *method) { return method->about; }
const char *seg_method_terms_title(const seg_method *method) { return method->terms_title; }

bool seg_method_term(const seg_method *method, size_t i, const char **word, char *line,
                     size_t size)
{
    return method->term != NULL && method->term(i, word, line, size);
}

const seg_option *seg_method_options(const seg_method *method) { return method->options; }
size_t seg_method_options_size(const seg_method *method) { return method->options_size; }

void seg_method_defaults(const seg_method *method, void *options)
{
    memset(options, 0, method->options_size);
    method->defaults(options);
}

seg_status seg_method_check(const seg_method *method, const void *options, seg_error *err)
{
    const seg_classify_options *classify = method->needs_label ? options : NULL;
    seg_status st = classify == NULL ? SEG_OK : seg_money_check(&classify->money, err);
    seg_bands bands;
    if (st == SEG_OK && classify != NULL)
        st = seg_bands_parse(classify->bands, &bands, err);
    if (st != SEG_OK || method->check == NULL)
        return st;
    return method->check(options, err);
}

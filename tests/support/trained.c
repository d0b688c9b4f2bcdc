#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jobs/view.h"
#include "tests/support/trained.h"

const trained_case trained_cases[TRAINED_CASES] = {
    { "kmeans", "datasets/customers.csv", "--k=4 --features=age,visits_30d,orders,spend" },
    { "tree", "datasets/customers.csv", "--label=churned --max-leaves=8 --teacher=no" },
    { "rules", "datasets/orders.csv", "--min-support=1% --min-confidence=30%" },
    { "rfm", "datasets/orders.csv", "" },
    { "forest", "datasets/customers.csv", "--label=churned --trees=3 --min-leaf=20" },
    { "boost", "datasets/customers.csv", "--label=churned --trees=3 --max-leaves=5" },
};

/* So that a test may fork. */
static const seg_context one_thread = { .n_threads = 1, .seed = 1 };

#define OK(call)                                                  \
    do {                                                          \
        seg_error err_ = { 0 };                                   \
        seg_error *err = &err_;                                   \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err->text);  \
    } while (0)

static void set_options(const seg_method *method, char *words, void *options)
{
    char *rest = NULL;
    seg_method_defaults(method, options);
    for (char *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        OK(seg_option_set(method->options, options, word + 2, value, err));
    }
}

seg_source *trained_open(const trained_case *c)
{
    seg_source *source;
    const seg_method *method = seg_method_find(c->method);
    seg_view_request request = { .path = c->data, .view = method->train_view,
                                 .selection.label = method->needs_label ? "churned" : NULL };
    OK(seg_view_open(&one_thread, &request, NULL, &source, err));
    return source;
}

seg_model *trained_model(const trained_case *c)
{
    static char words[512];
    _Alignas(16) char options[2048];
    const seg_method *method = seg_method_find(c->method);
    seg_source *source = trained_open(c);
    seg_model *model;
    snprintf(words, sizeof words, "%s", c->options);
    set_options(method, words, options);
    OK(seg_train(&one_thread, method, options, source, &model, err));
    seg_source_close(source);
    return model;
}

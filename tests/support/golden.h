/* golden.h: the rules of groceries that arules wrote (baskets/groceries_rules_s10_c50.csv.gz). */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include "kernels/rule_measures.h"

enum { GOLDEN_FIELDS = 64, GOLDEN_BODY = 12 };

typedef struct golden_rule {
    size_t n_body;
    int32_t body[GOLDEN_BODY], head;     /* items of groceries.dat */
    seg_rule_counts counts;
    char *fields[GOLDEN_FIELDS];
} golden_rule;

typedef struct golden {
    size_t n, n_fields;
    char *names[GOLDEN_FIELDS];
    golden_rule *rules;
    char *text;
} golden;

bool golden_read(golden *out);           /* false if it is not there */
void golden_free(golden *g);
size_t golden_field(const golden *g, const char *name);   /* SIZE_MAX: no such column */
double golden_value(const golden *g, size_t rule, size_t field);   /* NA is NaN */
bool golden_flag(const golden *g, size_t rule, const char *name);

#endif

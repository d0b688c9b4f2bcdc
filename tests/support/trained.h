/* trained.h: a small model of every method, learned from datasets/. */
#ifndef TESTS_SUPPORT_TRAINED_H
#define TESTS_SUPPORT_TRAINED_H

#include "models/method.h"

typedef struct trained_case {
    const char *method, *data;
    const char *options;   /* "--k=4 --scale=z" */
} trained_case;

/* kmeans, tree, rules, rfm, forest, boost. */
extern const trained_case trained_cases[];
enum { TRAINED_CASES = 6 };

/* The rows as the method wants them; fails the test if that fails. */
seg_source *trained_open(const trained_case *c);
seg_model *trained_model(const trained_case *c);

#endif

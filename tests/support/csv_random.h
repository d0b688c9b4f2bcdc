/* csv_random.h: a random CSV with options, from a number: the same one for ever, on any
 * machine. From clean tables of every type to bytes at random. */
#ifndef TESTS_SUPPORT_CSV_RANDOM_H
#define TESTS_SUPPORT_CSV_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_RANDOM_WORDS = 16, CSV_RANDOM_COLUMNS = 12 };

typedef struct csv_random {
    uint64_t seed;
    char *text;
    size_t n, cap;
    char *words[CSV_RANDOM_WORDS];   /* options: "max-errors=3" */
    size_t n_words;
    const char *path;                /* its end tells how it may be parted: "case.csv" */
} csv_random;

/* Free with csv_random_free(). */
void csv_random_make(uint64_t seed, csv_random *out);
void csv_random_free(csv_random *csv);

#endif

/* Any text is read as a number exactly when it is one, and to the bits of strtod and strtof.
 *
 *   SEGMILL_NUMBER_COUNT=N   so many texts (1000000) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/number.h"
#include "base/rng.h"
#include "tests/support/csv_plain.h"

typedef struct text {
    char bytes[1024];
    size_t n;
    uint64_t bits;       /* of the draw */
} text;

static unsigned draw(text *t, unsigned n)
{
    t->bits = t->bits * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((t->bits >> 33) * n >> 31);
}

static void put(text *t, const char *bytes, size_t n)
{
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}

static void digits(text *t, unsigned most, unsigned zeros)
{
    unsigned n = draw(t, 40) == 0 ? draw(t, 400) : draw(t, most + 1);
    for (unsigned i = 0; i < n; i++)
        put(t, draw(t, 100) < zeros ? "0" : &"0123456789"[draw(t, 10)], 1);
}

static void make(text *t, uint64_t i)
{
    static const char odd[] = "0123456789..,eE+-- xINFnan\0";
    *t = (text){ .bits = seg_rng_u64((seg_rng){ 11, 3 }, i) };
    unsigned zeros = draw(t, 4) == 0 ? 80 : 5;
    if (draw(t, 3) == 0)
        put(t, draw(t, 8) == 0 ? "+" : "-", 1);
    digits(t, draw(t, 2) == 0 ? 4 : 22, zeros);
    if (draw(t, 3) > 0)
        put(t, ".", 1);
    digits(t, draw(t, 2) == 0 ? 3 : 22, zeros);
    if (draw(t, 2) == 0) {
        char exponent[16];
        int most = draw(t, 2) == 0 ? 30 : 345;
        put(t, draw(t, 2) == 0 ? "e" : "E", 1);
        put(t, exponent, (size_t)snprintf(exponent, sizeof exponent, "%s%d",
                                          draw(t, 4) == 0 ? "+" : "",
                                          (int)draw(t, 2 * (unsigned)most) - most));
    }
    if (draw(t, 10) == 0 && t->n > 0)   /* and what is none, nearly */
        t->bytes[draw(t, (unsigned)t->n)] = odd[draw(t, sizeof odd - 1)];
}

static void fail_on(const text *t, const char *what)
{
    fail_msg("'%.*s' as a %s", (int)t->n, t->bytes, what);
}

static void check(const text *t)
{
    plain_cell cell = { t->bytes, t->n };
    double wide = 0, expected = 0;
    float narrow = 0, expected_narrow = 0;
    bool has_nul = memchr(t->bytes, 0, t->n) != NULL;
    bool is = !has_nul && plain_number(cell, '.', &expected, NULL);
    bool is_narrow = !has_nul && plain_number(cell, '.', NULL, &expected_narrow);
    if (seg_parse_f64(t->bytes, t->n, '.', &wide) != is
        || (is && memcmp(&wide, &expected, sizeof wide) != 0))
        fail_on(t, "double");
    if (seg_parse_f32(t->bytes, t->n, '.', &narrow) != is_narrow
        || (is_narrow && memcmp(&narrow, &expected_narrow, sizeof narrow) != 0))
        fail_on(t, "float");
}

static void random_texts_are_numbers_as_the_c_library_reads_them(void **state)
{
    (void)state;
    const char *count = getenv("SEGMILL_NUMBER_COUNT");
    uint64_t n = count == NULL ? 1000000 : strtoull(count, NULL, 10);
    text t;
    for (uint64_t i = 0; i < n; i++) {
        make(&t, i);
        check(&t);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_texts_are_numbers_as_the_c_library_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* make-rows.c: rows to find segments in, as plain float32, and a start for them:
 *
 *   make-rows mixture|rfm ROWS FEATURES K FILE.f32 START.csv
 *
 * mixture: K centres from N(0,1), rows around them with noise N(0,1), as many for each. rfm:
 * four columns like logarithms of recency, frequency, money and tenure, without clusters. The
 * start is K rows, one drawn from each Kth of them. Equal sizes give equal bytes. */
#include "base/number.h"
#include "base/real.h"
#include "base/rng.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE = 1, CENTRE, CLUSTER, START, TENURE, RECENCY, CENTS, ATTEMPTS = 16 };
enum { MAX_FEATURES = 1024, MAX_CLUSTERS = 65536, RFM_FEATURES = 4, DAYS = 730 };

static uint64_t draw(uint64_t purpose, uint64_t i)
{
    return seg_rng_u64((seg_rng){ .seed = 1, .stream = purpose }, i);
}

static double uniform(uint64_t purpose, uint64_t i)
{
    return seg_rng_open((seg_rng){ .seed = 1, .stream = purpose }, i);
}

/* Number i of N(0,1): the polar method of Marsaglia and Bray. */
static double normal(uint64_t purpose, uint64_t i)
{
    for (uint64_t attempt = 0;; attempt++) {
        uint64_t bits = draw(purpose + attempt * ATTEMPTS, i);
        double u = (double)(bits >> 32) / 0x1p31 - 1, v = (double)(bits & 0xffffffff) / 0x1p31 - 1;
        double s = u * u + v * v;
        if (s > 0 && s < 1)
            return u * sqrt(-2 * seg_log(s) / s);
    }
}

typedef struct rows {
    uint64_t n, d, k;
    float *centres;   /* mixture */
} rows;

static void fill_mixture(const rows *r, uint64_t i, float *x)
{
    const float *centre = r->centres + draw(CLUSTER, i) % r->k * r->d;
    for (uint64_t f = 0; f < r->d; f++)
        x[f] = (float)((double)centre[f] + normal(NOISE, i * r->d + f));
}

static void fill_rfm(const rows *r, uint64_t i, float *x)
{
    (void)r;
    double active = normal(NOISE, i);
    double days = -90 * seg_log(uniform(RECENCY, i)) / seg_exp(active / 2);
    double orders = 1 + floor(seg_exp(active + 0.5));
    double money = orders * seg_exp(3 + 0.8 * normal(CENTS, i));
    x[0] = (float)seg_log1p(floor(days));
    x[1] = (float)seg_log1p(orders);
    x[2] = (float)seg_log1p(floor(money * 100) / 100);
    x[3] = (float)seg_log1p(floor(DAYS * uniform(TENURE, i)));
}

static void print_start(const rows *r, void (*fill)(const rows *, uint64_t, float *), FILE *start)
{
    float x[MAX_FEATURES];
    for (uint64_t f = 0; f < r->d; f++)
        fprintf(start, "%sf%" PRIu64, f ? "," : "", f);
    for (uint64_t j = 0; j < r->k; j++) {
        uint64_t share = r->n / r->k;   /* one row of each k-th of them: no row twice */
        fill(r, j * share + draw(START, j) % share, x);
        for (uint64_t f = 0; f < r->d; f++) {
            char text[SEG_NUMBER_BYTES];
            size_t length = seg_print_f64(text, (double)x[f]);
            fprintf(start, "%s%.*s", f ? "," : "\n", (int)length, text);
        }
    }
    fputs("\n", start);
}

static bool read_counts(char **argv, rows *r)
{
    return seg_parse_u64(argv[2], strlen(argv[2]), &r->n) && r->n > 0 &&
           seg_parse_u64(argv[3], strlen(argv[3]), &r->d) && r->d > 0 && r->d <= MAX_FEATURES &&
           seg_parse_u64(argv[4], strlen(argv[4]), &r->k) && r->k > 0 && r->k <= MAX_CLUSTERS &&
           r->k <= r->n;
}

int main(int argc, char **argv)
{
    rows r = { 0 };
    bool mixture = argc > 1 && strcmp(argv[1], "mixture") == 0;
    bool rfm = argc > 1 && strcmp(argv[1], "rfm") == 0;
    if (argc != 7 || !(mixture || rfm) || !read_counts(argv, &r) || (rfm && r.d != RFM_FEATURES)) {
        fputs("usage: make-rows mixture|rfm ROWS FEATURES K FILE.f32 START.csv\n", stderr);
        return 2;
    }
    r.centres = calloc(r.k * r.d, sizeof *r.centres);
    FILE *file = fopen(argv[5], "wb"), *start = fopen(argv[6], "w");
    if (!r.centres || !file || !start) {
        fprintf(stderr, "make-rows: could not make '%s' or '%s'\n", argv[5], argv[6]);
        return 1;
    }
    for (uint64_t c = 0; c < r.k * r.d; c++)
        r.centres[c] = (float)normal(CENTRE, c);
    void (*fill)(const rows *, uint64_t, float *) = mixture ? fill_mixture : fill_rfm;
    float x[MAX_FEATURES];
    for (uint64_t i = 0; i < r.n; i++) {
        fill(&r, i, x);
        fwrite(x, sizeof *x, r.d, file);
    }
    print_start(&r, fill, start);
    free(r.centres);
    int bad = ferror(file) | ferror(start);
    bad |= fclose(file) | fclose(start);
    return bad ? 1 : 0;
}

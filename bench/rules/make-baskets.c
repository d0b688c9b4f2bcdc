/* make-baskets.c: baskets to mine, one a line, items ascending and parted by a blank:
 *
 *   make-baskets quest BASKETS SIZE PATTERN ITEMS PATTERNS SEED
 *   make-baskets clicks SESSIONS LENGTH PAGES TOPICS SEED
 *   make-baskets shop PAIRS ITEMS SEED
 *
 * quest: baskets of mean SIZE made of PATTERNS of mean size PATTERN that share items and lose
 * some on the way (Agrawal and Srikant, VLDB 1994, section 2.4.3). clicks: sessions of
 * log-normal length with mean LENGTH over pages of skewed popularity, with topics and
 * packages of pages that are opened together. shop: ten items a basket, half of them from one of
 * 500 missions, the others by popularity; PAIRS (basket, item) in all, ten million a second.
 *
 * Equal words give equal bytes as far as the C library rounds log, exp, pow and cos alike: the
 * numbers of itemsets that tests compare with hold for the bytes whose MD5 they know. */
#include "bench/bench.h"
#include "base/number.h"
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- random numbers ---------------------------------------------------------------- */

/* One sequence for all purposes: xoshiro256**, Blackman and Vigna 2018, begun by splitmix64. */
static uint64_t state[4];

static void begin_numbers(uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        state[i] = z ^ (z >> 31);
    }
}

static uint64_t turned(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t draw(void)
{
    uint64_t result = turned(state[1] * 5, 7) * 9, t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = turned(state[3], 45);
    return result;
}

static double uniform(void)   /* 0 < u < 1 */
{
    return ((double)(draw() >> 11) + 0.5) * 0x1p-53;
}

static int below(int n)
{
    return (int)(uniform() * n);
}

static double exponential(void)
{
    return -log(uniform());
}

static double normal(void)   /* Box and Muller 1958, one of the two */
{
    double radius = sqrt(2 * exponential());
    return radius * cos(6.283185307179586 * uniform());
}

static int poisson(double mean)   /* Knuth's; for a moderate mean */
{
    double least = exp(-mean), product = 1;
    int k = 0;
    do {
        k++;
        product *= uniform();
    } while (product > least);
    return k - 1;
}

/* Weights become what all up to each of them add up to, as shares. */
static void accumulate(double *weight, int n)
{
    double total = 0, sum = 0;
    for (int i = 0; i < n; i++)
        total += weight[i];
    for (int i = 0; i < n; i++)
        weight[i] = sum += weight[i] / total;
    weight[n - 1] = 1;
}

/* Shares that fall with the rank: (rank + shift) ^ -exponent. */
static double *falling(int n, double shift, double exponent)
{
    double *share = bench_memory((size_t)n * sizeof *share);
    for (int i = 0; i < n; i++)
        share[i] = pow(i + shift, -exponent);
    accumulate(share, n);
    return share;
}

static int choose(const double *up_to, int n)
{
    double u = uniform();
    int low = 0, high = n - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (up_to[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- lines ------------------------------------------------------------------------- */

static void print_item(int item)
{
    char digits[12];
    int n = 0;
    do {
        digits[n++] = (char)('0' + item % 10);
        item /= 10;
    } while (item > 0);
    while (n > 0)
        putchar_unlocked(digits[--n]);
}

static void sort_items(int *items, int n)   /* few of them, so by insertion */
{
    for (int i = 1; i < n; i++) {
        int item = items[i], j = i;
        for (; j > 0 && items[j - 1] > item; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

/* The items of a basket, which are sorted and lose their doubles; how many are left. */
static int print_basket(int *items, int n)
{
    int kept = 0;
    sort_items(items, n);
    for (int i = 0; i < n; i++) {
        if (kept > 0 && items[kept - 1] == items[i])
            continue;
        items[kept++] = items[i];
        if (kept > 1)
            putchar_unlocked(' ');
        print_item(items[i]);
    }
    putchar_unlocked('\n');
    return kept;
}

static bool holds(const int *items, int n, int item)
{
    for (int i = 0; i < n; i++)
        if (items[i] == item)
            return true;
    return false;
}

/* ---- quest ------------------------------------------------------------------------- */

enum { MAX_BASKET = 1 << 16, MAX_PATTERN = 4096, MAX_TRIES = 1000 };

typedef struct pattern {
    int n, *items;
    double loses;            /* chance to lose one more item on the way into a basket */
} pattern;

typedef struct quest {
    double size, pattern_size;
    int n_items, n_patterns;
    pattern *patterns;
    double *up_to;           /* how often each pattern is taken, accumulated */
} quest;

/* Some items of the one before, exponentially few, and new ones up to the size. */
static void make_pattern(const quest *q, const pattern *before, pattern *p)
{
    int size = poisson(q->pattern_size - 1) + 1;
    size = size < q->n_items ? size : q->n_items;
    *p = (pattern){ .items = bench_memory((size_t)size * sizeof *p->items) };
    if (before != NULL) {
        int *left = bench_memory((size_t)before->n * sizeof *left);
        double share = fmin(0.5 * exponential(), 1);
        int n_common = (int)(share * size + 0.5);
        n_common = n_common < before->n ? n_common : before->n;
        memcpy(left, before->items, (size_t)before->n * sizeof *left);
        for (int i = 0; i < n_common; i++) {
            int other = i + below(before->n - i), item = left[other];
            left[other] = left[i];
            left[i] = item;
            p->items[p->n++] = item;
        }
        free(left);
    }
    while (p->n < size) {
        int item = below(q->n_items);
        if (!holds(p->items, p->n, item))
            p->items[p->n++] = item;
    }
}

static void make_patterns(quest *q)
{
    q->patterns = bench_memory((size_t)q->n_patterns * sizeof *q->patterns);
    q->up_to = bench_memory((size_t)q->n_patterns * sizeof *q->up_to);
    for (int i = 0; i < q->n_patterns; i++) {
        make_pattern(q, i > 0 ? &q->patterns[i - 1] : NULL, &q->patterns[i]);
        q->up_to[i] = exponential();
        q->patterns[i].loses = fmin(fmax(0.5 + sqrt(0.1) * normal(), 0), 1);
    }
    accumulate(q->up_to, q->n_patterns);
}

/* What a basket gets of a pattern: its items but those lost. */
static int take_pattern(const quest *q, int *items)
{
    const pattern *p = &q->patterns[choose(q->up_to, q->n_patterns)];
    int n = p->n < MAX_PATTERN ? p->n : MAX_PATTERN;
    memcpy(items, p->items, (size_t)n * sizeof *items);
    while (n > 0 && uniform() < p->loses) {
        int lost = below(n);
        items[lost] = items[--n];
    }
    return n;
}

static void make_quest(quest *q, uint64_t n_baskets)
{
    static int basket[MAX_BASKET], taken[MAX_PATTERN];
    int n_waiting = 0;       /* in `taken`: a pattern that did not fit into the last basket */
    make_patterns(q);
    for (uint64_t b = 0; b < n_baskets; b++) {
        int size = poisson(q->size - 1) + 1, n = n_waiting;
        memcpy(basket, taken, (size_t)n_waiting * sizeof *basket);
        n_waiting = 0;
        for (int tries = 0; n < size && tries < MAX_TRIES; tries++) {
            int n_taken = take_pattern(q, taken);
            if (n_taken == 0)
                continue;
            if (n + n_taken > size && n > 0 && uniform() < 0.5) {
                n_waiting = n_taken;
                break;
            }
            for (int i = 0; i < n_taken && n < MAX_BASKET; i++)
                if (!holds(basket, n, taken[i]))
                    basket[n++] = taken[i];
        }
        if (n == 0)
            basket[n++] = below(q->n_items);
        print_basket(basket, n);
    }
}

/* ---- clicks ------------------------------------------------------------------------ */

enum { TOPIC_PAGES = 60, MAX_SESSION = 2500, PACKAGES = 40, PACKAGE_PAGES = 22 };

typedef struct clicks {
    double length;
    int n_pages, n_topics;
    double *page_up_to, *rank_up_to, *topic_up_to;
    int *topics;             /* n_topics x TOPIC_PAGES */
} clicks;

static void make_topics(clicks *c)
{
    int n = c->n_topics * TOPIC_PAGES;
    c->page_up_to = falling(c->n_pages, 1.5, 1.15);
    c->topics = bench_memory((size_t)n * sizeof *c->topics);
    for (int i = 0; i < n; i++)
        c->topics[i] = uniform() < 0.15 ? choose(c->page_up_to, c->n_pages) : below(c->n_pages);
    c->rank_up_to = falling(TOPIC_PAGES, 1, 1);
    c->topic_up_to = falling(c->n_topics, 3, 0.9);
}

/* A popular page, or one of the session's two topics. */
static int click(const clicks *c, int first_topic, int second_topic)
{
    double u = uniform();
    if (u < 0.45)
        return choose(c->page_up_to, c->n_pages);
    int topic = u < 0.85 ? first_topic : second_topic;
    return c->topics[topic * TOPIC_PAGES + choose(c->rank_up_to, TOPIC_PAGES)];
}

static void make_clicks(clicks *c, uint64_t n_sessions)
{
    int session[MAX_SESSION + PACKAGE_PAGES];
    double deviation = 1.2, mean = log(c->length) - deviation * deviation / 2;
    make_topics(c);
    for (uint64_t s = 0; s < n_sessions; s++) {
        int n = (int)fmin(fmax(exp(mean + deviation * normal()) + 0.999, 1), MAX_SESSION);
        int first = choose(c->topic_up_to, c->n_topics);
        int second = choose(c->topic_up_to, c->n_topics);
        for (int i = 0; i < n; i++)
            session[i] = 1 + click(c, first, second);
        if (n >= 8 && uniform() < 0.15) {
            const int *package = c->topics + first % PACKAGES * TOPIC_PAGES;
            double opened = 0.35 + 0.5 * uniform();
            for (int i = 0; i < PACKAGE_PAGES; i++)
                if (uniform() < opened)
                    session[n++] = 1 + package[i];
        }
        print_basket(session, n);
    }
}

/* ---- shop -------------------------------------------------------------------------- */

enum { MISSIONS = 500, MISSION_ITEMS = 16, MEAN_ITEMS = 11, MOST_ITEMS = 64 };

/* Choosing among many without a search (Walker 1977): two looks into a table. */
typedef struct alias {
    uint32_t n;
    uint32_t *share;         /* below it the place itself, else the other one */
    uint32_t *other;
} alias;

static alias make_alias(uint32_t n, double shift, double exponent)
{
    alias a = { n, bench_memory(n * sizeof *a.share), bench_memory(n * sizeof *a.other) };
    double *weight = bench_memory(n * sizeof *weight), total = 0;
    uint32_t *stack = bench_memory(n * sizeof *stack);
    uint32_t n_small = 0, n_large = 0;   /* at either end of the stack */
    for (uint32_t i = 0; i < n; i++)
        total += weight[i] = pow(i + shift, -exponent);
    for (uint32_t i = 0; i < n; i++) {
        weight[i] *= n / total;
        stack[weight[i] < 1 ? n_small++ : n - ++n_large] = i;
        a.share[i] = UINT32_MAX;
        a.other[i] = i;
    }
    while (n_small > 0 && n_large > 0) {
        uint32_t small = stack[--n_small], large = stack[n - n_large];
        a.share[small] = (uint32_t)(weight[small] * 0x1p32);
        a.other[small] = large;
        weight[large] -= 1 - weight[small];
        if (weight[large] < 1) {
            n_large--;
            stack[n_small++] = large;
        }
    }
    free(weight);
    free(stack);
    return a;
}

static uint32_t pick(const alias *a)
{
    uint64_t bits = draw();
    uint32_t place = (uint32_t)((bits >> 32) * a->n >> 32);
    return (uint32_t)bits < a->share[place] ? place : a->other[place];
}

/* Eleven items are drawn for a basket, give or take; ten of them differ. */
static int basket_size(void)
{
    int n = 1;
    for (uint64_t bits = draw(); bits != 0; bits &= bits - 1)
        n++;                                        /* of 64 coins, 32 on average */
    n = MEAN_ITEMS + (n - 33) * 3 / 2;
    return n < 1 ? 1 : n < MOST_ITEMS ? n : MOST_ITEMS;
}

static void make_shop(uint64_t n_pairs, uint32_t n_items)
{
    alias items = make_alias(n_items, 10, 1), missions = make_alias(MISSIONS, 5, 0.8);
    alias ranks = make_alias(MISSION_ITEMS, 2, 0.7);
    static uint32_t mission[MISSIONS][MISSION_ITEMS];
    int basket[MOST_ITEMS];
    for (int m = 0; m < MISSIONS; m++)
        for (int i = 0; i < MISSION_ITEMS; i++)
            mission[m][i] = i < 4 ? pick(&items) : (uint32_t)(draw() % n_items);
    while (n_pairs > 0) {
        const uint32_t *wanted = mission[pick(&missions)];
        int n = basket_size();
        n = (uint64_t)n < n_pairs ? n : (int)n_pairs;
        uint64_t coins = draw();
        for (int i = 0; i < n; i++)
            basket[i] = 1 + (int)(coins >> i & 1 ? wanted[pick(&ranks)] : pick(&items));
        n_pairs -= (uint64_t)print_basket(basket, n);
    }
    free(items.share);
    free(items.other);
    free(missions.share);
    free(missions.other);
    free(ranks.share);
    free(ranks.other);
}

/* ---- words ------------------------------------------------------------------------- */

static bool whole(const char *text, uint64_t most, uint64_t *value)
{
    return seg_parse_u64(text, strlen(text), value) && *value >= 1 && *value <= most;
}

static bool real(const char *text, double *value)
{
    return seg_parse_f64(text, strlen(text), '.', value) && *value >= 1 && *value <= 1000;
}

static bool run_quest(char **words)
{
    quest q = { 0 };
    uint64_t n, items, patterns, seed;
    if (!whole(words[0], UINT32_MAX, &n) || !real(words[1], &q.size) ||
        !real(words[2], &q.pattern_size) || !whole(words[3], 1000000, &items) ||
        !whole(words[4], 1000000, &patterns) || !whole(words[5], UINT64_MAX, &seed))
        return false;
    q.n_items = (int)items;
    q.n_patterns = (int)patterns;
    begin_numbers(seed);
    make_quest(&q, n);
    return true;
}

static bool run_clicks(char **words)
{
    clicks c = { 0 };
    uint64_t n, pages, topics, seed;
    if (!whole(words[0], UINT32_MAX, &n) || !real(words[1], &c.length) ||
        !whole(words[2], 1000000, &pages) || !whole(words[3], 1000000, &topics) ||
        !whole(words[4], UINT64_MAX, &seed))
        return false;
    c.n_pages = (int)pages;
    c.n_topics = (int)topics;
    begin_numbers(seed);
    make_clicks(&c, n);
    return true;
}

static bool run_shop(char **words)
{
    uint64_t pairs, items, seed;
    if (!whole(words[0], UINT64_MAX, &pairs) || !whole(words[1], 1000000, &items) ||
        !whole(words[2], UINT64_MAX, &seed))
        return false;
    begin_numbers(seed);
    make_shop(pairs, (uint32_t)items);
    return true;
}

static bool run(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "quest") == 0)
        return run_quest(argv + 2);
    if (argc == 7 && strcmp(argv[1], "clicks") == 0)
        return run_clicks(argv + 2);
    if (argc == 5 && strcmp(argv[1], "shop") == 0)
        return run_shop(argv + 2);
    return false;
}

int main(int argc, char **argv)
{
    if (!run(argc, argv)) {
        fputs("usage: make-baskets quest BASKETS SIZE PATTERN ITEMS PATTERNS SEED\n"
              "       make-baskets clicks SESSIONS LENGTH PAGES TOPICS SEED\n"
              "       make-baskets shop PAIRS ITEMS SEED\n", stderr);
        return 2;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("make-baskets: could not write the standard output\n", stderr);
        return 1;
    }
    return 0;
}

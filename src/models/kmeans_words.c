/* kmeans_words.c: what stands out of a segment, in plain words, and its rule.
 *
 *   orders 9.4 on average, 3.1 times the usual
 *   last order 12 days ago, usual 92
 *   plan yearly: 41 %, usual 7 %
 *
 * Chosen by the effect (see kernels/segment_stats.h), told by the mean; where an outlier
 * pulls the mean to the other side, by the median. */
#include "models/kmeans_profile.h"

#include <math.h>
#include <string.h>
#include "base/number.h"
#include "base/try.h"

static const double CLEAR = 0.2;         /* effects below it are not told */
static const double MUCH_LESS = 1.25;    /* a level that lacks is told if that stronger */
static const double TIMES = 1.5;         /* from here on, a mean is told as a multiple */
enum { NAME_BYTES = 60 };

/* ---- what stands out ---------------------------------------------------------------------- */

static void take(seg_kmeans_trait trait, seg_kmeans_trait *out, size_t *n, size_t most)
{
    size_t at = *n;
    if (!(fabs(trait.effect) >= CLEAR))
        return;
    while (at > 0 && fabs(trait.effect) > fabs(out[at - 1].effect))
        at--;
    if (at == most)
        return;
    *n += *n < most;
    memmove(out + at + 1, out + at, (*n - 1 - at) * sizeof *out);
    out[at] = trait;
}

/* The level to tell of a category, by its place, or SIZE_MAX. */
static size_t telling_level(const seg_kmeans_profile *p, size_t j, size_t c)
{
    size_t over = (j * p->n_categories + c) * SEG_KMEANS_LEVELS;
    size_t under = over + SEG_KMEANS_LEVELS - 1;
    if (p->level[under] != NULL && (p->level[over] == NULL ||
            -p->level_effect[under] > MUCH_LESS * p->level_effect[over]))
        return under;
    return p->level[over] == NULL ? SIZE_MAX : over;
}

size_t seg_kmeans_traits_find(const seg_kmeans_profile *p, size_t j, seg_kmeans_trait *out,
                              size_t most)
{
    size_t n = 0;
    for (size_t f = 0; f < p->n_numbers; f++)
        take((seg_kmeans_trait){ f, SIZE_MAX, p->effect[j * p->n_numbers + f] }, out, &n, most);
    for (size_t c = 0; c < p->n_categories; c++) {
        size_t level = telling_level(p, j, c);
        if (level != SIZE_MAX)
            take((seg_kmeans_trait){ SIZE_MAX, level, p->level_effect[level] }, out, &n, most);
    }
    return n;
}

/* ---- names -------------------------------------------------------------------------------- */

/* Of ASCII, in any locale. */
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_wordy(char c)
{
    return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || (c & 0x80) != 0;
}

/* Words of a name in small letters: "TotalSpend_30d" is " total spend 30d ". */
static void split_name(const char *name, char *out, size_t size)
{
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; name[i] != '\0' && n + 3 < size; i++) {
        char c = name[i];
        bool begins = is_upper(c) && i > 0 && is_lower(name[i - 1]);
        if ((begins || !is_wordy(c)) && out[n - 1] != ' ')
            out[n++] = ' ';
        if (is_wordy(c))
            out[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = '\0';
}

static bool has_word(const char *words, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strstr(words, *list) != NULL)
            return true;
    return false;
}

uint8_t seg_kmeans_name_flags(const seg_column *feature)
{
    static const char *const money[] = { " monetary ", " money ", " spend ", " spent ",
        " spending ", " revenue ", " amount ", " sales ", " turnover ", " expenditure ", NULL };
    static const char *const no_sum[] = { " avg ", " average ", " mean ", " median ", " per ",
        " min ", " max ", " share ", " ratio ", " rate ", " pct ", " percent ", " trend ",
        " log ", " score ", " rank ", NULL };
    static const char *const shares[] = { " share ", " ratio ", " rate ", " pct ", " percent ",
        " probability ", NULL };
    static const char *const days[] = { " days ", " recency ", NULL };
    char words[128];
    const char *unit = feature->unit == NULL ? "" : feature->unit;
    uint8_t flags = 0;
    split_name(feature->name, words, sizeof words);
    bool is_money = unit[0] == '\0' ? has_word(words, money) : strcmp(unit, "money") == 0;
    if (is_money && !has_word(words, no_sum))
        flags |= SEG_KMEANS_MONEY;
    if (strcmp(unit, "share") == 0 || has_word(words, shares))
        flags |= SEG_KMEANS_UNIT;
    if (strcmp(unit, "days") == 0 || (unit[0] == '\0' && has_word(words, days)))
        flags |= SEG_KMEANS_DAYS;
    return flags;
}

/* The first bytes of a name from the data in a sentence: one line, not too long. */
static void add_name_n(seg_text *out, const char *name, size_t bytes, bool blanks)
{
    size_t n = seg_utf8_cut(name, bytes, NAME_BYTES), start = out->n;
    seg_text_add_n(out, name, n);
    if (out->failed || n == 0)
        return;
    seg_text_one_line(out->bytes + start);
    for (size_t i = start; blanks && i < out->n; i++)
        if (out->bytes[i] == '_')
            out->bytes[i] = ' ';
    if (n < bytes)
        seg_text_add(out, "...");
}

static void add_name(seg_text *out, const char *name, bool blanks)
{
    add_name_n(out, name, strlen(name), blanks);
}

/* ---- numbers for people --------------------------------------------------------------------- */

/* Two or three figures, or the whole part: 0.0072, 0.07, 9.4, 92, 1,234. */
static void add_number(seg_text *out, double x)
{
    char digits[SEG_NUMBER_BYTES];
    double size = fabs(x);
    uint32_t scale = size >= 100 ? 1 : size >= 1 ? 10 : 100;
    for (double limit = 0.1; size > 0 && size < limit && scale < 1000000; limit /= 10)
        scale *= 10;
    if (!(size < 1e15) || (size < 1e-5 && size > 0)) {
        seg_text_addf(out, "%.0e", x);   /* without a point, which would be the locale's */
        return;
    }
    int64_t units = (int64_t)floor(size * scale + 0.5);
    if (x < 0 && units > 0)
        seg_text_add_char(out, '-');
    if (units >= 1000 * (int64_t)scale) {
        char grouped[32];
        seg_text_add(out, seg_group_digits(grouped, units / scale));
        return;
    }
    size_t n = seg_print_fixed(digits, units, scale);
    while (scale > 1 && digits[n - 1] == '0')
        n--;
    n -= digits[n - 1] == '.';
    seg_text_add_n(out, digits, n);
}

static void add_percent(seg_text *out, double share)
{
    double percent = 100 * share;
    if (percent >= 99.5 && percent < 100)
        seg_text_add(out, "99");   /* not quite all */
    else if (percent >= 1 || percent == 0)
        seg_text_add_i64(out, (int64_t)floor(percent + 0.5));
    else
        add_number(out, percent);
    seg_text_add(out, " %");
}

/* ---- a sentence ------------------------------------------------------------------------------ */

typedef struct figures {
    double here, usual, lift;
    bool median;             /* the mean would say the opposite */
} figures;

static figures figures_of(const seg_kmeans_profile *p, size_t j, size_t f, double effect)
{
    size_t here = j * p->n_numbers + f, all = p->k * p->n_numbers + f;
    figures is = { p->mean[here], p->mean[all], seg_kmeans_lift(p, j, f), false };
    double apart = p->median[here] - p->median[all];
    if ((is.here - is.usual) * effect <= 0 && apart * effect > 0)
        is = (figures){ p->median[here], p->median[all], (double)NAN, true };
    return is;
}

/* "days_since_order" tells of an order, "recency_days" of the last one; null: of nothing. */
static const char *event_of(const char *name)
{
    static const char *const heads[] = { "days_since_last_", "days_since_" };
    for (size_t i = 0; i < 2; i++)
        if (strncmp(name, heads[i], strlen(heads[i])) == 0)
            return name[strlen(heads[i])] != '\0' ? name + strlen(heads[i]) : NULL;
    return strcmp(name, "recency_days") == 0 || strcmp(name, "recency") == 0 ? "order" : NULL;
}

/* Days in full, from ten on. */
static void add_days(seg_text *out, double days)
{
    add_number(out, fabs(days) >= 10 ? floor(days + 0.5) : days);
}

static void tell_event(const char *event, const figures *is, seg_text *out)
{
    seg_text_add(out, strncmp(event, "first", 5) == 0 ? "" : "last ");
    add_name(out, event, true);
    seg_text_add_char(out, ' ');
    add_days(out, is->here);
    seg_text_add(out, " days ago, usual ");
    add_days(out, is->usual);
}

/* "tenure_days" is "tenure ... days": the bytes before the unit, or 0. */
static size_t bytes_before_days(const char *name)
{
    static const char unit[] = "_days";
    size_t n = strlen(name), m = sizeof unit - 1;
    return n > m && strcmp(name + n - m, unit) == 0 ? n - m : 0;
}

static void tell_number(const seg_kmeans_profile *p, size_t j, size_t f, double effect,
                        seg_text *out)
{
    figures is = figures_of(p, j, f, effect);
    uint8_t flags = p->flags[f];
    const char *event = (flags & SEG_KMEANS_DAYS) != 0 && (flags & SEG_KMEANS_POSITIVE) != 0
                        ? event_of(p->numbers[f]) : NULL;
    if (event != NULL) {
        tell_event(event, &is, out);
        return;
    }
    size_t days = (flags & SEG_KMEANS_DAYS) != 0 ? bytes_before_days(p->numbers[f]) : 0;
    add_name_n(out, p->numbers[f], days > 0 ? days : strlen(p->numbers[f]), true);
    seg_text_add_char(out, ' ');
    if ((flags & SEG_KMEANS_UNIT) != 0) {
        add_percent(out, is.here);
        seg_text_add(out, ", usual ");
        add_percent(out, is.usual);
        return;
    }
    add_number(out, is.here);
    seg_text_add(out, days > 0 ? " days" : "");
    seg_text_add(out, is.median ? " in the middle" : " on average");
    if (is.lift >= TIMES) {
        seg_text_add(out, ", ");
        add_number(out, is.lift);
        seg_text_add(out, " times the usual");
    } else {
        seg_text_add(out, ", usual ");
        add_number(out, is.usual);
    }
}

static void tell(const seg_kmeans_profile *p, size_t j, const seg_kmeans_trait *trait,
                 seg_text *out)
{
    if (trait->number != SIZE_MAX) {
        tell_number(p, j, trait->number, trait->effect, out);
        return;
    }
    size_t c = trait->level / SEG_KMEANS_LEVELS % p->n_categories;
    add_name(out, p->categories[c], true);
    seg_text_add_char(out, ' ');
    add_name(out, p->level[trait->level], false);
    seg_text_add(out, ": ");
    add_percent(out, p->level_share[trait->level]);
    seg_text_add(out, ", usual ");
    add_percent(out, p->level_usual[trait->level]);
}

seg_status seg_kmeans_traits_tell(seg_kmeans_profile *p, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = { 0 };
    for (size_t j = 0; j < p->k; j++) {
        seg_kmeans_trait traits[SEG_KMEANS_TRAITS];
        size_t n = seg_kmeans_traits_find(p, j, traits, SEG_KMEANS_TRAITS);
        for (size_t i = 0; i < n; i++) {
            seg_text_clear(&text);
            tell(p, j, &traits[i], &text);
            TRY(seg_text_status(&text, err));
            const char **to = &p->traits[j * SEG_KMEANS_TRAITS + i];
            *to = seg_arena_text(&p->arena, text.bytes);
            if (*to == NULL)
                TRY(seg_arena_failed(err));
        }
    }
done:
    seg_text_free(&text);
    return st;
}

/* ---- the rule ---------------------------------------------------------------------------------- */

/* Among whole numbers "more than 6" is "7 and more". */
static void add_bound(seg_text *out, const seg_segment_condition *c, bool whole)
{
    char digits[SEG_NUMBER_BYTES];
    float t = c->threshold;
    bool next = whole && fabsf(t) < 1e6F;
    if (next)
        t = floorf(t) + (c->test == SEG_SEGMENT_ABOVE ? 1.0F : 0.0F);
    seg_text_add(out, c->test == SEG_SEGMENT_AT_MOST ? " <= " : next ? " >= " : " > ");
    seg_print_f32(digits, t);
    seg_text_add(out, digits);
}

void seg_kmeans_rule_tell(const seg_segment_rule *rule, const seg_column *const *features,
                          const bool *whole, seg_text *out)
{
    for (size_t i = 0; i < rule->n; i++) {
        const seg_segment_condition *c = &rule->conditions[i];
        const seg_column *feature = features[c->feature];
        seg_text_add(out, i > 0 ? " and " : "");
        add_name(out, feature->name, false);
        if (c->test <= SEG_SEGMENT_ABOVE) {
            add_bound(out, c, whole[c->feature]);
            continue;
        }
        seg_text_add(out, c->test == SEG_SEGMENT_IS ? " = " : " is not ");
        if (c->code >= 0 && (size_t)c->code < feature->n_levels)
            add_name(out, feature->levels[c->code], false);
    }
}

/* rules_options.c: what `train rules` takes. Thresholds are read as whole numbers: a
 * share is an exact fraction, never a rounded one. */
#include "models/rules.h"

#include <stdio.h>
#include <string.h>
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "kernels/rule_tests.h"

#define FIELD(member) offsetof(seg_rules_options, member)
const seg_option seg_rules_option_table[] = {
    SEG_BASKET_OPTION_ROWS(seg_rules_options, baskets),
    { "min-support", SEG_OPTION_TEXT, FIELD(min_support), 0, 0, NULL, "COUNT|SHARE",
      "baskets that must hold an itemset: a count (10), or a share (0.01, 1%)", 0 },
    { "min-confidence", SEG_OPTION_TEXT, FIELD(min_confidence), 0, 0, NULL, "SHARE",
      "share of the baskets with the body that must hold the head too (0.5, 50%)", 0 },
    { "max-length", SEG_OPTION_U32, FIELD(max_length), 0, 1000000, NULL, "N",
      "most items in an itemset, body and head together; 0: any number", 0 },
    { "target", SEG_OPTION_CHOICE, FIELD(target), 0, 0,
      "itemsets|closed|maximal|generators|rules", NULL,
      "what to find", 0 },
    { "count-only", SEG_OPTION_FLAG, FIELD(count_only), 0, 0, NULL, NULL,
      "report how many there are and keep none", 0 },
    { "method", SEG_OPTION_CHOICE, FIELD(method), 0, 0, "auto|apriori", NULL,
      "how to find them; the answer is the same", 0 },
    { "head", SEG_OPTION_TEXT, FIELD(head), 0, 0, NULL, "ITEM",
      "only rules with this item in the head", 0 },
    { "max-head", SEG_OPTION_U32, FIELD(max_head), 1, 1000000, NULL, "N",
      "most items in the head of a rule", 0 },
    { "top", SEG_OPTION_U64, FIELD(top), 0, 4e9, NULL, "K",
      "keep the best K rules; 0: all", 0 },
    { "by", SEG_OPTION_TEXT, FIELD(by), 0, 0, NULL, "MEASURE",
      "best first by this measure (help rules lists all); equal rules by the names of their items",
      0 },
    { "measures", SEG_OPTION_LIST, FIELD(measures), 0, 0, NULL, "MEASURE,…|all",
      "figures of each rule to keep", 0 },
    { "filter", SEG_OPTION_LIST, FIELD(filter), 0, 0, NULL, "MEASURE>=X,…",
      "only rules whose figures are so; also <=, > and <", 0 },
    { "body", SEG_OPTION_LIST, FIELD(body), 0, 0, NULL, "ITEM,…",
      "only these items in bodies", 0 },
    { "with", SEG_OPTION_LIST, FIELD(with), 0, 0, NULL, "ITEM,…",
      "only rules that hold all of these items, in body or head", 0 },
    { "without", SEG_OPTION_LIST, FIELD(without), 0, 0, NULL, "ITEM,…",
      "leave these items out of everything", 0 },
    { "min-body", SEG_OPTION_U32, FIELD(min_body), 1, 1000000, NULL, "N",
      "least items in the body of a rule", 0 },
    { "max-body", SEG_OPTION_U32, FIELD(max_body), 0, 1000000, NULL, "N",
      "most items in the body of a rule; 0: any number", 0 },
    { "test", SEG_OPTION_CHOICE, FIELD(test), 0, 0, "none|fisher|chi-squared", NULL,
      "only rules that chance does not explain, by this test", 0 },
    { "correction", SEG_OPTION_CHOICE, FIELD(correction), 0, 0, seg_correction_words, NULL,
      "of the tests, for the number of rules tested", 0 },
    { "alpha", SEG_OPTION_F64, FIELD(alpha), 0, 1, NULL, "X",
      "largest p-value of --test, and of --redundant productive", 0 },
    { "redundant", SEG_OPTION_CHOICE, FIELD(redundant), 0, 0, "keep|drop|productive|basis", NULL,
      "drop: rules no more confident than one with a smaller body; productive: also those hardly"
      " more; basis: all that follow from others", 0 },
    { "hold-out", SEG_OPTION_F64, FIELD(hold_out), 0, 0.9, NULL, "SHARE",
      "draw so many of the baskets, learn from the others, and say how the rules do in these", 0 },
    { "max-rules", SEG_OPTION_U64, FIELD(max_rules), 0, 4e9, NULL, "N",
      "stop when there are more rules; 0: no cap", 0 },
    { "max-itemsets", SEG_OPTION_U64, FIELD(max_itemsets), 0, 4e9, NULL, "N",
      "stop when there are more frequent itemsets; 0: no cap", 0 },
    { "max-time", SEG_OPTION_U32, FIELD(max_time), 0, 4e9, NULL, "SECONDS",
      "stop when the search takes longer; 0: no limit", 0 },
    { "target-itemsets", SEG_OPTION_U64, FIELD(target_itemsets), 0, 4e9, NULL, "N",
      "instead of --min-support: the lowest one with at most N frequent itemsets", 0 },
    { "allow-partial", SEG_OPTION_FLAG, FIELD(allow_partial), 0, 0, NULL, NULL,
      "at the cap keep the lengths that are complete, in a model marked incomplete", 0 },
    { .name = NULL },
};

void seg_rules_defaults(void *options)
{
    *(seg_rules_options *)options = (seg_rules_options){
        .target = SEG_TARGET_RULES, .max_head = 1, .min_body = 1, .by = "confidence",
        .measures = "support,confidence,lift,leverage,conviction", .correction = SEG_CORRECT_HOLM,
        .alpha = 0.01,
    };
}

static seg_status parse_support(const seg_rules_options *options, seg_rules_limits *limits,
                                seg_error *err)
{
    const char *text = options->min_support;
    if (options->target_itemsets != 0 && text == NULL)
        return options->method == SEG_SEARCH_AUTO
                   ? SEG_OK
                   : seg_fail(err, SEG_E_USAGE, "--target-itemsets tries supports on baskets in"
                              " memory, which --method apriori does not keep");
    if (options->target_itemsets != 0)
        return seg_fail(err, SEG_E_USAGE, "--min-support and --target-itemsets each say how"
                        " frequent an itemset must be: give one of them");
    if (text == NULL)
        return seg_fail(err, SEG_E_USAGE, "no support is given: --min-support takes a count of"
                        " baskets (10) or a share of them (0.01 or 1%%)");
    if (!seg_parse_share(text, strlen(text), &limits->support_num, &limits->support_den))
        return seg_fail(err, SEG_E_USAGE, "--min-support '%s' is neither a count (10) nor a"
                        " share (0.01 or 1%%)", text);
    if (limits->support_num == 0)
        return seg_fail(err, SEG_E_USAGE, "--min-support '%s' is too low: at least one basket"
                        " must hold an itemset", text);
    if (limits->support_den != 0 && limits->support_num > limits->support_den)
        return seg_fail(err, SEG_E_USAGE, "--min-support '%s' is a share of more than all"
                        " baskets: the range is above 0 to 1", text);
    return SEG_OK;
}

static seg_status parse_confidence(const char *text, seg_rules_limits *limits, seg_error *err)
{
    uint64_t *num = &limits->confidence_num, *den = &limits->confidence_den;
    if (!seg_parse_share(text, strlen(text), num, den))
        return seg_fail(err, SEG_E_USAGE, "--min-confidence '%s' is no share (0.5 or 50%%)",
                        text);
    if (*den == 0)
        *den = 1;            /* a plain 0 or 1 is a share too */
    if (*num > *den)
        return seg_fail(err, SEG_E_USAGE, "--min-confidence '%s' is out of range: 0 to 1, or"
                        " 0%% to 100%%", text);
    limits->rules = true;
    return SEG_OK;
}

/* ---- measures ------------------------------------------------------------------------- */

static seg_status unknown_measure(const char *option, const char *word, size_t n, seg_error *err)
{
    size_t best = 0, distance = SIZE_MAX;
    char text[64];
    snprintf(text, sizeof text, "%.*s", n > 60 ? 60 : (int)n, word);
    for (size_t m = 0; m < SEG_MEASURES; m++) {
        size_t d = seg_edit_distance(text, seg_rule_measure_info((seg_measure)m)->word);
        if (d < distance) {
            distance = d;
            best = m;
        }
    }
    return seg_fail(err, SEG_E_USAGE, "%s: there is no measure '%s'; '%s' is near, and"
                    " `segmill help rules` lists all", option, text,
                    seg_rule_measure_info((seg_measure)best)->word);
}

static seg_status find_measure(const char *option, const char *word, size_t n,
                               seg_measure *out, seg_error *err)
{
    char text[64];
    *out = SEG_MEASURES;
    if (n < sizeof text) {
        memcpy(text, word, n);
        text[n] = 0;
        *out = seg_rule_measure_find(text);
    }
    return *out == SEG_MEASURES ? unknown_measure(option, word, n, err) : SEG_OK;
}

static seg_status parse_by(const seg_rules_options *options, seg_rules_limits *limits,
                           seg_error *err)
{
    seg_status st = find_measure("--by", options->by, strlen(options->by), &limits->by, err);
    if (st == SEG_OK && !seg_rule_measure_of_counts(limits->by))
        st = seg_fail(err, SEG_E_USAGE, "--by %s: this measure compares rules with others and"
                      " gives no order; --filter takes it", options->by);
    return st;
}

/* The next of the parts between commas; false: there is none. */
static bool next_part(const char **rest, const char **part, size_t *n)
{
    if (**rest == 0)
        return false;
    *part = *rest;
    *n = strcspn(*rest, ",");
    *rest += *n + ((*rest)[*n] == ',');
    return true;
}

static seg_status parse_measures(const seg_rules_options *options, seg_rules_limits *limits,
                                 seg_error *err)
{
    const char *rest = options->measures, *part;
    size_t n;
    if (strcmp(rest, "all") == 0) {
        for (size_t m = 0; m < SEG_MEASURES; m++)
            limits->measures[limits->n_measures++] = (seg_measure)m;
        return SEG_OK;
    }
    while (next_part(&rest, &part, &n)) {
        seg_measure measure;
        seg_status st = find_measure("--measures", part, n, &measure, err);
        if (st != SEG_OK)
            return st;
        bool twice = false;
        for (size_t i = 0; i < limits->n_measures; i++)
            twice |= limits->measures[i] == measure;
        if (!twice)
            limits->measures[limits->n_measures++] = measure;
    }
    return SEG_OK;
}

static seg_status parse_filter(const char *part, size_t n, seg_rules_filter *filter,
                               seg_error *err)
{
    size_t word = 0, at;
    while (word < n && part[word] != '<' && part[word] != '>')
        word++;
    bool less = word < n && part[word] == '<', equal = word + 1 < n && part[word + 1] == '=';
    at = word + 1 + equal;
    filter->how = less ? equal ? SEG_FILTER_AT_MOST : SEG_FILTER_BELOW
                       : equal ? SEG_FILTER_AT_LEAST : SEG_FILTER_ABOVE;
    if (word == n || at >= n || !seg_parse_f64(part + at, n - at, '.', &filter->limit))
        return seg_fail(err, SEG_E_USAGE, "--filter '%.*s' is not a measure with a bound, such as"
                        " lift>=1.2", n > 60 ? 60 : (int)n, part);
    return find_measure("--filter", part, word, &filter->measure, err);
}

static seg_status parse_filters(const seg_rules_options *options, seg_rules_limits *limits,
                                seg_error *err)
{
    const char *rest = options->filter == NULL ? "" : options->filter, *part;
    size_t n;
    while (next_part(&rest, &part, &n)) {
        if (limits->n_filters == SEG_RULES_FILTERS)
            return seg_fail(err, SEG_E_USAGE, "--filter takes at most %d bounds",
                            SEG_RULES_FILTERS);
        seg_status st = parse_filter(part, n, &limits->filters[limits->n_filters++], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_status seg_rules_parse_limits(const seg_rules_options *options, seg_rules_limits *limits,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    *limits = (seg_rules_limits){ 0 };
    TRY(parse_support(options, limits, err));
    TRY(parse_by(options, limits, err));
    TRY(parse_measures(options, limits, err));
    TRY(parse_filters(options, limits, err));
    if (options->target != SEG_TARGET_RULES)
        goto done;
    if (options->min_confidence != NULL)
        TRY(parse_confidence(options->min_confidence, limits, err));
    else if (!options->count_only)       /* itemsets can be counted without it */
        TRY(seg_fail(err, SEG_E_USAGE, "no confidence is given: --min-confidence takes a share"
                     " (0.5 or 50%%); --target itemsets finds itemsets without rules"));

done:
    return st;
}

seg_status seg_rules_check(const void *options, seg_error *err)
{
    seg_rules_limits limits;
    return seg_rules_parse_limits(options, &limits, err);
}

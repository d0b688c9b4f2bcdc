/* rules_options.c: what `train rules` takes. Thresholds are read as whole numbers: a
 * share is an exact fraction, never a rounded one. */
#include "models/rules.h"

#include <string.h>
#include "base/number.h"

#define FIELD(member) offsetof(seg_rules_options, member)
const seg_option seg_rules_option_table[] = {
    { "min-support", SEG_OPTION_TEXT, FIELD(min_support), 0, 0, NULL, "COUNT|SHARE",
      "baskets that must hold an itemset: a count (10), or a share (0.01, 1%)", 0 },
    { "min-confidence", SEG_OPTION_TEXT, FIELD(min_confidence), 0, 0, NULL, "SHARE",
      "share of the baskets with the body that must hold the head too (0.5, 50%)", 0 },
    { "max-length", SEG_OPTION_U32, FIELD(max_length), 0, 1000000, NULL, "N",
      "most items in an itemset, body and head together; 0: any number", 0 },
    { "target", SEG_OPTION_CHOICE, FIELD(target), 0, 0, "itemsets|closed|maximal|rules", NULL,
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
    { "by", SEG_OPTION_CHOICE, FIELD(by), 0, 0,
      "support|confidence|lift|leverage|conviction", NULL,
      "best first by this measure; equal rules by the names of their items", 0 },
    { "max-itemsets", SEG_OPTION_U64, FIELD(max_itemsets), 0, 4e9, NULL, "N",
      "stop when there are more frequent itemsets; 0: no cap", 0 },
    { "allow-partial", SEG_OPTION_FLAG, FIELD(allow_partial), 0, 0, NULL, NULL,
      "at the cap keep the lengths that are complete, in a model marked incomplete", 0 },
    { .name = NULL },
};

void seg_rules_defaults(void *options)
{
    *(seg_rules_options *)options = (seg_rules_options){
        .target = SEG_TARGET_RULES, .by = SEG_MEASURE_CONFIDENCE, .max_head = 1,
    };
}

static seg_status parse_support(const char *text, seg_rules_limits *limits, seg_error *err)
{
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

seg_status seg_rules_parse_limits(const seg_rules_options *options, seg_rules_limits *limits,
                                  seg_error *err)
{
    *limits = (seg_rules_limits){ 0 };
    seg_status st = parse_support(options->min_support, limits, err);
    if (st != SEG_OK || options->target != SEG_TARGET_RULES)
        return st;
    if (options->min_confidence != NULL)
        return parse_confidence(options->min_confidence, limits, err);
    if (options->count_only)
        return SEG_OK;       /* itemsets can be counted without it */
    return seg_fail(err, SEG_E_USAGE, "no confidence is given: --min-confidence takes a share"
                    " (0.5 or 50%%); --target itemsets finds itemsets without rules");
}

seg_status seg_rules_check(const void *options, seg_error *err)
{
    seg_rules_limits limits;
    return seg_rules_parse_limits(options, &limits, err);
}

/* rules_help.c: the measures in `help rules`, from the table that computes by them. */
#include "models/rules.h"

#include <stdio.h>
#include "kernels/rule_measures.h"

const char seg_rules_terms_title[] =
    "Measures of a rule A => B (P(): share of baskets, n(): number, n: of all, ~: not, A': part\n"
    "of A; a, b, c, d: n(AB), n(A~B), n(~AB), n(~A~B); x, y, X, Y: n(A), n(B), n(~A), n(~B))";

bool seg_rules_term(size_t i, const char **word, char *line, size_t size)
{
    const seg_measure_info *info = seg_rule_measure_info((seg_measure)i);
    if (info == NULL)
        return false;
    *word = info->word;
    snprintf(line, size, "%s: %s (%s)", info->meaning, info->formula, info->source);
    return true;
}

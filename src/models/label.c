/* label.c: which value of a label counts as "it happened".
 *
 * What the user names; else Yes, 1 or true; else the rarer of the two values, since
 * churn is rarer than staying. Everything else is an error that says what to do. */
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "models/method.h"

static const char *quoted(char out[SEG_QUOTE_BYTES], const char *level)
{
    return seg_quote_cell(out, level, strlen(level));
}

/* The two codes that occur, or what is wrong. */
static seg_status two_codes(const seg_column *label, const uint64_t *counts, int32_t codes[2],
                            seg_error *err)
{
    char q[SEG_QUOTE_BYTES];
    size_t n = 0;
    for (size_t c = 0; c < label->n_levels; c++) {
        if (counts[c] == 0)
            continue;
        if (n < 2)
            codes[n] = (int32_t)c;
        n++;
    }
    if (n == 0)
        return seg_fail(err, SEG_E_DATA, "column '%s' is the label, but no row has a value in it",
                        label->name);
    if (n == 1)
        return seg_fail(err, SEG_E_DATA, "label '%s' is '%s' in every row; there is nothing to"
                        " learn from one value", label->name,
                        quoted(q, label->levels[codes[0]]));
    if (n > 2)
        return seg_fail(err, SEG_E_DATA, "label '%s' has %zu different values; two are needed"
                        " (churned or not)", label->name, n);
    return SEG_OK;
}

static bool means_yes(const char *level)
{
    return strcasecmp(level, "yes") == 0 || strcmp(level, "1") == 0 ||
           strcasecmp(level, "true") == 0;
}

seg_status seg_positive_code(const seg_column *label, const uint64_t *counts,
                             const char *positive, int32_t *code, seg_error *err)
{
    int32_t codes[2];
    *code = SEG_MISSING_CODE;
    if (label == NULL)
        return seg_fail(err, SEG_E_DATA, "there is no label column; name one with --label");
    if (label->type != SEG_TYPE_CODE)
        return seg_fail(err, SEG_E_DATA, "label '%s' is not a category; import it with --label %s",
                        label->name, label->name);
    seg_status st = two_codes(label, counts, codes, err);
    if (st != SEG_OK)
        return st;

    const char *first = label->levels[codes[0]], *second = label->levels[codes[1]];
    if (positive != NULL) {
        char q[3][SEG_QUOTE_BYTES];
        if (strcmp(positive, first) != 0 && strcmp(positive, second) != 0)
            return seg_fail(err, SEG_E_USAGE, "label '%s' has the values '%s' and '%s', not '%s'"
                            " as --positive says", label->name, quoted(q[0], first),
                            quoted(q[1], second), quoted(q[2], positive));
        *code = strcmp(positive, first) == 0 ? codes[0] : codes[1];
    } else if (means_yes(first) != means_yes(second)) {
        *code = means_yes(first) ? codes[0] : codes[1];
    } else {
        *code = counts[codes[0]] < counts[codes[1]] ? codes[0] : codes[1];
    }
    return SEG_OK;
}

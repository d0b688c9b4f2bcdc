/* csv_hints.c: cells that are no numbers or dates as they stand, but would be by other
 * options: an import that makes categories of prices should say so. One cell is looked at,
 * the first that is no number: enough for a word, too little for a decision. */
#include "data/csv_import.h"

#include <ctype.h>
#include <string.h>
#include "base/text.h"

typedef struct other {
    seg_csv_notation as;
    const char *options;
} other;

/* The fewest options first; those that leave the decimal point as it is before others. */
static const other others[] = {
    { { '.', 0, true }, "--signs" },
    { { '.', ',', false }, "--thousands ," },
    { { '.', ',', true }, "--signs --thousands ," },
    { { '.', '\'', false }, "--thousands \"'\"" },
    { { '.', '\'', true }, "--signs --thousands \"'\"" },
    { { ',', '.', false }, "--decimal ," },
    { { ',', '.', true }, "--signs --decimal ," },
    { { ',', ' ', false }, "--decimal , --thousands ' '" },
    { { ',', ' ', true }, "--signs --decimal , --thousands ' '" },
    { { '.', ' ', false }, "--thousands ' '" },
    { { '.', ' ', true }, "--signs --thousands ' '" },
};

const char *seg_csv_other_notation(const char *s, size_t n)
{
    double value;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (seg_csv_parse_f64(&others[i].as, s, n, &value))
            return others[i].options;
    return NULL;
}

static bool is_month(const char *s, size_t n)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    char low[3];
    for (size_t i = 0; i < 3 && n >= 3; i++)
        low[i] = (char)tolower((unsigned char)s[i]);
    for (size_t m = 0; n >= 3 && n <= 9 && m < 36; m += 3)
        if (memcmp(low, months + m, 3) == 0)
            return true;
    return false;
}

/* Three words, of digits or of letters: a day and a month and a year. */
bool seg_csv_almost_date(const char *s, size_t n)
{
    size_t i = 0, words = 0, digits[3] = { 0 }, n_months = 0;
    for (; words < 3 && i < n; words++) {
        size_t first = i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        digits[words] = i - first;
        while (digits[words] == 0 && i < n && isalpha((unsigned char)s[i]))
            i++;
        if (i == first || (digits[words] == 0 && !is_month(s + first, i - first)))
            return false;
        n_months += digits[words] == 0;
        for (size_t k = 0; words < 2 && k < 2 && i < n && strchr("-/. ,", s[i]) != NULL; k++)
            i++;
    }
    if (words < 3 || (i < n && s[i] != ' '))
        return false;
    if (n_months == 1)
        return digits[2] == 4 || digits[2] == 2 || digits[0] == 4;
    return n_months == 0 && digits[0] >= 1 && digits[0] <= 2 && digits[1] >= 1 && digits[1] <= 2
           && digits[2] == 2;
}

void seg_csv_hint(seg_csv_import *im, const seg_csv_column *c)
{
    char quoted[SEG_QUOTE_BYTES];
    const seg_csv_place *place = &c->found.not_number;
    if (place->line == 0 || place->n == sizeof place->text)
        return;
    const char *options = seg_csv_other_notation(place->text, place->n);
    if (options != NULL)
        seg_csv_say(im, "column '%s': '%s' is not read as a number; if it is one, give %s", c->name,
                    seg_quote_cell(quoted, place->text, place->n), options);
    else if (seg_csv_almost_date(place->text, place->n))
        seg_csv_say(im, "column '%s': '%s' is not read as a date: years have four digits and months"
                    " are numbers", c->name, seg_quote_cell(quoted, place->text, place->n));
}

/* csv_number.c: what stands around and between the digits is taken away, then base/number
 * reads the rest. */
#include "data/csv_number.h"

#include "base/number.h"

enum { MOST_BYTES = 64 };

const double seg_csv_tens[16] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

/* Bytes of a sign of money or % at the start of the n bytes; 0 if there is none. */
static size_t sign_at(const char *s, size_t n)
{
    static const char *const signs[] = { "$", "%", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5",
                                         "\xe2\x82\xb9", "\xe2\x82\xbd", "\xe2\x82\xba", "kr",
                                         "z\xc5\x82", "CHF", "EUR", "USD", "GBP" };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t m = strlen(signs[i]);
        if (n >= m && memcmp(s, signs[i], m) == 0)
            return m;
    }
    return 0;
}

static size_t sign_before(const char *s, size_t n)
{
    for (size_t m = 1; m <= 3 && m < n; m++)
        if (sign_at(s + n - m, m) == m)
            return m;
    return 0;
}

static void trim(const char **s, size_t *n)
{
    while (*n > 0 && **s == ' ')
        (*s)++, (*n)--;
    while (*n > 0 && (*s)[*n - 1] == ' ')
        (*n)--;
}

/* One sign, before or behind the number; before it also between it and its minus, which may
 * stand behind the number too. False: it has no digits, or two signs of plus and minus. */
static bool drop_signs(const char **s, size_t *n, bool *minus)
{
    bool signed_before = *n > 1 && (**s == '-' || **s == '+') && sign_at(*s + 1, *n - 1) > 0;
    if (signed_before) {
        *minus = **s == '-';
        (*s)++, (*n)--;
    }
    size_t m = sign_at(*s, *n);
    if (m > 0)
        *s += m, *n -= m;
    else
        *n -= sign_before(*s, *n);
    trim(s, n);
    bool behind = *n > 1 && (*s)[*n - 1] == '-';
    if (behind) {
        *minus = true;
        (*n)--;
    }
    return *n > 0 && !((signed_before || behind) && (**s == '-' || **s == '+'))
           && !(signed_before && behind);
}

/* The n bytes with plain blanks for those that do not break (U+00A0, U+202F), and ' for
 * U+2019: spreadsheets write them. */
static size_t plain_blanks(const char *s, size_t n, char out[MOST_BYTES])
{
    size_t m = 0;
    for (size_t i = 0; i < n; m++) {
        size_t left = n - i;
        bool two = left >= 2 && memcmp(s + i, "\xc2\xa0", 2) == 0;
        bool three = left >= 3 && memcmp(s + i, "\xe2\x80\xaf", 3) == 0;
        bool curved = left >= 3 && memcmp(s + i, "\xe2\x80\x99", 3) == 0;
        out[m] = two || three ? ' ' : curved ? '\'' : s[i];
        i += two ? 2 : three || curved ? 3 : 1;
    }
    return m;
}

/* The digits in groups of three from the point on, the first of 1 to 3 and no 0: 0.123 is no
 * 123. False: they are not. */
static bool join_groups(const char *s, size_t n, const seg_csv_notation *as,
                        char out[MOST_BYTES], size_t *m)
{
    size_t i = 0, in_group = 0;
    bool grouped = false;
    if (n > 0 && (s[0] == '-' || s[0] == '+'))
        out[(*m)++] = s[i++];
    for (; i < n && s[i] != as->point; i++) {
        if (s[i] == as->thousands) {
            if (in_group == 0 || in_group > 3 || (grouped && in_group != 3)
                || (!grouped && s[i - in_group] == '0'))
                return false;
            grouped = true;
            in_group = 0;
        } else if (s[i] < '0' || s[i] > '9') {
            return false;
        } else {
            out[(*m)++] = s[i];
            in_group++;
        }
    }
    if (grouped && in_group != 3)
        return false;
    for (; i < n; i++)
        out[(*m)++] = s[i];
    return true;
}

/* The cell as a plain number of *m bytes; false: it is as plain as it can be. */
static bool make_plain(const seg_csv_notation *as, const char *cell, size_t n_cell,
                       char out[MOST_BYTES], size_t *m)
{
    char text[MOST_BYTES];
    const char *s = text;
    bool minus = false;
    *m = 0;
    if ((as->thousands == 0 && !as->signs) || n_cell == 0 || n_cell >= MOST_BYTES)
        return false;
    size_t n = plain_blanks(cell, n_cell, text);
    if (as->signs && !drop_signs(&s, &n, &minus))
        return false;
    if (minus)
        out[(*m)++] = '-';
    if (as->thousands != 0 && memchr(s, as->thousands, n) != NULL)
        return join_groups(s, n, as, out, m);
    memcpy(out + *m, s, n);
    *m += n;
    return true;
}

bool seg_csv_parse_f64(const seg_csv_notation *as, const char *s, size_t n, double *out)
{
    char plain[MOST_BYTES];
    size_t m;
    return seg_parse_f64(s, n, as->point, out)
           || (make_plain(as, s, n, plain, &m) && seg_parse_f64(plain, m, as->point, out));
}

bool seg_csv_parse_f32(const seg_csv_notation *as, const char *s, size_t n, float *out)
{
    char plain[MOST_BYTES];
    size_t m;
    return seg_parse_f32(s, n, as->point, out)
           || (make_plain(as, s, n, plain, &m) && seg_parse_f32(plain, m, as->point, out));
}

bool seg_csv_parse_fixed(const seg_csv_notation *as, const char *s, size_t n, uint32_t scale,
                         int64_t *out, bool *exact)
{
    char plain[MOST_BYTES];
    size_t m;
    return seg_parse_fixed(s, n, as->point, scale, out, exact)
           || (make_plain(as, s, n, plain, &m)
               && seg_parse_fixed(plain, m, as->point, scale, out, exact));
}

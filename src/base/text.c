/* text.c: growing text, UTF-8 by the table of RFC 3629 section 4, edit distance by
 * the textbook recurrence (R. Wagner, M. Fischer 1974, with adjacent swaps). */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"

/* ---- growing text --------------------------------------------------------- */

/* Room for n more bytes and the final null, or null. */
static char *room(seg_text *text, size_t n)
{
    if (text->failed)
        return NULL;
    if (n > SIZE_MAX - text->n - 1 ||
        SEG_GROW(&text->bytes, &text->cap, text->n + n + 1, "text", NULL) != SEG_OK) {
        text->failed = true;
        return NULL;
    }
    return text->bytes + text->n;
}

void seg_text_add_n(seg_text *text, const char *s, size_t n)
{
    char *to = room(text, n);
    if (to == NULL)
        return;
    if (n > 0)
        memcpy(to, s, n);
    to[n] = 0;
    text->n += n;
}

void seg_text_add(seg_text *text, const char *s)
{
    seg_text_add_n(text, s, strlen(s));
}

void seg_text_add_char(seg_text *text, char c)
{
    seg_text_add_n(text, &c, 1);
}

void seg_text_addf(seg_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = length < 0 ? NULL : room(text, (size_t)length);
    if (to != NULL) {
        vsnprintf(to, (size_t)length + 1, format, again);
        text->n += (size_t)length;
    } else {
        text->failed = true;
    }
    va_end(again);
}

void seg_text_add_f64(seg_text *text, double value)
{
    char number[SEG_NUMBER_BYTES];
    size_t n = value == value ? seg_print_f64(number, value) : 0;
    seg_text_add_n(text, number, n);
}

void seg_text_add_i64(seg_text *text, int64_t value)
{
    char number[SEG_NUMBER_BYTES];
    seg_text_add_n(text, number, seg_print_i64(number, value));
}

void seg_text_clear(seg_text *text)
{
    text->n = 0;
    if (text->bytes != NULL)
        text->bytes[0] = 0;
}

void seg_text_free(seg_text *text)
{
    seg_free(text->bytes);
    *text = (seg_text){ 0 };
}

seg_status seg_text_copy(const char *text, char **out, seg_error *err)
{
    size_t n = strlen(text) + 1;
    seg_status st = SEG_ALLOC(out, n, "a name", err);
    if (st == SEG_OK)
        memcpy(*out, text, n);
    return st;
}

seg_status seg_text_status(const seg_text *text, seg_error *err)
{
    if (text->failed)
        return seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for a text of more than"
                        " %zu bytes", text->n);
    return SEG_OK;
}

/* ---- UTF-8 ---------------------------------------------------------------- */

/* Length of the well-formed sequence at s (n > 0 bytes left), or 0. */
static size_t sequence(const unsigned char *s, size_t n)
{
    unsigned char lead = s[0], low = 0x80, high = 0xbf;
    size_t length;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;                       /* a tail, or C0/C1 (overlong), or > U+10FFFF */
    length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (n < length)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;                     /* overlong */
    else if (lead == 0xed)
        high = 0x9f;                    /* surrogates */
    else if (lead == 0xf0)
        low = 0x90;                     /* overlong */
    else if (lead == 0xf4)
        high = 0x8f;                    /* > U+10FFFF */
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

size_t seg_utf8_check(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t i = 0;
    while (i < n) {
        uint64_t eight;
        if (n - i >= sizeof eight) {
            memcpy(&eight, u + i, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        size_t length = sequence(u + i, n - i);
        if (length == 0)
            return i;
        i += length;
    }
    return n;
}

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t seg_utf8_length(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += !is_tail(s[i]);
    return count;
}

size_t seg_utf8_cut(const char *s, size_t n, size_t n_max)
{
    if (n <= n_max)
        return n;
    size_t m = n_max;
    while (m > 0 && n_max - m < 3 && is_tail(s[m]))
        m--;
    return is_tail(s[m]) ? n_max : m;   /* four tails in a row are no UTF-8 anyway */
}

size_t seg_cell_length(const char *cell, size_t width)
{
    return strnlen(cell, width);
}

/* ---- for messages --------------------------------------------------------- */

/* C0, DEL or C1: what a terminal obeys. */
static bool is_control(const unsigned char *s, size_t length)
{
    return length == 1 ? s[0] < 0x20 || s[0] == 0x7f : s[0] == 0xc2 && s[1] < 0xa0;
}

void seg_text_one_line(char *text)
{
    unsigned char *u = (unsigned char *)text;
    for (size_t left = strlen(text); left > 0;) {
        size_t length = sequence(u, left);
        size_t bad = length == 0 ? 1 : is_control(u, length) ? length : 0;
        memset(u, '?', bad);
        u += bad > 0 ? bad : length;
        left -= bad > 0 ? bad : length;
    }
}

const char *seg_quote_cell(char out[SEG_QUOTE_BYTES], const char *s, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    enum { MOST = 40 };
    const unsigned char *u = (const unsigned char *)s;
    size_t end = seg_utf8_cut(s, n, MOST), o = 0;
    for (size_t i = 0; i < end;) {
        size_t length = sequence(u + i, end - i);
        if (length > 0 && !is_control(u + i, length)) {
            memcpy(out + o, u + i, length);
            o += length;
            i += length;
            continue;
        }
        out[o++] = '\\';
        out[o++] = 'x';
        out[o++] = hex[u[i] >> 4];
        out[o++] = hex[u[i] & 15];
        i++;
    }
    memcpy(out + o, end < n ? "..." : "", end < n ? 4 : 1);
    return out;
}

const char *seg_group_digits(char out[32], int64_t value)
{
    char digits[SEG_NUMBER_BYTES];
    size_t n = seg_print_i64(digits, value), o = 0;
    for (size_t i = 0; i < n; i++) {
        out[o++] = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - i - 1) % 3 == 0)
            out[o++] = ',';
    }
    out[o] = 0;
    return out;
}

size_t seg_edit_distance(const char *a, const char *b)
{
    enum { MOST = 63 };
    size_t n = strlen(a), m = strlen(b);
    if (n > MOST || m > MOST)
        return n > m ? n : m;           /* no option name is that long */

    size_t rows[3][MOST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[m];
}

/* ---- lists ---------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool seg_list_next(const char **list, const char **item, size_t *n)
{
    if (*list == NULL)
        return false;
    const char *s = *list;
    while (is_blank(*s))
        s++;
    if (*s == 0) {
        *list = s;
        return false;
    }
    size_t length = strcspn(s, ",");
    *list = s[length] == ',' ? s + length + 1 : s + length;
    while (length > 0 && is_blank(s[length - 1]))
        length--;
    *item = s;
    *n = length;
    return true;
}

bool seg_list_has(const char *list, const char *item)
{
    const char *s;
    size_t n;
    while (seg_list_next(&list, &s, &n))
        if (seg_equal_n(item, s, n))
            return true;
    return false;
}

bool seg_equal_n(const char *text, const char *s, size_t n)
{
    return strlen(text) == n && (n == 0 || memcmp(text, s, n) == 0);
}

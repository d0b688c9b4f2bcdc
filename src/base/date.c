/* date.c: dates and times in the ways that people write them, and back. */
#include "base/date.h"

#include <string.h>
#include <strings.h>
#include "base/number.h"

enum { DAY_SECONDS = 86400 };

/* ---- calendar ------------------------------------------------------------- */

bool seg_day_valid(int year, int month, int day)
{
    static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= lengths[month - 1] + (month == 2 && leap);
}

void seg_day_to_ymd(int32_t day, int *year, int *month, int *mday)
{
    int64_t z = (int64_t)day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *mday = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int32_t seg_day_of_seconds(int64_t seconds)
{
    int64_t day = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
    return day < INT32_MIN ? INT32_MIN : day > INT32_MAX ? INT32_MAX : (int32_t)day;
}

/* ---- reading -------------------------------------------------------------- */

typedef struct cursor {
    const char *s, *end;
} cursor;

static bool at_digit(const cursor *c)
{
    return c->s < c->end && *c->s >= '0' && *c->s <= '9';
}

/* A whole number of `least` to `most` digits. */
static bool take_number(cursor *c, int least, int most, int *out)
{
    int value = 0, n = 0;
    for (; n < most && at_digit(c); n++)
        value = value * 10 + (*c->s++ - '0');
    *out = value;
    return n >= least;
}

static bool take_char(cursor *c, const char *allowed, char *taken)
{
    if (c->s == c->end)
        return false;
    for (; *allowed != 0; allowed++)
        if (*allowed == *c->s) {
            *taken = *c->s++;
            return true;
        }
    return false;
}

/* Three numbers of `widths` digits (least, most) with the same separator twice. */
static bool take_three(cursor *c, const char *separators, const int widths[3][2], int out[3])
{
    char first = 0, second = 0;
    return take_number(c, widths[0][0], widths[0][1], &out[0]) &&
           take_char(c, separators, &first) &&
           take_number(c, widths[1][0], widths[1][1], &out[1]) &&
           take_char(c, separators, &second) && first == second &&
           take_number(c, widths[2][0], widths[2][1], &out[2]);
}

static bool take_date(cursor *c, seg_date_format format, int32_t *day)
{
    static const int year_first[3][2] = { { 4, 4 }, { 1, 2 }, { 1, 2 } };
    static const int year_last[3][2] = { { 1, 2 }, { 1, 2 }, { 4, 4 } };
    int v[3] = { 0 }, y = 0, m = 0, d = 0;
    bool ok = false;
    switch (format) {
    case SEG_DATE_ISO:
        ok = take_three(c, "-/", year_first, v);
        y = v[0], m = v[1], d = v[2];
        break;
    case SEG_DATE_COMPACT:
        ok = take_number(c, 4, 4, &y) && take_number(c, 2, 2, &m) && take_number(c, 2, 2, &d);
        break;
    case SEG_DATE_DMY:
        ok = take_three(c, "./-", year_last, v);
        y = v[2], m = v[1], d = v[0];
        break;
    case SEG_DATE_MDY:
        ok = take_three(c, "/-", year_last, v);
        y = v[2], m = v[0], d = v[1];
        break;
    case SEG_DATE_NONE:
    case SEG_DATE_EPOCH:
    case SEG_DATE_EPOCH_MS:
        break;
    }
    if (!ok || at_digit(c) || !seg_day_valid(y, m, d))
        return false;
    *day = seg_day_from_ymd(y, m, d);
    return true;
}

/* The word in any case, after an optional blank. */
static bool take_word(cursor *c, const char *word)
{
    const char *s = c->s + (c->s < c->end && *c->s == ' ');
    size_t n = strlen(word);
    if ((size_t)(c->end - s) < n || strncasecmp(s, word, n) != 0)
        return false;
    c->s = s + n;
    return true;
}

/* am or pm makes 12 h of 12 to 11; without it the hour stays. */
static bool take_half_of_day(cursor *c, int *hour)
{
    bool pm = take_word(c, "pm");
    if (!pm && !take_word(c, "am"))
        return *hour <= 23;
    bool ok = *hour >= 1 && *hour <= 12;
    *hour = *hour % 12 + (pm ? 12 : 0);
    return ok;
}

/* Z, UTC, +hh, +hh:mm or +hhmm; nothing is UTC. */
static bool take_zone(cursor *c, int *offset)
{
    char mark = 0;
    int hours = 0, minutes = 0;
    *offset = 0;
    if (c->s == c->end || take_word(c, "z") || take_word(c, "utc"))
        return true;
    take_char(c, " ", &mark);
    if (!take_char(c, "+-", &mark) || !take_number(c, 2, 2, &hours))
        return false;
    int sign = mark == '-' ? -1 : 1;
    if ((take_char(c, ":", &mark) || at_digit(c)) && !take_number(c, 2, 2, &minutes))
        return false;
    *offset = sign * (hours * 60 + minutes) * 60;
    return hours <= 23 && minutes <= 59;
}

/* h:mm[:ss[.fff]][ am|pm][zone]; parts of a second are dropped. */
static bool take_time(cursor *c, int64_t *seconds)
{
    int h = 0, m = 0, s = 0, offset = 0;
    char mark = 0;
    if (!take_number(c, 1, 2, &h) || !take_char(c, ":", &mark) || !take_number(c, 2, 2, &m))
        return false;
    if (take_char(c, ":", &mark)) {
        if (!take_number(c, 2, 2, &s))
            return false;
        if (take_char(c, ".,", &mark)) {
            if (!at_digit(c))
                return false;
            while (at_digit(c))
                c->s++;
        }
    }
    if (!take_half_of_day(c, &h) || m > 59 || s > 59 || !take_zone(c, &offset))
        return false;
    *seconds = (h * 60 + m) * 60 + s - offset;
    return true;
}

/* Whole seconds or milliseconds since 1970, years 1 .. 9999. */
static bool parse_epoch(const char *s, size_t n, int64_t unit, int64_t *seconds)
{
    int64_t value;
    if (!seg_parse_i64(s, n, &value))
        return false;
    *seconds = value / unit - (value % unit < 0);
    return *seconds >= -62135596800 && *seconds < 253402300800;
}

bool seg_parse_date(const char *s, size_t n, seg_date_format format, int64_t *seconds,
                    bool *has_time)
{
    *seconds = 0;
    *has_time = format == SEG_DATE_EPOCH || format == SEG_DATE_EPOCH_MS;
    if (*has_time)
        return parse_epoch(s, n, format == SEG_DATE_EPOCH ? 1 : 1000, seconds);

    cursor c = { s, s + n };
    int32_t day = 0;
    int64_t time = 0;
    char mark = 0;
    if (!take_date(&c, format, &day))
        return false;
    if (c.s < c.end) {
        if (!take_char(&c, " Tt", &mark) || !take_time(&c, &time) || c.s != c.end)
            return false;
        *has_time = true;
    }
    *seconds = (int64_t)day * DAY_SECONDS + time;
    return true;
}

/* ---- which format --------------------------------------------------------- */

static bool is_plausible(int64_t seconds)
{
    return seconds >= 631152000 && seconds < 4133980800;   /* 1990 .. 2100 */
}

/* By the digits in front: 4 of a year, at most 2 of a day or month, or more. */
static unsigned possible_formats(const char *s, size_t n)
{
    size_t digits = 0;
    while (digits < n && s[digits] >= '0' && s[digits] <= '9')
        digits++;
    if (digits == 4 && digits < n)
        return 1u << SEG_DATE_ISO;
    if (digits > 0 && digits <= 2 && digits < n)
        return 1u << SEG_DATE_DMY | 1u << SEG_DATE_MDY;
    return 1u << SEG_DATE_COMPACT | 1u << SEG_DATE_EPOCH | 1u << SEG_DATE_EPOCH_MS;
}

unsigned seg_date_readings(const char *s, size_t n, int64_t seconds[SEG_DATE_N_FORMATS],
                           bool has_time[SEG_DATE_N_FORMATS])
{
    unsigned found = 0, possible = possible_formats(s, n);
    for (int f = SEG_DATE_ISO; f < SEG_DATE_N_FORMATS; f++) {
        if ((possible & 1u << f) == 0
            || !seg_parse_date(s, n, (seg_date_format)f, &seconds[f], &has_time[f]))
            continue;
        bool looks_whole = f == SEG_DATE_COMPACT || f == SEG_DATE_EPOCH || f == SEG_DATE_EPOCH_MS;
        if (!looks_whole || is_plausible(seconds[f]))
            found |= 1u << f;
    }
    return found;
}

unsigned seg_date_formats_of(const char *s, size_t n)
{
    int64_t seconds[SEG_DATE_N_FORMATS];
    bool has_time[SEG_DATE_N_FORMATS];
    return seg_date_readings(s, n, seconds, has_time);
}

static const char *const format_names[] = {
    [SEG_DATE_NONE] = "none",   [SEG_DATE_ISO] = "iso",     [SEG_DATE_COMPACT] = "compact",
    [SEG_DATE_DMY] = "d.m.y",   [SEG_DATE_MDY] = "m/d/y",   [SEG_DATE_EPOCH] = "epoch",
    [SEG_DATE_EPOCH_MS] = "epoch-ms",
};

const char *seg_date_format_name(seg_date_format format)
{
    return format <= SEG_DATE_EPOCH_MS ? format_names[format] : "none";
}

seg_date_format seg_date_format_find(const char *name)
{
    for (int f = SEG_DATE_ISO; f <= SEG_DATE_EPOCH_MS; f++)
        if (strcmp(name, format_names[f]) == 0)
            return (seg_date_format)f;
    return SEG_DATE_NONE;
}

/* ---- printing ------------------------------------------------------------- */

static char *put_two(char *out, int value)
{
    *out++ = (char)('0' + value / 10);
    *out++ = (char)('0' + value % 10);
    return out;
}

size_t seg_print_day(char out[SEG_DATE_BYTES], int32_t day)
{
    int year, month, mday;
    char *o = out, digits[SEG_NUMBER_BYTES];
    seg_day_to_ymd(day, &year, &month, &mday);
    if (year < 0) {
        *o++ = '-';
        year = -year;
    }
    size_t n = seg_print_i64(digits, year);
    for (size_t i = n; i < 4; i++)
        *o++ = '0';
    memcpy(o, digits, n);
    o += n;
    *o++ = '-';
    o = put_two(o, month);
    *o++ = '-';
    o = put_two(o, mday);
    *o = 0;
    return (size_t)(o - out);
}

size_t seg_print_time(char out[SEG_DATE_BYTES], int64_t seconds)
{
    int left = (int)(seconds % DAY_SECONDS);
    if (left < 0)
        left += DAY_SECONDS;
    char *o = out + seg_print_day(out, seg_day_of_seconds(seconds));
    *o++ = 'T';
    o = put_two(o, left / 3600);
    *o++ = ':';
    o = put_two(o, left / 60 % 60);
    *o++ = ':';
    o = put_two(o, left % 60);
    *o = 0;
    return (size_t)(o - out);
}

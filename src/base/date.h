/* date.h: days and seconds of the proleptic Gregorian calendar. No time zones
 * data base, no libc time functions. */
#ifndef SEGMILL_BASE_DATE_H
#define SEGMILL_BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How dates of a column are written. */
typedef enum seg_date_format {
    SEG_DATE_NONE = 0,
    SEG_DATE_ISO,        /* 2011-12-09, also 2011/12/09 */
    SEG_DATE_COMPACT,    /* 20111209 */
    SEG_DATE_DMY,        /* 9.12.2011, 09/12/2011, 9-12-2011 */
    SEG_DATE_MDY,        /* 12/9/2011 */
    SEG_DATE_EPOCH,      /* seconds since 1970 */
    SEG_DATE_EPOCH_MS
} seg_date_format;
enum { SEG_DATE_N_FORMATS = SEG_DATE_EPOCH_MS + 1 };

/* One cell: the date and, after a blank or T, an optional time h:mm[:ss[.fff]][ am|pm] and
 * an optional zone Z, UTC or +hh[[:]mm], also after a blank (converted to UTC). Years
 * 1 .. 9999. *has_time tells if a time was there. */
bool seg_parse_date(const char *s, size_t n, seg_date_format format, int64_t *seconds,
                    bool *has_time);

/* Formats (bit 1 << seg_date_format) under which the cell is a date; EPOCH and COMPACT
 * only when plausible (1990 .. 2100), so that plain whole numbers are no dates. */
unsigned seg_date_formats_of(const char *s, size_t n);
/* And what it is under each of them. */
unsigned seg_date_readings(const char *s, size_t n, int64_t seconds[SEG_DATE_N_FORMATS],
                           bool has_time[SEG_DATE_N_FORMATS]);

/* "iso", "compact", "d.m.y", "m/d/y", "epoch", "epoch-ms"; and back (SEG_DATE_NONE if
 * unknown). */
const char *seg_date_format_name(seg_date_format format);
seg_date_format seg_date_format_find(const char *name);

/* No check. Days are counted in eras of 400 years that start in March, so that the leap day
 * is the last day of a year: H. Hinnant, "chrono-compatible low-level date algorithms". */
static inline int32_t seg_day_from_ymd(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}
bool seg_day_valid(int year, int month, int day);
void seg_day_to_ymd(int32_t day, int *year, int *month, int *mday);
int32_t seg_day_of_seconds(int64_t seconds);              /* floor */

enum { SEG_DATE_BYTES = 32 };
size_t seg_print_day(char out[SEG_DATE_BYTES], int32_t day);          /* 2011-12-09 */
size_t seg_print_time(char out[SEG_DATE_BYTES], int64_t seconds);     /* 2011-12-09T08:26:00 */

#endif

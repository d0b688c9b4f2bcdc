/* kmeans_limits.c: --deadline and --min-size, read and looked after. */
#include "models/kmeans_limits.h"

#include <math.h>
#include <string.h>
#include "base/clock.h"
#include "base/number.h"

static seg_status read_deadline(const char *text, double *deadline, seg_error *err)
{
    double seconds;
    *deadline = (double)INFINITY;
    if (text == NULL)
        return SEG_OK;
    if (!seg_parse_f64(text, strlen(text), '.', &seconds) || !(seconds >= 0))
        return seg_fail(err, SEG_E_USAGE, "--deadline is '%.40s'; it must be a number of seconds,"
                        " 0 or more", text);
    *deadline = seg_clock_seconds() + seconds;
    return SEG_OK;
}

seg_status seg_kmeans_limits_read(const seg_kmeans_options *options, seg_kmeans_limits *out,
                                  seg_error *err)
{
    const char *size = options->min_size;
    *out = (seg_kmeans_limits){ .least = 0 };
    if (size != NULL && !seg_parse_share(size, strlen(size), &out->least, &out->of))
        return seg_fail(err, SEG_E_USAGE, "--min-size '%.40s' is neither a count of rows (50) nor"
                        " a share of them (0.01 or 1%%)", size);
    if (out->of != 0 && out->least > out->of)
        return seg_fail(err, SEG_E_USAGE, "--min-size '%.40s' is more than all rows: a share is"
                        " from 0 to 1, or 0%% to 100%%", size);
    return read_deadline(options->deadline, &out->deadline, err);
}

seg_status seg_kmeans_limits_fit(const seg_kmeans_limits *limits, double rows, seg_error *err)
{
    if (limits->of != 0 || (double)limits->least <= rows)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "--min-size %llu asks for more rows in a segment than there"
                    " are: %.0f", (unsigned long long)limits->least, rows);
}

static bool is_small(const seg_kmeans_limits *limits, int64_t count, int64_t all, double per_row)
{
    if (limits->of == 0)
        return (double)count < (double)limits->least * per_row;
    return (unsigned __int128)count * limits->of < (unsigned __int128)all * limits->least;
}

size_t seg_kmeans_too_small(const seg_kmeans_limits *limits, const seg_kmeans_figures *figures,
                            double per_row, bool sample)
{
    int64_t all = 0;
    size_t smallest = 0;
    for (size_t j = 0; j < figures->k; j++) {
        all += figures->count[j];
        smallest = figures->count[j] < figures->count[smallest] ? j : smallest;
    }
    int64_t count = figures->count[smallest] * (sample ? 2 : 1);   /* sums are below 2^62 */
    bool small = figures->k > 1 && is_small(limits, count, all, per_row);
    return small ? smallest : SIZE_MAX;
}

/* csv_chunk.c: a chunk is regular when the ends of its cells, taken n_columns at a time,
 * have a line feed in each last place: as there are as many rows as line feeds, there is
 * none elsewhere. */
#include "data/csv_chunk.h"

#include "base/alloc.h"
#include "base/try.h"

void seg_csv_chunk_free(seg_csv_chunk *chunk)
{
    seg_free(chunk->ends_room);
    seg_free(chunk->counted);
    *chunk = (seg_csv_chunk){ 0 };
}

/* Line feeds within cells: rows start in the lines that these leave. */
static seg_status count_lines(seg_csv_chunk *chunk, seg_error *err)
{
    seg_status st = SEG_GROW(&chunk->counted, &chunk->counted_cap, chunk->n_rows, "lines", err);
    if (st != SEG_OK)
        return st;
    uint64_t line = chunk->first_line;
    const char *s = chunk->text;
    for (size_t r = 0; r < chunk->n_rows; r++) {
        const char *end = chunk->text + chunk->ends[r * chunk->n_columns + chunk->n_columns - 1];
        chunk->counted[r] = line++;
        while ((s = memchr(s, '\n', (size_t)(end - s))) != NULL) {
            s++;
            line++;
        }
        s = end + 1;
    }
    chunk->lines = chunk->counted;
    return SEG_OK;
}

/* Ends of cells up to the last line feed that is one. */
static size_t cut_tail(const seg_csv_chunk *chunk, size_t n_ends)
{
    while (n_ends > 0 && chunk->text[chunk->ends[n_ends - 1]] != '\n')
        n_ends--;
    return n_ends;
}

/* Each row has its cells, and none is one that only the row reader may judge: too long,
 * empty, or the header again. */
static bool is_regular(const seg_csv_chunk *chunk, size_t max_field, const char *names0)
{
    size_t d = chunk->n_columns, start = 0, name_bytes = names0 == NULL ? 0 : strlen(names0);
    bool quoted_name = name_bytes > 0 && strchr(names0, '"') != NULL;   /* in the text doubled */
    for (size_t r = 0; r < chunk->n_rows; r++) {
        size_t end = chunk->ends[r * d + d - 1], first = chunk->ends[r * d];
        const char *s = chunk->text + start;
        if (chunk->text[end] != '\n' || end - start > max_field || end == start
            || (d == 1 && *s == '\r'))
            return false;
        if (name_bytes > 0 && (*s == names0[0] || *s == '"') && first - start >= name_bytes
            && (quoted_name || memmem(s, first - start, names0, name_bytes) != NULL))
            return false;
        start = end + 1;
    }
    return true;
}

seg_status seg_csv_chunk_index(seg_csv_chunk *chunk, size_t n_columns, char delimiter,
                               size_t max_field, const char *names0, bool valid,
                               seg_csv_shape *shape, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_marks marks;
    *shape = SEG_CSV_REGULAR;
    chunk->n_rows = 0;
    chunk->n_columns = n_columns;

    TRY(SEG_GROW(&chunk->ends_room, &chunk->ends_cap, chunk->n + 2, "the ends of cells", err));
    chunk->ends_room[0] = UINT32_MAX;
    chunk->ends = chunk->ends_room + 1;
    size_t n_ends = seg_simd_get()->csv_index(chunk->text, chunk->n, delimiter,
                                              chunk->ends_room + 1, &marks);
    chunk->cr = marks.any_cr;
    chunk->quoted_feed = marks.quoted_feed;
    chunk->n_lines = marks.n_lines;
    if (marks.stray_quote) {
        *shape = SEG_CSV_STRAY;
        return SEG_OK;
    }
    n_ends = cut_tail(chunk, n_ends);
    size_t n = n_ends == 0 ? 0 : (size_t)chunk->ends[n_ends - 1] + 1;
    if (n < chunk->n)
        chunk->n_lines -= seg_simd_get()->count_byte(chunk->text + n, chunk->n - n, '\n');
    chunk->n = n;
    if (valid) {
        chunk->n_rows = n_ends / n_columns;
        return SEG_OK;
    }
    if (marks.lone_cr || marks.null || n_ends != marks.n_rows * n_columns
        || (marks.high && seg_utf8_check(chunk->text, n) < n)) {
        *shape = SEG_CSV_IRREGULAR;
        return SEG_OK;
    }
    chunk->n_rows = marks.n_rows;
    if (!is_regular(chunk, max_field, names0))
        *shape = SEG_CSV_IRREGULAR;
    else if (chunk->quoted_feed)
        TRY(count_lines(chunk, err));

done:
    return st;
}

/* h5_read.c: rows of an array as values of our types, a portion at a time, so that the
 * bytes in the file's own form never take more than a little memory and are converted while
 * they are in the cache. Portions of arrays that lie in one piece are read and converted by
 * all threads; chunks are unpacked by all, then converted by all. Of a table one portion is
 * kept: its columns are asked for one after the other. */
#include "data/h5_internal.h"

#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/try.h"

static const uint64_t portion_bytes = 256u << 10;   /* half of a second-level cache */
static const uint64_t unpacked_bytes = 8u << 20;

static uint64_t rows_of(const h5_array *array, uint64_t bytes)
{
    uint64_t row_bytes = array->n_cols * array->element;
    uint64_t n = row_bytes == 0 ? 1 : bytes / row_bytes;
    return n < 1 ? 1 : n;
}

/* Of chunks several at a time, as far as the memory budget goes. */
uint64_t h5_portion_rows(const h5_array *array)
{
    uint64_t limit = seg_alloc_limit() / 32;
    if (array->layout != H5D_CHUNKED)
        return rows_of(array, portion_bytes);
    uint64_t bytes = limit != 0 && limit < unpacked_bytes ? limit : unpacked_bytes;
    return rows_of(array, bytes < portion_bytes ? portion_bytes : bytes);
}

/* Some rows, whose bytes are in `raw`. */
static seg_status convert(seg_h5 *file, const h5_array *array, const h5_cell *cell,
                          const unsigned char *raw, seg_h5_type type, size_t width,
                          uint64_t first_row, uint64_t n_rows, char *out, seg_error *err)
{
    uint64_t n = n_rows * array->n_cols;
    size_t bad, size = h5_cell_bytes(type, width);
    bool is_text = cell->class == H5_CLASS_TEXT || cell->class == H5_CLASS_VLEN;
    if (is_text != (type == SEG_H5_TEXT))
        return seg_fail(err, SEG_E_DATA, "%s: '%s' holds %s", file->path, array->path,
                        is_text ? "texts, not numbers" : "numbers, not texts");
    if (is_text)
        return h5_convert_texts(file, array, cell, raw, n, first_row, out, width, err);
    if (!h5_convert(cell, raw, array->element, n, type, out, size, &bad))
        return seg_fail(err, SEG_E_DATA, "%s: '%s': the value in row %llu, column %llu does not"
                        " fit the type it should have", file->path, array->path,
                        (unsigned long long)(first_row + bad / array->n_cols + 1),
                        (unsigned long long)(bad % array->n_cols + 1));
    return SEG_OK;
}

/* ---- by all threads ------------------------------------------------------------------- */

/* The first thing that went wrong on a thread. */
typedef struct failure {
    seg_status status;
    size_t task;
    seg_error err;
} failure;

typedef struct job {
    seg_h5 *file;
    h5_array *array;
    const h5_cell *cell;
    seg_h5_type type;
    size_t width;
    uint64_t first_row, n_rows, step;
    char *out;
    unsigned char *raw;       /* one portion per thread, or (unpacked) all rows */
    bool unpacked;
    failure *failures;        /* per thread */
} job;

static void run_portion(void *arg, size_t i, int thread)
{
    const job *j = arg;
    failure *failed = &j->failures[thread];
    uint64_t from = i * j->step, n = j->n_rows - from < j->step ? j->n_rows - from : j->step;
    uint64_t row_bytes = j->array->n_cols * j->array->element;
    unsigned char *raw = j->raw + (j->unpacked ? from : (uint64_t)thread * j->step) * row_bytes;
    seg_status st = failed->status;   /* then the rest is in vain */
    if (st == SEG_OK && !j->unpacked)
        st = h5_fetch(j->file, j->array, j->first_row + from, n, raw, &failed->err);
    if (st == SEG_OK)
        st = convert(j->file, j->array, j->cell, raw, j->type, j->width, j->first_row + from, n,
                     j->out + from * j->array->n_cols * h5_cell_bytes(j->type, j->width),
                     &failed->err);
    if (failed->status == SEG_OK && st != SEG_OK) {
        failed->status = st;
        failed->task = i;
    }
}

/* The one with the lowest rows: tasks begin in order, so nobody failed before it. */
static seg_status first_failure(const failure *failures, int n, seg_error *err)
{
    const failure *first = NULL;
    for (int t = 0; t < n; t++)
        if (failures[t].status != SEG_OK && (first == NULL || failures[t].task < first->task))
            first = &failures[t];
    if (first == NULL)
        return SEG_OK;
    if (err != NULL)
        *err = first->err;
    return first->status;
}

static seg_status run(job *j, int n_threads, seg_error *err)
{
    size_t n_tasks = (j->n_rows + j->step - 1) / j->step;
    for (int t = 0; t < n_threads; t++)
        j->failures[t] = (failure){ .status = SEG_OK };
    seg_team_run(n_threads, n_tasks, run_portion, j);
    return first_failure(j->failures, n_threads, err);
}

/* Texts of variable length share the collection that was read last. */
static int threads_for(const job *j)
{
    uint64_t n_tasks = (j->n_rows + j->step - 1) / j->step, most = (uint64_t)j->file->n_threads;
    if (j->cell->class == H5_CLASS_VLEN || n_tasks < 4)
        return 1;
    return (int)(n_tasks < most ? n_tasks : most);
}

static seg_status read_portions(job *j, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t row_bytes = j->array->n_cols * j->array->element;
    uint64_t n_rows = j->n_rows, whole = h5_portion_rows(j->array);
    bool chunked = j->array->layout == H5D_CHUNKED;
    int n_threads = threads_for(j);
    whole = whole < n_rows ? whole : n_rows;
    TRY(SEG_ALLOC(&j->failures, (size_t)n_threads, "rows of an array", err));
    TRY(SEG_ALLOC(&j->raw, (chunked ? whole : (uint64_t)n_threads * j->step) * row_bytes,
                  "rows of an array", err));
    if (!chunked) {
        TRY(run(j, n_threads, err));
        goto done;
    }
    j->unpacked = true;
    for (uint64_t i = 0; i < n_rows; i += j->n_rows) {
        j->n_rows = n_rows - i < whole ? n_rows - i : whole;
        TRY(h5_fetch(j->file, j->array, j->first_row, j->n_rows, j->raw, err));
        TRY(run(j, n_threads, err));
        j->first_row += j->n_rows;
        j->out += j->n_rows * j->array->n_cols * h5_cell_bytes(j->type, j->width);
    }

done:
    seg_free(j->raw);
    seg_free(j->failures);
    return st;
}

/* ---- tables ----------------------------------------------------------------------------- */

/* Portions begin at multiples of their length, so that all columns ask for the same ones. */
static seg_status load_portion(seg_h5 *file, h5_array *array, uint64_t first_row,
                               seg_error *err)
{
    uint64_t step = array->portion_rows, left = array->n_rows - first_row;
    if (array->portion != NULL && array->portion_first == first_row)
        return SEG_OK;
    seg_status st = SEG_OK;
    if (array->portion == NULL)
        st = SEG_ALLOC(&array->portion, (step < array->n_rows ? step : array->n_rows)
                                            * array->element, "rows of a table", err);
    array->portion_first = UINT64_MAX;
    if (st == SEG_OK)
        st = h5_fetch(file, array, first_row, left < step ? left : step, array->portion, err);
    if (st == SEG_OK)
        array->portion_first = first_row;
    return st;
}

static seg_status read_member(job *j, seg_error *err)
{
    h5_array *array = j->array;
    uint64_t step = array->portion_rows;
    for (uint64_t done = 0, n; done < j->n_rows; done += n) {
        uint64_t row = j->first_row + done, first = row - row % step;
        n = first + step - row < j->n_rows - done ? first + step - row : j->n_rows - done;
        seg_status st = load_portion(j->file, array, first, err);
        if (st == SEG_OK)
            st = convert(j->file, array, j->cell, array->portion + (row - first) * array->element,
                         j->type, j->width, row, n,
                         j->out + done * h5_cell_bytes(j->type, j->width), err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* Nothing to convert and all in one piece: straight to the caller. */
static bool is_direct(const h5_array *array, const h5_cell *cell, seg_h5_type type)
{
    if (array->members != NULL || cell->big_endian)
        return false;
    return (type == SEG_H5_F32 && cell->class == H5_CLASS_FLOAT && cell->size == 4) ||
           (type == SEG_H5_F64 && cell->class == H5_CLASS_FLOAT && cell->size == 8) ||
           (type == SEG_H5_I32 && cell->class == H5_CLASS_INT && cell->size == 4) ||
           (type == SEG_H5_I64 && cell->class == H5_CLASS_INT && cell->size == 8);
}

seg_status h5_read_cells(seg_h5 *file, h5_array *array, const h5_cell *cell, seg_h5_type type,
                         size_t width, uint64_t first_row, uint64_t n_rows, void *out,
                         seg_error *err)
{
    job j = { .file = file, .array = array, .cell = cell, .type = type, .width = width,
              .first_row = first_row, .n_rows = n_rows, .out = out };
    bool outside = first_row > array->n_rows || n_rows > array->n_rows - first_row;
    if (outside || n_rows == 0 || is_direct(array, cell, type))
        return h5_fetch(file, array, first_row, n_rows, out, err);   /* says what is wrong */
    if (array->members != NULL) {
        if (array->portion_rows == 0)
            array->portion_rows = h5_portion_rows(array);
        return read_member(&j, err);
    }
    j.step = rows_of(array, portion_bytes);
    j.step = j.step < n_rows ? j.step : n_rows;
    return read_portions(&j, err);
}

seg_status seg_h5_read(seg_h5 *file, const char *path, seg_h5_type type, size_t width,
                       uint64_t first_row, uint64_t n_rows, void *out, seg_error *err)
{
    h5_array *array;
    seg_status st = h5_open_array(file, path, &array, err);
    if (st == SEG_OK && array->members != NULL)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is a table, not an array", file->path, path);
    if (st == SEG_OK)
        st = h5_read_cells(file, array, &array->cell, type, width, first_row, n_rows, out, err);
    return st;
}

static size_t longest_in(const h5_array *array, const h5_cell *cell, const unsigned char *raw,
                         uint64_t n)
{
    size_t longest = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t length;   /* the first part of a reference */
        memcpy(&length, raw + i * array->element + cell->offset, sizeof length);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static seg_status find_longest(seg_h5 *file, h5_array *array, const h5_cell *cell,
                               size_t *longest, seg_error *err)
{
    seg_status st = SEG_OK;
    unsigned char *raw = NULL;
    uint64_t step = h5_portion_rows(array);
    step = step < array->n_rows ? step : array->n_rows;
    *longest = 0;
    TRY(SEG_ALLOC(&raw, step * array->n_cols * array->element, "rows of an array", err));
    for (uint64_t i = 0; i < array->n_rows; i += step) {
        uint64_t n = array->n_rows - i < step ? array->n_rows - i : step;
        TRY(h5_fetch(file, array, i, n, raw, err));
        size_t here = longest_in(array, cell, raw, n * array->n_cols);
        *longest = here > *longest ? here : *longest;
    }

done:
    seg_free(raw);
    return st;
}

seg_status h5_longest(seg_h5 *file, h5_array *array, const h5_cell *cell, size_t *longest,
                      seg_error *err)
{
    *longest = cell->size;
    if (cell->class != H5_CLASS_VLEN)
        return SEG_OK;
    if (cell != &array->cell)
        return find_longest(file, array, cell, longest, err);
    seg_status st = SEG_OK;
    if (array->longest == SIZE_MAX)
        st = find_longest(file, array, cell, &array->longest, err);
    if (st != SEG_OK)
        array->longest = SIZE_MAX;
    *longest = array->longest;
    return st;
}

seg_status seg_h5_info(seg_h5 *file, const char *path, seg_h5_array *info, seg_error *err)
{
    h5_array *array;
    *info = (seg_h5_array){ 0 };
    seg_status st = h5_open_array(file, path, &array, err);
    if (st == SEG_OK && array->members != NULL)
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' is a table, not an array", file->path, path);
    if (st != SEG_OK)
        return st;
    info->type = h5_nearest_type(&array->cell);
    info->n_rows = array->n_rows;
    info->n_cols = array->rank == 2 ? array->n_cols : 0;
    if (info->type != SEG_H5_TEXT)
        return SEG_OK;
    return h5_longest(file, array, &array->cell, &info->width, err);
}

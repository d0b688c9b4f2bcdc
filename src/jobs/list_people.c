#include "jobs/list_people.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "base/try.h"
#include "data/csv_scan.h"

seg_status seg_people_new(seg_people *out, seg_error *err)
{
    *out = (seg_people){ 0 };
    seg_status st = seg_dictionary_new(&out->ids, err);
    if (st == SEG_OK)
        st = seg_dictionary_new(&out->segments, err);
    if (st != SEG_OK)
        seg_people_free(out);
    return st;
}

void seg_people_free(seg_people *people)
{
    seg_dictionary_free(people->ids);
    seg_dictionary_free(people->segments);
    seg_free(people->segment);
    seg_free(people->seen);
    *people = (seg_people){ 0 };
}

/* ---- reading ---------------------------------------------------------------------------- */

static seg_status add_person(seg_people *p, seg_csv_cell id, seg_csv_cell segment,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t person, code;
    TRY(seg_dictionary_add(p->ids, id.s, id.n, &person, err));
    TRY(seg_dictionary_add(p->segments, segment.s, segment.n, &code, err));
    TRY(SEG_GROW(&p->segment, &p->cap, (size_t)person + 1, "the people", err));
    TRY(SEG_GROW(&p->seen, &p->seen_cap, (size_t)person + 1, "the people", err));
    p->segment[person] = code;
done:
    return st;
}

static size_t find_cell(const seg_csv_row *row, const char *name)
{
    for (size_t c = 0; c < row->n_cells; c++)
        if (seg_equal_n(name, row->cells[c].s, row->cells[c].n))
            return c;
    return SIZE_MAX;
}

typedef struct id_file {
    seg_input *input;
    seg_csv_scan *scan;
} id_file;

static seg_status id_file_open(const char *path, id_file *out, seg_error *err)
{
    static const seg_csv_dialect dialect = { .delimiter = ',', .quotes = true };
    *out = (id_file){ 0 };
    seg_status st = seg_input_open(NULL, path, NULL, &out->input, err);
    return st == SEG_OK ? seg_csv_scan_new(out->input, dialect, 1 << 20, &out->scan, err) : st;
}

static void id_file_close(id_file *file)
{
    seg_csv_scan_free(file->scan);
    seg_input_close(file->input);
}

static seg_status check_row(const char *path, const seg_csv_row *row, seg_error *err)
{
    if (row->defect == SEG_CSV_NUL || row->defect == SEG_CSV_UTF8)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: %s", path, (unsigned long long)row->line,
                        row->defect == SEG_CSV_NUL ? "a null byte" : "is not UTF-8");
    return SEG_OK;
}

static seg_csv_cell trimmed(seg_csv_cell cell)
{
    while (cell.n > 0 && (*cell.s == ' ' || *cell.s == '\t')) {
        cell.s++;
        cell.n--;
    }
    while (cell.n > 0 && (cell.s[cell.n - 1] == ' ' || cell.s[cell.n - 1] == '\t'))
        cell.n--;
    return cell;
}

/* The id of a row of a suppression list. A list that is parted otherwise than by commas
 * would match nobody, and everybody on it would be written to: it is refused. */
static seg_status suppressed_id(const char *path, const seg_csv_row *row, seg_csv_cell *id,
                                seg_error *err)
{
    seg_status st = check_row(path, row, err);
    *id = trimmed(row->cells[0]);
    if (st == SEG_OK && (memchr(id->s, ';', id->n) != NULL || memchr(id->s, '\t', id->n) != NULL))
        st = seg_fail(err, SEG_E_DATA, "%s: line %llu: the cells are not parted by commas", path,
                      (unsigned long long)row->line);
    return st;
}

static seg_status read_members(id_file *file, const char *path, const char *id_name,
                               const char *segment, seg_people *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_row row;
    TRY(seg_csv_scan_next(file->scan, &row, err));
    size_t n_cells = row.n_cells, id = find_cell(&row, id_name), at = find_cell(&row, segment);
    if (id == SIZE_MAX || at == SIZE_MAX) {
        st = seg_fail(err, SEG_E_DATA, "%s: no column '%s'; the lists before were made of other"
                      " scores", path, id == SIZE_MAX ? id_name : segment);
        goto done;
    }
    for (;;) {
        TRY(seg_csv_scan_next(file->scan, &row, err));
        if (row.n_cells == 0)
            break;
        TRY(check_row(path, &row, err));
        if (row.n_cells != n_cells) {
            st = seg_fail(err, SEG_E_DATA, "%s: line %llu: %zu cells, not %zu", path,
                          (unsigned long long)row.line, row.n_cells, n_cells);
            goto done;
        }
        TRY(add_person(out, row.cells[id], row.cells[at], err));
    }
done:
    return st;
}

seg_status seg_people_read_members(const char *dir, const char *id_name, const char *segment,
                                   seg_people *out, seg_error *err)
{
    seg_status st = SEG_OK;
    id_file file = { 0 };
    char path[4096];
    snprintf(path, sizeof path, "%s/members.csv", dir);
    TRY(seg_people_new(out, err));
    TRY(id_file_open(path, &file, err));
    TRY(read_members(&file, path, id_name, segment, out, err));
done:
    id_file_close(&file);
    if (st != SEG_OK)
        seg_people_free(out);
    return st;
}

seg_status seg_people_read_ids(const char *path, const char *id_name, seg_people *out,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    id_file file = { 0 };
    seg_csv_row row;
    seg_csv_cell id;
    static const seg_csv_cell nothing = { "", 0 };
    TRY(seg_people_new(out, err));
    TRY(id_file_open(path, &file, err));
    for (;;) {
        TRY(seg_csv_scan_next(file.scan, &row, err));
        if (row.n_cells == 0)
            break;
        TRY(suppressed_id(path, &row, &id, err));
        if (id.n > 0 && !(row.line == 1 && seg_equal_n(id_name, id.s, id.n)))
            TRY(add_person(out, id, nothing, err));
    }
    if (seg_dictionary_size(out->ids) == 0)
        st = seg_fail(err, SEG_E_DATA, "%s: holds no ids; an empty suppression list is refused",
                      path);
done:
    id_file_close(&file);
    if (st != SEG_OK)
        seg_people_free(out);
    return st == SEG_E_IO ? SEG_E_DATA : st;
}

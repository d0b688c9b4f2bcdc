/* report_lists.c: how many stand in the files of a directory of lists. The files are read in
 * pieces and only counted: a line end inside quotes does not end a row. */
#include "jobs/report_facts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"

/* Rows without the header. */
static seg_status count_rows(const char *path, int64_t *out, seg_error *err)
{
    enum { PIECE = 1 << 16 };
    seg_status st = SEG_OK;
    int fd = -1;
    uint64_t size = 0;
    char *piece = NULL;
    bool quoted = false, inside = false;
    int64_t rows = 0;
    *out = 0;

    TRY(seg_open_read(path, &fd, &size, err));
    TRY(SEG_ALLOC(&piece, PIECE, "a piece of a list", err));
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
        TRY(seg_pread_all(fd, piece, n, at, path, err));
        for (size_t i = 0; i < n; i++) {
            bool ends = piece[i] == '\n' && !quoted;
            quoted ^= piece[i] == '"';
            rows += ends && inside;
            inside = !ends && (inside || piece[i] != '\r');
        }
        at += n;
    }
    rows += inside;
    *out = rows > 0 ? rows - 1 : 0;

done:
    seg_free(piece);
    if (fd >= 0)
        close(fd);
    return st;
}

static seg_status put_count(const char *dir, const char *file, const char *name, seg_node *into,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text path = { 0 };
    int64_t rows;
    seg_text_addf(&path, "%s/%s", dir, file);
    TRY(seg_text_status(&path, err));
    if (seg_path_exists(path.bytes)) {
        TRY(count_rows(path.bytes, &rows, err));
        seg_put_int(into, name, rows);
    }
done:
    seg_text_free(&path);
    return st;
}

/* Who was left out stands in no file: only the result of the stage says it. */
static const seg_node *find_result(const seg_report_facts *facts, const char *dir)
{
    for (size_t i = 0; i < seg_node_count(facts->results); i++) {
        const seg_node *result = seg_node_at(facts->results, i);
        const char *output = seg_node_text(seg_node_get(result, "output"), NULL);
        if (output != NULL && seg_node_get(result, "members") != NULL
            && strcmp(seg_report_base_name(output), seg_report_base_name(dir)) == 0)
            return result;
    }
    return NULL;
}

seg_status seg_report_add_list(seg_report_facts *facts, const char *path, seg_error *err)
{
    static const char *const files[][2] = {
        { "members.csv", "members" }, { "joined.csv", "joined" }, { "left.csv", "left" },
        { "changed.csv", "changed" }, { "rejected.csv", "rejected" },
    };
    seg_status st = SEG_OK;
    seg_node *row = seg_put_object(facts->lists, NULL);
    seg_put_text(row, "name", seg_report_base_name(path));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        TRY(put_count(path, files[i][0], files[i][1], row, err));
    const seg_node *suppressed = seg_node_get(find_result(facts, path), "suppressed");
    if (suppressed != NULL)
        seg_put_node(row, "suppressed", suppressed);
    seg_report_add_source(facts, path, "lists",
                          seg_node_int(seg_node_get(row, "members"), -1), NULL);
done:
    return st;
}

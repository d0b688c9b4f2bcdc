#include "tests/support/fimi.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

const char *data_path(const char *name)
{
    static char path[1024];
    const char *root = getenv("SEGMILL_DATA");
    snprintf(path, sizeof path, "%s/%s", root != NULL ? root : "../shared/data", name);
    return path;
}

static void *more(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap == 0 ? 1024 : *cap * 2;
    return realloc(p, *cap * size);
}

static void add_line(fimi *f, const char *line, size_t *items_cap, size_t *rows_cap)
{
    size_t n = (size_t)f->row_start[f->n_rows];
    for (const char *c = line; *c != 0 && *c != '\n';) {
        char *end;
        long item = strtol(c, &end, 10);
        if (end == c)
            break;
        f->items = more(f->items, n, items_cap, sizeof *f->items);
        f->items[n++] = (int32_t)item;
        if ((size_t)item >= f->n_items)
            f->n_items = (size_t)item + 1;
        for (c = end; *c == ' '; c++)
            ;
    }
    f->n_rows++;
    f->row_start = more(f->row_start, f->n_rows, rows_cap, sizeof *f->row_start);
    f->row_start[f->n_rows] = (int64_t)n;
}

bool fimi_read(const char *name, fimi *out)
{
    char file[256];
    static char line[1 << 16];
    size_t items_cap = 0, rows_cap = 0;
    snprintf(file, sizeof file, "baskets/%s.dat.gz", name);
    *out = (fimi){ 0 };
    gzFile gz = gzopen(data_path(file), "rb");
    if (gz == NULL)
        return false;
    out->row_start = more(NULL, 0, &rows_cap, sizeof *out->row_start);
    out->row_start[0] = 0;
    while (gzgets(gz, line, sizeof line) != NULL)
        add_line(out, line, &items_cap, &rows_cap);
    gzclose(gz);
    return true;
}

void fimi_free(fimi *f)
{
    free(f->row_start);
    free(f->items);
    *f = (fimi){ 0 };
}

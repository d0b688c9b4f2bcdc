/* csv_transcript.c: see csv_transcript.h. */
#include "tests/support/csv_transcript.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "segmill/doc.h"

bool csv_random_options(const csv_random *csv, seg_import_options *options, seg_error *err)
{
    seg_import_defaults(options);
    for (size_t i = 0; i < csv->n_words; i++) {
        char name[32];
        const char *equals = strchr(csv->words[i], '=');
        size_t n = equals == NULL ? strlen(csv->words[i]) : (size_t)(equals - csv->words[i]);
        snprintf(name, sizeof name, "%.*s", (int)n, csv->words[i]);
        if (seg_option_set(seg_import_option_table, options, name,
                           equals == NULL ? NULL : equals + 1, err) != SEG_OK)
            return false;
    }
    return true;
}

static void write_file(const csv_random *csv)
{
    FILE *f = fopen(csv->path, "wb");
    size_t n = f == NULL || csv->n == 0 ? 0 : fwrite(csv->text, 1, csv->n, f);
    if (f == NULL || n != csv->n || fclose(f) != 0)
        abort();
}

static void note(void *user, seg_level level, const char *text)
{
    if (strstr(text, ": a quote within a cell: ") != NULL)
        return;   /* how the text was read, not what was read */
    fprintf(user, "note %d: %s\n", (int)level, text);
}

/* ---- what was read ------------------------------------------------------------------ */

static void tell_column(FILE *to, const char *what, const seg_column *c)
{
    fprintf(to, "%s '%s' type %d scale %u width %zu", what, c->name, (int)c->type, c->scale,
            c->width);
    if (c->unit != NULL)
        fprintf(to, " unit %s", c->unit);
    if (c->source != NULL)
        fprintf(to, " source %s", c->source);
    for (size_t i = 0; i < c->n_levels; i++)
        fprintf(to, "%s%s", i == 0 ? " levels " : "|", c->levels[i]);
    fputc('\n', to);
}

static void tell_schema(FILE *to, const seg_source *source)
{
    const seg_schema *s = source->schema;
    fprintf(to, "%s: %s, %llu rows, id %s (%zu), label %s, currency %s, as of %d\n",
            source->name, seg_kind_name(s->kind), (unsigned long long)source->n_rows,
            s->id_name == NULL ? "none" : s->id_name, s->id_width,
            s->label == NULL ? "none" : s->label, s->currency == NULL ? "none" : s->currency,
            (int)s->as_of_day);
    for (size_t i = 0; i < s->n_features; i++)
        tell_column(to, "feature", &s->features[i]);
    for (size_t i = 0; i < s->n_columns; i++)
        tell_column(to, "column", &s->columns[i]);
}

static void tell_text(FILE *to, const char *s, size_t width)
{
    fputc(' ', to);
    fwrite(s, 1, strnlen(s, width), to);
    fputc('|', to);
}

static void tell_cell(FILE *to, const seg_column *c, const void *cells, size_t r)
{
    switch (c->type) {
    case SEG_TYPE_F32:
        fprintf(to, " %a", (double)((const float *)cells)[r]);
        break;
    case SEG_TYPE_F64:
        fprintf(to, " %a", ((const double *)cells)[r]);
        break;
    case SEG_TYPE_DAY:
    case SEG_TYPE_CODE:
        fprintf(to, " %d", (int)((const int32_t *)cells)[r]);
        break;
    case SEG_TYPE_I64:
    case SEG_TYPE_TIME:
        fprintf(to, " %lld", (long long)((const int64_t *)cells)[r]);
        break;
    case SEG_TYPE_TEXT:
        tell_text(to, (const char *)cells + r * c->width, c->width);
    }
}

static void tell_number(FILE *to, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x))
        fputs(" nan", to);
    else
        fprintf(to, " %x", bits);
}

static void tell_row(FILE *to, const seg_schema *s, const seg_block *b, size_t r)
{
    fprintf(to, "%llu:", (unsigned long long)(b->first_row + r));
    if (s->id_width > 0)
        tell_text(to, b->ids + r * s->id_width, s->id_width);
    if (s->kind == SEG_KIND_BASKETS)
        for (int64_t i = b->row_start[r]; i < b->row_start[r + 1]; i++)
            fprintf(to, " %d", (int)b->items[i]);
    else
        for (size_t f = 0; f < s->n_features; f++)
            tell_number(to, b->x.x[r * b->x.stride + f]);
    for (size_t c = 0; c < s->n_columns; c++)
        tell_cell(to, &s->columns[c], b->columns[c], r);
    fputc('\n', to);
}

static seg_status tell_rows(FILE *to, seg_source *source, seg_error *err)
{
    for (;;) {
        seg_block block;
        seg_status st = source->next(source, &block, err);
        if (st != SEG_OK || block.n_rows == 0)
            return st;
        for (size_t r = 0; r < block.n_rows; r++)
            tell_row(to, source->schema, &block, r);
    }
}

static void tell_file(FILE *to, const char *path)
{
    char bytes[4096];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return;
    fprintf(to, "%s:\n", path);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0;)
        fwrite(bytes, 1, n, to);
    fclose(f);
    unlink(path);
}

static void import(FILE *to, const csv_random *csv, const seg_context *how)
{
    seg_error err = { .text = "" };
    seg_import_options options;
    seg_context ctx = *how;
    seg_source *source = NULL;
    seg_status st = SEG_E_USAGE;
    seg_doc *report = seg_doc_new();
    ctx.note = note;
    ctx.user = to;
    if (csv_random_options(csv, &options, &err))
        st = seg_csv_source(&ctx, &csv->path, 1, &options, seg_doc_root(report), &source, &err);
    if (st == SEG_OK) {
        fprintf(to, "%s\n", seg_doc_json(report, 0));
        tell_schema(to, source);
        st = tell_rows(to, source, &err);
    }
    fprintf(to, "status %d: %s\n", (int)st, st == SEG_OK ? "" : err.text);
    seg_source_close(source);
    seg_doc_free(report);
}

char *csv_transcript(const csv_random *csv, const seg_context *how, size_t *n_bytes)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, n_bytes);
    if (to == NULL)
        abort();
    write_file(csv);
    import(to, csv, how);
    tell_file(to, "rejects.csv");
    unlink(csv->path);
    if (fclose(to) != 0)
        abort();
    return text;
}

bool csv_transcripts_differ(const char *a, const char *b, char *out, size_t size)
{
    for (unsigned line = 1;; line++) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0) {
            snprintf(out, size, "line %u\n  %.*s\n  %.*s", line, (int)(n < 400 ? n : 400), a,
                     (int)(m < 400 ? m : 400), b);
            return true;
        }
        if (a[n] == 0 || b[m] == 0)
            return a[n] != b[m];
        a += n + 1;
        b += m + 1;
    }
}

#include "tests/support/csv_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(void *user, seg_level level, const char *text)
{
    (void)level;
    csv_case *c = user;
    size_t n = strlen(c->notes);
    snprintf(c->notes + n, sizeof c->notes - n, "%s\n", text);
}

/* Texts of options outlive the struct, so the words stay in a static buffer. */
static void set_options(csv_case *c, const char *options)
{
    static char words[1024];
    seg_import_defaults(&c->options);
    if (options == NULL)
        return;
    snprintf(words, sizeof words, "%s", options);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        if (value != NULL)
            *value++ = 0;
        c->status = seg_option_set(seg_import_option_table, &c->options, word + 2, value,
                                   &c->error);
        if (c->status != SEG_OK)
            return;
    }
}

void csv_case_open_file(csv_case *c, const char *path, const char *options)
{
    char kept[64];
    snprintf(kept, sizeof kept, "%s", c->path);
    *c = (csv_case){ .status = SEG_OK, .context = c->context };
    if (strcmp(kept, path) == 0)
        snprintf(c->path, sizeof c->path, "%s", kept);
    set_options(c, options);
    if (c->status != SEG_OK)
        return;
    size_t block_rows = c->context.block_rows;
    c->context = seg_context_defaults();
    c->context.block_rows = block_rows;
    c->context.note = note;
    c->context.user = c;
    c->doc = seg_doc_new();
    c->status = seg_csv_source(&c->context, &path, 1, &c->options, seg_doc_root(c->doc),
                               &c->source, &c->error);
    if (c->status == SEG_OK)
        c->status = c->source->next(c->source, &c->all, &c->error);
}

void csv_case_open_bytes(csv_case *c, const char *bytes, size_t n, const char *suffix,
                         const char *options)
{
    char path[64];
    size_t block_rows = c->context.block_rows;
    snprintf(path, sizeof path, "/tmp/segmill-case-XXXXXX%s", suffix);
    int fd = mkstemps(path, (int)strlen(suffix));
    FILE *f = fdopen(fd, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
    *c = (csv_case){ .context.block_rows = block_rows };
    snprintf(c->path, sizeof c->path, "%s", path);
    csv_case_open_file(c, path, options);
}

void csv_case_open(csv_case *c, const char *text, const char *options)
{
    csv_case_open_bytes(c, text, strlen(text), ".csv", options);
}

void csv_case_close(csv_case *c)
{
    seg_source_close(c->source);
    seg_doc_free(c->doc);
    if (c->path[0] != 0)
        unlink(c->path);
    *c = (csv_case){ 0 };
}

float csv_case_feature(const csv_case *c, const char *name, size_t row)
{
    size_t f = seg_schema_feature(c->source->schema, name);
    return f == SIZE_MAX ? INFINITY : c->all.x.x[row * c->all.x.stride + f];
}

const void *csv_case_column(const csv_case *c, const char *name)
{
    size_t i = seg_schema_column(c->source->schema, name);
    return i == SIZE_MAX ? NULL : c->all.columns[i];
}

const seg_column *csv_case_schema(const csv_case *c, const char *name)
{
    const seg_schema *schema = c->source->schema;
    size_t i = seg_schema_column(schema, name), f = seg_schema_feature(schema, name);
    return i != SIZE_MAX ? &schema->columns[i] : f != SIZE_MAX ? &schema->features[f] : NULL;
}

const char *csv_case_level(const csv_case *c, const char *name, size_t row)
{
    const seg_column *column = csv_case_schema(c, name);
    const int32_t *codes = csv_case_column(c, name);
    float x = codes == NULL ? csv_case_feature(c, name, row) : (float)codes[row];
    return column == NULL || isnan(x) || x < 0 ? "" : column->levels[(size_t)x];
}

const char *csv_case_id(const csv_case *c, size_t row)
{
    static char text[2048];
    size_t width = c->source->schema->id_width;
    snprintf(text, sizeof text, "%.*s", (int)width, c->all.ids + row * width);
    return text;
}

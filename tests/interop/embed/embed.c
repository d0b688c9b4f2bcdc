/* embed.c: the library in somebody else's program, by its public headers alone: rows in
 * memory, k-means, save, load, score. Three far-apart groups of customers must come out as
 * the three segments. Compiles as C11 and as C++17. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <segmill.h>

enum { N_ROWS = 3000, N_FEATURES = 2, ID_WIDTH = 8, N_GROUPS = 3 };

static float values[N_ROWS * N_FEATURES];
static char ids[N_ROWS * ID_WIDTH + 1];

/* Row i belongs to group i % 3; groups lie around (0, 0), (100, 10) and (200, 20). */
static void fill(void)
{
    for (int i = 0; i < N_ROWS; i++) {
        values[i * N_FEATURES] = (float)(i % N_GROUPS * 100 + i % 7);
        values[i * N_FEATURES + 1] = (float)(i % N_GROUPS * 10 + i % 3 * 0.1);
        snprintf(ids + i * ID_WIDTH, ID_WIDTH + 1, "C%07d", i);
    }
}

static seg_schema make_schema(const seg_column *features)
{
    seg_schema schema;
    memset(&schema, 0, sizeof schema);
    schema.kind = SEG_KIND_FEATURES;
    schema.id_name = "customer";
    schema.id_width = ID_WIDTH;
    schema.features = features;
    schema.n_features = N_FEATURES;
    schema.as_of_day = SEG_MISSING_DAY;
    return schema;
}

static seg_status train_and_save(const seg_context *ctx, seg_source *source, const char *path,
                                 seg_error *err)
{
    const seg_method *method = seg_method_find("kmeans");
    if (method == NULL)
        return seg_fail(err, SEG_E_IO, "no method 'kmeans'");
    seg_model *model = NULL;
    void *options = malloc(seg_method_options_size(method));
    if (options == NULL)
        return seg_fail(err, SEG_E_AGAIN, "out of memory");
    seg_method_defaults(method, options);
    seg_status st = seg_option_set(seg_method_options(method), options, "k", "3", err);
    if (st == SEG_OK)
        st = seg_train(ctx, method, options, source, &model, err);
    if (st == SEG_OK)
        st = seg_model_save(model, path, err);
    seg_model_free(model);
    free(options);
    return st;
}

static int64_t label_at(const seg_schema *schema, const seg_block *block, size_t column, size_t i)
{
    const void *cells = block->columns[column];
    switch (schema->columns[column].type) {
    case SEG_TYPE_I64:  return ((const int64_t *)cells)[i];
    case SEG_TYPE_CODE: return ((const int32_t *)cells)[i];
    default:            return -1;
    }
}

/* Every row of a group has the group's label, and no two groups share one. */
static seg_status check_labels(seg_source *scores, seg_error *err)
{
    int64_t label_of[N_GROUPS] = {-1, -1, -1};
    size_t column = seg_schema_column(scores->schema, "segment");
    uint64_t n = 0;
    if (column == SIZE_MAX)
        return seg_fail(err, SEG_E_DATA, "the scores have no column 'segment'");
    for (;;) {
        seg_block block;
        seg_status st = scores->next(scores, &block, err);
        if (st != SEG_OK)
            return st;
        if (block.n_rows == 0)
            break;
        for (size_t i = 0; i < block.n_rows; i++, n++) {
            int64_t label = label_at(scores->schema, &block, column, i);
            int64_t *expected = &label_of[n % N_GROUPS];
            if (*expected < 0)
                *expected = label;
            if (label < 0 || label >= N_GROUPS || label != *expected)
                return seg_fail(err, SEG_E_DATA, "row %llu has segment %lld, its group has %lld",
                                (unsigned long long)n, (long long)label, (long long)*expected);
        }
    }
    if (n != N_ROWS || label_of[0] == label_of[1] || label_of[1] == label_of[2] ||
        label_of[0] == label_of[2])
        return seg_fail(err, SEG_E_DATA, "%llu rows in segments %lld, %lld, %lld",
                        (unsigned long long)n, (long long)label_of[0], (long long)label_of[1],
                        (long long)label_of[2]);
    return SEG_OK;
}

static seg_status load_and_score(const seg_context *ctx, seg_source *source, const char *path,
                                 seg_error *err)
{
    seg_model *model = NULL;
    seg_source *scores = NULL;
    seg_status st = seg_model_load(path, &model, err);
    if (st == SEG_OK)
        st = source->rewind(source, err);
    if (st == SEG_OK)
        st = seg_score_open(ctx, model, source, &scores, err);
    if (st == SEG_OK)
        st = check_labels(scores, err);
    seg_source_close(scores);
    seg_model_free(model);
    return st;
}

int main(int argc, char **argv)
{
    seg_error err;
    seg_source *source = NULL;
    seg_context ctx = seg_context_defaults();
    seg_column features[N_FEATURES];
    seg_block rows;
    const char *path = argc > 1 ? argv[1] : "embed.model";

    memset(&err, 0, sizeof err);
    memset(features, 0, sizeof features);
    memset(&rows, 0, sizeof rows);
    features[0].name = "spend";
    features[1].name = "orders";
    features[0].type = features[1].type = SEG_TYPE_F32;
    seg_schema schema = make_schema(features);
    fill();
    rows.n_rows = N_ROWS;
    rows.x.x = values;
    rows.x.n_rows = N_ROWS;
    rows.x.n_cols = rows.x.stride = N_FEATURES;
    rows.ids = ids;

    seg_status st = seg_memory_source(&ctx, &schema, &rows, &source, &err);
    if (st == SEG_OK)
        st = train_and_save(&ctx, source, path, &err);
    if (st == SEG_OK)
        st = load_and_score(&ctx, source, path, &err);
    seg_source_close(source);
    if (st != SEG_OK) {
        printf("fails: %s (status %d)\n", err.text, (int)st);
        return 1;
    }
    printf("ok\n");
    return 0;
}

#include "jobs/pipe.h"

#include <string.h>
#include "base/hash.h"
#include "base/try.h"
#include "data/csv.h"
#include "data/h5.h"
#include "segmill/version.h"

bool seg_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

seg_status seg_table_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                          uint64_t n_rows, uint64_t n_items, const seg_node *provenance,
                          seg_sink **out, seg_error *err)
{
    *out = NULL;
    if (seg_ends_with(path, ".csv"))
        return seg_csv_sink(ctx, path, schema, out, err);
    if (seg_ends_with(path, ".csv.gz") || seg_ends_with(path, ".csv.zst"))
        return seg_fail(err, SEG_E_USAGE, "%s: CSV is written uncompressed: name it .csv, or"
                        " .h5", path);
    return seg_h5_sink(ctx, path, schema, n_rows, n_items, provenance, out, err);
}

seg_status seg_pipe(const seg_context *ctx, const char *what, seg_source *from, seg_sink *to,
                    seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(from->next(from, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(to->write(to, &block, err));
        TRY(seg_step(ctx, what, block.first_row + block.n_rows, from->n_rows, err));
    }
    TRY(to->commit(to, err));

done:
    return st;
}

seg_node *seg_provenance_begin(seg_node *into, uint64_t seed)
{
    seg_put_text(into, "engine_version", SEGMILL_VERSION);
    seg_put_int(into, "seed", (int64_t)seed);
    return seg_put_array(into, "input_sha256");
}

seg_status seg_provenance_file(seg_node *list, const char *input, seg_error *err)
{
    char hex[65] = "", path[4096];
    const char *colon = strstr(input, ".h5:/");
    size_t n = colon == NULL ? strlen(input) : (size_t)(colon + 3 - input);
    n = n < sizeof path ? n : sizeof path - 1;
    memcpy(path, input, n);
    path[n] = '\0';
    seg_status st = seg_sha256_file(path, hex, err);
    seg_put_text(list, NULL, hex);
    return st;
}

seg_status seg_provenance(seg_node *into, uint64_t seed, const char *const *inputs,
                          size_t n_inputs, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_node *list = seg_provenance_begin(into, seed);
    for (size_t i = 0; i < n_inputs; i++)
        if (strcmp(inputs[i], "-") != 0)
            TRY(seg_provenance_file(list, inputs[i], err));

done:
    return st;
}

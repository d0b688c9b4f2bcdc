/* h5_frame_read.c: a small data frame of a file as columns in memory: what seg_h5_frame_*
 * wrote comes back with its types, scales and categories. */
#include "data/h5_table.h"

#include "base/try.h"

static seg_status read_columns(seg_h5 *file, const h5_table *table, seg_batch *batch,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &table->schema->view;
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(h5_read_field(file, &table->columns[c], &schema->columns[c], 0, table->n_rows,
                          batch->columns[c], err));

done:
    return st;
}

seg_status seg_h5_get_frame(seg_h5 *file, const char *path, uint64_t n_rows_max,
                            seg_schema_owner **schema, seg_batch **columns, size_t *n_rows,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    h5_table table = { 0 };
    seg_batch *batch = NULL;
    *schema = NULL;
    *columns = NULL;
    *n_rows = 0;

    TRY(seg_schema_new(SEG_KIND_SCORES, &table.schema, err));
    TRY(h5_add_frame(file, path, false, &table, err));
    if (table.n_rows > n_rows_max) {
        st = seg_fail(err, SEG_E_DATA, "%s: '%s' has %llu rows, more than %llu", file->path, path,
                      (unsigned long long)table.n_rows, (unsigned long long)n_rows_max);
        goto done;
    }
    TRY(seg_batch_new(&table.schema->view, (size_t)table.n_rows, &batch, err));
    TRY(read_columns(file, &table, batch, err));
    *schema = table.schema;
    *columns = batch;
    *n_rows = (size_t)table.n_rows;
    table.schema = NULL;
    batch = NULL;

done:
    seg_batch_free(batch);
    h5_table_free(&table);
    return st;
}

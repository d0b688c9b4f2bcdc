/* tables.h: sample tables of every kind and type, made of row numbers. */
#ifndef TESTS_SUPPORT_TABLES_H
#define TESTS_SUPPORT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include "data/schema.h"

enum { N_BASKET_ITEMS = 7 };

seg_status table_schema(seg_kind kind, bool with_ids, seg_schema_owner **out, seg_error *e);
seg_status table_batch(const seg_schema *schema, size_t n, seg_batch **out, seg_error *e);
/* The whole table into an HDF5 file, given to the sink in blocks of block_rows. */
seg_status table_write(seg_kind kind, bool with_ids, size_t n, size_t block_rows,
                       const char *path, seg_error *e);
/* Reads any table to its end. */
seg_status table_read(const char *path, seg_error *e);

#endif

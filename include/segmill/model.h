/* model.h: what a training leaves: train, save, load, describe, score. */
#ifndef SEGMILL_MODEL_H
#define SEGMILL_MODEL_H

#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/option.h"
#include "segmill/status.h"
#include "segmill/stream.h"
#include "segmill/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A way to learn from customers: kmeans, tree, rules, rfm. One constant each. */
typedef struct seg_method seg_method;
typedef struct seg_model seg_model;

/** The i-th method, or null past the end; and the one of that name, or null. */
SEG_API const seg_method *seg_method_at(size_t i);
SEG_API const seg_method *seg_method_find(const char *name);
SEG_API const char *seg_method_name(const seg_method *method);
SEG_API const char *seg_method_summary(const seg_method *method);
/** What it does, in lines for people; null if the summary says it all. */
SEG_API const char *seg_method_about(const seg_method *method);
/** Words that the method's figures are named by: the title of their list (null: there is none),
 *  and word i with what it means, in `line` of `size` bytes; false behind the last. */
SEG_API const char *seg_method_terms_title(const seg_method *method);
SEG_API bool seg_method_term(const seg_method *method, size_t i, const char **word, char *line,
                             size_t size);
/** Its options: the table, and the struct's size for who wants to fill one by
 *  seg_option_set(); seg_method_defaults() fills it first. */
SEG_API const seg_option *seg_method_options(const seg_method *method);
SEG_API size_t seg_method_options_size(const seg_method *method);
SEG_API void seg_method_defaults(const seg_method *method, void *options);

/** Learn from all rows of a source (as many passes as it takes).
 *  options: the method's own struct; null means the defaults.
 *  out:     free with seg_model_free(); null on failure.
 *  Same bits for any number of threads, any block size and any processor.
 *  Errors:  SEG_E_USAGE names an option out of range, SEG_E_DATA what the rows lack,
 *           SEG_E_GATE a cap that is reached, SEG_E_AGAIN memory; a signal stops it. */
SEG_API seg_status seg_train(const seg_context *ctx, const seg_method *method,
                             const void *options, seg_source *source, seg_model **out,
                             seg_error *err);

SEG_API void seg_model_free(seg_model *model);
SEG_API const seg_method *seg_model_method(const seg_model *model);
/** The features it was trained with: names, types, categories. */
SEG_API const seg_schema *seg_model_schema(const seg_model *model);
/** What it is and what its training found, for people and programs. */
SEG_API seg_status seg_model_describe(const seg_model *model, seg_node *into, seg_error *err);

/** The file appears whole or not at all. */
SEG_API seg_status seg_model_save(const seg_model *model, const char *path, seg_error *err);
/** A damaged or foreign file is SEG_E_DATA; every index in it is checked. Free with
 *  seg_model_free(). */
SEG_API seg_status seg_model_load(const char *path, seg_model **out, seg_error *err);

/** The scores of `source` as a source of result columns, row for row. The
 *  answer is closed with seg_source_close(); `source` and `model` stay the caller's and
 *  outlive it. Features are matched by name; SEG_E_DATA names those that are missing. */
SEG_API seg_status seg_score_open(const seg_context *ctx, const seg_model *model,
                                  seg_source *source, seg_source **out, seg_error *err);

#ifdef __cplusplus
}
#endif
#endif

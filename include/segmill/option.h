/* option.h: one table per options struct; it parses, checks, prints the help,
 * gives the keys of a job file and records what was asked for. */
#ifndef SEGMILL_OPTION_H
#define SEGMILL_OPTION_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/doc.h"
#include "segmill/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum seg_option_type {
    SEG_OPTION_FLAG = 1,  /**< bool: --name, or --name=yes|no */
    SEG_OPTION_U32,
    SEG_OPTION_U64,
    SEG_OPTION_F64,
    SEG_OPTION_SIZE,      /**< uint64_t bytes: 512M, 4G, 1.5GiB */
    SEG_OPTION_TEXT,      /**< const char *, may be null; given twice: the last counts */
    SEG_OPTION_LIST,      /**< const char *: comma separated; "" is an empty list */
    SEG_OPTION_CHOICE,    /**< int: index into `choices` */
    SEG_OPTION_DAY        /**< int32_t: days since 1970-01-01, from YYYY-MM-DD; unset INT32_MIN */
} seg_option_type;

typedef struct seg_option {
    const char *name;       /**< "max-iter"; null ends the table */
    seg_option_type type;
    size_t offset;          /**< of the field in the struct */
    double min, max;        /**< allowed range of a number, both ends included */
    const char *choices;    /**< "greedy|parallel|random"; else null */
    const char *value;      /**< what stands in the help: "N", "FILE", "COL,…" */
    const char *help;       /**< one line; the unit if there is one; not the default */
    unsigned flags;         /**< SEG_OPTION_ENVIRONMENT, SEG_OPTION_INPUT or 0 */
} seg_option;

/** The option does not change any result byte (threads, memory, paths, logging): it
 *  is left out of the record in models and scores and goes to run.json only. */
#define SEG_OPTION_ENVIRONMENT 1u
/** The value is a path of an input file: hashed into a run's id. */
#define SEG_OPTION_INPUT 2u

/** Set one field from text, as on a command line. `value` may be null for a
 *  flag. Texts are not copied: they outlive the struct.
 *  SEG_E_USAGE: unknown name (with the nearest one), bad form, out of range. */
SEG_API seg_status seg_option_set(const seg_option *table, void *options, const char *name,
                                  const char *value, seg_error *err);

/** Row of that name, or null. */
SEG_API const seg_option *seg_option_find(const seg_option *table, const char *name);

/** Every number within its range and every choice one of its choices, or SEG_E_USAGE
 *  naming the first that is not. */
SEG_API seg_status seg_option_check(const seg_option *table, const void *options, seg_error *err);

/** Members under `into`: name -> value, without those whose flags meet `skip`. */
SEG_API void seg_option_record(const seg_option *table, const void *options, unsigned skip,
                               seg_node *into);

/** The nearest name of `table` to `name`, or null if nothing is near. */
SEG_API const char *seg_option_nearest(const seg_option *table, const char *name);

/** What a help shows, appended to the array `out`: an object {name, value, help, default,
 *  min, max} per option, flags without a default, min and max where there is a range.
 *  Defaults are read from `options`. */
SEG_API void seg_option_describe(const seg_option *table, const void *options, seg_node *out);

#ifdef __cplusplus
}
#endif
#endif

/* command.h: the commands of the program as data: what they take, and the function
 * that runs them. The command line, the help, and the stages of a job file all come from
 * these rows: a new command is one row. */
#ifndef SEGMILL_COMMAND_H
#define SEGMILL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/option.h"
#include "segmill/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One call of a command, filled by who calls: the program or a job file. */
typedef struct seg_call {
    seg_context context;
    void *options;                  /**< the command's struct, see seg_command */
    void *method_options;           /**< train: the method's struct; else null */
    const char *const *operands;    /**< MODEL, DATA ... in order */
    size_t n_operands;
    const char *command_line;       /**< for run.json; may be null */
} seg_call;

/** Where a result is shown to people. */
typedef struct seg_screen {
    unsigned width;                 /**< columns */
    bool utf8;                      /**< block characters may be used */
} seg_screen;

typedef struct seg_command {
    const char *name;
    const char *group;              /**< heading in the help */
    const char *summary;            /**< one line */
    const char *operands;           /**< "MODEL DATA", for the usage line */
    size_t min_operands, max_operands;
    const seg_option *options;      /**< rows of its own options struct */
    size_t options_size;
    void (*defaults)(void *options);    /**< over options_size zeroed bytes */
    /** Does the work. The result goes to `result` (an object), for stdout. */
    seg_status (*run)(const seg_call *call, seg_node *result, seg_error *err);
    /** Job-file keys that fill operand 0, 1, ...; null ends them. Null: not in job files. */
    const char *const *operand_keys;
    unsigned flags;                 /**< SEG_COMMAND_... or 0 */
    /** The result for people; null: as seg_doc_plain() shows it. The text lives until the
     *  result changes; null when out of memory. */
    const char *(*show)(seg_doc *result, const void *options, const seg_screen *screen);
} seg_command;

/** The first operand is a method name, whose options are taken too (train). */
#define SEG_COMMAND_METHOD 1u
/** Runs in the parent and starts workers itself (run). */
#define SEG_COMMAND_PARENT 2u
/** No input is read: no worker needed (version, help, doctor). */
#define SEG_COMMAND_PLAIN 4u

/** The i-th command, or null past the end; and the one of that name, or null. */
SEG_API const seg_command *seg_command_at(size_t i);
SEG_API const seg_command *seg_command_find(const char *name);

/** Options that every command has, rows of seg_common_options. */
typedef struct seg_common_options {
    uint32_t threads;        /**< 0: what the process may use */
    uint64_t memory_bytes;   /**< 0: half of what is left */
    uint64_t seed;
    bool json, quiet, help, no_fork;
    int log;                 /**< seg_log_form */
} seg_common_options;
SEG_API const seg_option *seg_common_option_table(void);
SEG_API void seg_common_defaults(seg_common_options *options);

/** Run a call: under the memory budget, in a worker process of its own unless no_fork is
 *  set or the command needs none. `print` (may be null) gets the result in the process that
 *  made it, after success. Whatever kills the worker is one message and one status here, and
 *  its temporary files are gone. call->context: callbacks may be null, then notes and
 *  progress go to stderr as the common options say. */
SEG_API seg_status seg_command_run(const seg_command *command, const seg_call *call,
                                   const seg_common_options *common,
                                   seg_status (*print)(seg_doc *result, void *user,
                                                       seg_error *err),
                                   void *user, seg_error *err);

#ifdef __cplusplus
}
#endif
#endif

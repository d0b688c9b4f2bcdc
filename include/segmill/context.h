/* context.h: what every command shares: threads, memory, seed, and whom to tell. */
#ifndef SEGMILL_CONTEXT_H
#define SEGMILL_CONTEXT_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum seg_level { SEG_LEVEL_INFO = 1, SEG_LEVEL_WARN } seg_level;

/** How the program tells on stderr: on a terminal only, or as lines. */
typedef enum seg_log_form { SEG_LOG_AUTO, SEG_LOG_TEXT, SEG_LOG_JSON } seg_log_form;

/** Rows of the unit of work and of summation. Every block but the last one of a
 *  source holds a multiple of it; no result depends on which multiple. */
#define SEG_CHUNK_ROWS 1024

/** How to run. Start from seg_context_defaults(); a null context means these. */
typedef struct seg_context {
    uint32_t n_threads;     /**< 0: what the process may use (affinity, cgroup) */
    uint64_t memory_bytes;  /**< budget; 0: half of what the cgroup or machine has left */
    uint64_t seed;          /**< default 1; same seed, same result */
    size_t block_rows;      /**< 0: chosen from the budget; else a multiple of SEG_CHUNK_ROWS */
    /** Called between blocks; may be null. total 0: not known. */
    void (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
    /** What was decided or noticed, one line; never an id or an e-mail. May be null. */
    void (*note)(void *user, seg_level level, const char *text);
    void *user;
} seg_context;

SEG_API seg_context seg_context_defaults(void);

/** Tell the user something; nothing if nobody listens. */
#ifdef __GNUC__
__attribute__((format(printf, 3, 4)))
#endif
SEG_API void seg_note(const seg_context *ctx, seg_level level, const char *format, ...);

/** Between blocks: reports progress, and is SEG_E_INTERRUPTED or SEG_E_TERMINATED
 *  when a signal asked the process to stop. */
SEG_API seg_status seg_step(const seg_context *ctx, const char *what, uint64_t done,
                            uint64_t total, seg_error *err);

#ifdef __cplusplus
}
#endif
#endif

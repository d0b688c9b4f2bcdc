/* status.h: what every fallible function returns, and the message that goes
 * with it. */
#ifndef SEGMILL_STATUS_H
#define SEGMILL_STATUS_H

#if defined(__cplusplus) && __cplusplus >= 201703L
#  define SEG_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ > 201710L
#  define SEG_NODISCARD [[nodiscard]]
#else
#  define SEG_NODISCARD
#endif

#if defined(_WIN32) || !defined(__GNUC__)
#  define SEG_API
#else
#  define SEG_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Result of a call. The values are the exit codes of the program too: never
 *  renumber, only append. */
typedef enum SEG_NODISCARD seg_status {
    SEG_OK = 0,
    SEG_E_IO = 1,             /**< the system or a library failed; or a bug */
    SEG_E_USAGE = 2,          /**< an option, argument or job file is wrong */
    SEG_E_DATA = 3,           /**< the data break the contract: schema, ids, values */
    SEG_E_GATE = 4,           /**< a gate or a cap is not met: nothing published */
    SEG_E_VERIFY = 5,         /**< a hash does not match, a file is damaged */
    SEG_E_AGAIN = 75,         /**< locked, no space, memory budget: try again later */
    SEG_E_INTERRUPTED = 130,  /**< stopped by SIGINT, cleaned up */
    SEG_E_TERMINATED = 143    /**< stopped by SIGTERM, cleaned up */
} seg_status;

/** Filled by the function that fails. Plain storage of the caller: reporting
 *  an error never allocates. A null pointer is accepted everywhere. */
typedef struct seg_error {
    char text[1024];    /**< one line, no full stop, no newline */
    const char *file;   /**< source file that noticed it, for developers */
    int line;
} seg_error;

/** One word for a status, e.g. "data". Never null. */
SEG_API const char *seg_status_name(seg_status status);

/** Write the message; returns `status`, so a failure is one statement. Control
 *  characters are replaced, so that a message stays one line. */
#ifdef __GNUC__
__attribute__((format(printf, 5, 6)))
#endif
SEG_API seg_status seg_fail_at(seg_error *err, const char *file, int line,
                               seg_status status, const char *format, ...);

#define seg_fail(err, status, ...) \
    seg_fail_at((err), __FILE__, __LINE__, (status), __VA_ARGS__)

/** Put a context in front of the message, on the way up:
 *  "customers.csv: line 812: column 'age': 'x7' is not a number". A context that the
 *  message begins with already is not put there twice. */
#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
SEG_API void seg_error_context(seg_error *err, const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif

#include "segmill/context.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/stop.h"
#include "base/text.h"

seg_context seg_context_defaults(void)
{
    return (seg_context){ .seed = 1 };
}

void seg_note(const seg_context *ctx, seg_level level, const char *format, ...)
{
    if (ctx == NULL || ctx->note == NULL)
        return;

    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    seg_text_one_line(text);
    ctx->note(ctx->user, level, text);
}

seg_status seg_step(const seg_context *ctx, const char *what, uint64_t done,
                    uint64_t total, seg_error *err)
{
    int number = seg_stop_signal();
    if (number == SIGINT)
        return seg_fail(err, SEG_E_INTERRUPTED, "interrupted while %s", what);
    if (number != 0)
        return seg_fail(err, SEG_E_TERMINATED, "told to stop while %s (signal %d)", what,
                        number);
    if (ctx != NULL && ctx->progress != NULL)
        ctx->progress(ctx->user, what, done, total);
    return SEG_OK;
}

#include "segmill/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"

const char *seg_status_name(seg_status status)
{
    switch (status) {
    case SEG_OK:            return "ok";
    case SEG_E_IO:          return "io";
    case SEG_E_USAGE:       return "usage";
    case SEG_E_DATA:        return "data";
    case SEG_E_GATE:        return "gate";
    case SEG_E_VERIFY:      return "verify";
    case SEG_E_AGAIN:       return "again";
    case SEG_E_INTERRUPTED: return "interrupted";
    case SEG_E_TERMINATED:  return "terminated";
    }
    return "unrecognized status";
}

seg_status seg_fail_at(seg_error *err, const char *file, int line,
                       seg_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        seg_text_one_line(err->text);
        err->file = file;
        err->line = line;
    }
    return status;
}

void seg_error_context(seg_error *err, const char *format, ...)
{
    if (err == NULL)
        return;

    char context[sizeof err->text];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(context, sizeof context, format, args);
    va_end(args);
    if (length < 0 || (size_t)length + 3 >= sizeof context)
        return;
    seg_text_one_line(context);
    if (strncmp(err->text, context, (size_t)length) == 0 && err->text[length] == ':')
        return;   /* the place stands there already: a file names itself */

    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    old[sizeof old - 1] = 0;
    snprintf(err->text, sizeof err->text, "%.*s: %.*s", length, context,
             (int)(sizeof err->text - (size_t)length - 3), old);
    seg_text_one_line(err->text);
}

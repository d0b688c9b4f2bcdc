/* try.h: leave through the single exit of the function. */
#ifndef SEGMILL_BASE_TRY_H
#define SEGMILL_BASE_TRY_H

#include "segmill/status.h"

/* Every fallible function declares `seg_status st = SEG_OK;` at the top and
 * has one label `done:` that releases what it holds and returns st. */
#define TRY(call)                \
    do {                         \
        st = (call);             \
        if (st != SEG_OK)        \
            goto done;           \
    } while (0)

#endif

/* outputs.h: where a call writes is looked at before it works. */
#ifndef SEGMILL_JOBS_OUTPUTS_H
#define SEGMILL_JOBS_OUTPUTS_H

#include "segmill/command.h"

/* SEG_E_USAGE if an output is '-', an input of the call (an operand or a file that an
 * option names), or another of its outputs: one mistake would cost a file. */
seg_status seg_outputs_check(const seg_command *command, const seg_call *call, seg_error *err);

#endif

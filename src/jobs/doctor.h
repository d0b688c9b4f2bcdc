/* doctor.h: what this machine and build can do. */
#ifndef SEGMILL_JOBS_DOCTOR_H
#define SEGMILL_JOBS_DOCTOR_H

#include "segmill/command.h"

seg_status seg_doctor_run(const seg_call *call, seg_node *result, seg_error *err);

#endif

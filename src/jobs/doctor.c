#include "jobs/doctor.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include "base/cpu.h"
#include "base/threads.h"
#include "segmill/version.h"

seg_status seg_doctor_run(const seg_call *call, seg_node *result, seg_error *err)
{
    (void)err;
    (void)call;
    seg_put_text(result, "version", SEGMILL_VERSION);
    seg_put_text(result, "compiler", __VERSION__);
    seg_put_text(result, "processor_level", seg_isa_name(seg_cpu_best_isa()));
    seg_put_text(result, "kernels", seg_isa_name(seg_cpu_isa()));
    seg_put_int(result, "threads", seg_thread_count(0));
    seg_put_int(result, "memory_available_mb", (int64_t)(seg_memory_available() >> 20));
    seg_node *libraries = seg_put_object(result, "libraries");
    seg_put_text(libraries, "zlib", zlibVersion());
    seg_put_text(libraries, "zstd", ZSTD_versionString());
    return SEG_OK;
}

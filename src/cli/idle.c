/* idle.c: threads that wait for the next block sleep soon. Left alone, libgomp's burn a
 * processor for milliseconds after each block of rows, time that other programs want and a
 * cgroup counts: k-means on 60 MB with 10 MB of memory took 12 seconds of processor time
 * that way instead of 2 (two threads, busy machine), and no wall time was won on an idle one.
 *
 * libgomp and libomp read the environment before main. The program therefore has libgomp
 * within it (Makefile), whose start then follows this one; a shared library's would come
 * before. What the user set is kept. */
#include <stdlib.h>

__attribute__((constructor(101))) static void sleep_soon(void)
{
    if (getenv("OMP_WAIT_POLICY") != NULL)
        return;
    setenv("GOMP_SPINCOUNT", "1000", 0);   /* rounds: some 20 microseconds */
    setenv("KMP_BLOCKTIME", "0", 0);
}

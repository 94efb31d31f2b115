/* sandbox.h: what a process gives up before it reads bytes that somebody else has made.
 *
 * After mlk_sandbox_close the process works on the files that it has open, and on memory. It can open no file, start no
 * thread, no program and no connection, map nothing as code, gain no rights, leave no core. A call of the system that
 * decoding does not need ends it (SIGSYS); openat alone fails with EACCES, since libraries ask for files that they can
 * do without. What it takes beyond a limit ends it or fails:
 *
 *     memory       allocations fail, as on a machine that has no more
 *     processor    SIGXCPU
 *     file         writing fails with EFBIG
 *
 * Calls are limited by seccomp (libseccomp). Where the kernel has none, or refuses it, the other limits hold all the
 * same, and *calls says false. A build with AddressSanitizer or ThreadSanitizer has no limit of memory or calls: their
 * runtimes reserve terabytes, and make calls of their own.
 */
#ifndef MLK_SANDBOX_H
#define MLK_SANDBOX_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mlk_sandbox_limits {
    int64_t memory_bytes; /* that may be taken beyond what is taken already */
    int64_t file_bytes;   /* that a file may grow to */
    int processor_s;      /* seconds of computing, from the process's beginning on */
} mlk_sandbox_limits;

/* Once closed, it stays closed. *calls: seccomp holds. MLK_IO: a limit was refused. */
mlk_code mlk_sandbox_close(const mlk_sandbox_limits *limits, bool *calls, mlk_status *status);

#endif

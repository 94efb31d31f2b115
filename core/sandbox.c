#include "sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The runtimes of these sanitizers reserve terabytes, and make calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED
#endif

/* --- resources --- */

static mlk_code limit(int resource, const char *name, int64_t soft, int64_t hard, mlk_status *status)
{
    struct rlimit wanted = {(rlim_t)soft, (rlim_t)hard}, now;
    if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < wanted.rlim_max) /* stricter already */
        wanted.rlim_max = now.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    if (setrlimit((__rlimit_resource_t)resource, &wanted) == 0)
        return MLK_OK;
    return mlk_fail(status, MLK_IO, "cannot limit %s: %s", name, strerror(errno));
}

#ifndef WATCHED
/* Address space that the process has; 0: nobody says. */
static int64_t taken_bytes(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%lld", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}
#endif

static mlk_code limit_resources(const mlk_sandbox_limits *limits, mlk_status *status)
{
    mlk_code code = MLK_OK;
#ifndef WATCHED
    int64_t memory = taken_bytes() + limits->memory_bytes;
    code = limit(RLIMIT_AS, "memory", memory, memory, status);
#endif
    signal(SIGXFSZ, SIG_IGN); /* a write fails then */
    if (!code)
        code = limit(RLIMIT_FSIZE, "the size of files", limits->file_bytes, limits->file_bytes, status);
    if (!code)
        code = limit(RLIMIT_CPU, "processor time", limits->processor_s, limits->processor_s + 1, status);
    if (!code)
        code = limit(RLIMIT_CORE, "core files", 0, 0, status);
    if (!code)
        code = limit(RLIMIT_NOFILE, "open files", 0, 0, status); /* those that are open stay so */
    return code;
}

/* --- system calls --- */

#ifdef WATCHED
static bool limit_calls(void)
{
    return false;
}
#else
/* What decoding needs: its files, memory, the clock, and an end. */
static const int allowed[] = {
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(pwrite64), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(brk),
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(sysinfo), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid),
    SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static bool add_rules(scmp_filter_ctx filter)
{
    bool fine = true;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        fine = fine && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    /* memory, but no code */
    struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    fine = fine && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code) == 0;
    fine = fine && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code) == 0;
    /* libraries that look for files of settings, or for others of their own */
    fine = fine && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 0) == 0;
    fine = fine && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0) == 0;
    return fine;
}

static bool limit_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool held = filter && add_rules(filter) && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return held;
}
#endif

mlk_code mlk_sandbox_close(const mlk_sandbox_limits *limits, bool *calls, mlk_status *status)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    mlk_code code = limit_resources(limits, status);
    if (!code)
        *calls = limit_calls();
    return code;
}

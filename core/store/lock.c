#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 1024 };

static void host_name(char name[256])
{
    if (gethostname(name, 256) != 0)
        strcpy(name, "unknown");
    name[255] = '\0';
}

/* The file's text: process, machine, time and command, one a line. */
static bool write_holder(int descriptor, const char *command)
{
    char host[256], since[32], text[LONGEST];
    time_t now = time(NULL);
    struct tm utc;
    host_name(host);
    strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    int length = snprintf(text, sizeof text, "%ld\n%s\n%s\n%.600s\n", (long)getpid(), host, since, command);
    return ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text, (size_t)length, 0) == length;
}

typedef struct holder {
    long pid; /* 0: the file does not say */
    char host[256], since[32], command[601];
} holder;

static holder read_holder(int descriptor)
{
    char text[LONGEST] = "";
    holder found = {0};
    ssize_t length = pread(descriptor, text, sizeof text - 1, 0);
    if (length > 0 && sscanf(text, "%ld\n%255[^\n]\n%31[^\n]\n%600[^\n]", &found.pid, found.host, found.since,
                             found.command) < 3)
        found.pid = 0;
    return found;
}

/* Who has the lock: there is a moment between taking it and saying so, long on a busy machine. */
static holder wait_for_holder(int descriptor)
{
    enum { LOOKS = 200 };
    const struct timespec between = {.tv_nsec = 10 * 1000 * 1000};
    holder by = read_holder(descriptor);
    for (int look = 0; look < LOOKS && by.pid <= 0; look++) {
        nanosleep(&between, NULL);
        by = read_holder(descriptor);
    }
    return by;
}

static mlk_code fail_busy(const char *path, int descriptor, mlk_status *status)
{
    holder by = wait_for_holder(descriptor);
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) : 1;
    const char *start = slash ? path : ".";
    if (by.pid <= 0) /* its file cannot be read, or says nothing */
        return mlk_fail(status, MLK_BUSY, "%.*s is being written by another process", folder, start);
    return mlk_fail(status, MLK_BUSY, "%.*s is being written by process %ld on %s since %s (%s)", folder, start, by.pid,
                    by.host, by.since, by.command);
}

/* Without locks of the kernel's: is whoever the file names still there? */
static bool seems_held(int descriptor)
{
    char host[256];
    holder by = read_holder(descriptor);
    host_name(host);
    if (by.pid <= 0)
        return false;
    return strcmp(by.host, host) != 0 || kill((pid_t)by.pid, 0) == 0 || errno == EPERM;
}

/* The place still holds the file that is open: its last holder removes it. */
static bool is_in_place(int descriptor, const char *path)
{
    struct stat open_file, named;
    return fstat(descriptor, &open_file) == 0 && lstat(path, &named) == 0 && open_file.st_ino == named.st_ino &&
           open_file.st_dev == named.st_dev;
}

static mlk_code open_file(const char *path, int *descriptor, mlk_status *status)
{
    struct stat info;
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (*descriptor < 0 && errno == ELOOP)
        return mlk_fail(status, MLK_IO, "cannot lock %s: it is a link", path);
    if (*descriptor < 0)
        return mlk_fail_system(status, errno, "cannot lock", path);
    if (fstat(*descriptor, &info) == 0 && S_ISREG(info.st_mode))
        return MLK_OK;
    close(*descriptor);
    return mlk_fail(status, MLK_IO, "cannot lock %s: it is not a regular file", path);
}

static mlk_code lock_file(const char *path, int descriptor, mlk_status *status)
{
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EWOULDBLOCK || seems_held(descriptor))
            return fail_busy(path, descriptor, status);
        break;
    }
    return MLK_OK;
}

mlk_code mlk_lock_take(const char *path, const char *command, mlk_lock *lock, mlk_status *status)
{
    *lock = (mlk_lock){.descriptor = -1};
    for (;;) {
        int descriptor;
        mlk_code code = open_file(path, &descriptor, status);
        if (code)
            return code;
        code = lock_file(path, descriptor, status);
        if (!code && !is_in_place(descriptor, path)) { /* its holder let go between opening and locking */
            close(descriptor);
            continue;
        }
        if (!code && !write_holder(descriptor, command)) {
            code = mlk_fail_system(status, errno, "cannot write", path);
            unlink(path);
        }
        if (!code && !(lock->path = strdup(path)))
            code = mlk_fail_memory(status, "a path");
        if (!code) {
            lock->descriptor = descriptor;
            return MLK_OK;
        }
        close(descriptor);
        return code;
    }
}

void mlk_lock_release(mlk_lock *lock)
{
    if (lock->descriptor >= 0) {
        if (is_in_place(lock->descriptor, lock->path))
            unlink(lock->path);
        close(lock->descriptor);
    }
    free(lock->path);
    *lock = (mlk_lock){.descriptor = -1};
}

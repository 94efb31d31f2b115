#include "store/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that a path lies in, or NULL when memory is short. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}

/* A name beside `path` that no other process and no other thread takes; short, for the path's own may be as long as
 * the file system allows. */
static char *temporary_beside(const char *path)
{
    static atomic_uint counter;
    char *folder = folder_of(path), *name = NULL;
    unsigned number = atomic_fetch_add(&counter, 1);
    if (!folder || asprintf(&name, "%s/.moonlark-%ld-%u.tmp", folder, (long)getpid(), number) < 0)
        name = NULL;
    free(folder);
    return name;
}

static mlk_code fail_write(const mlk_atomic *file, mlk_status *status)
{
    int error = errno;
    mlk_code code = mlk_fail_system(status, error, "cannot write", file->path);
    if (error != EIO)
        return code;
    if (status)
        status->code = MLK_DISK; /* a disk that fails, fails for every file */
    return MLK_DISK;
}

/* A file that has no name yet; -1 where the file system knows none, or /proc is missing: a name comes through it. */
static int open_unnamed(const char *path)
{
    if (access("/proc/self/fd", X_OK) != 0)
        return -1;
    char *folder = folder_of(path);
    int descriptor = folder ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
    free(folder);
    return descriptor;
}

static int open_named(const char *path, int flags)
{
    int descriptor = open(path, flags, 0666);
    /* Left behind by a killed process that had our number. */
    if (descriptor < 0 && errno == EEXIST && unlink(path) == 0)
        descriptor = open(path, flags, 0666);
    return descriptor;
}

/* The links of /dev and /proc stand for what is open: they are followed, others are places like any other. */
static char *place_of(const char *path, bool *exists, struct stat *info)
{
    bool follow = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    *exists = lstat(path, info) == 0;
    bool link = *exists && S_ISLNK(info->st_mode);
    if (link && stat(path, info) == 0 && (follow || !(S_ISREG(info->st_mode) || S_ISDIR(info->st_mode))))
        return realpath(path, NULL);
    *exists = *exists && !link;
    return strdup(path);
}

mlk_code mlk_atomic_open(const char *path, mlk_atomic *file, mlk_status *status)
{
    *file = (mlk_atomic){0};
    struct stat info;
    bool exists;
    file->path = place_of(path, &exists, &info);
    if (!file->path)
        return mlk_fail_memory(status, "a file name");
    int descriptor = -1;
    if (exists && S_ISDIR(info.st_mode)) {
        errno = EISDIR;
    } else if (exists && !S_ISREG(info.st_mode)) {
        descriptor = open(file->path, O_WRONLY | O_CLOEXEC);
    } else if (!(file->temporary = temporary_beside(file->path))) {
        errno = ENOMEM;
    } else {
        descriptor = open_unnamed(file->path);
        file->unnamed = descriptor >= 0;
        if (!file->unnamed)
            descriptor = open_named(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
        if (descriptor >= 0 && exists)
            (void)!fchmod(descriptor, info.st_mode & 07777);
    }
    if (descriptor >= 0 && !(file->stream = fdopen(descriptor, "wb")))
        close(descriptor);
    if (file->stream)
        return MLK_OK;
    mlk_code code = fail_write(file, status);
    mlk_atomic_abort(file);
    return code;
}

mlk_code mlk_atomic_write(mlk_atomic *file, const void *bytes, size_t n, mlk_status *status)
{
    if (n > 0 && fwrite(bytes, 1, n, file->stream) != n)
        return fail_write(file, status);
    return MLK_OK;
}

/* A rename is on the disk once its folder is. Some file systems cannot: that is no failure. */
static void sync_folder(const char *path)
{
    char *folder = folder_of(path);
    if (!folder)
        return;
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

/* Gives an open file without a name this one, which must be free. */
static int give_name(FILE *stream, const char *name)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fileno(stream));
    return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

const char *mlk_atomic_name(mlk_atomic *file)
{
    if (file->unnamed) {
        unlink(file->temporary); /* left behind by a killed process that had our number */
        if (give_name(file->stream, file->temporary) != 0)
            return NULL;
        file->unnamed = false;
    }
    return file->temporary;
}

/* The whole file to its place. Only one that has a name can replace what lies there. */
static int put_in_place(mlk_atomic *file)
{
    if (file->unnamed && give_name(file->stream, file->path) == 0)
        return 0;
    return mlk_atomic_name(file) ? rename(file->temporary, file->path) : -1;
}

mlk_code mlk_atomic_commit(mlk_atomic *file, mlk_status *status)
{
    int failed = ferror(file->stream) || fflush(file->stream);
    if (!failed && file->temporary) {
        failed = fsync(fileno(file->stream)) && errno != EINVAL && errno != ENOTSUP;
        failed = failed || put_in_place(file);
    }
    mlk_code code = failed ? fail_write(file, status) : MLK_OK;
    failed = fclose(file->stream);
    file->stream = NULL;
    if (!code && failed)
        code = fail_write(file, status);
    if (!code && file->temporary) {
        sync_folder(file->path);
        free(file->temporary);
        file->temporary = NULL;
    }
    mlk_atomic_abort(file);
    return code;
}

void mlk_atomic_abort(mlk_atomic *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary && !file->unnamed)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (mlk_atomic){0};
}

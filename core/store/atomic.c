#include "store/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name beside `path` that no other process and no other thread takes. */
static char *temporary_beside(const char *path)
{
    static atomic_uint counter;
    char *name = NULL;
    if (asprintf(&name, "%s.%ld-%u.tmp", path, (long)getpid(), atomic_fetch_add(&counter, 1)) < 0)
        return NULL;
    return name;
}

static mlk_code fail_write(const mlk_atomic *file, mlk_status *status)
{
    return mlk_fail(status, MLK_IO, "cannot write %s: %s", file->path, strerror(errno));
}

mlk_code mlk_atomic_open(const char *path, mlk_atomic *file, mlk_status *status)
{
    *file = (mlk_atomic){0};
    struct stat info;
    int exists = stat(path, &info) == 0;
    file->path = exists ? realpath(path, NULL) : strdup(path);
    if (!file->path)
        return mlk_fail_memory(status, "a file name");
    if (exists && S_ISDIR(info.st_mode)) {
        errno = EISDIR;
    } else {
        int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
        if (exists && !S_ISREG(info.st_mode))
            flags = O_WRONLY | O_CLOEXEC;
        else if (!(file->temporary = temporary_beside(file->path)))
            errno = ENOMEM;
        const char *target = file->temporary ? file->temporary : file->path;
        int descriptor = open(target, flags, 0666);
        /* Left behind by a killed process that had our number. */
        if (descriptor < 0 && errno == EEXIST && file->temporary && unlink(target) == 0)
            descriptor = open(target, flags, 0666);
        if (descriptor >= 0 && file->temporary && exists)
            (void)!fchmod(descriptor, info.st_mode & 07777);
        if (descriptor >= 0 && !(file->stream = fdopen(descriptor, "wb")))
            close(descriptor);
    }
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
    const char *slash = strrchr(path, '/');
    char *folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (!folder)
        return;
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

mlk_code mlk_atomic_commit(mlk_atomic *file, mlk_status *status)
{
    int failed = ferror(file->stream) || fflush(file->stream);
    if (!failed && file->temporary)
        failed = fsync(fileno(file->stream)) && errno != EINVAL && errno != ENOTSUP;
    failed = fclose(file->stream) || failed;
    file->stream = NULL;
    if (!failed && file->temporary)
        failed = rename(file->temporary, file->path);
    mlk_code code = failed ? fail_write(file, status) : MLK_OK;
    if (!failed && file->temporary) {
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
    if (file->temporary)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (mlk_atomic){0};
}

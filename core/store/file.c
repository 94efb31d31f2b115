#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

mlk_code mlk_file_open(const char *path, mlk_file *file, mlk_status *status)
{
    *file = (mlk_file){0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make it wait */
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info)) {
        int reason = errno;
        if (descriptor >= 0)
            close(descriptor);
        return mlk_fail_system(status, reason, "cannot open", path);
    }
    mlk_code code = MLK_OK;
    if (!S_ISREG(info.st_mode)) {
        code = mlk_fail(status, MLK_IO, "cannot read %s: it is %s", path,
                        S_ISDIR(info.st_mode) ? "a directory" : "not a regular file");
    } else if (info.st_size > 0) {
        /* No room is set aside for changes: a file may be larger than memory. */
        void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor,
                           0);
        if (bytes == MAP_FAILED)
            code = mlk_fail_system(status, errno, "cannot map", path);
        else
            *file = (mlk_file){bytes, (size_t)info.st_size};
    }
    close(descriptor);
    return code;
}

void mlk_file_close(mlk_file *file)
{
    if (file->bytes)
        munmap(file->bytes, file->size);
    *file = (mlk_file){0};
}

struct mlk_mapping {
    atomic_int holders;
    mlk_file file;
};

mlk_mapping *mlk_mapping_new(mlk_file *file)
{
    mlk_mapping *mapping = malloc(sizeof *mapping);
    if (!mapping)
        return NULL;
    atomic_init(&mapping->holders, 1);
    mapping->file = *file;
    *file = (mlk_file){0};
    return mapping;
}

mlk_mapping *mlk_mapping_hold(mlk_mapping *mapping)
{
    atomic_fetch_add(&mapping->holders, 1);
    return mapping;
}

void mlk_mapping_release(void *held)
{
    mlk_mapping *mapping = held;
    if (atomic_fetch_sub(&mapping->holders, 1) > 1)
        return;
    mlk_file_close(&mapping->file);
    free(mapping);
}

mlk_code mlk_file_blame(const char *path, mlk_status *status)
{
    enum { LONGEST = 100 };
    if (!status)
        return MLK_OK;
    size_t length = strlen(path);
    const char *shown = length > LONGEST ? path + length - LONGEST : path;
    while (shown > path && (*shown & 0xC0) == 0x80) /* not in the middle of a character */
        shown++;
    return mlk_fail(status, status->code, "%s%s: %.1000s", shown == path ? "" : "...", shown, status->message);
}

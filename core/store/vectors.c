#include "store/vectors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file begins with; rows follow it, in the machine's order of bytes (little-endian). */
typedef struct header {
    char magic[8];
    int64_t columns, d;
    char rest[40];
} header;

static const char MAGIC[8] = "MLKVEC1";

static const char *name_of(const char *path)
{
    return path ? path : "vectors in memory";
}

static mlk_code lock(int descriptor, const char *path, mlk_status *status)
{
    while (flock(descriptor, LOCK_EX) != 0)
        if (errno != EINTR)
            return mlk_fail_system(status, errno, "cannot lock", name_of(path));
    return MLK_OK;
}

static bool write_at(int descriptor, const void *bytes, size_t n, off_t at)
{
    const char *next = bytes;
    while (n > 0) {
        ssize_t written = pwrite(descriptor, next, n, at);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            next += written;
            at += written;
            n -= (size_t)written;
        }
    }
    return true;
}

/* --- opening ----------------------------------------------------------------------- */

static mlk_code open_descriptor(const char *path, bool make, mlk_vectors *self, mlk_status *status)
{
    struct stat info;
    int flags = O_CLOEXEC | O_NONBLOCK;
    self->writable = true;
    self->descriptor = path ? open(path, O_RDWR | flags | (make ? O_CREAT : 0), 0666) : memfd_create("vectors", MFD_CLOEXEC);
    if (self->descriptor < 0 && path && (errno == EACCES || errno == EROFS)) {
        self->writable = false;
        self->descriptor = open(path, O_RDONLY | flags);
    }
    if (self->descriptor < 0)
        return mlk_fail_system(status, errno, "cannot open", name_of(path));
    if (fstat(self->descriptor, &info) == 0 && S_ISREG(info.st_mode))
        return MLK_OK;
    return mlk_fail(status, MLK_IO, "cannot open %s: it is not a regular file", path);
}

/* A file shorter than its header is new, or whoever made it was killed. */
static mlk_code begin(mlk_vectors *self, const char *path, int64_t columns, int64_t d, mlk_status *status)
{
    struct stat info;
    header head = {.columns = columns, .d = d};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    mlk_code code = lock(self->descriptor, path, status);
    if (code)
        return code;
    if (fstat(self->descriptor, &info) != 0)
        code = mlk_fail_system(status, errno, "cannot read", name_of(path));
    else if (info.st_size < (off_t)sizeof head && !write_at(self->descriptor, &head, sizeof head, 0))
        code = mlk_fail_system(status, errno, "cannot write", name_of(path));
    flock(self->descriptor, LOCK_UN);
    return code;
}

static mlk_code read_header(mlk_vectors *self, const char *path, int64_t columns, int64_t d, mlk_status *status)
{
    header head;
    ssize_t got = pread(self->descriptor, &head, sizeof head, 0);
    if (got < 0)
        return mlk_fail_system(status, errno, "cannot read", name_of(path));
    if (got != sizeof head || memcmp(head.magic, MAGIC, sizeof MAGIC) != 0 || head.columns < 1 ||
        head.d < head.columns || head.d > INT32_MAX)
        return mlk_fail(status, MLK_INVALID, "%s is no file of vectors", name_of(path));
    if (columns > 0 && (head.columns != columns || head.d != d))
        return mlk_fail(status, MLK_INVALID, "%s holds vectors of %lld numbers, not of %lld", name_of(path),
                        (long long)head.columns, (long long)columns);
    self->columns = head.columns;
    self->d = head.d;
    return MLK_OK;
}

mlk_code mlk_vectors_open(const char *path, int64_t columns, int64_t d, mlk_vectors *vectors, mlk_status *status)
{
    *vectors = (mlk_vectors){.descriptor = -1};
    mlk_code code = open_descriptor(path, columns > 0, vectors, status);
    if (!code && columns > 0 && vectors->writable)
        code = begin(vectors, path, columns, d, status);
    if (!code)
        code = read_header(vectors, path, columns, d, status);
    if (!code)
        code = mlk_vectors_refresh(vectors, status);
    if (code)
        mlk_vectors_close(vectors);
    return code;
}

/* --- rows ---------------------------------------------------------------------------- */

static size_t size_of(const mlk_vectors *self, int64_t n)
{
    return sizeof(header) + (size_t)n * (size_t)self->d * sizeof(float);
}

static mlk_code count_rows(const mlk_vectors *self, int64_t *n, mlk_status *status)
{
    struct stat info;
    if (fstat(self->descriptor, &info) != 0)
        return mlk_fail_system(status, errno, "cannot read", "a file of vectors");
    int64_t bytes = info.st_size - (int64_t)sizeof(header);
    *n = bytes > 0 ? bytes / (self->d * (int64_t)sizeof(float)) : 0;
    return MLK_OK;
}

static void unmap(mlk_vectors *self)
{
    if (self->map)
        munmap(self->map, self->mapped);
    self->map = NULL;
    self->x = NULL;
    self->n = 0;
}

mlk_code mlk_vectors_refresh(mlk_vectors *vectors, mlk_status *status)
{
    int64_t n = 0;
    mlk_code code = count_rows(vectors, &n, status);
    if (code || n == vectors->n)
        return code;
    unmap(vectors);
    if (n == 0)
        return MLK_OK;
    size_t size = size_of(vectors, n);
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, vectors->descriptor, 0);
    if (map == MAP_FAILED)
        return mlk_fail_system(status, errno, "cannot map", "a file of vectors");
    vectors->map = map;
    vectors->mapped = size;
    vectors->x = (const float *)((const char *)map + sizeof(header));
    vectors->n = n;
    return MLK_OK;
}

/* Under the lock: what is behind the last whole row is of a writer that was killed, and is written over. */
static mlk_code write_rows(const mlk_vectors *self, const float *rows, int64_t count, int64_t *first,
                           mlk_status *status)
{
    mlk_code code = count_rows(self, first, status);
    if (code)
        return code;
    off_t end = (off_t)size_of(self, *first);
    if (ftruncate(self->descriptor, end) == 0 &&
        write_at(self->descriptor, rows, (size_t)(count * self->d) * sizeof(float), end))
        return MLK_OK;
    code = mlk_fail_system(status, errno, "cannot write", "a file of vectors");
    if (ftruncate(self->descriptor, end) != 0)
        return mlk_fail(status, code, "cannot write a file of vectors, and what was written stays in it");
    return code;
}

mlk_code mlk_vectors_append(mlk_vectors *vectors, const float *rows, int64_t count, int64_t *first, mlk_status *status)
{
    if (!vectors->writable)
        return mlk_fail(status, MLK_IO, "cannot write the file of vectors: it may only be read");
    mlk_code code = lock(vectors->descriptor, "a file of vectors", status);
    if (code)
        return code;
    code = write_rows(vectors, rows, count, first, status);
    flock(vectors->descriptor, LOCK_UN);
    return code ? code : mlk_vectors_refresh(vectors, status);
}

void mlk_vectors_close(mlk_vectors *vectors)
{
    unmap(vectors);
    if (vectors->descriptor >= 0)
        close(vectors->descriptor);
    vectors->descriptor = -1;
}

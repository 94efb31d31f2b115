/* atomic.h: writing a file so that its place holds the old content or the whole new one, never a part.
 *
 * Bytes go to a temporary beside the place; mlk_atomic_commit flushes them to
 * the disk and renames. Whatever happens before, mlk_atomic_abort leaves the
 * place as it was.
 *
 *     mlk_atomic file;
 *     if (mlk_atomic_open(path, &file, status)) return status->code;
 *     if (mlk_atomic_write(&file, bytes, n, status)) { mlk_atomic_abort(&file); return status->code; }
 *     return mlk_atomic_commit(&file, status);
 *
 * A symbolic link is followed: the file that it names is replaced. A device or
 * a pipe (/dev/stdout) is written to directly.
 */
#ifndef MLK_ATOMIC_H
#define MLK_ATOMIC_H

#include "status.h"

#include <stddef.h>
#include <stdio.h>

typedef struct mlk_atomic {
    FILE *stream;    /* write here by any means; commit notices earlier failures */
    char *path;      /* the place, links resolved */
    char *temporary; /* NULL when writing to a device */
} mlk_atomic;

mlk_code mlk_atomic_open(const char *path, mlk_atomic *file, mlk_status *status);

mlk_code mlk_atomic_write(mlk_atomic *file, const void *bytes, size_t n, mlk_status *status);

/* Puts the file in its place and closes; on failure the temporary is gone and the place untouched. */
mlk_code mlk_atomic_commit(mlk_atomic *file, mlk_status *status);

/* Closes and removes the temporary; harmless after a commit. */
void mlk_atomic_abort(mlk_atomic *file);

#endif

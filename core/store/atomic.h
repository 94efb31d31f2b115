/* atomic.h: writing a file so that its place holds the whole old content or the whole new one, never a part.
 *
 * Bytes go to a file without a name, on the same disk; mlk_atomic_commit
 * flushes them and gives the file its name. A process that is killed before
 * leaves nothing behind, and mlk_atomic_abort leaves the place as it was. On a
 * file system without nameless files it is a temporary beside the place.
 *
 *     mlk_atomic file;
 *     if (mlk_atomic_open(path, &file, status)) return status->code;
 *     if (mlk_atomic_write(&file, bytes, n, status)) { mlk_atomic_abort(&file); return status->code; }
 *     return mlk_atomic_commit(&file, status);
 *
 * A symbolic link is replaced, not followed: the file that it leads to stays as it
 * is. A device or a pipe is written to directly, also through a link such as
 * /dev/stdout.
 */
#ifndef MLK_ATOMIC_H
#define MLK_ATOMIC_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct mlk_atomic {
    FILE *stream;    /* write here by any means; commit notices earlier failures */
    char *path;      /* the place */
    char *temporary; /* the name beside the place, taken at the commit at the latest; NULL for a device */
    bool unnamed;
} mlk_atomic;

mlk_code mlk_atomic_open(const char *path, mlk_atomic *file, mlk_status *status);

mlk_code mlk_atomic_write(mlk_atomic *file, const void *bytes, size_t n, mlk_status *status);

/* A name beside the place by which a library can open the file before the commit; NULL for a device. */
const char *mlk_atomic_name(mlk_atomic *file);

/* Puts the file in its place and closes; on failure the temporary is gone and the place untouched. */
mlk_code mlk_atomic_commit(mlk_atomic *file, mlk_status *status);

/* Closes and removes the temporary; harmless after a commit. */
void mlk_atomic_abort(mlk_atomic *file);

#endif

/* vectors.h: a file of rows of float32 that grows at its end and is mapped into memory.
 *
 * Rows are appended under a lock of the kernel's. A writer that is killed in the middle leaves a part of a row, which
 * is not counted and is cut off by the next one that appends; whole rows stay as they are for ever. So others may read
 * the file meanwhile, and see new rows when they look again.
 */
#ifndef MLK_VECTORS_H
#define MLK_VECTORS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mlk_vectors {
    int64_t columns;  /* numbers of a row that mean something */
    int64_t d;        /* numbers of a row in the file: columns and what fills them up */
    int64_t n;        /* whole rows that are mapped */
    const float *x;   /* n x d, aligned to 64 bytes; NULL without rows */
    int descriptor;   /* -1: closed */
    bool writable;
    void *map;
    size_t mapped; /* bytes */
} mlk_vectors;

/* Opens a file of vectors, or makes one where there is none; NULL for `path`: one without a name, which goes when it is
 * closed. columns 0: as many as the file says, and a file that is not there is an error. A file that may only be read
 * is opened for reading. */
mlk_code mlk_vectors_open(const char *path, int64_t columns, int64_t d, mlk_vectors *vectors, mlk_status *status);

/* Maps rows that were appended since, by whomever. `x` may move. */
mlk_code mlk_vectors_refresh(mlk_vectors *vectors, mlk_status *status);

/* Appends count x d numbers and refreshes; *first is the row that the first of them became. On failure none of them is
 * in the file. */
mlk_code mlk_vectors_append(mlk_vectors *vectors, const float *rows, int64_t count, int64_t *first, mlk_status *status);

/* Harmless on a closed one. */
void mlk_vectors_close(mlk_vectors *vectors);

#endif

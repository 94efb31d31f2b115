/* file.h: a whole file as bytes in memory, mapped rather than read.
 *
 * Pages come in as they are touched, so opening gigabytes of weights costs
 * nothing. The map is private: writing to it changes memory, never the file.
 */
#ifndef MLK_FILE_H
#define MLK_FILE_H

#include "status.h"

#include <stddef.h>

typedef struct mlk_file {
    unsigned char *bytes;
    size_t size;
} mlk_file;

/* Maps a regular file. An empty one has bytes NULL and size 0. */
mlk_code mlk_file_open(const char *path, mlk_file *file, mlk_status *status);

/* Unmaps; harmless on a zeroed or already closed file. */
void mlk_file_close(mlk_file *file);

/* A mapped file that several hold: the last one to let go of it unmaps it, on whatever thread. */
typedef struct mlk_mapping mlk_mapping;

/* Takes over a mapped file, held once; NULL when memory is short, and the file is still the caller's. */
mlk_mapping *mlk_mapping_new(mlk_file *file);
mlk_mapping *mlk_mapping_hold(mlk_mapping *mapping);
void mlk_mapping_release(void *mapping);

/* Puts the file's name in front of status->message, shortened from the left when it is long. Returns
 * status->code, or MLK_OK when status is NULL. */
mlk_code mlk_file_blame(const char *path, mlk_status *status);

#endif

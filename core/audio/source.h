/* source.h: the bytes of a file that hold sound, or one stream of several in it. Private to core/audio.
 *
 * Every library reads through this, never by a name. So no library can be led to another file or to a network, and none
 * sees the tags after the sound (ID3v1, APEv2, Lyrics3).
 */
#ifndef MLK_AUDIO_SOURCE_H
#define MLK_AUDIO_SOURCE_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mlk_source {
    const char *path; /* for messages */
    int descriptor;
    int64_t begin, end; /* the first byte in the file, and the one after the last */
    int64_t at;         /* the next to be read, from `begin` on */
} mlk_source;

/* Opens a regular file. Copies of a source may be read side by side: each has a position of its own. */
mlk_code mlk_source_open(const char *path, mlk_source *source, mlk_status *status);

/* The same of a file that is open, whose descriptor is the source's from now on, on failure too; `name` stands for its
 * path in messages, and its ending for what the content leaves open. */
mlk_code mlk_source_adopt(int descriptor, const char *name, mlk_source *source, mlk_status *status);
void mlk_source_close(mlk_source *source);

int64_t mlk_source_size(const mlk_source *source);

/* Up to n bytes from where it stands; 0 at the end, -1 on failure. */
int64_t mlk_source_read(mlk_source *source, void *bytes, int64_t n);

/* As lseek does, SEEK_SET, SEEK_CUR, SEEK_END. The new place; -1: no such place. */
int64_t mlk_source_seek(mlk_source *source, int64_t offset, int whence);

/* n bytes at a place, wherever it stands; false: they are not there. */
bool mlk_source_peek(const mlk_source *source, int64_t at, void *bytes, int64_t n);

/* The first place from `from` on where the n bytes of `wanted` (at most 64) begin; -1: nowhere. */
int64_t mlk_source_find(const mlk_source *source, int64_t from, const void *wanted, int n);

#endif

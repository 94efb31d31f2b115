/* chunks.h: rows of a table, cut into parts that are summed by themselves.
 *
 * Each chunk is summed, then the chunks are added in order, and their number depends on the data alone. So results do
 * not depend on the number of workers, to the bit.
 */
#ifndef MLK_LEARN_CHUNKS_H
#define MLK_LEARN_CHUNKS_H

#include <stdint.h>

/* Rows first .. first+count-1 of n, the part of chunk `task`. */
typedef struct mlk_rows {
    int64_t first, count;
} mlk_rows;

enum { MLK_MOST_CHUNKS = 64 };

/* Chunks that n rows are cut into: at most MLK_MOST_CHUNKS, each of 256 rows or more. */
int mlk_chunks(int64_t n);
mlk_rows mlk_chunk(int64_t n, int chunks, int chunk);

#endif

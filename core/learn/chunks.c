#include "chunks.h"

enum { LEAST_ROWS = 256 };

int mlk_chunks(int64_t n)
{
    int64_t chunks = n / LEAST_ROWS;
    return chunks < 1 ? 1 : chunks > MLK_MOST_CHUNKS ? MLK_MOST_CHUNKS : (int)chunks;
}

mlk_rows mlk_chunk(int64_t n, int chunks, int chunk)
{
    int64_t first = n * chunk / chunks;
    return (mlk_rows){first, n * (chunk + 1) / chunks - first};
}

#include "store/deflate.h"

#include <stdlib.h>
#include <zlib.h>

int64_t mlk_deflated_size(const void *bytes, size_t size)
{
    uLongf room = compressBound((uLong)size);
    Bytef *to = malloc(room);
    int64_t used = to && compress(to, &room, bytes, (uLong)size) == Z_OK ? (int64_t)room : -1;
    free(to);
    return used;
}

/* hash.h: the content of a file or buffer as 32 hexadecimal digits (XXH3, 128 bits; `xxh128sum` prints the same). */
#ifndef MLK_HASH_H
#define MLK_HASH_H

#include "status.h"

#include <stddef.h>

enum { MLK_HASH_SIZE = 33 }; /* 32 digits and the end */

void mlk_hash_bytes(const void *bytes, size_t n, char hex[MLK_HASH_SIZE]);

/* Stops with MLK_INTERRUPTED once mlk_interrupted(). */
mlk_code mlk_hash_file(const char *path, char hex[MLK_HASH_SIZE], mlk_status *status);

#endif

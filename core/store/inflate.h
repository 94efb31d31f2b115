/* inflate.h: zlib's decompression of bytes in memory whose size is known. */
#ifndef MLK_INFLATE_H
#define MLK_INFLATE_H

#include <stdbool.h>
#include <stdint.h>

/* Deflate cannot shrink more than this; what claims to is a bomb or damaged. */
enum { MLK_INFLATE_RATIO = 1032 };

typedef enum mlk_inflate_form {
    MLK_INFLATE_RAW, /* as in zip archives */
    MLK_INFLATE_ZLIB,
} mlk_inflate_form;

/* Inflates `packed` bytes to exactly `size`; false where they give more or fewer, are damaged, or on an interrupt. */
bool mlk_inflate(mlk_inflate_form form, const void *from, uint64_t packed, void *to, uint64_t size);

/* Inflates the first `size` bytes of more. */
bool mlk_inflate_start(mlk_inflate_form form, const void *from, uint64_t packed, void *to, uint64_t size);

#endif

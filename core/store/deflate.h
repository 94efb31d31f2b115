/* deflate.h: zlib's compression, as a measure of how much a text repeats itself. */
#ifndef MLK_DEFLATE_H
#define MLK_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that zlib needs for these, at its usual level, header and checksum included; -1 when memory is short. */
int64_t mlk_deflated_size(const void *bytes, size_t size);

#endif

/* safetensors.h: named tensors and a text map in one file, as the safetensors libraries write them.
 *
 * A file is the header's length (8 bytes, little-endian), a JSON header, the
 * data. Whatever breaks the format's rules is refused, and so are duplicate
 * keys (which other readers resolve silently) and more axes than MLK_MAX_RANK.
 * Dtypes: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL C64.
 *
 *     mlk_tensors weights;
 *     if (mlk_safetensors_read("w.safetensors", &weights, &status)) ...
 *     const mlk_array *bias = mlk_tensors_find(&weights, "bias");
 *     ...
 *     mlk_tensors_free(&weights);
 */
#ifndef MLK_SAFETENSORS_H
#define MLK_SAFETENSORS_H

#include "store/tensors.h"

/* Arrays are views into the mapped file: nothing is read until it is touched. */
mlk_code mlk_safetensors_read(const char *path, mlk_tensors *tensors, mlk_status *status);

/* The same from memory, which must outlive the arrays. */
mlk_code mlk_safetensors_parse(unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status);

/* Writes items and metadata, sorted by mlk_tensors_sort; the same content gives the same bytes. */
mlk_code mlk_safetensors_write(const char *path, const mlk_tensors *tensors, mlk_status *status);

#endif

/* npy.h: numpy's file of one array.
 *
 * Format versions 1, 2 and 3; both byte orders; row- or column-major. What is
 * read comes out little-endian and row-major. Types: f2 f4 f8, i1 i2 i4 i8, u1,
 * b1, c8, c16; others (object, string, structured, unsigned beyond a byte) are
 * refused by name.
 */
#ifndef MLK_NPY_H
#define MLK_NPY_H

#include "store/tensors.h"

#include <stddef.h>

/* array->data is the caller's to free(). */
mlk_code mlk_npy_read(const char *path, mlk_array *array, mlk_status *status);

/* The same from memory, which must hold the array and nothing else. */
mlk_code mlk_npy_parse(const unsigned char *bytes, size_t size, mlk_array *array, mlk_status *status);

mlk_code mlk_npy_write(const char *path, const mlk_array *array, mlk_status *status);

/* The same for a list of one array, whose name is "" when read; metadata has no place in the format. */
mlk_code mlk_npy_read_list(const char *path, mlk_tensors *tensors, mlk_status *status);
mlk_code mlk_npy_write_list(const char *path, const mlk_tensors *tensors, mlk_status *status);

/* What stands before the data in a file: magic, version, header padded so that the data begins at a
 * multiple of 64. Fails for bfloat16, which numpy does not know. */
enum { MLK_NPY_HEADER_SIZE = 256 };
mlk_code mlk_npy_header(const mlk_array *array, char header[MLK_NPY_HEADER_SIZE], size_t *length, mlk_status *status);

#endif

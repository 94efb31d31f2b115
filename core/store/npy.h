/* npy.h: numpy's file of one array.
 *
 * Format versions 1, 2 and 3; both byte orders; row- or column-major. What is
 * read comes out little-endian and row-major. Types: f2 f4 f8, i1 i2 i4 i8, u1,
 * b1, c8, c16; u2 becomes int32, u4 and u8 int64; strings (U, S) become UTF-8.
 * Others (object, structured, times) are refused by name. Written strings are U;
 * bytes that are no UTF-8 are kept as text.h says.
 */
#ifndef MLK_NPY_H
#define MLK_NPY_H

#include "store/tensors.h"

#include <stddef.h>

/* An array of numbers; array->data is the caller's to free(). */
mlk_code mlk_npy_read(const char *path, mlk_array *array, mlk_status *status);

/* The same from memory, which must hold the array and nothing else. */
mlk_code mlk_npy_parse(const unsigned char *bytes, size_t size, mlk_array *array, mlk_status *status);

/* An array of numbers or of strings, added to a list under a copy of the name. */
mlk_code mlk_npy_parse_item(const unsigned char *bytes, size_t size, const char *name, mlk_tensors *tensors,
                            mlk_status *status);

/* Numbers of a type as numpy names it ("<f4") from the bytes that a shape (array->rank, array->shape) needs, column
 * after column or row after row; array->data is the caller's to free(). */
mlk_code mlk_npy_decode(const char *type, bool columns, const unsigned char *bytes, size_t size, mlk_array *array,
                        mlk_status *status);

mlk_code mlk_npy_write(const char *path, const mlk_array *array, mlk_status *status);

/* The same for a list of one array, whose name is "" when read; metadata has no place in the format. */
mlk_code mlk_npy_read_list(const char *path, mlk_tensors *tensors, mlk_status *status);
mlk_code mlk_npy_write_list(const char *path, const mlk_tensors *tensors, mlk_status *status);

/* What stands before the data in a file: magic, version, header padded so that the data begins at a
 * multiple of 64. Fails for bfloat16, which numpy does not know. */
enum { MLK_NPY_HEADER_SIZE = 256 };
mlk_code mlk_npy_header(const mlk_array *array, char header[MLK_NPY_HEADER_SIZE], size_t *length, mlk_status *status);

/* The same for strings; *data (malloc) are the `bytes` bytes that follow. */
mlk_code mlk_npy_encode(const mlk_strings *strings, char header[MLK_NPY_HEADER_SIZE], size_t *length, void **data,
                        int64_t *bytes, mlk_status *status);

#endif

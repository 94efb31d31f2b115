/* mat.h: MATLAB's files of level 5 (versions 5 to 7), as scipy.io and Octave have them, too.
 *
 * Read: numbers of every class in either byte order, compressed or not, as
 * row-major arrays (unsigned ones widened as in npy.h); logical ones as bool;
 * complex ones as complex64 or complex128; character arrays as strings, one a
 * row; cells of strings as lists of strings. Structs, other cells, sparse
 * matrices, functions and objects are left out, and named in the metadata as
 * {name = "struct"}. Level 4 and version 7.3 are refused.
 *
 * Written uncompressed and little-endian. MATLAB has no fewer than two axes: a
 * vector becomes a row.
 */
#ifndef MLK_MAT_H
#define MLK_MAT_H

#include "store/tensors.h"

mlk_code mlk_mat_read(const char *path, mlk_tensors *tensors, mlk_status *status);

/* The same from memory. */
mlk_code mlk_mat_parse(const unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status);

/* Names must be MATLAB's: a letter, then letters, digits and '_', 63 at most. */
mlk_code mlk_mat_write(const char *path, const mlk_tensors *tensors, mlk_status *status);

/* What stands in the files. */
enum {
    MLK_MAT_INT8 = 1,
    MLK_MAT_UINT8 = 2,
    MLK_MAT_INT16 = 3,
    MLK_MAT_UINT16 = 4,
    MLK_MAT_INT32 = 5,
    MLK_MAT_UINT32 = 6,
    MLK_MAT_SINGLE = 7,
    MLK_MAT_DOUBLE = 9,
    MLK_MAT_INT64 = 12,
    MLK_MAT_UINT64 = 13,
    MLK_MAT_MATRIX = 14,
    MLK_MAT_COMPRESSED = 15,
    MLK_MAT_UTF8 = 16,
    MLK_MAT_UTF16 = 17,
    MLK_MAT_UTF32 = 18,
};
enum {
    MLK_MAT_CELL_CLASS = 1,
    MLK_MAT_CHAR_CLASS = 4,
    MLK_MAT_DOUBLE_CLASS = 6,
    MLK_MAT_SINGLE_CLASS = 7,
    MLK_MAT_INT8_CLASS = 8,
    MLK_MAT_UINT64_CLASS = 15,
};
enum { MLK_MAT_HEADER_SIZE = 128, MLK_MAT_LOGICAL = 2 << 8, MLK_MAT_COMPLEX = 8 << 8 };

#endif

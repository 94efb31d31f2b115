/* array.h: a view of numbers in memory: type, shape, address.
 *
 * Arrays are dense and row-major (the last axis varies fastest). A view owns
 * nothing; who made the memory says how it is freed.
 */
#ifndef MLK_ARRAY_H
#define MLK_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MLK_MAX_RANK 8

typedef enum mlk_dtype {
    MLK_FLOAT32,
    MLK_FLOAT64,
    MLK_FLOAT16,
    MLK_BFLOAT16,
    MLK_INT64,
    MLK_INT32,
    MLK_INT16,
    MLK_INT8,
    MLK_UINT8,
    MLK_BOOL,
    MLK_COMPLEX64, /* two float32: real, imaginary */
    MLK_COMPLEX128,
} mlk_dtype;

typedef struct mlk_array {
    mlk_dtype dtype;
    int rank; /* 0 is a single number */
    int64_t shape[MLK_MAX_RANK];
    void *data;
} mlk_array;

/* Bytes of one element. */
size_t mlk_dtype_size(mlk_dtype dtype);

/* PyTorch's name: "float32", "int64", ... */
const char *mlk_dtype_name(mlk_dtype dtype);

/* Number of elements; 1 for rank 0. */
int64_t mlk_array_count(const mlk_array *array);

/* True when some of `count` numbers from `first` on, in memory, are too small for the ordinary format of their type
 * (subnormal.h). Only float32, float64 and bfloat16 are looked at: processors do not compute in float16. */
bool mlk_array_holds_subnormals(const mlk_array *array, int64_t first, int64_t count);

#ifdef __cplusplus
}
#endif

#endif

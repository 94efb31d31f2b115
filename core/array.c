#include "array.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [MLK_FLOAT32] = {"float32", 4},   [MLK_FLOAT64] = {"float64", 8},
    [MLK_FLOAT16] = {"float16", 2},   [MLK_BFLOAT16] = {"bfloat16", 2},
    [MLK_INT64] = {"int64", 8},       [MLK_INT32] = {"int32", 4},
    [MLK_INT16] = {"int16", 2},       [MLK_INT8] = {"int8", 1},
    [MLK_UINT8] = {"uint8", 1},       [MLK_BOOL] = {"bool", 1},
    [MLK_COMPLEX64] = {"complex64", 8}, [MLK_COMPLEX128] = {"complex128", 16},
};

size_t mlk_dtype_size(mlk_dtype dtype)
{
    return dtypes[dtype].size;
}

const char *mlk_dtype_name(mlk_dtype dtype)
{
    return dtypes[dtype].name;
}

int64_t mlk_array_count(const mlk_array *array)
{
    int64_t count = 1;
    for (int axis = 0; axis < array->rank; axis++)
        count *= array->shape[axis];
    return count;
}

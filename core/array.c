#include "array.h"

#include "clones.h"

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

/* Without its sign, a subnormal number is above 0 and below the least of its format. */
#define HOLDS_SUBNORMALS(name, word, least) \
    MLK_CLONES static bool name(const word *at, int64_t count) \
    { \
        word found = 0; \
        const word sign = (word)1 << (8 * sizeof(word) - 1); \
        for (int64_t i = 0; i < count; i++) \
            found |= (word)((word)((at[i] & (word)~sign) - 1) < (word)((least) - 1)); \
        return found; \
    }
HOLDS_SUBNORMALS(in_float32, uint32_t, UINT32_C(0x00800000))
HOLDS_SUBNORMALS(in_float64, uint64_t, UINT64_C(0x0010000000000000))
HOLDS_SUBNORMALS(in_bfloat16, uint16_t, 0x0080)

bool mlk_array_holds_subnormals(const mlk_array *array, int64_t first, int64_t count)
{
    enum { BLOCK = 8192 }; /* between two looks at what was found */
    bool found = false;
    for (int64_t end = first + count; first < end && !found; first += BLOCK) {
        int64_t n = end - first < BLOCK ? end - first : BLOCK;
        switch (array->dtype) {
        case MLK_FLOAT32: found = in_float32((const uint32_t *)array->data + first, n); break;
        case MLK_FLOAT64: found = in_float64((const uint64_t *)array->data + first, n); break;
        case MLK_BFLOAT16: found = in_bfloat16((const uint16_t *)array->data + first, n); break;
        default: return false;
        }
    }
    return found;
}

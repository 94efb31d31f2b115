#include "samples.h"

#include "arguments.h"
#include "tensor.h"

mlk_samples mlk_lua_samples(lua_State *L, int arg, const char *name)
{
    mlk_array x = mlk_lua_read_tensor(L, arg, name, MLK_FLOAT32, 2);
    return (mlk_samples){x.data, x.shape[0], x.shape[1]};
}

const int64_t *mlk_lua_labels(lua_State *L, int arg, const char *name, int64_t n)
{
    mlk_array y = mlk_lua_read_tensor(L, arg, name, MLK_INT64, 1);
    if (y.shape[0] != n)
        mlk_lua_fail(L, "%s must have one entry for each row (%I), got %I", name, (LUAI_UACINT)n,
                   (LUAI_UACINT)y.shape[0]);
    return y.data;
}

double *mlk_lua_numbers(lua_State *L, int arg, const char *name, int64_t count)
{
    mlk_array numbers = mlk_lua_read_tensor(L, arg, name, MLK_FLOAT64, -1);
    if (mlk_array_count(&numbers) != count)
        mlk_lua_fail(L, "%s must hold %I numbers, got %I", name, (LUAI_UACINT)count,
                   (LUAI_UACINT)mlk_array_count(&numbers));
    return numbers.data;
}

double *mlk_lua_push_vector(lua_State *L, int64_t n)
{
    return mlk_lua_push_tensor(L, MLK_FLOAT64, 1, &n);
}

double *mlk_lua_push_matrix(lua_State *L, int64_t rows, int64_t columns)
{
    return mlk_lua_push_tensor(L, MLK_FLOAT64, 2, (int64_t[]){rows, columns});
}

int64_t *mlk_lua_push_labels(lua_State *L, int64_t n)
{
    return mlk_lua_push_tensor(L, MLK_INT64, 1, &n);
}

void mlk_lua_check_width(lua_State *L, mlk_samples samples, int64_t d)
{
    if (samples.d != d)
        mlk_lua_fail(L, "x must have %I columns, as when fitted, got %I", (LUAI_UACINT)d, (LUAI_UACINT)samples.d);
}

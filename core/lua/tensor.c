#include "tensor.h"

#include "arguments.h"

#include <string.h>

static const mlk_tensor_functions *functions(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, MLK_TENSOR_FIELD) == LUA_TNIL) {
        if (lua_getfield(L, LUA_REGISTRYINDEX, MLK_TENSOR_LOADER) == LUA_TNIL)
            mlk_lua_fail(L, "there are no tensors yet: require \"moonlark.torch\" first");
        lua_call(L, 0, 0);
        lua_getfield(L, LUA_REGISTRYINDEX, MLK_TENSOR_FIELD);
        lua_remove(L, -2);
    }
    const mlk_tensor_functions *found = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!found)
        mlk_lua_fail(L, "moonlark_torch was loaded but left no tensor functions");
    return found;
}

void *mlk_lua_push_tensor(lua_State *L, mlk_dtype dtype, int rank, const int64_t *shape)
{
    mlk_array array;
    functions(L)->push(L, dtype, rank, shape, &array);
    return array.data;
}

void mlk_lua_push_copy(lua_State *L, mlk_dtype dtype, int rank, const int64_t *shape, const void *values)
{
    mlk_array array;
    functions(L)->push(L, dtype, rank, shape, &array);
    size_t bytes = (size_t)mlk_array_count(&array) * mlk_dtype_size(dtype);
    if (bytes > 0)
        memcpy(array.data, values, bytes);
}

void mlk_lua_push_wrapped(lua_State *L, const mlk_array *array, void (*release)(void *owner), void *owner)
{
    functions(L)->wrap(L, array, release, owner);
}

mlk_array mlk_lua_read_tensor(lua_State *L, int arg, const char *name, int dtype, int rank)
{
    mlk_array array;
    if (!functions(L)->read(L, arg, dtype, &array))
        mlk_lua_fail(L, "%s must be a tensor, got %s", name, mlk_lua_describe(L, arg));
    if (rank >= 0 && array.rank != rank)
        mlk_lua_fail(L, "%s must be a tensor of %d axes, got %d axes", name, rank, array.rank);
    return array;
}

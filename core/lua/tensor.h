/* tensor.h: how the engine's bindings hand arrays to Lua and read them.
 *
 * moonlark_core does not link libtorch. moonlark_torch leaves one table of
 * functions in the Lua registry as it opens; the functions at the end of this
 * header call through it. If it is not there at the first tensor, they call the
 * function that the library has handed down to load it (lua/moonlark_core.lua).
 */
#ifndef MLK_LUA_TENSOR_H
#define MLK_LUA_TENSOR_H

#include "array.h"

#include <lua.h>
#include <stdbool.h>

/* Registry field with light userdata: const mlk_tensor_functions *. */
#define MLK_TENSOR_FIELD "moonlark.tensor"

/* Registry field with the function that loads moonlark_torch; core.system.load_tensors_by sets it. */
#define MLK_TENSOR_LOADER "moonlark.tensor.loader"

/* The metatable name of the tensor userdata. */
#define MLK_TENSOR_TYPE "moonlark.Tensor"

typedef struct mlk_tensor_functions {
    /* Pushes a new contiguous, uninitialised CPU tensor and fills *array with a view of it.
     * Raises when memory is short. */
    void (*push)(lua_State *L, mlk_dtype dtype, int rank, const int64_t *shape, mlk_array *array);

    /* Fills *array with a contiguous CPU view, of the dtype wanted (-1: the tensor's own), of the tensor at `arg`,
     * converting and copying only where needed, and pushes the tensor that owns the view: keep it on the stack
     * while the view is used. Returns false, pushing nothing, when `arg` is no tensor. */
    bool (*read)(lua_State *L, int arg, int dtype, mlk_array *array);

    /* Pushes a tensor over memory of somebody else, aligned for its dtype. release(owner) is called once, when the last
     * tensor over it has gone, on whatever thread; also when this raises. */
    void (*wrap)(lua_State *L, const mlk_array *array, void (*release)(void *owner), void *owner);
} mlk_tensor_functions;

/* Pushes a new tensor, uninitialised, and returns its memory, row after row. */
void *mlk_lua_push_tensor(lua_State *L, mlk_dtype dtype, int rank, const int64_t *shape);

/* Pushes a new tensor that holds a copy of these values. */
void mlk_lua_push_copy(lua_State *L, mlk_dtype dtype, int rank, const int64_t *shape, const void *values);

/* Pushes a tensor over memory of somebody else: see above. */
void mlk_lua_push_wrapped(lua_State *L, const mlk_array *array, void (*release)(void *owner), void *owner);

/* Reads argument `arg`, called `name` in errors, as a tensor of `rank` axes (-1: any), converted to a dtype (-1: as it
 * is); pushes its owner. */
mlk_array mlk_lua_read_tensor(lua_State *L, int arg, const char *name, int dtype, int rank);

#endif

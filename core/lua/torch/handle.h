/* handle.h: the userdata that holds a tensor. */
#ifndef MLK_LUA_TORCH_HANDLE_H
#define MLK_LUA_TORCH_HANDLE_H

#include "context.h"

#include "torch/torch.h"

/* Pushes a userdata without a tensor and returns the place to store one. */
mlk_tensor **mlk_lua_new_handle(lua_State *L, mlk_lua_context *context);

/* The tensor at arg, or NULL when it is something else. Raises for a freed one. */
mlk_tensor *mlk_lua_to_tensor(lua_State *L, mlk_lua_context *context, int arg);

/* The same, raising for something else. */
mlk_tensor *mlk_lua_check_tensor(lua_State *L, mlk_lua_context *context, int arg, const char *name);

/* The tensor that a method of the module was called on. */
static inline mlk_tensor *mlk_lua_self(lua_State *L)
{
    return mlk_lua_check_tensor(L, mlk_lua_own_context(L), 1, "self");
}

/* Lets go of the tensor of the userdata at arg; other values and empty ones are left alone. */
void mlk_lua_release_handle(lua_State *L, int arg);

/* Collects when tensors have grown; call after a result was stored. */
void mlk_lua_steer(lua_State *L, mlk_lua_context *context, const mlk_tensor *made);

/* Frees what can be freed, after memory was short. */
void mlk_lua_reclaim(lua_State *L);

#endif

/* context.h: what the bindings of tensors share.
 *
 * Every function of the module has one upvalue, the context: a userdata that
 * lives as long as the Lua state. It holds the address of the tensors'
 * metatable, for a fast type check, and what steering the collector needs.
 */
#ifndef MLK_LUA_TORCH_CONTEXT_H
#define MLK_LUA_TORCH_CONTEXT_H

#include "lua/arguments.h"

#include "torch/torch.h"

#include <lauxlib.h>
#include <lua.h>

typedef struct mlk_lua_context {
    const void *metatable;
    uint64_t seen_total;    /* bytes handed out at the last young collection */
    uint64_t full_live;     /* bytes that survived the last full collection */
    uint64_t device_bytes;  /* of results on other devices, not seen by the CPU allocator */
    int scopes;             /* open torch.scope calls */
} mlk_lua_context;

/* Registry fields. */
#define MLK_TORCH_CONTEXT "moonlark.torch.context"
#define MLK_TORCH_SCOPE "moonlark.torch.scope" /* list of tensors made in the innermost scope */

/* The context of the running function, which is its first upvalue. */
static inline mlk_lua_context *mlk_lua_own_context(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* The context of the state, for functions that other modules call. */
mlk_lua_context *mlk_lua_find_context(lua_State *L);

/* --- torch_handle.c: the userdata --- */

/* Pushes a userdata without a tensor and returns the place to store one. */
mlk_tensor **mlk_lua_new_handle(lua_State *L, mlk_lua_context *context);

/* The tensor at arg, or NULL when it is something else. Raises for a freed one. */
mlk_tensor *mlk_lua_to_tensor(lua_State *L, mlk_lua_context *context, int arg);

/* The same, raising for something else. */
mlk_tensor *mlk_lua_check_tensor(lua_State *L, mlk_lua_context *context, int arg, const char *name);

/* Collects when tensors have grown; call after a result was stored. */
void mlk_lua_steer(lua_State *L, mlk_lua_context *context, const mlk_tensor *made);

/* After a failure for want of memory: frees what can be freed. */
void mlk_lua_reclaim(lua_State *L);

/* --- torch_value.c: Lua values <-> mlk_value --- */

enum { mlk_lua_pool_size = 64, mlk_lua_max_arguments = 32, mlk_lua_max_depth = 4 };

/* Arguments read from the Lua stack; borrows from the values there. */
typedef struct mlk_lua_values {
    mlk_arguments arguments;
    mlk_value positional[mlk_lua_max_arguments];
    mlk_named named[mlk_lua_max_arguments];
    mlk_value pool[mlk_lua_pool_size]; /* items of short lists */
    size_t used;
    int depth; /* of the list that is being read */
} mlk_lua_values;

static inline void mlk_lua_begin_values(mlk_lua_values *values)
{
    values->used = 0;
    values->depth = 0;
}

void mlk_lua_read_value(lua_State *L, mlk_lua_context *context, int arg, mlk_lua_values *values, mlk_value *out);

/* Arguments first..top; a last table with string keys holds named ones. */
void mlk_lua_read_arguments(lua_State *L, mlk_lua_context *context, int first, mlk_lua_values *values);

/* Pushes what an operator returned. */
void mlk_lua_push_value(lua_State *L, mlk_lua_context *context, const mlk_value *value);

/* Pushes a userdata that will own results, and returns the place to store them. */
mlk_results **mlk_lua_new_results(lua_State *L);

/* --- one function a file that fills the module's table, at the top of the stack --- */

void mlk_lua_register(lua_State *L, const luaL_Reg *functions); /* each with the context as upvalue */
void mlk_lua_add_operators(lua_State *L);
void mlk_lua_add_tensors(lua_State *L);
void mlk_lua_add_autograd(lua_State *L);
void mlk_lua_add_memory(lua_State *L);
void mlk_lua_add_library(lua_State *L);

/* Pushes the metatable of tensors. */
void mlk_lua_make_metatable(lua_State *L, mlk_lua_context *context);

typedef enum mlk_lua_calling { MLK_LUA_FUNCTION, MLK_LUA_METHOD, MLK_LUA_UNARY } mlk_lua_calling;

/* Pushes the function that calls operator `name`, or nil. */
void mlk_lua_push_operator(lua_State *L, const char *name, mlk_lua_calling calling);

#endif

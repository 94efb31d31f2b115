/* context.h: the state that all functions of the module share.
 *
 * Every function of the module has one upvalue, the context: a userdata that
 * lives as long as the Lua state. It holds the address of the tensors'
 * metatable, for a fast type check, and numbers that steer the collector.
 */
#ifndef MLK_LUA_TORCH_CONTEXT_H
#define MLK_LUA_TORCH_CONTEXT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

typedef struct mlk_lua_context {
    const void *metatable;
    uint64_t seen_total;    /* bytes handed out at the last young collection */
    uint64_t full_live;     /* bytes that survived the last full collection */
    uint64_t device_bytes;  /* of results on other devices, which the CPU allocator does not see */
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

/* Puts functions into the table at the top of the stack, each with the context as upvalue. */
void mlk_lua_register(lua_State *L, const luaL_Reg *functions);

/* Makes the userdata at the top of the stack one of a type that calls `function` at one event: "__gc" or "__close". */
void mlk_lua_set_event(lua_State *L, const char *type, const char *event, lua_CFunction function);

#endif

/* parts.h: the parts of moonlark_torch; each is a file that fills the module's table, at the top of the stack. */
#ifndef MLK_LUA_TORCH_PARTS_H
#define MLK_LUA_TORCH_PARTS_H

#include "context.h"

/* metatable.c: `metatable` and `methods`, which the others add to. */
void mlk_lua_add_metatable(lua_State *L, mlk_lua_context *context);

void mlk_lua_add_autograd(lua_State *L);
void mlk_lua_add_memory(lua_State *L);
void mlk_lua_add_operators(lua_State *L);
void mlk_lua_add_tensors(lua_State *L);

#endif

/* operator.h: libtorch's operators as Lua functions. */
#ifndef MLK_LUA_TORCH_OPERATOR_H
#define MLK_LUA_TORCH_OPERATOR_H

#include <lua.h>

typedef enum mlk_lua_calling { MLK_LUA_FUNCTION, MLK_LUA_METHOD, MLK_LUA_UNARY } mlk_lua_calling;

/* Pushes the function that calls operator `name`, or nil. */
void mlk_lua_push_operator(lua_State *L, const char *name, mlk_lua_calling calling);

#endif

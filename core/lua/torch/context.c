#include "context.h"

mlk_lua_context *mlk_lua_find_context(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_CONTEXT);
    mlk_lua_context *context = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return context;
}

void mlk_lua_register(lua_State *L, const luaL_Reg *functions)
{
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_CONTEXT);
    luaL_setfuncs(L, functions, 1);
}

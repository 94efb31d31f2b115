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

void mlk_lua_set_event(lua_State *L, const char *type, const char *event, lua_CFunction function)
{
    if (luaL_newmetatable(L, type))
        mlk_lua_register(L, (const luaL_Reg[]){{event, function}, {NULL, NULL}});
    lua_setmetatable(L, -2);
}

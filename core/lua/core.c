/* core.c: opens moonlark_core: one table with the engine's modules as fields. */
#include "interrupt.h"
#include "modules.h"

#include <lauxlib.h>

#define MODULE(name) {#name, mlk_lua_open_##name},
static const luaL_Reg modules[] = {MLK_LUA_MODULES(MODULE){NULL, NULL}};

__attribute__((visibility("default"))) int luaopen_moonlark_core(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, MLK_INTERRUPT_FIELD) == LUA_TLIGHTUSERDATA)
        mlk_interrupt_watch(lua_touserdata(L, -1));
    lua_pop(L, 1);

    lua_newtable(L);
    for (const luaL_Reg *module = modules; module->name; module++) {
        module->func(L);
        lua_setfield(L, -2, module->name);
    }
    return 1;
}

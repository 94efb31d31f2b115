/* core.c: opens moonlark_core: one table with the engine's modules as fields. */
#include "interrupt.h"
#include "modules.h"

#include <lauxlib.h>

static const luaL_Reg modules[] = {
    {"audio", mlk_lua_open_audio},
    {"cache", mlk_lua_open_cache},
    {"classify", mlk_lua_open_classify},
    {"cluster", mlk_lua_open_cluster},
    {"effects", mlk_lua_open_effects},
    {"extract", mlk_lua_open_extract},
    {"feature", mlk_lua_open_feature},
    {"loader", mlk_lua_open_loader},
    {"metrics", mlk_lua_open_metrics},
    {"music", mlk_lua_open_music},
    {"picture", mlk_lua_open_picture},
    {"process", mlk_lua_open_process},
    {"store", mlk_lua_open_store},
    {"system", mlk_lua_open_system},
    {"terminal", mlk_lua_open_terminal},
    {NULL, NULL},
};

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

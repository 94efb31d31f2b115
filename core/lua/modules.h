/* modules.h: the Lua modules of the engine; each is one file <name>.c beside this one. */
#ifndef MLK_LUA_MODULES_H
#define MLK_LUA_MODULES_H

#include <lua.h>

/* Each pushes one table of functions. In alphabetical order. */
int mlk_lua_open_audio(lua_State *L);
int mlk_lua_open_cache(lua_State *L);
int mlk_lua_open_classify(lua_State *L);
int mlk_lua_open_cluster(lua_State *L);
int mlk_lua_open_effects(lua_State *L);
int mlk_lua_open_extract(lua_State *L);
int mlk_lua_open_feature(lua_State *L);
int mlk_lua_open_loader(lua_State *L);
int mlk_lua_open_metrics(lua_State *L);
int mlk_lua_open_music(lua_State *L);
int mlk_lua_open_picture(lua_State *L);
int mlk_lua_open_process(lua_State *L);
int mlk_lua_open_store(lua_State *L);
int mlk_lua_open_system(lua_State *L);
int mlk_lua_open_terminal(lua_State *L);

#endif

/* modules.h: the Lua modules of the engine, each a file <name>.c beside this one and a line here.
 *
 * <name>.c defines `int mlk_lua_open_<name>(lua_State *L)`, which pushes one table of functions: core.<name>.
 */
#ifndef MLK_LUA_MODULES_H
#define MLK_LUA_MODULES_H

#include <lua.h>

/* In alphabetical order. */
#define MLK_LUA_MODULES(MODULE) \
    MODULE(audio)               \
    MODULE(cache)               \
    MODULE(classify)            \
    MODULE(cluster)             \
    MODULE(database)            \
    MODULE(effects)             \
    MODULE(embedding)           \
    MODULE(extract)             \
    MODULE(feature)             \
    MODULE(flat_search)         \
    MODULE(hearing)             \
    MODULE(kernel)              \
    MODULE(live)                \
    MODULE(loader)              \
    MODULE(metrics)             \
    MODULE(music)               \
    MODULE(net)                 \
    MODULE(picture)             \
    MODULE(pooling)             \
    MODULE(process)             \
    MODULE(pyramid)             \
    MODULE(regress)             \
    MODULE(server)              \
    MODULE(slicer)              \
    MODULE(sound)               \
    MODULE(store)               \
    MODULE(system)              \
    MODULE(terminal)            \
    MODULE(vamp)                \
    MODULE(watch)

#define MLK_LUA_DECLARE(name) int mlk_lua_open_##name(lua_State *L);
MLK_LUA_MODULES(MLK_LUA_DECLARE)
#undef MLK_LUA_DECLARE

#endif

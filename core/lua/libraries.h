/* libraries.h: versions of the engine's libraries, for core.system. */
#ifndef MLK_LUA_LIBRARIES_H
#define MLK_LUA_LIBRARIES_H

#include <lua.h>

/* libraries() -> table: version by library name. */
int mlk_lua_libraries(lua_State *L);

/* codecs() -> table: which library reads a format, by its name. */
int mlk_lua_codecs(lua_State *L);

#endif

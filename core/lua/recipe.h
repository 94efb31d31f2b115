/* recipe.h: how bindings read recipes and tracks. */
#ifndef MLK_LUA_RECIPE_H
#define MLK_LUA_RECIPE_H

#include "extract/extraction.h"

#include <lua.h>

/* Pushes a box with the compiled recipe of the table {rate, start, duration, features = {{name, settings}…}, pool}
 * at `arg`. The box frees it unless it is emptied. */
mlk_recipe **mlk_lua_push_recipe(lua_State *L, int arg);

/* The same, not compiled: it may hold no feature. */
mlk_recipe **mlk_lua_push_reading(lua_State *L, int arg);

/* The first n tracks {path, start, duration, output} of the list at `arg`, in a userdata that is pushed; the strings
 * are Lua's. */
mlk_track *mlk_lua_push_tracks(lua_State *L, int arg, int n);

/* A new extraction, which takes the recipe out of the box and copies n tracks. */
mlk_extraction *mlk_lua_new_extraction(lua_State *L, mlk_recipe **box, const mlk_track *tracks, int n,
                                       const char *cache);

#endif

/* trees.h: ensembles of trees between Lua, which keeps them as bytes, and the engine. */
#ifndef MLK_LUA_TREES_H
#define MLK_LUA_TREES_H

#include "learn/trees.h"

#include <lua.h>

/* Pushes an empty ensemble, to be fitted, which Lua frees. */
mlk_trees *mlk_lua_new_trees(lua_State *L);

/* Pushes what was fitted as a uint8 tensor, and empties the ensemble. */
void mlk_lua_push_trees(lua_State *L, mlk_trees *trees);

/* The ensemble in such a tensor. Pushes its owner. */
mlk_trees mlk_lua_trees(lua_State *L, int arg);

#endif

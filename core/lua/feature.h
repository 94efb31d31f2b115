/* feature.h: how bindings read a feature's settings. */
#ifndef MLK_LUA_FEATURE_H
#define MLK_LUA_FEATURE_H

#include "dsp/feature.h"
#include "dsp/istft.h"

#include <lua.h>

/* Fills settings from the table (or nil) at `arg`: {n_mels = 64, window = "hann", top_db = false ...}. Keys that
 * are missing take their defaults; `false` is nil, which a table cannot hold; numbers may stand for choices
 * ("2", "inf"). Raises, in the owner's name, on values out of range; Lua has refused unknown names. */
void mlk_lua_read_settings(lua_State *L, int arg, const char *owner, const mlk_feature *feature,
                           mlk_settings *settings);

/* The options of an inverse transform, from the table at `arg`, for a spectrum (called `name` in errors) of so many
 * rows. */
mlk_istft_options mlk_lua_read_inverse(lua_State *L, int arg, const char *owner, const char *name, int64_t rows);

#endif

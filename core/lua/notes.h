/* notes.h: notes on sound that was read, for Lua. */
#ifndef MLK_LUA_NOTES_H
#define MLK_LUA_NOTES_H

#include "audio/audio.h"

#include <lua.h>

/* Pushes {partial, warning}, each a line or nil; false when there are no notes, or none to tell. */
void mlk_lua_push_notes(lua_State *L, const mlk_audio_notes *notes);

#endif

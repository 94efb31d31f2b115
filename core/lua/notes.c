#include "notes.h"

#include "arguments.h"

void mlk_lua_push_notes(lua_State *L, const mlk_audio_notes *notes)
{
    if (!notes || (!notes->partial[0] && !notes->warning[0])) {
        lua_pushboolean(L, 0);
        return;
    }
    lua_createtable(L, 0, 2);
    mlk_lua_set_string(L, "partial", notes->partial[0] ? notes->partial : NULL);
    mlk_lua_set_string(L, "warning", notes->warning[0] ? notes->warning : NULL);
}

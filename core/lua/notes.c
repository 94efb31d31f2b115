#include "notes.h"

static void set_line(lua_State *L, const char *name, const char *line)
{
    if (!line[0])
        return;
    lua_pushstring(L, line);
    lua_setfield(L, -2, name);
}

void mlk_lua_push_notes(lua_State *L, const mlk_audio_notes *notes)
{
    if (!notes || (!notes->partial[0] && !notes->warning[0])) {
        lua_pushboolean(L, 0);
        return;
    }
    lua_createtable(L, 0, 2);
    set_line(L, "partial", notes->partial);
    set_line(L, "warning", notes->warning);
}

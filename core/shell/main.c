/* main.c: the program: a Lua state with Moonlark's places in its search paths. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char home[4096];
    ssize_t length = readlink("/proc/self/exe", home, sizeof home - 1);
    if (length < 0 || argc < 2)
        return 2;
    home[length] = '\0';
    for (int up = 0; up < 2; up++)
        *strrchr(home, '/') = '\0';

    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "path");
    lua_pushfstring(L, "%s/share/moonlark/lua/?.lua;%s/share/moonlark/lua/?/init.lua;%s/share/moonlark/?.lua;%s",
                    home, home, home, lua_tostring(L, -1));
    lua_setfield(L, -3, "path");
    lua_pop(L, 1);
    lua_getfield(L, -1, "cpath");
    lua_pushfstring(L, "%s/lib/moonlark/?.so;%s", home, lua_tostring(L, -1));
    lua_setfield(L, -3, "cpath");
    lua_settop(L, 0);

    lua_createtable(L, argc, 0);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
    lua_getglobal(L, "debug");
    lua_getfield(L, -1, "traceback");
    lua_remove(L, 1);
    if (luaL_loadfile(L, argv[1]) || lua_pcall(L, 0, 0, 1)) {
        fprintf(stderr, "moonlark: %s\n", lua_tostring(L, -1));
        return 1;
    }
    lua_close(L);
    return 0;
}

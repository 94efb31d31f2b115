/* terminal.c: core.terminal: what the terminal can show, and what it is shown. */
#include "terminal.h"

#include "arguments.h"
#include "modules.h"

#include <fcntl.h>
#include <unistd.h>

/* size() -> columns, rows of the terminal on standard output; nil when it is none. */
static int size(lua_State *L)
{
    mlk_terminal_size size;
    if (!isatty(STDOUT_FILENO) || !mlk_terminal_measure(STDOUT_FILENO, &size))
        return 0;
    lua_pushinteger(L, size.columns);
    lua_pushinteger(L, size.rows);
    return 2;
}

/* sixel() -> boolean: standard output is a terminal that draws sixel graphics. */
static int sixel(lua_State *L)
{
    bool has = false;
    if (isatty(STDOUT_FILENO)) {
        int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0) {
            has = mlk_terminal_sixel(fd, 0.3);
            close(fd);
        }
    }
    lua_pushboolean(L, has);
    return 1;
}

/* printable(text, lines) -> string: control characters and the like as escapes (text.h); lines: line breaks and tabs
 * stay. */
static int printable(lua_State *L)
{
    size_t length;
    const char *text = mlk_lua_bytes(L, 1, "text", &length);
    mlk_lua_push_shown(L, text, length, lua_toboolean(L, 2));
    return 1;
}

int mlk_lua_open_terminal(lua_State *L)
{
    static const luaL_Reg functions[] = {{"printable", printable}, {"size", size}, {"sixel", sixel}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}

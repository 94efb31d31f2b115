/* system.c: core.system: what the machine offers. */
#include "arguments.h"
#include "interrupt.h"
#include "libraries.h"
#include "modules.h"
#include "parallel.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* cores() -> integer: cores this process may use. */
static int cores(lua_State *L)
{
    lua_pushinteger(L, mlk_cores());
    return 1;
}

/* clock() -> number: seconds of a clock that never jumps, for measuring. */
static int clock_s(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    return 1;
}

/* interrupted() -> boolean: the user has asked to stop. */
static int interrupted(lua_State *L)
{
    lua_pushboolean(L, mlk_interrupted());
    return 1;
}

/* sleep(seconds) -> boolean: waits; false when the user asked to stop before the time was over. */
static int sleep_s(lua_State *L)
{
    double seconds = mlk_lua_number(L, 1, "seconds", 0, 1e9);
    struct timespec step = {.tv_nsec = 20 * 1000 * 1000};
    for (double waited = 0; waited < seconds && !mlk_interrupted(); waited += 0.02) {
        if (seconds - waited < 0.02)
            step.tv_nsec = (long)((seconds - waited) * 1e9);
        nanosleep(&step, NULL);
    }
    lua_pushboolean(L, !mlk_interrupted());
    return 1;
}

/* terminal_columns(fd) -> integer?: how wide the terminal at that descriptor is; nil when it is none. */
static int terminal_columns(lua_State *L)
{
    int fd = (int)luaL_checkinteger(L, 1);
    struct winsize size;
    if (!isatty(fd))
        return 0;
    bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    lua_pushinteger(L, known ? size.ws_col : 80);
    return 1;
}

int mlk_lua_open_system(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"cores", cores},
        {"clock", clock_s},
        {"interrupted", interrupted},
        {"sleep", sleep_s},
        {"libraries", mlk_lua_libraries},
        {"codecs", mlk_lua_codecs},
        {"terminal_columns", terminal_columns},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_pushliteral(L, MOONLARK_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}

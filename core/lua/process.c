/* process.c: core.process: running another program. */
#include "process.h"

#include "arguments.h"
#include "modules.h"

#include <math.h>

/* run(argv, timeout_s = 0, directory = nil, environment = nil) -> {code, signal, timed_out, out, err},
 * or nil and why when there is no such program. */
static int run(lua_State *L)
{
    lua_settop(L, 4);
    const char *const *argv = mlk_lua_read_strings(L, 1, "argv", 1);
    mlk_process_options options = {0};
    if (!lua_isnil(L, 2))
        options.timeout_s = mlk_lua_number(L, 2, "timeout_s", 0, HUGE_VAL);
    if (!lua_isnil(L, 3))
        options.directory = mlk_lua_string(L, 3, "directory");
    if (!lua_isnil(L, 4))
        options.environment = mlk_lua_read_strings(L, 4, "environment", 0);

    mlk_process_result result;
    mlk_status status;
    mlk_code code = mlk_process_run(argv, &options, &result, &status);
    if (code == MLK_UNSUPPORTED) {
        lua_pushnil(L);
        lua_pushstring(L, status.message);
        return 2;
    }
    mlk_lua_check(L, code, &status);

    lua_createtable(L, 0, 5);
    mlk_lua_set_integer(L, "code", result.exit_code);
    mlk_lua_set_integer(L, "signal", result.signal);
    mlk_lua_set_boolean(L, "timed_out", result.timed_out);
    lua_pushlstring(L, result.out, result.out_size);
    lua_setfield(L, -2, "out");
    lua_pushlstring(L, result.err, result.err_size);
    lua_setfield(L, -2, "err");
    mlk_process_result_clear(&result);
    return 1;
}

int mlk_lua_open_process(lua_State *L)
{
    static const luaL_Reg functions[] = {{"run", run}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}

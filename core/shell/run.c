#include "run.h"

#include "interrupt.h"
#include "signals.h"
#include "report.h"

#include <lauxlib.h>

int mlk_run_call(lua_State *L, int n_arguments, int n_results)
{
    int base = lua_gettop(L) - n_arguments;
    lua_pushcfunction(L, mlk_report_handler);
    lua_insert(L, base);
    int status = lua_pcall(L, n_arguments, n_results, base);
    lua_remove(L, base);
    if (status == LUA_OK)
        return MLK_EXIT_OK;

    /* An engine loop that the user stopped ends with an ordinary message: the flag tells. */
    if (mlk_signals_stopped(L)) {
        lua_pop(L, 1);
        mlk_report_interrupt();
        return MLK_EXIT_INTERRUPTED;
    }
    mlk_report_print(L);
    return MLK_EXIT_ERROR;
}

int mlk_run_loaded(lua_State *L, int status)
{
    if (status == LUA_OK)
        return mlk_run_call(L, 0, 0);
    if (status != LUA_ERRSYNTAX) { /* a syntax error names its line; a file that cannot be read has none */
        lua_pushfstring(L, "%s: %s", mlk_report_speaker_name(), lua_tostring(L, -1));
        lua_remove(L, -2);
    }
    mlk_report_print(L);
    return MLK_EXIT_ERROR;
}

int mlk_run_library(lua_State *L, const char *module, const char *function, int n_arguments,
                    const char *const arguments[], int n_results)
{
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    int code = mlk_run_call(L, 1, 1);
    if (code != MLK_EXIT_OK)
        return code;
    lua_getfield(L, -1, function);
    lua_remove(L, -2);
    for (int i = 0; i < n_arguments; i++)
        lua_pushstring(L, arguments[i]);
    return mlk_run_call(L, n_arguments, n_results);
}

static int attempt(lua_State *L)
{
    mlk_report_speaker("moonlark"); /* what fails in f is no matter of the command that runs */
    mlk_signals_keep_session();
    lua_pushcfunction(L, mlk_report_handler);
    lua_insert(L, 1);
    mlk_signals_heed(true);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1);
    mlk_signals_heed(false);
    if (mlk_signals_end_program())
        return lua_error(L);
    bool stopped = mlk_signals_stopped(L);
    if (status == LUA_OK) {
        lua_pushboolean(L, true);
        lua_replace(L, 1);
        return lua_gettop(L);
    }
    lua_pushboolean(L, false);
    if (stopped)
        mlk_report_push_interrupt(L);
    else
        lua_pushvalue(L, -2);
    lua_pushboolean(L, stopped);
    return 3;
}

void mlk_run_offer_attempt(lua_State *L)
{
    lua_pushcfunction(L, attempt);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_ATTEMPT_FIELD);
}

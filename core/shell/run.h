/* run.h: running Lua the way the program does: interruptible, errors reported. */
#ifndef MLK_SHELL_RUN_H
#define MLK_SHELL_RUN_H

#include <lua.h>

/* Exit codes of the program. */
enum { MLK_EXIT_OK = 0, MLK_EXIT_ERROR = 1, MLK_EXIT_USAGE = 2, MLK_EXIT_INTERRUPTED = 130 };

/* Like lua_pcall, for the function below its arguments on the stack. On failure it prints
 * the error (or "interrupted at ..."), leaves nothing, and returns the exit code. */
int mlk_run_call(lua_State *L, int n_arguments, int n_results);

/* For the result of luaL_load...: calls what was loaded with no arguments, or prints why it was not. */
int mlk_run_loaded(lua_State *L, int status);

/* Runs `module`.`function`(...) of the Lua library: requires it, then calls it with the n_arguments
 * strings that follow. Its n_results stay on the stack. */
int mlk_run_library(lua_State *L, const char *module, const char *function, int n_arguments,
                    const char *const arguments[], int n_results);

/* Leaves in the registry, under MLK_ATTEMPT_FIELD (interrupt.h), what a library needs that runs other people's code
 * for hours, as a notebook's kernel does:
 *
 *     attempt(f, ...) -> true and results, or false, the error's text and whether it was an interrupt
 *
 * From the first call on, Ctrl-C is heeded while f runs, and at no other time. Where the program has to end (SIGTERM),
 * it does not return. */
void mlk_run_offer_attempt(lua_State *L);

#endif

/* repl.h: the prompt: GNU readline in front of lua/moonlark/shell/prompt.lua.
 *
 * What is typed is compiled, completed, explained and printed by Lua functions that
 * the tests and a notebook kernel share; this file reads lines, keeps their history
 * and returns to the prompt from Ctrl-C.
 */
#ifndef MLK_SHELL_REPL_H
#define MLK_SHELL_REPL_H

#include <lua.h>

/* Reads and runs until end of input; returns the exit code. */
int mlk_repl(lua_State *L);

#endif

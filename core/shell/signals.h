/* signals.h: Ctrl-C stops whatever runs, wherever it runs, and nothing else.
 *
 * The signal handler does three things: it sets the flag that the engine's long
 * loops poll (core/interrupt.h), it hangs a hook on the Lua thread that runs now,
 * and that hook raises one sentinel value. pcall, xpcall, coroutine.resume, .wrap
 * and .close are replaced by versions that raise it again instead of catching it,
 * so it always reaches mlk_call. Code that is not interrupted pays nothing.
 *
 * A second Ctrl-C before the first was heeded ends a script; at the prompt it only
 * says that the session is still waiting.
 *
 * SIGTERM, SIGHUP and SIGPIPE stop the running code in the same way: what is open is
 * closed, temporary folders go, a run notes that it was interrupted. Then the whole
 * program ends by that signal; a second one ends it at once. A signal that was ignored
 * when the program began (nohup) stays ignored.
 */
#ifndef MLK_SHELL_SIGNALS_H
#define MLK_SHELL_SIGNALS_H

#include <lua.h>
#include <setjmp.h>
#include <stdbool.h>

/* Takes over the signals for this state: call once, from the thread that will run Lua. */
void mlk_signals_install(lua_State *L);

/* Puts the handlers back after a library (readline) has set its own. */
void mlk_signals_reinstall(void);

/* Call it when the program becomes a prompt: a second Ctrl-C no longer ends it. */
void mlk_signals_keep_session(void);

/* From here on Ctrl-C is heeded only where the program says so: a notebook's kernel stops cells, and nothing else. */
void mlk_signals_heed(bool heeds);

/* True when the value at `index` is the sentinel. */
bool mlk_signals_is_interrupt(lua_State *L, int index);

/* After a protected call: was it stopped? Clears everything for the next one. */
bool mlk_signals_stopped(lua_State *L);

/* True once a signal has come that ends the program. */
bool mlk_signals_end_program(void);

/* True when it ends because nobody reads its output any more (SIGPIPE): then it says nothing. */
bool mlk_signals_unread(void);

/* The last thing that the program does: returns its exit code, or ends by the signal that came. */
int mlk_signals_leave(int code);

/* While a prompt waits for a key, Ctrl-C jumps to *place; NULL ends that. A Ctrl-C
 * that came since the last wait jumps at once. */
void mlk_signals_wait_at(sigjmp_buf *place);

#endif

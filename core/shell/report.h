/* report.h: errors as a user wants them: the user's own line first.
 *
 * The library raises without a position. The message handler walks the stack and
 * puts the innermost line that is the user's own before the message; frames of C
 * and of Moonlark's own Lua files are not shown unless MOONLARK_TRACE is set.
 *
 *     song.lua:12: hop_length must be 1..n_fft (2048), got 0
 *       song.lua:12 in function 'analyse'
 *       song.lua:30 in main chunk
 */
#ifndef MLK_SHELL_REPORT_H
#define MLK_SHELL_REPORT_H

#include <lua.h>

/* Lua files below this folder are Moonlark's own (copied; at most PATH_MAX). */
void mlk_report_own(const char *folder);

/* The message handler for lua_pcall: any error value -> the text to print. The interrupt
 * sentinel stays itself; where it struck is kept for mlk_report_interrupt. */
int mlk_report_handler(lua_State *L);

/* What stands before a message that has no line of the user's: "moonlark" at first,
 * "moonlark index" for a command (copied). */
void mlk_report_speaker(const char *name);
const char *mlk_report_speaker_name(void);

/* Prints a message of one or more lines to standard error, made harmless to a terminal (text.h). */
void mlk_report_say(const char *message);

/* The same with the text on top of the stack, which it pops. */
void mlk_report_print(lua_State *L);

/* Prints where the last interrupt struck. */
void mlk_report_interrupt(void);

/* Pushes the same words: "interrupted at song.lua:12". */
void mlk_report_push_interrupt(lua_State *L);

#endif

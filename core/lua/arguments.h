/* arguments.h: what every binding shares: checking arguments, raising failures.
 *
 * A binding checks, calls and pushes. The public functions, in lua/moonlark/, have
 * named their arguments and filled in defaults before they call here. So a binding
 * takes positional arguments, and a table of options last (options.h).
 */
#ifndef MLK_LUA_ARGUMENTS_H
#define MLK_LUA_ARGUMENTS_H

#include "status.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Raises status->message as a Lua error without a position (the library adds the
 * user's line). Release every temporary before calling it. */
int mlk_lua_raise(lua_State *L, const mlk_status *status);

/* The same if the code is that of a failure: mlk_lua_check(L, mlk_save(path, &status), &status). */
static inline void mlk_lua_check(lua_State *L, mlk_code code, const mlk_status *status)
{
    if (code)
        mlk_lua_raise(L, status);
}

/* luaL_error without the position: the library's own line would tell its user nothing. */
int mlk_lua_fail(lua_State *L, const char *format, ...);

/* Pushes a text as a terminal may show it (text.h); `lines`: line breaks and tabs stay. */
void mlk_lua_push_shown(lua_State *L, const char *text, size_t length, bool lines);

/* Integer argument in [min, max]; the error names it: "hop_length must be 1..2048, got 0". */
int64_t mlk_lua_integer(lua_State *L, int arg, const char *name, int64_t min, int64_t max);

/* Finite number in [min, max]. */
double mlk_lua_number(lua_State *L, int arg, const char *name, double min, double max);

/* String without embedded zeros. */
const char *mlk_lua_string(lua_State *L, int arg, const char *name);

/* The same, NULL for nil. */
const char *mlk_lua_optional_string(lua_State *L, int arg, const char *name);

/* String of any bytes. */
const char *mlk_lua_bytes(lua_State *L, int arg, const char *name, size_t *length);

/* The strings of a list, `least` or more, and NULL after them; in a userdata that is pushed. They live as long as the
 * list. */
const char **mlk_lua_read_strings(lua_State *L, int arg, const char *name, int least);

/* Pushes a field of the table at `arg` and returns its place on the stack. */
static inline int mlk_lua_field(lua_State *L, int arg, const char *name)
{
    lua_getfield(L, arg, name);
    return lua_gettop(L);
}

/* The number of entries of the argument, which must be a list. */
int mlk_lua_list_length(lua_State *L, int arg, const char *name);

/* Raises where the argument is of another type: "tracks must be a table, got nil". */
void mlk_lua_check_type(lua_State *L, int arg, const char *name, int type);

/* Raises where the argument can not be called: it is neither a function nor an object such as a network. */
void mlk_lua_check_callable(lua_State *L, int arg, const char *name);

/* true, false or nil (false). */
bool mlk_lua_boolean(lua_State *L, int arg, const char *name);

/* Index into the NULL-terminated list of the string argument; the error lists the choices. */
int mlk_lua_choice(lua_State *L, int arg, const char *name, const char *const choices[]);

/* Pushes a list of n strings, or with n < 0 of those before the first NULL. */
void mlk_lua_push_strings(lua_State *L, const char *const *strings, int n);

/* Sets a field of the table at the top of the stack. A string that is NULL is nil. */
void mlk_lua_set_boolean(lua_State *L, const char *name, bool value);
void mlk_lua_set_integer(lua_State *L, const char *name, int64_t value);
void mlk_lua_set_number(lua_State *L, const char *name, double value);
void mlk_lua_set_string(lua_State *L, const char *name, const char *value);

/* Makes a type of objects (userdata), if it is not there yet: `free` is its __gc, `methods` (or NULL) are called as
 * object:name(); a method "close" is its __close, too. */
void mlk_lua_new_type(lua_State *L, const char *type, lua_CFunction free, const luaL_Reg *methods);

/* Pushes an object of a type, all zeros, with two user values for what it keeps alive. Whatever fails after this call, the collector frees what is put into it. */
void *mlk_lua_push_object(lua_State *L, const char *type, size_t size);

/* What came, in words for "got ...": 'string "abc"', "number 3", "nil", "tensor 2 x 3 float32". */
const char *mlk_lua_describe(lua_State *L, int arg);

#endif

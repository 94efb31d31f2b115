/* options.h: tables of options from Lua, read by the rows that describe them (core/parameters.h).
 *
 * A binding that takes options takes them as one table, in last place:
 *
 *     static int kmeans(lua_State *L)                      // kmeans(x, options)
 *     {
 *         mlk_kmeans_options options;
 *         mlk_lua_read(L, 2, "cluster.kmeans", mlk_kmeans_parameters, &options);
 *
 * and shows the rows to Lua, where moonlark.base.options describes the public function by them:
 *
 *     mlk_lua_add_parameters(L, "kmeans", mlk_kmeans_parameters); // core.cluster.parameters.kmeans
 */
#ifndef MLK_LUA_OPTIONS_H
#define MLK_LUA_OPTIONS_H

#include "parameters.h"

#include <lua.h>

/* Fills a struct of options from the table (or nil) at `arg`, of rows that end with MLK_PARAMETERS_END. What is missing
 * takes its default, `false` is nil where nil is allowed, and numbers may stand for choices (norm = 1 for "1").
 * Raises "OWNER: NAME must be ..., got ...". Other keys are left alone: Lua has refused unknown ones, and the
 * binding reads the rest itself. */
void mlk_lua_read(lua_State *L, int arg, const char *owner, const mlk_parameter *parameters, void *options);

/* The value at `arg` as a row holds it: a choice's index, 0 or 1, NAN for nil. Raises, in the owner's name, where it is
 * of another kind or out of range. */
double mlk_lua_parameter_value(lua_State *L, int arg, const char *owner, const mlk_parameter *parameter);

/* Pushes a value as Lua has it: number, boolean, a choice's word, nil. */
void mlk_lua_push_value(lua_State *L, const mlk_parameter *parameter, double value);

/* Pushes a list of the rows as moonlark.base.options takes them: {name, kind, default, least or above, most, choices,
 * optional, unit, usual, help} each. */
void mlk_lua_push_rows(lua_State *L, const mlk_parameter *parameters, int n);

/* Puts them into the field `parameters`, under `name`, of the module on top of the stack. */
void mlk_lua_add_parameters(lua_State *L, const char *name, const mlk_parameter *parameters);

#endif

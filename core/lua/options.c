#include "options.h"

#include "arguments.h"

#include <stdio.h>
#include <string.h>

/* --- values ---------------------------------------------------------------------- */

/* `name` is what errors call it: "feature.mel: norm". */
static double choice_value(lua_State *L, int arg, const char *name, const mlk_parameter *p)
{
    char number[32] = "";
    const char *word = number;
    if (lua_type(L, arg) == LUA_TNUMBER) /* 2 for "2", math.huge for "inf" */
        snprintf(number, sizeof number, "%g", lua_tonumber(L, arg));
    else if (lua_isboolean(L, arg) && !lua_toboolean(L, arg)) /* norm = false */
        word = "none";
    for (int i = 0; p->choices[i]; i++)
        if (strcmp(p->choices[i], word) == 0)
            return i;
    return mlk_lua_choice(L, arg, name, p->choices);
}

static double value_of_kind(lua_State *L, int arg, const char *name, const mlk_parameter *p)
{
    bool is_false = lua_isboolean(L, arg) && !lua_toboolean(L, arg);
    if (p->optional && (lua_isnoneornil(L, arg) || (is_false && p->kind != MLK_PARAMETER_BOOLEAN)))
        return NAN;
    switch (p->kind) {
    case MLK_PARAMETER_CHOICE:
        return choice_value(L, arg, name, p);
    case MLK_PARAMETER_BOOLEAN:
        return mlk_lua_boolean(L, arg, name);
    case MLK_PARAMETER_INTEGER:
        return (double)mlk_lua_integer(L, arg, name, -(INT64_C(1) << 53), INT64_C(1) << 53);
    default:
        if (p->infinite && lua_type(L, arg) == LUA_TNUMBER && lua_tonumber(L, arg) == HUGE_VAL)
            return HUGE_VAL;
        return mlk_lua_number(L, arg, name, -HUGE_VAL, HUGE_VAL);
    }
}

double mlk_lua_parameter_value(lua_State *L, int arg, const char *owner, const mlk_parameter *p)
{
    mlk_status status;
    double value = value_of_kind(L, arg, lua_pushfstring(L, "%s: %s", owner, p->name), p);
    lua_pop(L, 1);
    if (mlk_parameter_check(p, value, &status))
        mlk_lua_fail(L, "%s: %s", owner, status.message);
    return value;
}

void mlk_lua_push_value(lua_State *L, const mlk_parameter *p, double value)
{
    if (isnan(value))
        lua_pushnil(L);
    else if (p->kind == MLK_PARAMETER_BOOLEAN)
        lua_pushboolean(L, value != 0);
    else if (p->kind == MLK_PARAMETER_CHOICE)
        lua_pushstring(L, p->choices[(int)value]);
    else if (p->kind == MLK_PARAMETER_INTEGER)
        lua_pushinteger(L, (lua_Integer)value);
    else
        lua_pushnumber(L, value);
}

/* --- tables ---------------------------------------------------------------------- */

/* A whole number of 64 bits, which a double would round. */
static void read_wide(lua_State *L, int arg, const char *owner, const mlk_parameter *p, void *options)
{
    int64_t max = p->max >= 0x1p63 ? INT64_MAX : (int64_t)p->max;
    const char *name = lua_pushfstring(L, "%s: %s", owner, p->name);
    *(int64_t *)((char *)options + p->offset) = mlk_lua_integer(L, arg, name, (int64_t)p->min, max);
}

static void read_row(lua_State *L, int arg, const char *owner, const mlk_parameter *p, void *options)
{
    if (lua_getfield(L, arg, p->name) == LUA_TNIL) {
        if (p->required)
            mlk_lua_fail(L, "%s needs the option '%s'", owner, p->name);
        mlk_parameter_store(p, p->standard, options);
    } else if (p->kind == MLK_PARAMETER_INTEGER && p->size == sizeof(int64_t) && !p->optional) {
        read_wide(L, lua_gettop(L), owner, p, options);
    } else {
        mlk_parameter_store(p, mlk_lua_parameter_value(L, lua_gettop(L), owner, p), options);
    }
}

void mlk_lua_read(lua_State *L, int arg, const char *owner, const mlk_parameter *parameters, void *options)
{
    int n = mlk_parameters_count(parameters), top = lua_gettop(L);
    if (lua_isnoneornil(L, arg)) {
        mlk_parameters_defaults(parameters, n, options);
        return;
    }
    arg = lua_absindex(L, arg);
    luaL_checkstack(L, 8, NULL);
    if (!lua_istable(L, arg))
        mlk_lua_fail(L, "options of %s must be a table, got %s", owner, mlk_lua_describe(L, arg));
    for (int i = 0; i < n; i++) {
        read_row(L, arg, owner, &parameters[i], options);
        lua_settop(L, top);
    }
}

/* --- the rows, for Lua -------------------------------------------------------------- */

/* A bound. The largest value of a C type is no bound, and left out. */
static void set_bound(lua_State *L, const char *key, const mlk_parameter *p, double value)
{
    if (!isfinite(value) || fabs(value) >= 0x1p53 || (p->kind == MLK_PARAMETER_INTEGER && value == INT32_MAX))
        return;
    if (p->kind == MLK_PARAMETER_INTEGER)
        lua_pushinteger(L, (lua_Integer)value);
    else
        lua_pushnumber(L, value);
    lua_setfield(L, -2, key);
}

static void push_row(lua_State *L, const mlk_parameter *p)
{
    static const char *const kinds[] = {"integer", "number", "boolean", "choice"};
    lua_createtable(L, 0, 10);
    mlk_lua_set_string(L, "name", p->name);
    mlk_lua_set_string(L, "kind", kinds[p->kind]);
    mlk_lua_set_string(L, "unit", p->unit);
    mlk_lua_set_string(L, "usual", p->usual);
    mlk_lua_set_string(L, "help", p->help);
    if (!p->required) {
        mlk_lua_push_value(L, p, p->standard);
        lua_setfield(L, -2, "default");
    }
    mlk_lua_set_boolean(L, "optional", p->optional);
    mlk_lua_set_boolean(L, "infinite", p->infinite);
    if (p->kind == MLK_PARAMETER_CHOICE) {
        mlk_lua_push_strings(L, p->choices, -1);
        lua_setfield(L, -2, "choices");
    } else if (p->kind != MLK_PARAMETER_BOOLEAN) {
        set_bound(L, p->above ? "above" : "least", p, p->min);
        set_bound(L, "most", p, p->max);
    }
}

void mlk_lua_push_rows(lua_State *L, const mlk_parameter *parameters, int n)
{
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        push_row(L, &parameters[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

void mlk_lua_add_parameters(lua_State *L, const char *name, const mlk_parameter *parameters)
{
    luaL_getsubtable(L, -1, "parameters");
    mlk_lua_push_rows(L, parameters, mlk_parameters_count(parameters));
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

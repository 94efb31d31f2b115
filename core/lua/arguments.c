#include "arguments.h"

#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

int mlk_lua_raise(lua_State *L, const mlk_status *status)
{
    lua_pushstring(L, status->message);
    return lua_error(L);
}

int mlk_lua_fail(lua_State *L, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    size_t length;
    const char *message = lua_tolstring(L, -1, &length);
    mlk_lua_push_shown(L, message, length, false);
    return lua_error(L);
}

void mlk_lua_push_shown(lua_State *L, const char *text, size_t length, bool lines)
{
    size_t room = mlk_text_show(NULL, 0, text, length, lines) + 1;
    luaL_Buffer buffer;
    mlk_text_show(luaL_buffinitsize(L, &buffer, room), room, text, length, lines);
    luaL_pushresultsize(&buffer, room - 1);
}

const char *mlk_lua_describe(lua_State *L, int arg)
{
    switch (lua_type(L, arg)) {
    case LUA_TNONE:
    case LUA_TNIL:
        return "nil";
    case LUA_TSTRING:
        return lua_pushfstring(L, "string \"%s\"", lua_tostring(L, arg));
    case LUA_TNUMBER:
    case LUA_TBOOLEAN:
        return lua_pushfstring(L, "%s %s", luaL_typename(L, arg), luaL_tolstring(L, arg, NULL));
    case LUA_TTABLE:
    case LUA_TUSERDATA: {
        int named = luaL_getmetafield(L, arg, "__name");
        return named == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, arg);
    }
    default:
        return luaL_typename(L, arg);
    }
}

int64_t mlk_lua_integer(lua_State *L, int arg, const char *name, int64_t min, int64_t max)
{
    int exact = 0;
    lua_Integer value = lua_type(L, arg) == LUA_TNUMBER ? lua_tointegerx(L, arg, &exact) : 0;
    if (!exact)
        mlk_lua_fail(L, "%s must be an integer, got %s", name, mlk_lua_describe(L, arg));
    if (value < min || value > max) {
        if (max == INT64_MAX || max == INT32_MAX)
            mlk_lua_fail(L, "%s must be %I or more, got %I", name, (LUAI_UACINT)min, (LUAI_UACINT)value);
        mlk_lua_fail(L, "%s must be %I..%I, got %I", name, (LUAI_UACINT)min, (LUAI_UACINT)max, (LUAI_UACINT)value);
    }
    return value;
}

double mlk_lua_number(lua_State *L, int arg, const char *name, double min, double max)
{
    if (lua_type(L, arg) != LUA_TNUMBER)
        mlk_lua_fail(L, "%s must be a number, got %s", name, mlk_lua_describe(L, arg));
    double value = lua_tonumber(L, arg);
    if (!isfinite(value))
        mlk_lua_fail(L, "%s must be finite, got %f", name, value);
    if (value < min || value > max) {
        if (max == HUGE_VAL)
            mlk_lua_fail(L, "%s must be %f or more, got %f", name, min, value);
        mlk_lua_fail(L, "%s must be %f..%f, got %f", name, min, max, value);
    }
    return value;
}

const char *mlk_lua_bytes(lua_State *L, int arg, const char *name, size_t *length)
{
    mlk_lua_check_type(L, arg, name, LUA_TSTRING);
    return lua_tolstring(L, arg, length);
}

const char *mlk_lua_string(lua_State *L, int arg, const char *name)
{
    size_t length;
    const char *text = mlk_lua_bytes(L, arg, name, &length);
    if (strlen(text) != length)
        mlk_lua_fail(L, "%s must not contain a zero byte", name);
    return text;
}

const char *mlk_lua_optional_string(lua_State *L, int arg, const char *name)
{
    return lua_isnoneornil(L, arg) ? NULL : mlk_lua_string(L, arg, name);
}

const char **mlk_lua_read_strings(lua_State *L, int arg, const char *name, int least)
{
    int count = mlk_lua_list_length(L, arg, name);
    if (count < least)
        mlk_lua_fail(L, "%s must have %d or more strings, got %d", name, least, count);
    const char **strings = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *strings, 0);
    for (int i = 0; i < count; i++) {
        if (lua_geti(L, arg, i + 1) != LUA_TSTRING)
            mlk_lua_fail(L, "%s must be strings, number %d is %s", name, i + 1, mlk_lua_describe(L, lua_gettop(L)));
        strings[i] = mlk_lua_string(L, -1, name);
        lua_pop(L, 1);
    }
    strings[count] = NULL;
    return strings;
}

int mlk_lua_list_length(lua_State *L, int arg, const char *name)
{
    mlk_lua_check_type(L, arg, name, LUA_TTABLE);
    lua_Integer n = luaL_len(L, arg);
    if (n > INT32_MAX / 2)
        mlk_lua_fail(L, "%s must have at most %d entries, got %I", name, INT32_MAX / 2, (LUAI_UACINT)n);
    return (int)n;
}

void mlk_lua_check_type(lua_State *L, int arg, const char *name, int type)
{
    if (lua_type(L, arg) != type)
        mlk_lua_fail(L, "%s must be a %s, got %s", name, lua_typename(L, type), mlk_lua_describe(L, arg));
}

void mlk_lua_check_callable(lua_State *L, int arg, const char *name)
{
    if (lua_isfunction(L, arg))
        return;
    if (luaL_getmetafield(L, arg, "__call") == LUA_TNIL)
        mlk_lua_fail(L, "%s must be a function, got %s", name, mlk_lua_describe(L, arg));
    lua_pop(L, 1);
}

bool mlk_lua_boolean(lua_State *L, int arg, const char *name)
{
    if (!lua_isnoneornil(L, arg) && !lua_isboolean(L, arg))
        mlk_lua_fail(L, "%s must be true or false, got %s", name, mlk_lua_describe(L, arg));
    return lua_toboolean(L, arg);
}

int mlk_lua_choice(lua_State *L, int arg, const char *name, const char *const choices[])
{
    if (lua_type(L, arg) == LUA_TSTRING) {
        const char *given = lua_tostring(L, arg);
        for (int i = 0; choices[i]; i++)
            if (strcmp(given, choices[i]) == 0)
                return i;
    }
    luaL_Buffer list;
    const char *got = mlk_lua_describe(L, arg);
    luaL_buffinit(L, &list);
    for (int i = 0; choices[i]; i++) {
        if (i > 0)
            luaL_addstring(&list, ", ");
        luaL_addstring(&list, choices[i]);
    }
    luaL_pushresult(&list);
    return mlk_lua_fail(L, "%s must be one of %s, got %s", name, lua_tostring(L, -1), got);
}

void mlk_lua_new_type(lua_State *L, const char *type, lua_CFunction free, const luaL_Reg *methods)
{
    if (luaL_newmetatable(L, type)) {
        lua_pushcfunction(L, free);
        lua_setfield(L, -2, "__gc");
        lua_pushvalue(L, -1);
        lua_setfield(L, -2, "__index");
        if (methods)
            luaL_setfuncs(L, methods, 0);
        lua_getfield(L, -1, "close");
        lua_setfield(L, -2, "__close");
    }
    lua_pop(L, 1);
}

void *mlk_lua_push_object(lua_State *L, const char *type, size_t size)
{
    void *object = memset(lua_newuserdatauv(L, size, 2), 0, size);
    luaL_setmetatable(L, type);
    return object;
}

void mlk_lua_push_strings(lua_State *L, const char *const *strings, int n)
{
    lua_createtable(L, n > 0 ? n : 0, 0);
    for (int i = 0; i != n && strings[i]; i++) {
        lua_pushstring(L, strings[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

void mlk_lua_set_boolean(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

void mlk_lua_set_integer(lua_State *L, const char *name, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

void mlk_lua_set_number(lua_State *L, const char *name, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

void mlk_lua_set_string(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

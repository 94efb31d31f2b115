/* database.c: core.database: tables in a file (store/database.h). */
#include "store/database.h"

#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include <string.h>

#define DATABASE_TYPE "moonlark.database"
#define STATEMENT_TYPE "moonlark.database.statement"

/* --- databases --- */

/* database:close(): may be called again; what was prepared can no longer be used */
static int close_database(lua_State *L)
{
    mlk_database **self = luaL_checkudata(L, 1, DATABASE_TYPE);
    mlk_database_close(*self);
    *self = NULL;
    return 0;
}

static mlk_database *check_database(lua_State *L, int arg)
{
    mlk_database **self = luaL_checkudata(L, arg, DATABASE_TYPE);
    if (!*self)
        mlk_lua_fail(L, "the database is closed");
    return *self;
}

/* open(path, "write" | "read", seconds that a lock is waited for) -> database */
static int open_database(lua_State *L)
{
    static const char *const modes[] = {"write", "read", NULL};
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    bool read_only = mlk_lua_choice(L, 2, "mode", modes) == 1;
    double wait_s = mlk_lua_number(L, 3, "wait", 0, 1e6);
    mlk_database **self = mlk_lua_push_object(L, DATABASE_TYPE, sizeof *self);
    mlk_lua_check(L, mlk_database_open(path, read_only, wait_s, self, &status), &status);
    return 1;
}

/* database:script(sql): statements without places */
static int script(lua_State *L)
{
    mlk_status status;
    mlk_database *self = check_database(L, 1);
    mlk_lua_check(L, mlk_database_script(self, mlk_lua_string(L, 2, "sql"), &status), &status);
    return 0;
}

/* database:changes() -> rows that the last statement changed, number of the row that was inserted last */
static int changes(lua_State *L)
{
    const mlk_database *self = check_database(L, 1);
    lua_pushinteger(L, mlk_database_changes(self));
    lua_pushinteger(L, mlk_database_inserted(self));
    return 2;
}

/* --- statements --- */

static int free_statement(lua_State *L)
{
    mlk_statement **self = luaL_checkudata(L, 1, STATEMENT_TYPE);
    mlk_statement_free(*self);
    *self = NULL;
    return 0;
}

static mlk_statement *check_statement(lua_State *L)
{
    mlk_statement **self = luaL_checkudata(L, 1, STATEMENT_TYPE);
    if (!*self)
        mlk_lua_fail(L, "the statement is closed");
    lua_getiuservalue(L, 1, 1);
    check_database(L, -1);
    lua_pop(L, 1);
    return *self;
}

/* database:prepare(sql) -> statement */
static int prepare(lua_State *L)
{
    mlk_status status;
    mlk_database *database = check_database(L, 1);
    const char *sql = mlk_lua_string(L, 2, "sql");
    mlk_statement **self = mlk_lua_push_object(L, STATEMENT_TYPE, sizeof *self);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    mlk_lua_check(L, mlk_statement_new(database, sql, self, &status), &status);
    return 1;
}

/* What is to stand at a place; a blob is a table {blob = bytes}, whose string lives as long as the table. */
static mlk_value value_at(lua_State *L, int arg, int place)
{
    mlk_value value = {.kind = MLK_VALUE_NULL};
    switch (lua_type(L, arg)) {
    case LUA_TNIL:
        return value;
    case LUA_TBOOLEAN:
        return (mlk_value){.kind = MLK_VALUE_INTEGER, .integer = lua_toboolean(L, arg)};
    case LUA_TNUMBER:
        if (lua_isinteger(L, arg))
            return (mlk_value){.kind = MLK_VALUE_INTEGER, .integer = lua_tointeger(L, arg)};
        return (mlk_value){.kind = MLK_VALUE_NUMBER, .number = lua_tonumber(L, arg)};
    case LUA_TSTRING:
        value.kind = MLK_VALUE_TEXT;
        value.bytes = lua_tolstring(L, arg, &value.size);
        return value;
    case LUA_TTABLE:
        value.kind = MLK_VALUE_BLOB;
        if (lua_getfield(L, arg, "blob") == LUA_TSTRING)
            value.bytes = lua_tolstring(L, -1, &value.size);
        lua_pop(L, 1);
        if (value.bytes)
            return value;
    }
    mlk_lua_fail(L, "value %d must be a number, a string, a boolean, {blob = bytes} or nil, got %s", place,
                 mlk_lua_describe(L, arg));
    return value;
}

/* statement:bind(values): back to the start, with these values; ":name" is values.name, the i-th "?" values[i] */
static int bind(lua_State *L)
{
    mlk_status status;
    mlk_statement *self = check_statement(L);
    mlk_lua_check_type(L, 2, "values", LUA_TTABLE);
    lua_settop(L, 2);
    mlk_statement_reset(self);
    int n = mlk_statement_places(self);
    for (int place = 1; place <= n; place++) {
        const char *name = mlk_statement_place(self, place);
        if (name)
            lua_getfield(L, 2, name);
        else
            lua_rawgeti(L, 2, place);
        mlk_value value = value_at(L, 3, place);
        mlk_lua_check(L, mlk_statement_bind(self, place, &value, &status), &status);
        lua_pop(L, 1);
    }
    return 0;
}

static void push_value(lua_State *L, const mlk_value *value)
{
    if (value->kind == MLK_VALUE_INTEGER)
        lua_pushinteger(L, value->integer);
    else if (value->kind == MLK_VALUE_NUMBER)
        lua_pushnumber(L, value->number);
    else if (value->size > 0)
        lua_pushlstring(L, value->bytes, value->size);
    else
        lua_pushliteral(L, "");
}

/* statement:step() -> the next row by the names of its columns, without those that are NULL; nil after the last */
static int step(lua_State *L)
{
    bool row;
    mlk_status status;
    mlk_statement *self = check_statement(L);
    mlk_lua_check(L, mlk_statement_step(self, &row, &status), &status);
    if (!row)
        return 0;
    int columns = mlk_statement_columns(self);
    lua_createtable(L, 0, columns);
    for (int i = 0; i < columns; i++) {
        mlk_value value = mlk_statement_value(self, i);
        if (value.kind == MLK_VALUE_NULL)
            continue;
        push_value(L, &value);
        lua_setfield(L, -2, mlk_statement_column(self, i));
    }
    return 1;
}

/* statement:reset(): lets go of the rows, and of the lock that reading holds */
static int reset(lua_State *L)
{
    mlk_statement_reset(check_statement(L));
    return 0;
}

/* --- numbers as blobs --- */

/* pack(x) -> the tensor's numbers as float32, four bytes each */
static int pack(lua_State *L)
{
    mlk_array x = mlk_lua_read_tensor(L, 1, "x", MLK_FLOAT32, -1);
    lua_pushlstring(L, x.data, (size_t)mlk_array_count(&x) * sizeof(float));
    return 1;
}

/* unpack({bytes …}, columns) -> a tensor with a row for each */
static int unpack(lua_State *L)
{
    int n = mlk_lua_list_length(L, 1, "rows");
    int64_t columns = mlk_lua_integer(L, 2, "columns", 1, INT32_MAX);
    float *to = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){n, columns});
    for (int i = 0; i < n; i++, to += columns) {
        size_t length;
        lua_rawgeti(L, 1, i + 1);
        const char *bytes = mlk_lua_bytes(L, -1, "row", &length);
        if (length != (size_t)columns * sizeof(float))
            return mlk_lua_fail(L, "row %d must have %d bytes, got %d", i + 1, (int)columns * 4, (int)length);
        memcpy(to, bytes, length);
        lua_pop(L, 1);
    }
    return 1;
}

int mlk_lua_open_database(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_database}, {"pack", pack}, {"unpack", unpack}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"changes", changes}, {"close", close_database}, {"prepare", prepare}, {"script", script}, {NULL, NULL},
    };
    static const luaL_Reg of_statements[] = {
        {"bind", bind}, {"close", free_statement}, {"reset", reset}, {"step", step}, {NULL, NULL},
    };
    mlk_lua_new_type(L, DATABASE_TYPE, close_database, methods);
    mlk_lua_new_type(L, STATEMENT_TYPE, free_statement, of_statements);
    luaL_newlib(L, functions);
    return 1;
}

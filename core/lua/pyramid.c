/* pyramid.c: core.pyramid: a picture over time as a pyramid of tiles in a file (store/pyramid.h). */
#include "store/pyramid.h"

#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include <math.h>

#define PYRAMID_TYPE "moonlark.Pyramid"

typedef struct handle {
    mlk_pyramid *pyramid; /* NULL once it is closed */
    int rows;
} handle;

static int close_pyramid(lua_State *L)
{
    handle *self = luaL_checkudata(L, 1, PYRAMID_TYPE);
    mlk_pyramid_free(self->pyramid);
    self->pyramid = NULL;
    return 0;
}

static handle *check_pyramid(lua_State *L)
{
    handle *self = luaL_checkudata(L, 1, PYRAMID_TYPE);
    if (!self->pyramid)
        mlk_lua_fail(L, "the pyramid is closed");
    return self;
}

/* new(path, rows, low, high, db_factor) -> pyramid */
static int new(lua_State *L)
{
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    int rows = (int)mlk_lua_integer(L, 2, "rows", 1, MLK_TILE_MAX_ROWS);
    mlk_levels levels = {.low = mlk_lua_number(L, 3, "low", -HUGE_VAL, HUGE_VAL)};
    levels.high = mlk_lua_number(L, 4, "high", levels.low, HUGE_VAL);
    levels.db_factor = mlk_lua_number(L, 5, "db_factor", 0, 20);
    handle *self = mlk_lua_push_object(L, PYRAMID_TYPE, sizeof *self);
    self->rows = rows;
    mlk_lua_check(L, mlk_pyramid_new(path, rows, &levels, &self->pyramid, &status), &status);
    return 1;
}

/* pyramid:add(values, from, to): columns from..to (from 0, without `to`) of a tensor of rows × columns */
static int add(lua_State *L)
{
    mlk_status status;
    handle *self = check_pyramid(L);
    mlk_array values = mlk_lua_read_tensor(L, 2, "values", MLK_FLOAT32, 2);
    if (values.shape[0] != self->rows)
        mlk_lua_fail(L, "values must have %d rows, got %I", self->rows, (LUAI_UACINT)values.shape[0]);
    int64_t to = mlk_lua_integer(L, 4, "to", 0, values.shape[1]), from = mlk_lua_integer(L, 3, "from", 0, to);
    mlk_lua_check(L, mlk_pyramid_add(self->pyramid, values.data, values.shape[1], from, to, &status), &status);
    return 0;
}

/* pyramid:finish(about) -> columns, zooms, the highest level */
static int finish(lua_State *L)
{
    size_t size;
    mlk_status status;
    mlk_pyramid_facts facts;
    handle *self = check_pyramid(L);
    const char *about = mlk_lua_bytes(L, 2, "about", &size);
    mlk_lua_check(L, mlk_pyramid_finish(self->pyramid, about, size, &facts, &status), &status);
    lua_pushinteger(L, facts.columns);
    lua_pushinteger(L, facts.zooms);
    lua_pushinteger(L, facts.highest);
    return 3;
}

int mlk_lua_open_pyramid(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"add", add}, {"close", close_pyramid}, {"finish", finish}, {NULL, NULL}};
    mlk_lua_new_type(L, PYRAMID_TYPE, close_pyramid, methods);
    luaL_newlib(L, functions);
    return 1;
}

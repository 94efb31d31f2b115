/* picture.c: core.picture: arrays (tensors, tables of numbers) reduced to what a picture shows.
 *
 * Results are strings of native float32: immutable, counted by Lua's collector and written to a file as they are.
 */
#include "picture.h"

#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "tensor.h"

#include <math.h>

/* Copies the list of numbers on top of the stack to out; `name` and `row` (0: none) are for the message. */
static void copy_list(lua_State *L, const char *name, int64_t row, int64_t count, float *out)
{
    if (lua_type(L, -1) != LUA_TTABLE || (int64_t)lua_rawlen(L, -1) != count)
        mlk_lua_fail(L, "%s must have rows of one length: row 1 has %I numbers, row %I has not", name,
                     (LUAI_UACINT)count, (LUAI_UACINT)row);
    for (int64_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, -1, i + 1) != LUA_TNUMBER)
            mlk_lua_fail(L, "%s must hold numbers, got %s", name, mlk_lua_describe(L, -1));
        out[i] = (float)lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
}

/* A list of numbers, or of lists of numbers, as an array whose memory is a userdata left on the stack. */
static void read_table(lua_State *L, int arg, const char *name, mlk_array *array)
{
    int64_t rows = (int64_t)lua_rawlen(L, arg);
    bool nested = lua_rawgeti(L, arg, 1) == LUA_TTABLE;
    int64_t columns = nested ? (int64_t)lua_rawlen(L, -1) : rows;
    lua_pop(L, 1);
    *array = (mlk_array){.dtype = MLK_FLOAT32, .rank = nested ? 2 : 1, .shape = {rows, nested ? columns : 0}};
    array->data = lua_newuserdatauv(L, (size_t)mlk_array_count(array) * sizeof(float) + 1, 0);
    for (int64_t row = 0; row < (nested ? rows : 1); row++) {
        if (nested)
            lua_rawgeti(L, arg, row + 1);
        else
            lua_pushvalue(L, arg);
        copy_list(L, name, row + 1, columns, (float *)array->data + row * columns);
        lua_pop(L, 1);
    }
}

/* {bytes = string of float32, rows = n, columns = n}, as the functions below make it. False: another table. */
static bool read_bytes(lua_State *L, int arg, mlk_array *array)
{
    size_t size = 0;
    lua_getfield(L, arg, "rows");
    lua_getfield(L, arg, "columns");
    *array = (mlk_array){.dtype = MLK_FLOAT32, .rank = 2, .shape = {lua_tointeger(L, -2), lua_tointeger(L, -1)}};
    lua_pop(L, 2);
    if (lua_getfield(L, arg, "bytes") == LUA_TSTRING)
        array->data = (void *)lua_tolstring(L, -1, &size);
    else
        lua_pop(L, 1);
    return array->data && array->shape[0] > 0 && array->shape[1] > 0 &&
           size / sizeof(float) / (size_t)array->shape[0] == (size_t)array->shape[1];
}

/* Argument `arg` as float32 of rank 0 to 2; the owner of its memory is left on the stack. */
static mlk_array check_numbers(lua_State *L, int arg, const char *name)
{
    mlk_array array;
    luaL_checkstack(L, 8, name);
    if (lua_istable(L, arg) && read_bytes(L, lua_absindex(L, arg), &array))
        return array;
    if (lua_istable(L, arg))
        read_table(L, lua_absindex(L, arg), name, &array);
    else
        array = mlk_lua_read_tensor(L, lua_absindex(L, arg), name, MLK_FLOAT32, -1);
    if (array.rank > 2)
        mlk_lua_fail(L, "%s must have one or two axes, got %d", name, array.rank);
    return array;
}

static int64_t rows_of(const mlk_array *array)
{
    return array->rank == 2 ? array->shape[0] : 1;
}

static int64_t columns_of(const mlk_array *array)
{
    return array->rank == 0 ? 1 : array->shape[array->rank - 1];
}

/* shape(x) -> rank, rows, columns; a list is one row. */
static int shape(lua_State *L)
{
    mlk_array x = check_numbers(L, 1, "data");
    lua_pushinteger(L, x.rank);
    lua_pushinteger(L, rows_of(&x));
    lua_pushinteger(L, columns_of(&x));
    return 3;
}

/* Pushes the count of finite numbers and, if any, the smallest and the largest. Returns how many it pushed. */
static int push_range(lua_State *L, const float *values, int64_t n)
{
    float low = 0, high = 0;
    int64_t finite = mlk_picture_range(values, n, &low, &high);
    lua_pushinteger(L, finite);
    if (finite == 0)
        return 1;
    lua_pushnumber(L, low);
    lua_pushnumber(L, high);
    return 3;
}

/* range(x) -> count of finite numbers, smallest, largest (nil when there is none). */
static int range(lua_State *L)
{
    mlk_array x = check_numbers(L, 1, "data");
    return push_range(L, x.data, mlk_array_count(&x));
}

/* The optional list of row edges, in a userdata left on the stack. */
static double *check_edges(lua_State *L, int arg, int64_t rows)
{
    if (lua_isnoneornil(L, arg))
        return NULL;
    if (!lua_istable(L, arg) || (int64_t)lua_rawlen(L, arg) != rows + 1)
        mlk_lua_fail(L, "edges must be a list of %I numbers, one more than there are rows, got %s",
                     (LUAI_UACINT)(rows + 1), mlk_lua_describe(L, arg));
    double *edges = lua_newuserdatauv(L, (size_t)(rows + 1) * sizeof *edges, 0);
    for (int64_t i = 0; i <= rows; i++) {
        lua_rawgeti(L, arg, i + 1);
        edges[i] = mlk_lua_number(L, -1, "edges", -HUGE_VAL, HUGE_VAL);
        lua_pop(L, 1);
        if (i > 0 && !(edges[i] > edges[i - 1]))
            mlk_lua_fail(L, "edges must ascend, got %f after %f", edges[i], edges[i - 1]);
    }
    return edges;
}

typedef struct image_options {
    mlk_pool pool;
    int64_t rows, columns;
    double db_factor, top_db;
} image_options;

#define IN(member) MLK_IN(image_options, member)

static const char *const pools[] = {"max", "mean", NULL};

static const mlk_parameter image_parameters[] = {
    MLK_CHOICE("pool", MLK_POOL_MAX, pools, "how what a pixel covers becomes one number", IN(pool)),
    MLK_INTEGER("rows", 0, 1, 100000, "of the image", IN(rows), .required = true),
    MLK_INTEGER("columns", 0, 1, 100000, "of the image", IN(columns), .required = true),
    MLK_REAL("db_factor", 0, 0, HUGE_VAL, "10 for power, 20 for amplitude; 0: no decibels", IN(db_factor)),
    MLK_REAL("top_db", 80, -HUGE_VAL, HUGE_VAL, "how far under the largest values may lie", IN(top_db), .unit = "dB"),
    MLK_PARAMETERS_END,
};

/* image(x, {rows, columns, pool, db_factor, top_db, edges = list or nil})
 *   -> bytes, count of finite pixels, smallest, largest. */
static int image(lua_State *L)
{
    image_options o;
    lua_settop(L, 2);
    mlk_lua_read(L, 2, "picture.image", image_parameters, &o);
    mlk_array x = check_numbers(L, 1, "data");
    if (mlk_array_count(&x) == 0)
        mlk_lua_fail(L, "data must not be empty, got %I × %I numbers", (LUAI_UACINT)rows_of(&x),
                     (LUAI_UACINT)columns_of(&x));
    lua_getfield(L, 2, "edges");
    const double *edges = check_edges(L, lua_gettop(L), rows_of(&x));

    int64_t pixels = o.rows * o.columns;
    size_t bytes = (size_t)pixels * sizeof(float);
    float *out = lua_newuserdatauv(L, bytes, 0);
    mlk_picture_image(x.data, rows_of(&x), columns_of(&x), edges, o.pool, o.rows, o.columns, out);
    if (o.db_factor > 0)
        mlk_picture_decibels(out, pixels, o.db_factor, o.top_db);
    lua_pushlstring(L, (const char *)out, bytes);
    return 1 + push_range(L, out, pixels);
}

/* envelope(x, channel, bins) -> bytes: bins × (minimum, maximum, root mean square). */
static int envelope(lua_State *L)
{
    mlk_array x = check_numbers(L, 1, "data");
    int64_t channel = mlk_lua_integer(L, 2, "channel", 0, rows_of(&x) - 1);
    int64_t bins = mlk_lua_integer(L, 3, "bins", 1, columns_of(&x));
    size_t bytes = (size_t)bins * 3 * sizeof(float);
    float *out = lua_newuserdatauv(L, bytes, 0);
    mlk_picture_envelope((const float *)x.data + channel * columns_of(&x), columns_of(&x), bins, out);
    lua_pushlstring(L, (const char *)out, bytes);
    return 1;
}

enum { MAX_COLUMNS = 8 };

/* points(columns, labels, class) -> bytes, count: the columns (arrays of one length) side by side, those
 * points only whose label is `class` when labels are given. What is not finite becomes NaN. */
static int points(lua_State *L)
{
    lua_settop(L, 3);
    int64_t n_columns = mlk_lua_list_length(L, 1, "columns");
    if (n_columns < 1 || n_columns > MAX_COLUMNS)
        mlk_lua_fail(L, "columns must be 1..%d, got %I", MAX_COLUMNS, (LUAI_UACINT)n_columns);
    const float *columns[MAX_COLUMNS];
    int64_t n = 0;
    luaL_checkstack(L, 3 * MAX_COLUMNS, "columns");
    for (int64_t c = 0; c < n_columns; c++) {
        lua_rawgeti(L, 1, c + 1);
        mlk_array column = check_numbers(L, -1, "points");
        columns[c] = column.data;
        if (c > 0 && mlk_array_count(&column) != n)
            mlk_lua_fail(L, "points must have coordinates of one length, got %I and %I", (LUAI_UACINT)n,
                         (LUAI_UACINT)mlk_array_count(&column));
        n = mlk_array_count(&column);
    }
    const float *labels = NULL;
    float class = 0;
    if (!lua_isnil(L, 2)) {
        class = (float)mlk_lua_integer(L, 3, "class", -1, 1 << 24);
        mlk_array array = check_numbers(L, 2, "labels");
        labels = array.data;
        if (mlk_array_count(&array) != n)
            mlk_lua_fail(L, "labels must be one for each of the %I points, got %I", (LUAI_UACINT)n,
                         (LUAI_UACINT)mlk_array_count(&array));
    }
    float *out = lua_newuserdatauv(L, (size_t)(n * n_columns) * sizeof *out + 1, 0);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (labels && labels[i] != class)
            continue;
        for (int64_t c = 0; c < n_columns; c++)
            out[count * n_columns + c] = isfinite(columns[c][i]) ? columns[c][i] : NAN;
        count++;
    }
    lua_pushlstring(L, (const char *)out, (size_t)(count * n_columns) * sizeof *out);
    lua_pushinteger(L, count);
    return 2;
}

/* histogram(x, low, high, bins) -> list of counts. */
static int histogram(lua_State *L)
{
    mlk_array x = check_numbers(L, 1, "data");
    double low = mlk_lua_number(L, 2, "low", -HUGE_VAL, HUGE_VAL);
    double high = mlk_lua_number(L, 3, "high", low, HUGE_VAL);
    int64_t bins = mlk_lua_integer(L, 4, "bins", 1, 100000);
    int64_t *counts = lua_newuserdatauv(L, (size_t)bins * sizeof *counts, 0);
    mlk_picture_histogram(x.data, mlk_array_count(&x), low, high, bins, counts);
    lua_createtable(L, (int)bins, 0);
    for (int64_t bin = 0; bin < bins; bin++) {
        lua_pushinteger(L, counts[bin]);
        lua_rawseti(L, -2, bin + 1);
    }
    return 1;
}

int mlk_lua_open_picture(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"shape", shape}, {"range", range}, {"image", image}, {"envelope", envelope}, {"points", points},
        {"histogram", histogram}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}

/* tensor.c: making tensors from Lua values, and asking them. */
#include "parts.h"
#include "value.h"

#include "lua/arguments.h"
#include "lua/tensor.h"

#include <string.h>

/* --- from tables --- */

typedef enum leaf { LEAF_NONE, LEAF_BOOLEAN, LEAF_INTEGER, LEAF_NUMBER } leaf;

/* The shape follows the first entries; what else is there is checked while filling. */
static int table_shape(lua_State *L, int arg, int64_t shape[MLK_MAX_RANK])
{
    int rank = 0;
    lua_pushvalue(L, arg);
    while (lua_type(L, -1) == LUA_TTABLE) {
        if (rank == MLK_MAX_RANK)
            mlk_lua_fail(L, "tensor: tables are nested deeper than %d", MLK_MAX_RANK);
        shape[rank++] = (int64_t)lua_rawlen(L, -1);
        lua_rawgeti(L, -1, 1);
        lua_replace(L, -2);
    }
    lua_pop(L, 1);
    return rank;
}

static leaf leaf_kind(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TNUMBER)
        return lua_isinteger(L, -1) ? LEAF_INTEGER : LEAF_NUMBER;
    return lua_isboolean(L, -1) ? LEAF_BOOLEAN : LEAF_NONE;
}

/* Widest kind of the leaves below the table at the top, checking that rows are equally long. */
static leaf widest(lua_State *L, int axis, int rank, const int64_t *shape, leaf kind)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        mlk_lua_fail(L, "tensor: rows differ in depth: a table was expected, got %s", mlk_lua_describe(L, -1));
    int64_t n = (int64_t)lua_rawlen(L, -1);
    if (n != shape[axis])
        mlk_lua_fail(L, "tensor: rows differ in length: axis %d has %I entries and %I", axis, (LUAI_UACINT)shape[axis],
                   (LUAI_UACINT)n);
    luaL_checkstack(L, 4, NULL);
    for (int64_t i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        leaf found = axis + 1 < rank ? widest(L, axis + 1, rank, shape, kind) : leaf_kind(L);
        if (found == LEAF_NONE && axis + 1 == rank)
            mlk_lua_fail(L, "tensor: numbers or booleans are wanted, got %s", mlk_lua_describe(L, -1));
        kind = found > kind ? found : kind;
        lua_pop(L, 1);
    }
    return kind;
}

static double leaf_number(lua_State *L)
{
    return lua_type(L, -1) == LUA_TBOOLEAN ? lua_toboolean(L, -1) : lua_tonumber(L, -1);
}

static int64_t leaf_integer(lua_State *L)
{
    return lua_type(L, -1) == LUA_TBOOLEAN ? lua_toboolean(L, -1) : lua_tointeger(L, -1);
}

static void store(lua_State *L, const mlk_array *array, size_t at)
{
    switch (array->dtype) {
    case MLK_FLOAT64: ((double *)array->data)[at] = leaf_number(L); break;
    case MLK_FLOAT32: ((float *)array->data)[at] = (float)leaf_number(L); break;
    case MLK_INT64: ((int64_t *)array->data)[at] = leaf_integer(L); break;
    default: ((bool *)array->data)[at] = lua_toboolean(L, -1); break;
    }
}

static size_t fill(lua_State *L, int axis, const mlk_array *array, size_t at)
{
    if (axis == array->rank) {
        store(L, array, at);
        return at + 1;
    }
    for (int64_t i = 1; i <= array->shape[axis]; i++) {
        lua_rawgeti(L, -1, i);
        at = fill(L, axis + 1, array, at);
        lua_pop(L, 1);
    }
    return at;
}

static mlk_dtype dtype_of(leaf kind, bool wants_float64)
{
    switch (kind) {
    case LEAF_BOOLEAN: return MLK_BOOL;
    case LEAF_INTEGER: return MLK_INT64;
    default: return wants_float64 ? MLK_FLOAT64 : MLK_FLOAT32;
    }
}

static void push_new(lua_State *L, mlk_lua_context *context, mlk_dtype dtype, int rank, const int64_t *shape,
                     mlk_array *array)
{
    mlk_status status;
    mlk_tensor *owner;
    mlk_tensor **handle = mlk_lua_new_handle(L, context);
    int code = mlk_tensor_new(dtype, rank, shape, handle, &status);
    if (code == MLK_MEMORY) {
        mlk_lua_reclaim(L);
        code = mlk_tensor_new(dtype, rank, shape, handle, &status);
    }
    if (code || mlk_tensor_read(*handle, -1, &owner, array, &status))
        mlk_lua_raise(L, &status);
    mlk_tensor_release(owner); /* shares the memory of *handle */
    mlk_lua_steer(L, context, *handle);
}

/* tensor(value, dtype or nil) -> tensor: int64 when all are integers, bool when all are booleans, else float32. */
static int make_tensor(lua_State *L)
{
    mlk_status status;
    mlk_array array;
    int64_t shape[MLK_MAX_RANK];
    mlk_lua_context *context = mlk_lua_own_context(L);
    const char *dtype = mlk_lua_optional_string(L, 2, "dtype");
    if (dtype && !mlk_dtype_known(dtype))
        return mlk_lua_fail(L, "tensor: unknown dtype '%s'", dtype);
    lua_settop(L, 2);
    bool table = lua_type(L, 1) == LUA_TTABLE;
    int rank = table ? table_shape(L, 1, shape) : 0;
    lua_pushvalue(L, 1);
    leaf kind = table ? widest(L, 0, rank, shape, LEAF_NONE) : leaf_kind(L);
    if (!table && kind == LEAF_NONE)
        return mlk_lua_fail(L, "tensor: a number, a boolean or nested tables of them are wanted, got %s",
                            mlk_lua_describe(L, 1));
    bool wants_float64 =
        dtype && (!strcmp(dtype, "float64") || !strcmp(dtype, "double") || !strcmp(dtype, "complex128"));
    push_new(L, context, dtype_of(kind, wants_float64), rank, shape, &array);
    lua_pushvalue(L, 1);
    fill(L, 0, &array, 0);
    lua_pop(L, 1);
    if (dtype) {
        mlk_tensor *made = *(mlk_tensor **)lua_touserdata(L, -1);
        mlk_lua_check(L, mlk_tensor_to(made, dtype, NULL, false, false, mlk_lua_new_handle(L, context), &status),
                      &status);
    }
    return 1;
}

/* --- for the engine's bindings --- */

static void engine_push(lua_State *L, mlk_dtype dtype, int rank, const int64_t *shape, mlk_array *array)
{
    push_new(L, mlk_lua_find_context(L), dtype, rank, shape, array);
}

static bool engine_read(lua_State *L, int arg, int dtype, mlk_array *array)
{
    mlk_status status;
    mlk_lua_context *context = mlk_lua_find_context(L);
    mlk_tensor *tensor = mlk_lua_to_tensor(L, context, arg);
    if (!tensor)
        return false;
    mlk_tensor **handle = mlk_lua_new_handle(L, context);
    mlk_lua_check(L, mlk_tensor_read(tensor, dtype, handle, array, &status), &status);
    return true;
}

static void engine_wrap(lua_State *L, const mlk_array *array, void (*release)(void *owner), void *owner)
{
    mlk_status status;
    mlk_lua_context *context = mlk_lua_find_context(L);
    mlk_tensor **handle = mlk_lua_new_handle(L, context);
    mlk_lua_check(L, mlk_tensor_wrap(array, release, owner, handle, &status), &status);
    mlk_lua_steer(L, context, *handle);
}

static const mlk_tensor_functions engine_functions = {engine_push, engine_read, engine_wrap};

/* --- to Lua --- */

static void push_element(lua_State *L, const mlk_array *array, size_t at)
{
    switch (array->dtype) {
    case MLK_BOOL: lua_pushboolean(L, ((const bool *)array->data)[at]); break;
    case MLK_INT64: lua_pushinteger(L, ((const int64_t *)array->data)[at]); break;
    case MLK_FLOAT64: lua_pushnumber(L, ((const double *)array->data)[at]); break;
    default: /* complex: {real, imaginary} */
        lua_createtable(L, 2, 0);
        for (int part = 0; part < 2; part++) {
            lua_pushnumber(L, ((const double *)array->data)[2 * at + part]);
            lua_rawseti(L, -2, part + 1);
        }
        break;
    }
}

static size_t push_nested(lua_State *L, const mlk_array *array, int axis, size_t at)
{
    luaL_checkstack(L, 4, NULL);
    if (axis == array->rank) {
        push_element(L, array, at);
        return at + 1;
    }
    lua_createtable(L, (int)array->shape[axis], 0);
    for (int64_t i = 1; i <= array->shape[axis]; i++) {
        at = push_nested(L, array, axis + 1, at);
        lua_rawseti(L, -2, i);
    }
    return at;
}

static mlk_dtype lua_dtype(const char *name)
{
    if (!strcmp(name, "bool"))
        return MLK_BOOL;
    if (!strncmp(name, "complex", 7))
        return MLK_COMPLEX128;
    return strstr(name, "float") ? MLK_FLOAT64 : MLK_INT64;
}

/* t:totable() -> nested tables, 1-based; a number when there are no axes. */
static int totable(lua_State *L)
{
    mlk_array array;
    mlk_tensor *tensor = mlk_lua_check_tensor(L, mlk_lua_own_context(L), 1, "totable: the value");
    engine_read(L, 1, (int)lua_dtype(mlk_tensor_dtype(tensor)), &array);
    push_nested(L, &array, 0, 0);
    return 1;
}

/* t:item() -> the only element: a number or boolean; two numbers when complex. */
static int item(lua_State *L)
{
    mlk_status status;
    mlk_value value;
    mlk_lua_check(L, mlk_tensor_item(mlk_lua_check_tensor(L, mlk_lua_own_context(L), 1, "item: the value"), &value,
                                     &status), &status);
    if (value.kind == MLK_COMPLEX) {
        lua_pushnumber(L, value.complex[0]);
        lua_pushnumber(L, value.complex[1]);
        return 2;
    }
    mlk_lua_push_result(L, NULL, &value);
    return 1;
}

/* --- questions --- */

/* t:shape() -> list of integers. */
static int shape(lua_State *L)
{
    mlk_tensor *tensor = mlk_lua_self(L);
    int rank = mlk_tensor_rank(tensor);
    lua_createtable(L, rank, 0);
    for (int axis = 0; axis < rank; axis++) {
        lua_pushinteger(L, mlk_tensor_size(tensor, axis));
        lua_rawseti(L, -2, axis + 1);
    }
    return 1;
}

/* t:size(d) -> length of axis d (0-based, negative from the end); t:size() is t:shape(). */
static int size(lua_State *L)
{
    mlk_tensor *tensor = mlk_lua_self(L);
    if (lua_isnoneornil(L, 2))
        return shape(L);
    int rank = mlk_tensor_rank(tensor);
    if (rank == 0)
        return mlk_lua_fail(L, "size: a tensor without axes has no sizes");
    int64_t axis = mlk_lua_integer(L, 2, "size: dim", -rank, rank - 1);
    lua_pushinteger(L, mlk_tensor_size(tensor, (int)(axis < 0 ? axis + rank : axis)));
    return 1;
}

static int dim(lua_State *L)
{
    lua_pushinteger(L, mlk_tensor_rank(mlk_lua_self(L)));
    return 1;
}

static int numel(lua_State *L)
{
    lua_pushinteger(L, mlk_tensor_count(mlk_lua_self(L)));
    return 1;
}

static int dtype(lua_State *L)
{
    lua_pushstring(L, mlk_tensor_dtype(mlk_lua_self(L)));
    return 1;
}

static int device(lua_State *L)
{
    char text[32];
    mlk_tensor_device(mlk_lua_self(L), text);
    lua_pushstring(L, text);
    return 1;
}

/* convert(t, dtype or nil, device or nil, copy, non_blocking) -> tensor */
static int convert(lua_State *L)
{
    mlk_status status;
    mlk_tensor *tensor = mlk_lua_self(L);
    const char *to_dtype = mlk_lua_optional_string(L, 2, "dtype"), *to_device = mlk_lua_optional_string(L, 3, "device");
    mlk_lua_context *context = mlk_lua_own_context(L);
    mlk_tensor **handle = mlk_lua_new_handle(L, context);
    bool copy = lua_toboolean(L, 4), non_blocking = lua_toboolean(L, 5);
    int code = mlk_tensor_to(tensor, to_dtype, to_device, copy, non_blocking, handle, &status);
    if (code == MLK_MEMORY) {
        mlk_lua_reclaim(L);
        code = mlk_tensor_to(tensor, to_dtype, to_device, copy, non_blocking, handle, &status);
    }
    mlk_lua_check(L, code, &status);
    mlk_lua_steer(L, context, *handle);
    return 1;
}

/* is_tensor(value) -> boolean */
static int is_tensor(lua_State *L)
{
    lua_pushboolean(L, luaL_testudata(L, 1, MLK_TENSOR_TYPE) != NULL);
    return 1;
}

/* is_dtype(name) -> boolean */
static int is_dtype(lua_State *L)
{
    lua_pushboolean(L, lua_type(L, 1) == LUA_TSTRING && mlk_dtype_known(lua_tostring(L, 1)));
    return 1;
}

void mlk_lua_add_tensors(lua_State *L)
{
    mlk_lua_register(L, (const luaL_Reg[]){
        {"tensor", make_tensor}, {"is_tensor", is_tensor}, {"is_dtype", is_dtype}, {NULL, NULL},
    });
    lua_getfield(L, -1, "tensor");
    lua_setfield(L, LUA_REGISTRYINDEX, "moonlark.torch.tensor");
    lua_getfield(L, -1, "methods");
    mlk_lua_register(L, (const luaL_Reg[]){
        {"totable", totable}, {"item", item}, {"shape", shape}, {"size", size}, {"dim", dim}, {"numel", numel},
        {"dtype", dtype}, {"device", device}, {"convert", convert}, {NULL, NULL},
    });
    lua_pop(L, 1);
    lua_pushlightuserdata(L, (void *)(uintptr_t)&engine_functions);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TENSOR_FIELD);
}

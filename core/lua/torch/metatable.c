/* metatable.c: what Lua's operators, indices and # do with a tensor. */
#include "handle.h"
#include "operator.h"
#include "parts.h"
#include "value.h"

#include "lua/arguments.h"
#include "lua/tensor.h"

#include <ctype.h>
#include <string.h>

/* --- indexing --- */

/* Reads the index at arg: a table lists one entry for each axis. */
static size_t read_index(lua_State *L, mlk_lua_context *context, int arg, mlk_lua_values *values,
                         const mlk_value **indices)
{
    mlk_lua_begin_values(values);
    mlk_lua_read_value(L, context, arg, values, &values->positional[0]);
    *indices = values->positional;
    if (values->positional[0].kind != MLK_LIST)
        return 1;
    size_t n = values->positional[0].list.count;
    *indices = values->positional[0].list.items;
    return n;
}

/* A string that cannot be a method's name, such as "1:3, :". */
static bool is_index_text(const char *text)
{
    bool word = isalpha((unsigned char)*text) || *text == '_';
    return !word || strpbrk(text, ",:") != NULL;
}

static int get_index(lua_State *L, mlk_lua_context *context)
{
    mlk_status status;
    mlk_lua_values values;
    const mlk_value *indices;
    mlk_tensor *tensor = mlk_lua_check_tensor(L, context, 1, "the indexed value");
    size_t n = read_index(L, context, 2, &values, &indices);
    mlk_tensor **handle = mlk_lua_new_handle(L, context);
    mlk_lua_check(L, mlk_tensor_index(tensor, indices, n, handle, &status), &status);
    mlk_lua_steer(L, context, *handle);
    return 1;
}

/* t[key]: methods by name (upvalue 2 caches them), everything else is an index. */
static int tensor_index(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
            return 1;
        const char *name = lua_tostring(L, 2);
        if (!is_index_text(name)) {
            mlk_lua_push_operator(L, name, MLK_LUA_METHOD);
            if (!lua_isnil(L, -1)) {
                lua_pushvalue(L, 2);
                lua_pushvalue(L, -2);
                lua_rawset(L, lua_upvalueindex(2));
            }
            return 1;
        }
    }
    return get_index(L, mlk_lua_own_context(L));
}

static int tensor_newindex(lua_State *L)
{
    mlk_status status;
    mlk_lua_values values, value;
    const mlk_value *indices;
    mlk_lua_context *context = mlk_lua_own_context(L);
    mlk_tensor *tensor = mlk_lua_check_tensor(L, context, 1, "the indexed value");
    if (lua_type(L, 2) == LUA_TSTRING && !is_index_text(lua_tostring(L, 2)))
        return mlk_lua_fail(L, "tensors have no field '%s' to set", lua_tostring(L, 2));
    if (lua_type(L, 3) == LUA_TTABLE) { /* t[0] = {1, 2, 3} */
        lua_getfield(L, LUA_REGISTRYINDEX, "moonlark.torch.tensor");
        lua_pushvalue(L, 3);
        lua_pushstring(L, mlk_tensor_dtype(tensor));
        lua_call(L, 2, 1);
        lua_replace(L, 3);
    }
    size_t n = read_index(L, context, 2, &values, &indices);
    mlk_lua_begin_values(&value);
    mlk_lua_read_value(L, context, 3, &value, &value.positional[0]);
    mlk_lua_check(L, mlk_tensor_index_put(tensor, indices, n, &value.positional[0], &status), &status);
    return 0;
}

/* --- the metatable --- */

static int release(lua_State *L)
{
    mlk_lua_release_handle(L, 1);
    return 0;
}

static int length(lua_State *L)
{
    mlk_tensor *tensor = mlk_lua_check_tensor(L, mlk_lua_own_context(L), 1, "#");
    if (mlk_tensor_rank(tensor) == 0)
        return mlk_lua_fail(L, "a tensor without axes has no length");
    lua_pushinteger(L, mlk_tensor_size(tensor, 0));
    return 1;
}

static int compare(lua_State *L)
{
    return mlk_lua_fail(L, "tensors are compared element by element: write a:lt(b), a:le(b), a:gt(b) or a:ge(b)");
}

static int concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

static int to_string(lua_State *L)
{
    char text[256];
    mlk_tensor **handle = luaL_checkudata(L, 1, MLK_TENSOR_TYPE);
    if (!*handle) {
        lua_pushliteral(L, "tensor (freed)");
        return 1;
    }
    mlk_tensor_describe(*handle, text, sizeof text);
    lua_pushstring(L, text);
    return 1;
}

static void make_metatable(lua_State *L, mlk_lua_context *context)
{
    static const char *const operators[][2] = {
        {"__add", "add"}, {"__sub", "sub"}, {"__mul", "mul"}, {"__div", "div"}, {"__mod", "remainder"},
        {"__pow", "pow"}, {"__unm", "neg"}, {"__idiv", "floor_divide"}, {"__band", "bitwise_and"},
        {"__bor", "bitwise_or"}, {"__bxor", "bitwise_xor"}, {"__bnot", "bitwise_not"},
    };
    luaL_newmetatable(L, MLK_TENSOR_TYPE);
    context->metatable = lua_topointer(L, -1);
    mlk_lua_register(L, (const luaL_Reg[]){
        {"__newindex", tensor_newindex}, {"__len", length}, {"__lt", compare}, {"__le", compare}, {"__gc", release},
        {"__close", release}, {"__concat", concat}, {"__tostring", to_string}, {NULL, NULL},
    });
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        bool unary = !strcmp(operators[i][0], "__unm") || !strcmp(operators[i][0], "__bnot");
        mlk_lua_push_operator(L, operators[i][1], unary ? MLK_LUA_UNARY : MLK_LUA_FUNCTION);
        lua_setfield(L, -2, operators[i][0]);
    }
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_CONTEXT);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "__methods"); /* where completion looks */
    lua_pushcclosure(L, tensor_index, 2);
    lua_setfield(L, -2, "__index");
}

void mlk_lua_add_metatable(lua_State *L, mlk_lua_context *context)
{
    make_metatable(L, context);
    lua_getfield(L, -1, "__methods");
    lua_setfield(L, -3, "methods");
    lua_setfield(L, -2, "metatable");
}

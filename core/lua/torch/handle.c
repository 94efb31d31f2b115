/* torch_handle.c: the userdata that holds a tensor, and what Lua's operators do with it. */
#include "lua/arguments.h"
#include "lua/tensor.h"
#include "context.h"

#include <ctype.h>
#include <string.h>

static const uint64_t megabyte = 1 << 20;

mlk_lua_context *mlk_lua_find_context(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_CONTEXT);
    mlk_lua_context *context = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return context;
}

/* --- life --- */

mlk_tensor **mlk_lua_new_handle(lua_State *L, mlk_lua_context *context)
{
    mlk_tensor **handle = lua_newuserdatauv(L, sizeof *handle, 0);
    *handle = NULL;
    luaL_setmetatable(L, MLK_TENSOR_TYPE);
    if (context->scopes > 0) {
        lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE);
        lua_pushvalue(L, -2);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        lua_pop(L, 1);
    }
    return handle;
}

mlk_tensor *mlk_lua_to_tensor(lua_State *L, mlk_lua_context *context, int arg)
{
    if (lua_type(L, arg) != LUA_TUSERDATA || !lua_getmetatable(L, arg))
        return NULL;
    bool same = lua_topointer(L, -1) == context->metatable;
    lua_pop(L, 1);
    if (!same)
        return NULL;
    mlk_tensor *tensor = *(mlk_tensor **)lua_touserdata(L, arg);
    if (!tensor)
        mlk_lua_fail(L, "this tensor was freed");
    return tensor;
}

mlk_tensor *mlk_lua_check_tensor(lua_State *L, mlk_lua_context *context, int arg, const char *name)
{
    mlk_tensor *tensor = mlk_lua_to_tensor(L, context, arg);
    if (!tensor)
        mlk_lua_fail(L, "%s must be a tensor, got %s", name, mlk_lua_describe(L, arg));
    return tensor;
}

static int release(lua_State *L)
{
    mlk_tensor **handle = luaL_testudata(L, 1, MLK_TENSOR_TYPE);
    if (handle) {
        mlk_tensor *tensor = *handle;
        *handle = NULL;
        mlk_tensor_release(tensor);
    }
    return 0;
}

/* --- the collector --- */

/* A young collection for each 16 to 64 MB that tensors grow, the more the more is alive; a full one
 * when what survives exceeds the last full one's by half. */
void mlk_lua_steer(lua_State *L, mlk_lua_context *context, const mlk_tensor *made)
{
    if (made)
        context->device_bytes += mlk_tensor_device_bytes(made);
    mlk_memory memory = mlk_torch_memory();
    uint64_t total = memory.total + context->device_bytes, step = memory.live / 8;
    step = step < 16 * megabyte ? 16 * megabyte : step > 64 * megabyte ? 64 * megabyte : step;
    if (total - context->seen_total < step)
        return;
    context->seen_total = total;
    if (!lua_gc(L, LUA_GCISRUNNING))
        return;
    lua_gc(L, LUA_GCSTEP, 0);
    if (mlk_torch_memory().live > context->full_live + context->full_live / 2 + 64 * megabyte) {
        lua_gc(L, LUA_GCCOLLECT);
        context->full_live = mlk_torch_memory().live;
    }
}

void mlk_lua_reclaim(lua_State *L)
{
    lua_gc(L, LUA_GCCOLLECT);
    mlk_torch_trim();
}

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
    if (mlk_tensor_index(tensor, indices, n, handle, &status))
        return mlk_lua_raise(L, &status);
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
    if (mlk_tensor_index_put(tensor, indices, n, &value.positional[0], &status))
        return mlk_lua_raise(L, &status);
    return 0;
}

/* --- the metatable --- */

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

void mlk_lua_make_metatable(lua_State *L, mlk_lua_context *context)
{
    static const char *const operators[][2] = {
        {"__add", "add"}, {"__sub", "sub"}, {"__mul", "mul"}, {"__div", "div"}, {"__mod", "remainder"},
        {"__pow", "pow"}, {"__unm", "neg"}, {"__idiv", "floor_divide"}, {"__band", "bitwise_and"},
        {"__bor", "bitwise_or"}, {"__bxor", "bitwise_xor"}, {"__bnot", "bitwise_not"},
    };
    luaL_newmetatable(L, MLK_TENSOR_TYPE);
    context->metatable = lua_topointer(L, -1);
    mlk_lua_register(L, (const luaL_Reg[]){
        {"__newindex", tensor_newindex},
        {"__len", length},
        {"__lt", compare},
        {"__le", compare},
        {"__gc", release},
        {"__close", release},
        {"__concat", concat},
        {"__tostring", to_string},
        {NULL, NULL},
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

/* torch_memory.c: freeing tensors before the collector would. */
#include "arguments.h"
#include "tensor.h"
#include "torch.h"

static void release_handle(lua_State *L, int arg)
{
    mlk_tensor **handle = luaL_testudata(L, arg, MLK_TENSOR_TYPE);
    if (handle) {
        mlk_tensor *tensor = *handle;
        *handle = NULL;
        mlk_tensor_release(tensor);
    }
}

/* t:free(): gives the memory back at once; the tensor cannot be used any more. */
static int free_tensor(lua_State *L)
{
    luaL_checkudata(L, 1, MLK_TENSOR_TYPE);
    release_handle(L, 1);
    return 0;
}

/* Marks in the table at `kept` every tensor that the value at arg is or, through tables, holds. */
static void keep(lua_State *L, int arg, int kept, int depth)
{
    int type = lua_type(L, arg);
    if (type != LUA_TUSERDATA && type != LUA_TTABLE)
        return;
    luaL_checkstack(L, 6, NULL);
    lua_pushvalue(L, arg);
    bool seen = lua_rawget(L, kept) != LUA_TNIL;
    lua_pop(L, 1);
    if (seen || depth > 100)
        return;
    lua_pushvalue(L, arg);
    lua_pushboolean(L, 1);
    lua_rawset(L, kept);
    if (type != LUA_TTABLE)
        return;
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        keep(L, lua_gettop(L), kept, depth + 1);
        lua_pop(L, 1);
    }
}

/* scope(f, ...) -> f's results: frees every tensor made inside, except those that f returns (also in tables). */
static int scope(lua_State *L)
{
    mlk_lua_context *context = mlk_lua_own_context(L);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE); /* the outer scope's list, or nil */
    lua_insert(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE);
    lua_insert(L, 2); /* outer, made, f, arguments */
    context->scopes++;
    int code = lua_pcall(L, lua_gettop(L) - 3, LUA_MULTRET, 0);
    context->scopes--;
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE);

    int top = lua_gettop(L);
    lua_newtable(L);
    for (int result = 3; result <= top && !code; result++)
        keep(L, result, top + 1, 0);
    lua_Integer n = (lua_Integer)lua_rawlen(L, 2), outer = context->scopes > 0 ? (lua_Integer)lua_rawlen(L, 1) : 0;
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 2, i);
        lua_pushvalue(L, -1);
        bool kept = lua_rawget(L, top + 1) != LUA_TNIL;
        lua_pop(L, 1);
        if (!kept)
            release_handle(L, -1);
        else if (context->scopes > 0) { /* now the outer scope's */
            lua_pushvalue(L, -1);
            lua_rawseti(L, 1, ++outer);
        }
        lua_pop(L, 1);
    }
    lua_settop(L, top);
    return code ? lua_error(L) : top - 2;
}

/* memory() -> {live, cached, total}: bytes of CPU tensors in use, kept for reuse, ever handed out. */
static int memory(lua_State *L)
{
    mlk_memory now = mlk_torch_memory();
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)now.live);
    lua_setfield(L, -2, "live");
    lua_pushinteger(L, (lua_Integer)now.cached);
    lua_setfield(L, -2, "cached");
    lua_pushinteger(L, (lua_Integer)now.total);
    lua_setfield(L, -2, "total");
    return 1;
}

/* empty_cache(): gives blocks kept for reuse back to the system. */
static int empty_cache(lua_State *L)
{
    mlk_lua_reclaim(L);
    return 0;
}

void mlk_lua_add_memory(lua_State *L)
{
    mlk_lua_register(L, (const luaL_Reg[]){
        {"scope", scope}, {"memory", memory}, {"empty_cache", empty_cache}, {NULL, NULL},
    });
    lua_getfield(L, -1, "methods");
    mlk_lua_register(L, (const luaL_Reg[]){{"free", free_tensor}, {NULL, NULL}});
    lua_pop(L, 1);
}

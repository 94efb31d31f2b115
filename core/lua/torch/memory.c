/* memory.c: freeing tensors before the collector would. */
#include "handle.h"
#include "parts.h"

#include "lua/arguments.h"
#include "lua/tensor.h"

/* t:free(): gives the memory back at once; the tensor cannot be used any more. */
static int free_tensor(lua_State *L)
{
    luaL_checkudata(L, 1, MLK_TENSOR_TYPE);
    mlk_lua_release_handle(L, 1);
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

/* Ends a scope, on return and on error alike. The guard's user values are the list of the tensors made in it
 * and the outer scope's list; after an error all that was made is freed. */
static int end_scope(lua_State *L)
{
    mlk_lua_own_context(L)->scopes--;
    lua_settop(L, 2);
    lua_getiuservalue(L, 1, 1); /* 3: made */
    lua_getiuservalue(L, 1, 2);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE);
    if (lua_isnil(L, 2))
        return 0;
    lua_Integer n = (lua_Integer)lua_rawlen(L, 3);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 3, i);
        mlk_lua_release_handle(L, -1);
        lua_pop(L, 1);
    }
    return 0;
}

/* Pushes a guard for a new scope whose list of tensors is at `made`, the outer one's at `outer`. */
static void push_scope(lua_State *L, int made, int outer)
{
    lua_newuserdatauv(L, 0, 2);
    lua_pushvalue(L, made);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, outer);
    lua_setiuservalue(L, -2, 2);
    mlk_lua_set_event(L, "moonlark.Scope", "__close", end_scope);
}

/* scope(f, ...) -> f's results: frees every tensor made inside, except those that f returns (also in tables). */
static int scope(lua_State *L)
{
    enum { outer = 1, made = 2, guard = 3, function = 4 };
    mlk_lua_context *context = mlk_lua_own_context(L);
    mlk_lua_check_callable(L, 1, "f");
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE); /* nil outside of any scope */
    lua_insert(L, outer);
    lua_newtable(L);
    lua_insert(L, made);
    push_scope(L, made, outer);
    lua_insert(L, guard);
    lua_toclose(L, guard);
    lua_pushvalue(L, made);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TORCH_SCOPE);
    context->scopes++;
    lua_call(L, lua_gettop(L) - function, LUA_MULTRET);

    int top = lua_gettop(L), kept = top + 1;
    lua_newtable(L);
    for (int result = function; result <= top; result++)
        keep(L, result, kept, 0);
    lua_Integer n = (lua_Integer)lua_rawlen(L, made);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, made, i);
        lua_pushvalue(L, -1);
        bool returned = lua_rawget(L, kept) != LUA_TNIL;
        lua_pop(L, 1);
        if (!returned) {
            mlk_lua_release_handle(L, -1);
        } else if (!lua_isnil(L, outer)) { /* now the outer scope's */
            lua_pushvalue(L, -1);
            lua_rawseti(L, outer, (lua_Integer)lua_rawlen(L, outer) + 1);
        }
        lua_pop(L, 1);
    }
    lua_settop(L, top);
    return top - guard;
}

/* memory() -> {live, cached, wrapped, total}: bytes of CPU tensors in use, kept for reuse, of mapped files, ever handed
 * out. */
static int memory(lua_State *L)
{
    mlk_memory now = mlk_torch_memory();
    lua_createtable(L, 0, 4);
    mlk_lua_set_integer(L, "live", (lua_Integer)now.live);
    mlk_lua_set_integer(L, "cached", (lua_Integer)now.cached);
    mlk_lua_set_integer(L, "wrapped", (lua_Integer)now.wrapped);
    mlk_lua_set_integer(L, "total", (lua_Integer)now.total);
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

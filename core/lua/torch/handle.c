#include "handle.h"

#include "lua/arguments.h"
#include "lua/tensor.h"

static const uint64_t megabyte = 1 << 20;

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

void mlk_lua_release_handle(lua_State *L, int arg)
{
    mlk_tensor **handle = luaL_testudata(L, arg, MLK_TENSOR_TYPE);
    if (handle) {
        mlk_tensor *tensor = *handle;
        *handle = NULL;
        mlk_tensor_release(tensor);
    }
}

/* --- the collector --- */

static uint64_t in_use(void)
{
    mlk_memory memory = mlk_torch_memory();
    return memory.live + memory.wrapped;
}

/* A young collection each time tensors have grown by 16 to 64 MB (more when more is alive); a full one when half as
 * much again survives as after the last full one. */
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
    if (in_use() > context->full_live + context->full_live / 2 + 64 * megabyte) {
        lua_gc(L, LUA_GCCOLLECT);
        context->full_live = in_use();
    }
}

void mlk_lua_reclaim(lua_State *L)
{
    lua_gc(L, LUA_GCCOLLECT);
    mlk_torch_trim();
}

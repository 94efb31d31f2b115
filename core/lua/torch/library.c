/* library.c: opens moonlark_torch, and what concerns libtorch as a whole: seeds, threads, devices. */
#include "parts.h"

#include "lua/arguments.h"
#include "torch/torch.h"

/* manual_seed(seed): every generator, so that the same seed gives the same numbers. */
static int manual_seed(lua_State *L)
{
    mlk_status status;
    mlk_lua_check(L, mlk_torch_seed((uint64_t)mlk_lua_integer(L, 1, "seed", INT64_MIN, INT64_MAX), &status), &status);
    return 0;
}

/* set_num_threads(n): of libtorch's pool and of the BLAS under it. */
static int set_num_threads(lua_State *L)
{
    mlk_torch_set_threads((int)mlk_lua_integer(L, 1, "threads", 1, 4096));
    return 0;
}

static int get_num_threads(lua_State *L)
{
    lua_pushinteger(L, mlk_torch_threads());
    return 1;
}

/* set_deterministic(deterministic): only operators that give the same bits twice. */
static int set_deterministic(lua_State *L)
{
    mlk_status status;
    mlk_lua_check_type(L, 1, "deterministic", LUA_TBOOLEAN);
    mlk_lua_check(L, mlk_torch_set_deterministic(lua_toboolean(L, 1), &status), &status);
    return 0;
}

/* cuda_devices() -> count, and when it is 0 the reason */
static int cuda_devices(lua_State *L)
{
    const char *reason;
    lua_pushinteger(L, mlk_torch_cuda_devices(&reason));
    lua_pushstring(L, reason);
    return 2;
}

/* blas() -> string: what multiplies libtorch's matrices. */
static int blas(lua_State *L)
{
    lua_pushstring(L, mlk_torch_blas());
    return 1;
}

/* show_warnings(shown): libtorch's warnings on standard error. */
static int show_warnings(lua_State *L)
{
    mlk_lua_check_type(L, 1, "shown", LUA_TBOOLEAN);
    mlk_torch_show_warnings(lua_toboolean(L, 1));
    return 0;
}

static int synchronize(lua_State *L)
{
    mlk_status status;
    mlk_lua_check(L, mlk_torch_synchronize(&status), &status);
    return 0;
}

static void add_library(lua_State *L)
{
    mlk_lua_register(L, (const luaL_Reg[]){
        {"manual_seed", manual_seed}, {"set_num_threads", set_num_threads}, {"get_num_threads", get_num_threads},
        {"cuda_devices", cuda_devices}, {"synchronize", synchronize}, {"show_warnings", show_warnings},
        {"set_deterministic", set_deterministic}, {"blas", blas}, {NULL, NULL},
    });
    mlk_lua_set_string(L, "version", mlk_torch_version());
    mlk_lua_set_string(L, "path", mlk_torch_path());
}

__attribute__((visibility("default"))) int luaopen_moonlark_torch(lua_State *L)
{
    mlk_status status;
    mlk_lua_check(L, mlk_torch_load(&status), &status);
    mlk_lua_context *context = lua_newuserdatauv(L, sizeof *context, 0);
    *context = (mlk_lua_context){0};
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TORCH_CONTEXT);

    lua_newtable(L);
    mlk_lua_add_metatable(L, context);
    mlk_lua_add_operators(L);
    mlk_lua_add_tensors(L);
    mlk_lua_add_autograd(L);
    mlk_lua_add_memory(L);
    add_library(L);
    lua_gc(L, LUA_GCGEN, 0, 0); /* most tensors die young */
    return 1;
}

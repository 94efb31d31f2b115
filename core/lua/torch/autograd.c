/* autograd.c: gradients. */
#include "parts.h"
#include "value.h"

#include "lua/arguments.h"

/* Restores the mode that the guard holds, on return and on error alike. */
static int restore_mode(lua_State *L)
{
    mlk_autograd_enable(*(bool *)lua_touserdata(L, 1));
    return 0;
}

/* Runs f(...) with gradients on or off. The guard is a to-be-closed variable rather than a pcall, so that
 * an error's traceback still shows where in f it was raised. */
static int with_mode(lua_State *L, bool enabled)
{
    mlk_lua_check_callable(L, 1, "f");
    *(bool *)lua_newuserdatauv(L, sizeof(bool), 0) = mlk_autograd_enabled();
    mlk_lua_set_event(L, "moonlark.GradMode", "__close", restore_mode);
    lua_insert(L, 1);
    lua_toclose(L, 1);
    mlk_autograd_enable(enabled);
    lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
    return lua_gettop(L) - 1;
}

/* no_grad(f, ...) -> f's results, computed without recording gradients. */
static int no_grad(lua_State *L)
{
    return with_mode(L, false);
}

/* enable_grad(f, ...): the opposite, inside no_grad. */
static int enable_grad(lua_State *L)
{
    return with_mode(L, true);
}

/* The guard's user value is the device. */
static int end_autocast(lua_State *L)
{
    lua_getiuservalue(L, 1, 1);
    mlk_torch_autocast(lua_tostring(L, -1), NULL, NULL);
    return 0;
}

/* autocast(device, dtype, f, ...) -> f's results, computed in mixed precision. */
static int autocast(lua_State *L)
{
    mlk_status status;
    const char *device = mlk_lua_string(L, 1, "device"), *dtype = mlk_lua_string(L, 2, "dtype");
    mlk_lua_check_callable(L, 3, "f");
    lua_newuserdatauv(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    mlk_lua_set_event(L, "moonlark.Autocast", "__close", end_autocast);
    lua_insert(L, 3);
    lua_toclose(L, 3);
    mlk_lua_check(L, mlk_torch_autocast(device, dtype, &status), &status);
    lua_call(L, lua_gettop(L) - 4, LUA_MULTRET);
    return lua_gettop(L) - 3;
}

static int is_grad_enabled(lua_State *L)
{
    lua_pushboolean(L, mlk_autograd_enabled());
    return 1;
}

static int set_grad_enabled(lua_State *L)
{
    mlk_lua_check_type(L, 1, "enabled", LUA_TBOOLEAN);
    mlk_autograd_enable(lua_toboolean(L, 1));
    return 0;
}

static int requires_grad(lua_State *L)
{
    lua_pushboolean(L, mlk_tensor_requires_grad(mlk_lua_self(L)));
    return 1;
}

/* t:requires_grad_(true) -> t */
static int set_requires_grad(lua_State *L)
{
    mlk_status status;
    bool wanted = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
    mlk_lua_check(L, mlk_tensor_set_requires_grad(mlk_lua_self(L), wanted, &status), &status);
    lua_settop(L, 1);
    return 1;
}

static int is_leaf(lua_State *L)
{
    lua_pushboolean(L, mlk_tensor_is_leaf(mlk_lua_self(L)));
    return 1;
}

/* t:grad() -> tensor or nil */
static int grad(lua_State *L)
{
    mlk_status status;
    mlk_tensor *tensor = mlk_lua_self(L);
    mlk_tensor **handle = mlk_lua_new_handle(L, mlk_lua_own_context(L));
    mlk_lua_check(L, mlk_tensor_grad(tensor, handle, &status), &status);
    if (!*handle)
        lua_pushnil(L);
    return 1;
}

/* t:set_grad(gradient or nil) -> t */
static int set_grad(lua_State *L)
{
    mlk_status status;
    mlk_lua_context *context = mlk_lua_own_context(L);
    mlk_tensor *gradient = lua_isnoneornil(L, 2) ? NULL : mlk_lua_check_tensor(L, context, 2, "the gradient");
    mlk_lua_check(L, mlk_tensor_set_grad(mlk_lua_self(L), gradient, &status), &status);
    lua_settop(L, 1);
    return 1;
}

/* The options in the table at `arg`, which moonlark.torch has read. */
static mlk_autograd_options options(lua_State *L, int arg)
{
    return (mlk_autograd_options){
        .retain_graph = lua_toboolean(L, mlk_lua_field(L, arg, "retain_graph")),
        .create_graph = lua_toboolean(L, mlk_lua_field(L, arg, "create_graph")),
        .allow_unused = lua_toboolean(L, mlk_lua_field(L, arg, "allow_unused")),
    };
}

/* t:backward(gradient or nil, {retain_graph, create_graph}) */
static int backward(lua_State *L)
{
    mlk_status status;
    mlk_lua_context *context = mlk_lua_own_context(L);
    mlk_tensor *gradient = mlk_lua_to_tensor(L, context, 2);
    if (!gradient && !lua_isnoneornil(L, 2))
        return mlk_lua_fail(L, "backward: gradient must be a tensor, got %s", mlk_lua_describe(L, 2));
    mlk_autograd_options chosen = options(L, 3);
    mlk_lua_check(L, mlk_tensor_backward(mlk_lua_self(L), gradient, &chosen, &status), &status);
    mlk_lua_steer(L, context, NULL);
    return 0;
}

/* grad(outputs, inputs, {grad_outputs, retain_graph, create_graph, allow_unused}) -> a tensor for each input */
static int gradients(lua_State *L)
{
    mlk_status status;
    mlk_lua_values values;
    mlk_lua_context *context = mlk_lua_own_context(L);
    mlk_lua_begin_values(&values);
    lua_settop(L, 3);
    mlk_autograd_options chosen = options(L, 3);
    int given = mlk_lua_field(L, 3, "grad_outputs");
    mlk_lua_read_value(L, context, 1, &values, &values.positional[0]);
    mlk_lua_read_value(L, context, 2, &values, &values.positional[1]);
    mlk_lua_read_value(L, context, given, &values, &values.positional[2]);
    mlk_results **results = mlk_lua_new_results(L);
    mlk_lua_check(L, mlk_autograd_grad(&values.positional[0], &values.positional[1], &values.positional[2], &chosen,
                                       results, &status), &status);
    int n = mlk_lua_push_results(L, context, results);
    mlk_lua_steer(L, context, NULL);
    return n;
}

void mlk_lua_add_autograd(lua_State *L)
{
    mlk_lua_register(L, (const luaL_Reg[]){
        {"no_grad", no_grad}, {"enable_grad", enable_grad}, {"is_grad_enabled", is_grad_enabled},
        {"set_grad_enabled", set_grad_enabled}, {"grad", gradients}, {"autocast", autocast}, {NULL, NULL},
    });
    lua_getfield(L, -1, "methods");
    mlk_lua_register(L, (const luaL_Reg[]){
        {"requires_grad", requires_grad}, {"requires_grad_", set_requires_grad}, {"is_leaf", is_leaf},
        {"grad", grad}, {"set_grad", set_grad}, {"backward", backward}, {NULL, NULL},
    });
    lua_pop(L, 1);
}

/* operator.c: calling libtorch's operators from Lua.
 *
 * An operator is a closure with three upvalues: the context, its family and how
 * it is called.
 */
#include "operator.h"

#include "parts.h"
#include "value.h"

#include "lua/arguments.h"

/* In place: the caller's own userdata, not a second one for the same tensor. */
static int push_own(lua_State *L, mlk_lua_context *context, mlk_tensor *tensor)
{
    mlk_tensor_release(tensor);
    mlk_lua_steer(L, context, NULL);
    if (lua_gettop(L) < 1 || lua_type(L, 1) != LUA_TUSERDATA)
        return 0;
    lua_pushvalue(L, 1);
    return 1;
}

/* One tensor, into the handle at the top of the stack. */
static int push_tensor(lua_State *L, mlk_lua_context *context, mlk_tensor **handle, const mlk_outcome *outcome)
{
    *handle = outcome->tensor;
    if (outcome->results) { /* an undefined tensor */
        mlk_results_free(outcome->results);
        lua_pushnil(L);
    }
    mlk_lua_steer(L, context, outcome->tensor);
    return 1;
}

/* Resolves and calls with the arguments on the stack. */
static int call_family(lua_State *L, mlk_lua_context *context, const mlk_family *family, bool method)
{
    mlk_status status;
    mlk_lua_values values;
    const mlk_overload *overload;
    mlk_outcome outcome = {NULL, NULL};

    mlk_lua_read_arguments(L, context, 1, &values);
    values.arguments.method = method;
    mlk_lua_check(L, mlk_family_resolve(family, &values.arguments, &overload, &status), &status);

    /* What will own the results exists before they do, so that no error of Lua's can lose them. */
    bool one = mlk_overload_returns_tensor(overload), in_place = mlk_overload_returns_self(overload);
    mlk_tensor **handle = one && !in_place ? mlk_lua_new_handle(L, context) : NULL;
    mlk_results **results = one ? NULL : mlk_lua_new_results(L);

    int code = mlk_overload_call(overload, &values.arguments, &outcome, &status);
    if (code == MLK_MEMORY) {
        mlk_lua_reclaim(L);
        code = mlk_overload_call(overload, &values.arguments, &outcome, &status);
    }
    mlk_lua_check(L, code, &status);

    if (in_place)
        return push_own(L, context, outcome.tensor);
    if (handle)
        return push_tensor(L, context, handle, &outcome);
    *results = outcome.results;
    int n = mlk_lua_push_results(L, context, results);
    mlk_lua_steer(L, context, NULL);
    return n;
}

static int call_operator(lua_State *L)
{
    const mlk_family *family = lua_touserdata(L, lua_upvalueindex(2));
    mlk_lua_calling calling = (mlk_lua_calling)lua_tointeger(L, lua_upvalueindex(3));
    mlk_lua_context *context = mlk_lua_own_context(L);
    bool method = calling == MLK_LUA_METHOD;
    if (calling == MLK_LUA_UNARY) /* Lua gives the operand of - and ~ twice */
        lua_settop(L, 1);
    if (method && !mlk_lua_to_tensor(L, context, 1))
        return mlk_lua_fail(L, "call methods with a colon: t:name(...)");
    return call_family(L, context, family, method);
}

static const mlk_family *find_family(lua_State *L, const char *name)
{
    mlk_status status;
    const mlk_family *family = NULL;
    mlk_lua_check(L, mlk_family_find(name, &family, &status), &status);
    return family;
}

void mlk_lua_push_operator(lua_State *L, const char *name, mlk_lua_calling calling)
{
    const mlk_family *family = find_family(L, name);
    if (!family || (calling == MLK_LUA_METHOD && !mlk_family_is_method(family))) {
        lua_pushnil(L);
        return;
    }
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TORCH_CONTEXT);
    lua_pushlightuserdata(L, (void *)(uintptr_t)family);
    lua_pushinteger(L, calling);
    lua_pushcclosure(L, call_operator, 3);
}

/* operator(name) -> function or nil: the operator as a function. */
static int get_operator(lua_State *L)
{
    mlk_lua_push_operator(L, mlk_lua_string(L, 1, "name"), MLK_LUA_FUNCTION);
    return 1;
}

/* resolve(name, ...) -> "add.Tensor": the overload that these arguments choose. */
static int resolve(lua_State *L)
{
    mlk_status status;
    mlk_lua_values values;
    const mlk_overload *overload;
    const char *name = mlk_lua_string(L, 1, "name");
    const mlk_family *family = find_family(L, name);
    if (!family)
        return mlk_lua_fail(L, "libtorch %s has no operator '%s'", mlk_torch_version(), name);
    mlk_lua_read_arguments(L, mlk_lua_own_context(L), 2, &values);
    mlk_lua_check(L, mlk_family_resolve(family, &values.arguments, &overload, &status), &status);
    lua_pushstring(L, mlk_overload_name(overload));
    return 1;
}

/* overloads(name) -> list of {name, schema, unusable = reason or nil}; nil when there is no such operator. */
static int overloads(lua_State *L)
{
    const mlk_family *family = find_family(L, mlk_lua_string(L, 1, "name"));
    if (!family)
        return 0;
    lua_createtable(L, (int)mlk_family_size(family), 0);
    for (size_t i = 0; i < mlk_family_size(family); i++) {
        const mlk_overload *overload = mlk_family_overload(family, i);
        lua_createtable(L, 0, 3);
        mlk_lua_set_string(L, "name", mlk_overload_name(overload));
        mlk_lua_set_string(L, "schema", mlk_overload_schema(overload));
        mlk_lua_set_string(L, "unusable", mlk_overload_unusable(overload));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* operators() -> sorted list of all names. */
static int operators(lua_State *L)
{
    mlk_status status;
    const char *const *names;
    size_t count;
    mlk_lua_check(L, mlk_family_names(&names, &count, &status), &status);
    mlk_lua_push_strings(L, names, (int)count);
    return 1;
}

void mlk_lua_add_operators(lua_State *L)
{
    mlk_lua_register(L, (const luaL_Reg[]){
        {"operator", get_operator}, {"resolve", resolve}, {"overloads", overloads}, {"operators", operators},
        {NULL, NULL},
    });
}

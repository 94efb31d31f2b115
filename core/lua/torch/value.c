#include "value.h"

#include "lua/arguments.h"

/* --- Lua to values --- */

static mlk_value *take_items(lua_State *L, mlk_lua_values *values, size_t n)
{
    if (values->used + n <= mlk_lua_pool_size) {
        values->used += n;
        return values->pool + values->used - n;
    }
    luaL_checkstack(L, 8, "too many lists in the arguments");
    return lua_newuserdatauv(L, n * sizeof(mlk_value), 0); /* stays on the stack while the call runs */
}

/* Largest integer key, so that {nil, i} has two entries; -1 when the table is not a list. */
static lua_Integer list_length(lua_State *L, int arg)
{
    lua_Integer length = 0, count = 0;
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1) {
            lua_pop(L, 1);
            return -1;
        }
        lua_Integer key = lua_tointeger(L, -1);
        length = key > length ? key : length;
        count++;
    }
    return length <= 2 * count + 8 ? length : -1;
}

static void set_other(lua_State *L, int arg, mlk_value *out)
{
    out->kind = MLK_OTHER;
    out->text = mlk_lua_describe(L, arg); /* what it pushed stays on the stack */
}

static void read_list(lua_State *L, mlk_lua_context *context, int arg, mlk_lua_values *values, mlk_value *out)
{
    lua_Integer length = luaL_getmetafield(L, arg, "__name") == LUA_TNIL ? list_length(L, arg) : -1;
    luaL_checkstack(L, 16, "lists are nested too deeply");
    if (length < 0 || values->depth == mlk_lua_max_depth) { /* no operator takes more, and a table may hold itself */
        set_other(L, arg, out);
        return;
    }
    mlk_value *items = take_items(L, values, (size_t)length);
    out->kind = MLK_LIST;
    out->list.items = items;
    out->list.count = (size_t)length;
    values->depth++;
    for (lua_Integer i = 0; i < length; i++) {
        int type = lua_rawgeti(L, arg, i + 1);
        mlk_lua_read_value(L, context, lua_gettop(L), values, &items[i]);
        /* The table keeps the item alive; nested lists and descriptions must stay where they are. */
        if (type != LUA_TTABLE && items[i].kind != MLK_OTHER)
            lua_pop(L, 1);
        else
            luaL_checkstack(L, 8, "too many lists in the arguments");
    }
    values->depth--;
}

void mlk_lua_read_value(lua_State *L, mlk_lua_context *context, int arg, mlk_lua_values *values, mlk_value *out)
{
    switch (lua_type(L, arg)) {
    case LUA_TNIL:
    case LUA_TNONE:
        out->kind = MLK_NIL;
        break;
    case LUA_TBOOLEAN:
        out->kind = MLK_BOOLEAN;
        out->boolean = lua_toboolean(L, arg);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, arg)) {
            out->kind = MLK_INTEGER;
            out->integer = lua_tointeger(L, arg);
        } else {
            out->kind = MLK_NUMBER;
            out->number = lua_tonumber(L, arg);
        }
        break;
    case LUA_TSTRING:
        out->kind = MLK_STRING;
        out->text = lua_tostring(L, arg);
        break;
    case LUA_TUSERDATA:
        out->tensor = mlk_lua_to_tensor(L, context, arg);
        out->kind = MLK_TENSOR;
        if (!out->tensor)
            set_other(L, arg, out);
        break;
    case LUA_TTABLE:
        read_list(L, context, arg, values, out);
        break;
    default:
        set_other(L, arg, out);
        break;
    }
}

/* True when the table has string keys; raises when it has others beside them. */
static bool holds_names(lua_State *L, int arg)
{
    if (luaL_getmetafield(L, arg, "__name") != LUA_TNIL) {
        lua_pop(L, 1);
        return false;
    }
    size_t named = 0, others = 0;
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            named++;
        else
            others++;
    }
    if (named && others)
        mlk_lua_fail(L, "the last table mixes a list with named arguments; write f({1, 2}, {name = value})");
    return named > 0;
}

static void read_named(lua_State *L, mlk_lua_context *context, int arg, mlk_lua_values *values)
{
    size_t n = 0;
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        if (n == mlk_lua_max_arguments)
            mlk_lua_fail(L, "at most %d named arguments", (int)mlk_lua_max_arguments);
        int key = lua_gettop(L) - 1;
        values->named[n].name = lua_tostring(L, key);
        mlk_lua_read_value(L, context, key + 1, values, &values->named[n].value);
        n++;
        luaL_checkstack(L, 8, "too many named arguments");
        lua_pushvalue(L, key); /* the value, and what reading it pushed, stay below */
    }
    values->arguments.named = values->named;
    values->arguments.n_named = n;
}

void mlk_lua_read_arguments(lua_State *L, mlk_lua_context *context, int first, mlk_lua_values *values)
{
    int top = lua_gettop(L);
    mlk_lua_begin_values(values);
    values->arguments = (mlk_arguments){.positional = values->positional};
    if (top >= first && lua_type(L, top) == LUA_TTABLE && holds_names(L, top)) {
        read_named(L, context, top, values);
        top--;
    }
    if (top - first + 1 > mlk_lua_max_arguments)
        mlk_lua_fail(L, "at most %d arguments", (int)mlk_lua_max_arguments);
    for (int arg = first; arg <= top; arg++)
        mlk_lua_read_value(L, context, arg, values, &values->positional[arg - first]);
    values->arguments.n_positional = top >= first ? (size_t)(top - first + 1) : 0;
}

/* --- values to Lua --- */

void mlk_lua_push_result(lua_State *L, mlk_lua_context *context, const mlk_value *value)
{
    luaL_checkstack(L, 4, NULL);
    switch (value->kind) {
    case MLK_BOOLEAN:
        lua_pushboolean(L, value->boolean);
        break;
    case MLK_INTEGER:
        lua_pushinteger(L, value->integer);
        break;
    case MLK_NUMBER:
        lua_pushnumber(L, value->number);
        break;
    case MLK_COMPLEX:
        lua_createtable(L, 2, 0);
        for (int part = 0; part < 2; part++) {
            lua_pushnumber(L, value->complex[part]);
            lua_rawseti(L, -2, part + 1);
        }
        break;
    case MLK_STRING:
        lua_pushstring(L, value->text);
        break;
    case MLK_TENSOR: {
        mlk_tensor **handle = mlk_lua_new_handle(L, context);
        *handle = mlk_tensor_retain(value->tensor);
        break;
    }
    case MLK_LIST:
        lua_createtable(L, (int)value->list.count, 0);
        for (size_t i = 0; i < value->list.count; i++) {
            mlk_lua_push_result(L, context, &value->list.items[i]);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        break;
    default:
        lua_pushnil(L);
        break;
    }
}

int mlk_lua_push_results(lua_State *L, mlk_lua_context *context, mlk_results **results)
{
    int n = (int)mlk_results_count(*results);
    luaL_checkstack(L, n + 4, NULL);
    for (int i = 0; i < n; i++)
        mlk_lua_push_result(L, context, mlk_results_get(*results, (size_t)i));
    mlk_results_free(*results);
    *results = NULL;
    return n;
}

static int free_results(lua_State *L)
{
    mlk_results **results = lua_touserdata(L, 1);
    mlk_results_free(*results);
    *results = NULL;
    return 0;
}

mlk_results **mlk_lua_new_results(lua_State *L)
{
    mlk_results **results = lua_newuserdatauv(L, sizeof *results, 0);
    *results = NULL;
    mlk_lua_set_event(L, "moonlark.Results", "__gc", free_results);
    return results;
}

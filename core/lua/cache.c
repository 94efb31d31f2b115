/* cache.c: core.cache: what a folder of cached results holds. */
#include "arguments.h"
#include "modules.h"

#include "extract/cache.h"
#include "extract/cache_care.h"

static int push_usage(lua_State *L, const mlk_cache_usage *usage)
{
    lua_createtable(L, 0, 4);
    mlk_lua_set_integer(L, "entries", usage->entries);
    mlk_lua_set_integer(L, "bytes", usage->bytes);
    mlk_lua_set_integer(L, "limit", usage->limit);
    return 1;
}

static int count(lua_State *L, mlk_code function(const char *folder, mlk_cache_usage *, mlk_status *))
{
    mlk_status status;
    mlk_cache_usage counted;
    mlk_lua_check(L, function(mlk_lua_string(L, 1, "folder"), &counted, &status), &status);
    return push_usage(L, &counted);
}

/* usage(folder) -> {entries, bytes, limit} */
static int usage(lua_State *L)
{
    return count(L, mlk_cache_measure);
}

/* clear(folder) -> {entries, bytes, limit} of what was removed */
static int clear(lua_State *L)
{
    return count(L, mlk_cache_clear);
}

/* verify(folder) -> {entries, bytes, limit, damaged}; damaged entries are removed */
static int verify(lua_State *L)
{
    mlk_status status;
    mlk_cache_usage checked;
    int64_t damaged;
    mlk_lua_check(L, mlk_cache_verify(mlk_lua_string(L, 1, "folder"), &checked, &damaged, &status), &status);
    push_usage(L, &checked);
    mlk_lua_set_integer(L, "damaged", damaged);
    return 1;
}

/* limit(folder, bytes): sets the limit */
static int limit(lua_State *L)
{
    mlk_status status;
    const char *folder = mlk_lua_string(L, 1, "folder");
    mlk_lua_check(L, mlk_cache_set_limit(folder, mlk_lua_integer(L, 2, "limit", 0, INT64_MAX), &status), &status);
    return 0;
}

/* check(folder): makes the folder; raises when it cannot be made or written to */
static int check(lua_State *L)
{
    mlk_status status;
    mlk_cache *cache = mlk_cache_open(mlk_lua_string(L, 1, "folder"), &status);
    if (!cache)
        return mlk_lua_raise(L, &status);
    mlk_cache_close(cache);
    return 0;
}

int mlk_lua_open_cache(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"check", check}, {"clear", clear}, {"limit", limit}, {"usage", usage}, {"verify", verify}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}

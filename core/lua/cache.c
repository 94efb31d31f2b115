/* cache.c: core.cache: what a folder of cached results holds; results that Lua computes, such as embeddings. */
#include "arguments.h"
#include "modules.h"
#include "notes.h"
#include "tensor.h"

#include "extract/cache.h"
#include "extract/cache_care.h"

#include <stdio.h>
#include <string.h>

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

/* --- results of Lua's ------------------------------------------------------------------- */

#define CACHE_TYPE "moonlark.cache"
#define BUNDLE_TYPE "moonlark.cache.bundle"

static int close_cache(lua_State *L)
{
    mlk_cache **box = luaL_checkudata(L, 1, CACHE_TYPE);
    mlk_cache_close(*box);
    *box = NULL;
    return 0;
}

static int close_bundle(lua_State *L)
{
    mlk_bundle **box = luaL_checkudata(L, 1, BUNDLE_TYPE);
    mlk_bundle_free(*box);
    *box = NULL;
    return 0;
}

/* open(folder) -> cache */
static int open(lua_State *L)
{
    mlk_status status;
    mlk_cache **box = mlk_lua_push_object(L, CACHE_TYPE, sizeof *box);
    *box = mlk_cache_open(mlk_lua_string(L, 1, "folder"), &status);
    return *box ? 1 : mlk_lua_raise(L, &status);
}

/* The cache at 1, and the key that the words at 2 stand for. */
static mlk_cache *check_cache(lua_State *L, char key[MLK_HASH_SIZE])
{
    mlk_cache **box = luaL_checkudata(L, 1, CACHE_TYPE);
    const char *words = mlk_lua_string(L, 2, "key");
    if (!*box)
        mlk_lua_fail(L, "the cache is closed");
    mlk_hash_bytes(words, strlen(words), key);
    return *box;
}

/* read(cache, words) -> {data, rate, start, notes}, or nil when there is none */
static int read(lua_State *L)
{
    char key[MLK_HASH_SIZE];
    const mlk_cache *cache = check_cache(L, key);
    mlk_bundle **box = mlk_lua_push_object(L, BUNDLE_TYPE, sizeof *box);
    *box = mlk_cache_read(cache, key);
    if (!*box || (*box)->count != 1 || (*box)->shapes[0].dtype != MLK_FLOAT32)
        return 0;
    const mlk_feature_shape *shape = &(*box)->shapes[0];
    lua_createtable(L, 0, 4);
    mlk_lua_push_copy(L, MLK_FLOAT32, 2, (int64_t[]){shape->rows, shape->frames}, (*box)->data[0]);
    lua_setfield(L, -2, "data");
    mlk_lua_set_number(L, "rate", shape->rate);
    mlk_lua_set_number(L, "start", shape->start);
    mlk_lua_push_notes(L, (*box)->notes);
    lua_setfield(L, -2, "notes");
    mlk_bundle_free(*box);
    *box = NULL;
    return 1;
}

/* The notes {partial, warning} or false at `arg`. */
static mlk_audio_notes read_notes(lua_State *L, int arg)
{
    mlk_audio_notes notes = {"", ""};
    if (!lua_istable(L, arg))
        return notes;
    const char *partial = mlk_lua_optional_string(L, mlk_lua_field(L, arg, "partial"), "partial");
    const char *warning = mlk_lua_optional_string(L, mlk_lua_field(L, arg, "warning"), "warning");
    snprintf(notes.partial, sizeof notes.partial, "%s", partial ? partial : "");
    snprintf(notes.warning, sizeof notes.warning, "%s", warning ? warning : "");
    return notes;
}

/* write(cache, words, {data, rate, start, notes}) -> nil, or why it could not be kept */
static int write(lua_State *L)
{
    char key[MLK_HASH_SIZE];
    mlk_cache *cache = check_cache(L, key);
    mlk_lua_check_type(L, 3, "result", LUA_TTABLE);
    mlk_array data = mlk_lua_read_tensor(L, mlk_lua_field(L, 3, "data"), "data", MLK_FLOAT32, 2);
    mlk_audio_notes notes = read_notes(L, mlk_lua_field(L, 3, "notes"));
    mlk_feature_shape shape = {.rows = data.shape[0], .frames = data.shape[1], .dtype = MLK_FLOAT32};
    shape.rate = mlk_lua_number(L, mlk_lua_field(L, 3, "rate"), "rate", 0, 1e12);
    shape.start = mlk_lua_number(L, mlk_lua_field(L, 3, "start"), "start", -1e12, 1e12);
    mlk_status status;
    mlk_bundle *bundle = mlk_bundle_new(1, &shape, &status);
    mlk_code code = bundle ? MLK_OK : status.code;
    if (!code) {
        memcpy(bundle->data[0], data.data, (size_t)(shape.rows * shape.frames) * sizeof(float));
        code = mlk_bundle_annotate(bundle, &notes, &status);
    }
    if (!code)
        code = mlk_cache_write(cache, key, bundle, &status);
    mlk_bundle_free(bundle);
    lua_pushstring(L, code ? status.message : NULL);
    return 1;
}

int mlk_lua_open_cache(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"check", check}, {"clear", clear}, {"limit", limit}, {"open", open}, {"read", read}, {"usage", usage},
        {"verify", verify}, {"write", write}, {NULL, NULL},
    };
    static const luaL_Reg methods[] = {{"close", close_cache}, {NULL, NULL}};
    mlk_lua_new_type(L, CACHE_TYPE, close_cache, methods);
    mlk_lua_new_type(L, BUNDLE_TYPE, close_bundle, NULL);
    luaL_newlib(L, functions);
    return 1;
}

/* store.c: core.store: files of tensors, content hashes, atomic writing. */
#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include "store/atomic.h"
#include "store/hash.h"
#include "store/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* --- a list of tensors that Lua's collector frees ----------------------------- */

#define TENSORS_TYPE "moonlark.store.tensors"

static int free_tensors(lua_State *L)
{
    mlk_tensors_free(luaL_checkudata(L, 1, TENSORS_TYPE));
    return 0;
}

/* Pushes an empty list. */
static mlk_tensors *push_tensors(lua_State *L)
{
    mlk_tensors *tensors = lua_newuserdatauv(L, sizeof *tensors, 0);
    *tensors = (mlk_tensors){0};
    luaL_setmetatable(L, TENSORS_TYPE);
    return tensors;
}

static void push_copy(lua_State *L, const mlk_array *array)
{
    mlk_array tensor;
    int64_t bytes;
    mlk_lua_push_tensor(L, array->dtype, array->rank, array->shape, &tensor);
    if (mlk_array_bytes(array, &bytes) && bytes > 0)
        memcpy(tensor.data, array->data, (size_t)bytes);
}

static void push_metadata(lua_State *L, const mlk_tensors *tensors)
{
    lua_createtable(L, 0, tensors->metadata_count);
    for (int i = 0; i < tensors->metadata_count; i++) {
        lua_pushstring(L, tensors->metadata[i].value);
        lua_setfield(L, -2, tensors->metadata[i].key);
    }
}

/* --- the kinds of file, by the name's ending ---------------------------------- */

enum { SAFETENSORS };

static int kind_of(lua_State *L, const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".safetensors") == 0)
        return SAFETENSORS;
    return luaL_error(L, "a file of tensors must end in .safetensors, got '%s'", path);
}

/* load(path) -> {name = tensor}, metadata */
static int load(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_status status;
    kind_of(L, path);
    mlk_tensors *tensors = push_tensors(L);
    if (mlk_safetensors_read(path, tensors, &status))
        return mlk_lua_raise(L, &status);
    lua_createtable(L, 0, tensors->count);
    for (int i = 0; i < tensors->count; i++) {
        push_copy(L, &tensors->items[i].array);
        lua_setfield(L, -2, tensors->items[i].name);
    }
    push_metadata(L, tensors);
    mlk_tensors_free(tensors);
    return 2;
}

/* hash_file(path) -> 32 hexadecimal digits */
static int hash_file(lua_State *L)
{
    mlk_status status;
    char hex[MLK_HASH_SIZE];
    if (mlk_hash_file(mlk_lua_string(L, 1, "path"), hex, &status))
        return mlk_lua_raise(L, &status);
    lua_pushstring(L, hex);
    return 1;
}

/* hash(text) -> 32 hexadecimal digits of any bytes */
static int hash(lua_State *L)
{
    size_t length;
    char hex[MLK_HASH_SIZE];
    const char *text = luaL_checklstring(L, 1, &length);
    mlk_hash_bytes(text, length, hex);
    lua_pushstring(L, hex);
    return 1;
}

/* write(path, text): atomically */
static int write_text(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    size_t length;
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "text must be a string, got %s", mlk_lua_describe(L, 2));
    const char *text = lua_tolstring(L, 2, &length);
    mlk_status status;
    mlk_atomic file;
    if (mlk_atomic_open(path, &file, &status))
        return mlk_lua_raise(L, &status);
    if (mlk_atomic_write(&file, text, length, &status)) {
        mlk_atomic_abort(&file);
        return mlk_lua_raise(L, &status);
    }
    if (mlk_atomic_commit(&file, &status))
        return mlk_lua_raise(L, &status);
    return 0;
}

int mlk_lua_open_store(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"load", load}, {"hash_file", hash_file}, {"hash", hash}, {"write", write_text}, {NULL, NULL},
    };
    if (luaL_newmetatable(L, TENSORS_TYPE)) {
        lua_pushcfunction(L, free_tensors);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

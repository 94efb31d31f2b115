/* flat_search.c: core.flat_search: files of vectors in which the most similar are found (learn/flat_search.h). */
#include "learn/flat_search.h"
#include "learn/keys.h"

#include "arguments.h"
#include "modules.h"
#include "samples.h"
#include "tensor.h"

#define SEARCH_TYPE "moonlark.flat_search"

typedef struct box {
    mlk_flat_search search;
    bool open;
} box;

/* search:close(): may be called again */
static int close_search(lua_State *L)
{
    box *self = luaL_checkudata(L, 1, SEARCH_TYPE);
    if (self->open)
        mlk_flat_search_close(&self->search);
    self->open = false;
    return 0;
}

static mlk_flat_search *check_search(lua_State *L)
{
    box *self = luaL_checkudata(L, 1, SEARCH_TYPE);
    if (!self->open)
        mlk_lua_fail(L, "the vectors are closed");
    return &self->search;
}

/* open(path or nil, columns or 0) -> search */
static int open_search(lua_State *L)
{
    mlk_status status;
    const char *path = mlk_lua_optional_string(L, 1, "path");
    int64_t columns = mlk_lua_integer(L, 2, "columns", path ? 0 : 1, INT16_MAX);
    box *self = mlk_lua_push_object(L, SEARCH_TYPE, sizeof *self);
    mlk_lua_check(L, mlk_flat_search_open(path, columns, &self->search, &status), &status);
    self->open = true;
    return 1;
}

/* search:add(x) -> the row that its first became, from 0 */
static int add(lua_State *L)
{
    mlk_status status;
    int64_t first = 0;
    mlk_flat_search *search = check_search(L);
    mlk_samples samples = mlk_lua_samples(L, 2, "x");
    mlk_lua_check(L, mlk_flat_search_add(search, samples, &first, &status), &status);
    lua_pushinteger(L, first);
    return 1;
}

/* search:size() -> rows, of whomever they are, and columns */
static int size(lua_State *L)
{
    mlk_status status;
    mlk_flat_search *search = check_search(L);
    mlk_lua_check(L, mlk_vectors_refresh(&search->vectors, &status), &status);
    lua_pushinteger(L, search->vectors.n);
    lua_pushinteger(L, search->vectors.columns);
    return 2;
}

/* search:rows(first, count) -> tensor count x columns: rows of length 1 */
static int rows(lua_State *L)
{
    const mlk_vectors *vectors = &check_search(L)->vectors;
    int64_t first = mlk_lua_integer(L, 2, "first", 0, vectors->n);
    int64_t count = mlk_lua_integer(L, 3, "count", 0, vectors->n - first);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){count, vectors->columns});
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < vectors->columns; j++)
            out[i * vectors->columns + j] = vectors->x[(first + i) * vectors->d + j];
    return 1;
}

/* search:find(x, k, allowed (bool of each row) or nil) -> indices (int64), cosines: queries x k; and how many pairs were
 * compared number by number. Of rows that search:size() has counted. */
static int find(lua_State *L)
{
    mlk_status status;
    mlk_flat_search *search = check_search(L);
    mlk_samples queries = mlk_lua_samples(L, 2, "x");
    int64_t k = mlk_lua_integer(L, 3, "k", 1, INT32_MAX), n = search->vectors.n;
    mlk_array mask = lua_isnil(L, 4) ? (mlk_array){0} : mlk_lua_read_tensor(L, 4, "among", MLK_BOOL, 1);
    if (mask.data && mask.shape[0] != n)
        return mlk_lua_fail(L, "among must have %I numbers, one a row, got %I", (LUAI_UACINT)n,
                            (LUAI_UACINT)mask.shape[0]);
    if (k > n)
        return mlk_lua_fail(L, "k must be 1..%I (the rows), got %I", (LUAI_UACINT)n, (LUAI_UACINT)k);
    int64_t *indices = mlk_lua_push_tensor(L, MLK_INT64, 2, (int64_t[]){queries.n, k});
    float *cosines = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){queries.n, k});
    uint64_t *keys = lua_newuserdatauv(L, sizeof *keys * (size_t)(queries.n * k + 1), 0);
    mlk_lua_check(L, mlk_flat_search_find(search, queries, k, mask.data, keys, &status), &status);
    for (int64_t i = 0; i < queries.n * k; i++) {
        indices[i] = mlk_key_row(keys[i]);
        cosines[i] = 1 - mlk_key_apart(keys[i]) / 2;
    }
    lua_pop(L, 1);
    lua_pushinteger(L, search->compared);
    return 3;
}

int mlk_lua_open_flat_search(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_search}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"add", add}, {"close", close_search}, {"find", find}, {"rows", rows}, {"size", size}, {NULL, NULL},
    };
    mlk_lua_new_type(L, SEARCH_TYPE, close_search, methods);
    luaL_newlib(L, functions);
    return 1;
}

/* pooling.c: core.pooling: frames that come part by part become one number for each row (extract/pool.h). */
#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include "extract/recipe.h"

#define POOLING_TYPE "moonlark.pooling"

typedef struct pooling {
    mlk_pool pools[MLK_MAX_POOLS]; /* which `pooling` points to */
    mlk_pooling *pooling;
    int n_pools;
    int64_t rows, frames;
} pooling;

static int close_pooling(lua_State *L)
{
    pooling *self = luaL_checkudata(L, 1, POOLING_TYPE);
    mlk_pooling_free(self->pooling);
    self->pooling = NULL;
    return 0;
}

/* new(names, rows) -> pooling */
static int new(lua_State *L)
{
    mlk_status status;
    int n = mlk_lua_list_length(L, 1, "pool");
    int64_t rows = mlk_lua_integer(L, 2, "rows", 1, 1 << 24);
    if (n < 1 || n > MLK_MAX_POOLS)
        return mlk_lua_fail(L, "pool must name 1..%d statistics, got %d", MLK_MAX_POOLS, n);
    const char **names = mlk_lua_read_strings(L, 1, "pool", 1);
    pooling *self = mlk_lua_push_object(L, POOLING_TYPE, sizeof *self);
    for (int i = 0; i < n; i++)
        mlk_lua_check(L, mlk_pool_parse(names[i], &self->pools[i], &status), &status);
    self->n_pools = n;
    self->rows = rows;
    self->pooling = mlk_pooling_new(self->pools, n, rows, &status);
    return self->pooling ? 1 : mlk_lua_raise(L, &status);
}

static pooling *check_pooling(lua_State *L)
{
    pooling *self = luaL_checkudata(L, 1, POOLING_TYPE);
    if (!self->pooling)
        mlk_lua_fail(L, "the pooling is closed");
    return self;
}

/* add(pooling, rows x frames) */
static int add(lua_State *L)
{
    pooling *self = check_pooling(L);
    mlk_array frames = mlk_lua_read_tensor(L, 2, "frames", MLK_FLOAT32, 2);
    if (frames.shape[0] != self->rows)
        return mlk_lua_fail(L, "frames must have %d rows, got %d", (int)self->rows, (int)frames.shape[0]);
    mlk_status status;
    mlk_lua_check(L, mlk_pooling_add(self->pooling, frames.data, frames.shape[1], &status), &status);
    self->frames += frames.shape[1];
    return 0;
}

/* finish(pooling) -> statistics x rows; closes it */
static int finish(lua_State *L)
{
    pooling *self = check_pooling(L);
    if (self->frames == 0)
        return mlk_lua_fail(L, "there are no frames to pool");
    mlk_pooling_finish(self->pooling, mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){self->n_pools, self->rows}));
    mlk_pooling_free(self->pooling);
    self->pooling = NULL;
    return 1;
}

int mlk_lua_open_pooling(lua_State *L)
{
    static const luaL_Reg functions[] = {{"add", add}, {"finish", finish}, {"new", new}, {NULL, NULL}};
    mlk_lua_new_type(L, POOLING_TYPE, close_pooling, NULL);
    luaL_newlib(L, functions);
    return 1;
}

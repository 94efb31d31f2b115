/* embedding.c: core.embedding: neighbours, t-SNE, UMAP. Tables of rows become places in one to three dimensions. */
#include "learn/neighbors.h"
#include "learn/tsne.h"
#include "learn/umap.h"

#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "samples.h"
#include "tensor.h"

/* A function of Lua that is told how far the work is, and what it raised. */
typedef struct listener {
    lua_State *L;
    int function; /* its place on the stack */
    bool failed;  /* its error lies on top of the stack */
} listener;

static void say(void *context, int64_t done, int64_t total)
{
    listener *self = context;
    if (self->failed)
        return;
    lua_pushvalue(self->L, self->function);
    lua_pushinteger(self->L, done);
    lua_pushinteger(self->L, total);
    self->failed = lua_pcall(self->L, 2, 0, 0) != LUA_OK;
}

/* Who listens: the function in the field "progress" of the options at `arg`, which stays on the stack. */
static mlk_progress progress_of(lua_State *L, int arg, listener *self)
{
    luaL_checkstack(L, 8, NULL);
    *self = (listener){.L = L, .function = mlk_lua_field(L, arg, "progress")};
    return lua_isfunction(L, self->function) ? (mlk_progress){say, self} : (mlk_progress){0};
}

/* Raises what the work or the listener raised. */
static void check(lua_State *L, mlk_code code, const mlk_status *status, const listener *self)
{
    mlk_lua_check(L, code, status);
    if (self->failed)
        lua_error(L);
}

static float *push_places(lua_State *L, int64_t n, int dims)
{
    return mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){n, dims});
}

static void push_neighbors(lua_State *L, const mlk_neighbors *found)
{
    int64_t shape[] = {found->n, found->k};
    mlk_lua_push_copy(L, MLK_INT32, 2, shape, found->indices);
    mlk_lua_push_copy(L, MLK_FLOAT32, 2, shape, found->distances);
}

/* neighbors(x, k, metric, seed) -> indices (n x k, int32), distances (n x k) */
static int neighbors(lua_State *L)
{
    mlk_status status;
    mlk_neighbors found;
    int64_t k = mlk_lua_integer(L, 2, "n_neighbors", 1, INT32_MAX);
    mlk_row_metric metric = (mlk_row_metric)mlk_lua_choice(L, 3, "metric", mlk_row_metric_names);
    uint64_t seed = (uint64_t)mlk_lua_integer(L, 4, "seed", 0, INT64_MAX);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    mlk_lua_check(L, mlk_neighbors_of(samples, k, metric, seed, &found, &status), &status);
    push_neighbors(L, &found);
    mlk_neighbors_free(&found);
    return 2;
}

/* tsne(x, {n_components, …, progress = function or nil}) -> embedding (n x n_components), divergence */
static int tsne(lua_State *L)
{
    mlk_status status;
    listener self;
    double divergence;
    mlk_tsne_options options;
    mlk_lua_read(L, 2, "cluster.tsne", mlk_tsne_parameters, &options);
    options.progress = progress_of(L, 2, &self);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    float *y = push_places(L, samples.n, options.dims);
    check(L, mlk_tsne_fit(samples, &options, y, &divergence, &status), &status, &self);
    lua_pushnumber(L, divergence);
    return 2;
}

/* A fitted table (x) and its places, the arguments 2 and 3, for rows that have as many columns. */
static mlk_samples read_fitted(lua_State *L, int dims, mlk_samples samples, const float **places)
{
    mlk_samples train = mlk_lua_samples(L, 2, "train_x");
    mlk_array embedding = mlk_lua_read_tensor(L, 3, "embedding", MLK_FLOAT32, 2);
    mlk_lua_check_width(L, samples, train.d);
    if (embedding.shape[0] != train.n || embedding.shape[1] != dims)
        mlk_lua_fail(L, "embedding must be %I × %d, got %I × %I", (LUAI_UACINT)train.n, dims,
                     (LUAI_UACINT)embedding.shape[0], (LUAI_UACINT)embedding.shape[1]);
    *places = embedding.data;
    return train;
}

/* tsne_transform(x, train_x, embedding, {n_components, …}) -> embedding of x */
static int tsne_transform(lua_State *L)
{
    mlk_status status;
    listener self;
    const float *places;
    mlk_tsne_options options;
    mlk_lua_read(L, 4, "cluster.tsne", mlk_tsne_parameters, &options);
    options.progress = progress_of(L, 4, &self);
    mlk_samples samples = mlk_lua_samples(L, 1, "x"), train = read_fitted(L, options.dims, samples, &places);
    float *y = push_places(L, samples.n, options.dims);
    check(L, mlk_tsne_transform(train, places, samples, &options, y, &status), &status, &self);
    return 1;
}

/* umap(x, labels or nil, {n_components, …}) -> embedding (n x n_components) */
static int umap(lua_State *L)
{
    mlk_status status;
    listener self;
    mlk_umap_options options;
    mlk_lua_read(L, 3, "cluster.umap", mlk_umap_parameters, &options);
    options.progress = progress_of(L, 3, &self);
    mlk_samples samples = mlk_lua_samples(L, 1, "x");
    const int64_t *labels = lua_isnil(L, 2) ? NULL : mlk_lua_labels(L, 2, "y", samples.n);
    float *y = push_places(L, samples.n, options.dims);
    check(L, mlk_umap_fit(samples, labels, &options, y, &status), &status, &self);
    return 1;
}

/* umap_transform(x, train_x, embedding, {n_components, …}) -> embedding of x */
static int umap_transform(lua_State *L)
{
    mlk_status status;
    listener self;
    const float *places;
    mlk_umap_options options;
    mlk_lua_read(L, 4, "cluster.umap", mlk_umap_parameters, &options);
    options.progress = progress_of(L, 4, &self);
    mlk_samples samples = mlk_lua_samples(L, 1, "x"), train = read_fitted(L, options.dims, samples, &places);
    float *y = push_places(L, samples.n, options.dims);
    check(L, mlk_umap_transform(train, places, samples, &options, y, &status), &status, &self);
    return 1;
}

int mlk_lua_open_embedding(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"neighbors", neighbors}, {"tsne", tsne}, {"tsne_transform", tsne_transform}, {"umap", umap},
        {"umap_transform", umap_transform}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    mlk_lua_push_strings(L, mlk_row_metric_names, -1);
    lua_setfield(L, -2, "metrics");
    mlk_lua_add_parameters(L, "tsne", mlk_tsne_parameters);
    mlk_lua_add_parameters(L, "umap", mlk_umap_parameters);
    return 1;
}

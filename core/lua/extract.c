/* extract.c: core.extract: recipes over many files, as jobs (job.h), and their results. */
#include "arguments.h"
#include "job.h"
#include "modules.h"
#include "recipe.h"
#include "tensor.h"

#include "extract/extraction.h"
#include "extract/inspection.h"
#include "store/format.h"
#include "store/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* --- recipes ---------------------------------------------------------------------- */

/* recipe(description) -> {text, columns}: checks it; columns are the names of the pooled table's columns */
static int recipe(lua_State *L)
{
    mlk_recipe *made = *mlk_lua_push_recipe(L, 1);
    lua_createtable(L, 0, 2);
    mlk_lua_set_string(L, "text", made->text);
    lua_createtable(L, (int)made->n_columns, 0);
    for (int64_t column = 0; column < made->n_columns; column++) {
        char name[128];
        mlk_recipe_column(made, column, name, sizeof name);
        lua_pushstring(L, name);
        lua_rawseti(L, -2, column + 1);
    }
    lua_setfield(L, -2, "columns");
    return 1;
}

/* --- jobs ----------------------------------------------------------------------- */

static void free_extraction(void *extraction)
{
    mlk_extraction_free(extraction);
}

static const mlk_audio_notes *extraction_notes(const void *extraction, int index)
{
    return mlk_extraction_notes(extraction, index);
}

static mlk_extraction *extraction_itself(const void *extraction)
{
    return (mlk_extraction *)extraction;
}

static const mlk_lua_work extracting = {mlk_extraction_work, free_extraction, extraction_notes, extraction_itself};

static void free_inspection(void *inspection)
{
    mlk_inspection_free(inspection);
}

static const mlk_audio_notes *inspection_notes(const void *inspection, int index)
{
    return &((const mlk_inspection *)inspection)->found[index].notes;
}

static const mlk_lua_work inspecting = {mlk_inspection_work, free_inspection, inspection_notes, NULL};

/* start(description, tracks, workers, cache or nil) -> job */
static int start(lua_State *L)
{
    int n = mlk_lua_list_length(L, 2, "tracks");
    int workers = (int)mlk_lua_integer(L, 3, "workers", 0, 256);
    const char *cache = mlk_lua_optional_string(L, 4, "cache");
    mlk_recipe **box = mlk_lua_push_recipe(L, 1);
    mlk_track *tracks = mlk_lua_push_tracks(L, 2, n);
    mlk_lua_job *job = mlk_lua_push_job(L, &extracting, n);
    mlk_lua_start_job(L, job, mlk_lua_new_extraction(L, box, tracks, n, cache), workers);
    return 1;
}

/* inspect(paths, "header" | "content" | "sound", workers, channel, keep_partial) -> job */
static int inspect(lua_State *L)
{
    static const char *const depths[] = {"header", "content", "sound", NULL};
    int n = mlk_lua_list_length(L, 1, "paths");
    int depth = mlk_lua_choice(L, 2, "depth", depths);
    int workers = (int)mlk_lua_integer(L, 3, "workers", 0, 256);
    int channel = (int)mlk_lua_integer(L, 4, "channel", MLK_CHANNELS_MIXED, MLK_MAX_CHANNELS - 1);
    bool keep_partial = mlk_lua_boolean(L, 5, "keep_partial");
    const char **paths = mlk_lua_read_strings(L, 1, "paths", 0);
    mlk_lua_job *job = mlk_lua_push_job(L, &inspecting, n);
    char **copies = calloc((size_t)n + 1, sizeof *copies);
    for (int i = 0; copies && i < n; i++)
        if (!(copies[i] = strdup(paths[i]))) {
            while (i > 0)
                free(copies[--i]);
            free(copies);
            copies = NULL;
        }
    if (!copies)
        return mlk_lua_fail(L, "not enough memory for %d paths", n);
    mlk_status status;
    mlk_inspection *inspection = mlk_inspection_new(copies, n, (mlk_inspection_depth)depth, &status);
    if (!inspection)
        return mlk_lua_raise(L, &status);
    inspection->channel = channel;
    inspection->keep_partial = keep_partial;
    mlk_lua_start_job(L, job, inspection, workers);
    return 1;
}

static int count_done(const mlk_lua_job *self)
{
    return mlk_job_progress(self->job).done;
}

/* The extraction of the job at 1, which must have ended. `pooled`: it must make a table, else keep frames. */
static mlk_extraction *check_extraction(lua_State *L, bool pooled, mlk_lua_job **job)
{
    *job = mlk_lua_finished_job(L, 1, &extracting);
    mlk_extraction *extraction = (*job)->context;
    if ((mlk_extraction_recipe(extraction)->n_pools > 0) != pooled)
        mlk_lua_fail(L, pooled ? "the job has no pooled table" : "the job keeps no frames");
    return extraction;
}

/* table(job) -> tensor, a row for each track that is done, in order */
static int table(lua_State *L)
{
    mlk_lua_job *self;
    mlk_extraction *extraction = check_extraction(L, true, &self);
    int64_t width = mlk_extraction_recipe(extraction)->n_columns;
    float *to = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){count_done(self), width});
    for (int i = 0; i < self->n; i++)
        if (mlk_job_state(self->job, i) == MLK_JOB_DONE) {
            memcpy(to, mlk_extraction_row(extraction, i), (size_t)width * sizeof *to);
            to += width;
        }
    return 1;
}

/* Pushes {feature = {data, rate, start} ...}. */
static void push_frames(lua_State *L, const mlk_recipe *made, const mlk_bundle *bundle)
{
    lua_createtable(L, 0, bundle->count);
    for (int i = 0; i < bundle->count; i++) {
        const mlk_feature_shape *shape = &bundle->shapes[i];
        lua_createtable(L, 0, 3);
        mlk_lua_push_copy(L, shape->dtype, 2, (int64_t[]){shape->rows, shape->frames}, bundle->data[i]);
        lua_setfield(L, -2, "data");
        mlk_lua_set_number(L, "rate", shape->rate);
        mlk_lua_set_number(L, "start", shape->start);
        lua_setfield(L, -2, made->features[i].feature->name);
    }
}

#define BUNDLE_TYPE "moonlark.extract.bundle"

static int close_bundle(lua_State *L)
{
    mlk_bundle **box = luaL_checkudata(L, 1, BUNDLE_TYPE);
    mlk_bundle_free(*box);
    *box = NULL;
    return 0;
}

/* frames(job, i) -> {feature = {data, rate, start}} of the i-th track (from 1), which must be done */
static int frames(lua_State *L)
{
    mlk_lua_job *self;
    mlk_extraction *extraction = check_extraction(L, false, &self);
    int i = (int)mlk_lua_integer(L, 2, "i", 1, self->n) - 1;
    if (mlk_job_state(self->job, i) != MLK_JOB_DONE)
        return mlk_lua_fail(L, "track %d is not done", i + 1);
    mlk_bundle **made = mlk_lua_push_object(L, BUNDLE_TYPE, sizeof *made);
    mlk_status status;
    const mlk_bundle *bundle = mlk_extraction_frames(extraction, i, made, &status);
    if (!bundle)
        return mlk_lua_raise(L, &status);
    push_frames(L, mlk_extraction_recipe(extraction), bundle);
    mlk_bundle_free(*made);
    *made = NULL;
    return 1;
}

/* analyse(description, samples, rate) -> {feature = {data, rate, start}}, or a row when the recipe pools */
static int analyse(lua_State *L)
{
    mlk_recipe *made = *mlk_lua_push_recipe(L, 1);
    mlk_array samples = mlk_lua_read_tensor(L, 2, "samples", MLK_FLOAT32, 1);
    double rate = mlk_lua_number(L, 3, "rate", 1e-3, 1e9);
    mlk_bundle **box = mlk_lua_push_object(L, BUNDLE_TYPE, sizeof *box);
    mlk_status status;
    *box = mlk_extraction_analyse(made, samples.data, samples.shape[0], rate, &status);
    if (!*box)
        return mlk_lua_raise(L, &status);
    if (made->n_pools > 0)
        mlk_lua_push_copy(L, MLK_FLOAT32, 1, &made->n_columns, (*box)->data[0]);
    else
        push_frames(L, made, *box);
    mlk_bundle_free(*box);
    *box = NULL;
    return 1;
}

/* inspected(job) -> list of {seconds, rate, channels, hash} for each file that is done, else false */
static int inspected(lua_State *L)
{
    mlk_lua_job *self = mlk_lua_finished_job(L, 1, &inspecting);
    const mlk_inspection *inspection = self->context;
    lua_createtable(L, self->n, 0);
    for (int i = 0; i < self->n; i++) {
        const mlk_inspected *found = &inspection->found[i];
        if (mlk_job_state(self->job, i) == MLK_JOB_DONE) {
            lua_createtable(L, 0, 4);
            mlk_lua_set_number(L, "seconds", found->seconds);
            mlk_lua_set_integer(L, "rate", found->rate);
            mlk_lua_set_integer(L, "channels", found->channels);
            if (found->hash[0]) {
                mlk_lua_set_string(L, "hash", found->hash);
            }
        } else {
            lua_pushboolean(L, false);
        }
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* A field that is a list of n strings (any number when n < 0), or NULL when it is nil. What it points to lives in a
 * userdata that is pushed. */
static const char **string_field(lua_State *L, int arg, const char *name, int64_t n)
{
    if (lua_getfield(L, arg, name) == LUA_TNIL)
        return NULL;
    int length = mlk_lua_list_length(L, lua_gettop(L), name);
    if (n >= 0 && length != n)
        mlk_lua_fail(L, "%s has %d entries, the table %d", name, length, (int)n);
    return mlk_lua_read_strings(L, lua_gettop(L), name, 0);
}

/* All of a table but its rows, from {columns, paths, labels or nil, ids, classes, recipe}. */
static mlk_table read_about(lua_State *L, int arg, int64_t n, int64_t width)
{
    mlk_lua_check_type(L, arg, "about", LUA_TTABLE);
    mlk_table t = {.n = n, .width = width};
    t.columns = string_field(L, arg, "columns", width);
    t.paths = string_field(L, arg, "paths", n);
    if (!t.columns || !t.paths)
        mlk_lua_fail(L, "a table needs columns and paths");
    t.recipe = mlk_lua_string(L, mlk_lua_field(L, arg, "recipe"), "recipe");
    t.labels = string_field(L, arg, "labels", n);
    if (!t.labels)
        return t;
    t.classes = string_field(L, arg, "classes", -1);
    t.n_classes = mlk_lua_list_length(L, mlk_lua_field(L, arg, "classes"), "classes");
    int at = mlk_lua_field(L, arg, "ids"), length = mlk_lua_list_length(L, at, "ids");
    if (length != n)
        mlk_lua_fail(L, "ids has %d entries, the table %d", length, (int)n);
    int64_t *ids = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *ids, 0);
    for (int64_t i = 0; i < n; i++) {
        lua_geti(L, at, i + 1);
        ids[i] = mlk_lua_integer(L, lua_gettop(L), "id", 0, INT32_MAX);
        lua_pop(L, 1);
    }
    t.ids = ids;
    return t;
}

/* write_table(job, path, about): the pooled rows of the tracks that are done; about: {columns, paths, labels or nil,
 * ids, classes, recipe} */
static int write_table(lua_State *L)
{
    mlk_lua_job *self;
    mlk_extraction *extraction = check_extraction(L, true, &self);
    const char *path = mlk_lua_string(L, 2, "path");
    mlk_table t = read_about(L, 3, count_done(self), mlk_extraction_recipe(extraction)->n_columns);
    const float **rows = lua_newuserdatauv(L, ((size_t)t.n + 1) * sizeof *rows, 0);
    t.rows = rows;
    for (int i = 0; i < self->n; i++)
        if (mlk_job_state(self->job, i) == MLK_JOB_DONE)
            *rows++ = mlk_extraction_row(extraction, i);
    mlk_status status;
    mlk_lua_check(L, mlk_format_write_table(path, &t, &status), &status);
    return 0;
}

/* write_rows(x, path, about): the same of rows that Lua has */
static int write_rows(lua_State *L)
{
    const char *path = mlk_lua_string(L, 2, "path");
    mlk_array x = mlk_lua_read_tensor(L, 1, "x", MLK_FLOAT32, 2);
    mlk_table t = read_about(L, 3, x.shape[0], x.shape[1]);
    const float **rows = lua_newuserdatauv(L, ((size_t)t.n + 1) * sizeof *rows, 0);
    for (int64_t i = 0; i < t.n; i++)
        rows[i] = (const float *)x.data + i * t.width;
    t.rows = rows;
    mlk_status status;
    mlk_lua_check(L, mlk_format_write_table(path, &t, &status), &status);
    return 0;
}

/* write_frames(path, recipe's text, {{name, data, rate, start} ...}): a file of frames, which Lua has */
static int write_frames(lua_State *L)
{
    mlk_frames_item items[MLK_MAX_FEATURES];
    const char *path = mlk_lua_string(L, 1, "path"), *text = mlk_lua_string(L, 2, "recipe");
    int n = mlk_lua_list_length(L, 3, "features");
    if (n > MLK_MAX_FEATURES)
        return mlk_lua_fail(L, "a file holds up to %d features", MLK_MAX_FEATURES);
    luaL_checkstack(L, 8 * n + 8, NULL);
    for (int i = 0; i < n; i++) { /* what is pushed stays: the items point into it */
        lua_geti(L, 3, i + 1);
        int at = lua_gettop(L);
        items[i] = (mlk_frames_item){
            .name = mlk_lua_string(L, mlk_lua_field(L, at, "name"), "name"),
            .rate = mlk_lua_number(L, mlk_lua_field(L, at, "rate"), "rate", 0, 1e12),
            .start = mlk_lua_number(L, mlk_lua_field(L, at, "start"), "start", -1e12, 1e12)};
        items[i].array = mlk_lua_read_tensor(L, mlk_lua_field(L, at, "data"), "data", -1, 2);
    }
    mlk_status status;
    mlk_lua_check(L, mlk_format_write_frames(path, &(mlk_frames){text, n, items}, &status), &status);
    return 0;
}

/* check_frames(path): raises when no frames can be written there */
static int check_frames(lua_State *L)
{
    mlk_status status;
    return mlk_format_of(mlk_lua_string(L, 1, "path"), MLK_FORMAT_FRAMES, &status) ? 0 : mlk_lua_raise(L, &status);
}

/* check_table(path): raises when no table can be written there */
static int check_table(lua_State *L)
{
    mlk_status status;
    return mlk_format_of(mlk_lua_string(L, 1, "path"), MLK_FORMAT_TABLE, &status) ? 0 : mlk_lua_raise(L, &status);
}

#define SHARD_TYPE "moonlark.extract.shard"

static int close_shard(lua_State *L)
{
    mlk_tensors_free(luaL_checkudata(L, 1, SHARD_TYPE));
    return 0;
}

/* Puts the rows of the shard {file, places} on top of the stack in their places among n. */
static void place_shard(lua_State *L, const float **rows, int64_t n, int64_t *width)
{
    int at = lua_gettop(L);
    const char *file = mlk_lua_string(L, mlk_lua_field(L, at, "file"), "file");
    int places = mlk_lua_field(L, at, "places"), count = mlk_lua_list_length(L, places, "places");
    mlk_tensors *tensors = mlk_lua_push_object(L, SHARD_TYPE, sizeof *tensors);
    mlk_status status;
    mlk_lua_check(L, mlk_safetensors_read(file, tensors, &status), &status);
    const mlk_array *x = mlk_tensors_find(tensors, "x");
    if (!x || x->dtype != MLK_FLOAT32 || x->rank != 2 || x->shape[0] != count)
        mlk_lua_fail(L, "%s: x must be float32 with %d rows", file, count);
    if (*width >= 0 && x->shape[1] != *width)
        mlk_lua_fail(L, "%s has %d columns, another shard %d", file, (int)x->shape[1], (int)*width);
    *width = x->shape[1];
    for (int i = 0; i < count; i++) {
        lua_geti(L, places, i + 1);
        int64_t place = mlk_lua_integer(L, lua_gettop(L), "place", 1, n) - 1;
        if (rows[place])
            mlk_lua_fail(L, "%s: two shards hold row %d", file, (int)place + 1);
        rows[place] = (const float *)x->data + i * *width;
        lua_pop(L, 1);
    }
}

/* merge_tables(shards, n, path, about): one table of n rows from those of shards, {file, places} each; a place is a
 * row's number in the whole, from 1 */
static int merge_tables(lua_State *L)
{
    int count = mlk_lua_list_length(L, 1, "shards");
    int64_t n = mlk_lua_integer(L, 2, "n", 0, INT32_MAX), width = -1;
    const char *path = mlk_lua_string(L, 3, "path");
    const float **rows = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *rows, 0);
    memset(rows, 0, ((size_t)n + 1) * sizeof *rows);
    luaL_checkstack(L, 4 * count + 20, "too many shards");
    for (int i = 0; i < count; i++) {
        lua_geti(L, 1, i + 1);
        place_shard(L, rows, n, &width); /* what it pushes stays: the rows point into it */
    }
    for (int64_t i = 0; i < n; i++)
        if (!rows[i])
            return mlk_lua_fail(L, "no shard holds row %d", (int)i + 1);
    mlk_table t = read_about(L, 4, n, width < 0 ? 0 : width);
    t.rows = rows;
    mlk_status status;
    mlk_lua_check(L, mlk_format_write_table(path, &t, &status), &status);
    return 0;
}

int mlk_lua_open_extract(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"analyse", analyse}, {"check_frames", check_frames}, {"check_table", check_table}, {"frames", frames}, {"inspect", inspect},
        {"inspected", inspected}, {"merge_tables", merge_tables}, {"recipe", recipe}, {"start", start},
        {"table", table}, {"write_frames", write_frames}, {"write_rows", write_rows}, {"write_table", write_table},
        {NULL, NULL},
    };
    mlk_lua_new_type(L, BUNDLE_TYPE, close_bundle, NULL);
    mlk_lua_new_type(L, SHARD_TYPE, close_shard, NULL);
    luaL_newlib(L, functions);
    return 1;
}

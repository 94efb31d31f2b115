/* loader.c: core.loader: training examples of many tracks, made on background threads.
 *
 * A material reads tracks as jobs (job.h). A plan says what batches are made of it; an epoch gives them one by one. A
 * material that is closed lives on in the plans and jobs that were made of it.
 *
 *     local options = {segment = 3, hop = 3, batch_size = 32, memory = 1 << 30}
 *     local material = core.loader.material(recipe, tracks, options, {powers = {0}}, cache)
 *     local job = core.loader.start(material, "load", workers)
 *     while not job:wait(0.1) do show(job:progress()) end
 *     local plan = core.loader.plan(material, options, {tracks = {1, 2, 3}, n_classes = 0, augments = {}})
 *     local epoch <close> = core.loader.epoch(plan, 1, workers)
 *     local x, entries = core.loader.next(epoch)
 */
#include "arguments.h"
#include "job.h"
#include "modules.h"
#include "options.h"
#include "recipe.h"
#include "tensor.h"

#include "extract/loader.h"

#include <string.h>

#define MATERIAL_TYPE "moonlark.loader.material"
#define PLAN_TYPE "moonlark.loader.plan"
#define EPOCH_TYPE "moonlark.loader.epoch"

/* --- shapes ------------------------------------------------------------------------ */

/* The shape of each feature of a sound of that length; raises when one has no frame, or they cannot be joined. */
static void measure_features(lua_State *L, const mlk_recipe *recipe, double seconds, mlk_feature_shape *shapes)
{
    mlk_status status;
    int64_t n = (int64_t)(seconds * recipe->rate + 1e-6);
    for (int i = 0; i < recipe->n_features; i++) {
        const mlk_settings *settings = &recipe->features[i];
        if (n < 1 || mlk_feature_measure(settings, n, recipe->rate, &shapes[i], &status) || shapes[i].frames < 1)
            mlk_lua_fail(L, "segment must be long enough for one frame of %s, got %f s", settings->feature->name,
                         seconds);
    }
    mlk_lua_check(L, mlk_material_check(recipe, shapes, &status), &status);
}

/* measure(description, segment or nil) -> {{name, rows} ...}, frames of so many seconds or nil: the features that are
 * joined, or why they cannot be */
static int measure(lua_State *L)
{
    lua_settop(L, 2);
    const mlk_recipe *recipe = *mlk_lua_push_recipe(L, 1);
    mlk_feature_shape shapes[MLK_MAX_FEATURES];
    bool whole = lua_isnil(L, 2);
    double seconds = whole ? 60 : mlk_lua_number(L, 2, "segment", 0, 1e9);
    measure_features(L, recipe, seconds, shapes);
    lua_createtable(L, recipe->n_features, 0);
    for (int i = 0; i < recipe->n_features; i++) {
        lua_createtable(L, 0, 2);
        mlk_lua_set_string(L, "name", recipe->features[i].feature->name);
        mlk_lua_set_integer(L, "rows", recipe->rows[i]);
        lua_rawseti(L, -2, i + 1);
    }
    if (whole)
        return 1;
    lua_pushinteger(L, shapes[0].frames);
    return 2;
}

/* --- material ---------------------------------------------------------------------- */

typedef struct material {
    mlk_material *material;
    int n;
} material;

static int close_material(lua_State *L)
{
    material *self = luaL_checkudata(L, 1, MATERIAL_TYPE);
    mlk_material_free(self->material);
    self->material = NULL;
    return 0;
}

static material *check_material(lua_State *L, int arg)
{
    material *self = luaL_checkudata(L, arg, MATERIAL_TYPE);
    if (!self->material)
        mlk_lua_fail(L, "the material is closed");
    return self;
}

/* Options in a table of their own, `decibel`, which may be missing or false. */
static void read_decibel(lua_State *L, int arg, const mlk_parameter *parameters, void *options)
{
    if (lua_getfield(L, arg, "decibel") != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    mlk_lua_read(L, lua_gettop(L), "decibel", parameters, options);
    lua_pop(L, 1);
}

/* From the options (see material.h) and what is known beside them: {sound, powers = a number for each feature}. */
static mlk_material_settings read_settings(lua_State *L, int arg, int known, int n_features)
{
    mlk_material_settings settings = {0};
    mlk_lua_read(L, arg, "Dataset:batches", mlk_material_parameters, &settings);
    read_decibel(L, arg, mlk_material_decibel_parameters, &settings);
    settings.sound = lua_toboolean(L, mlk_lua_field(L, known, "sound"));
    int powers = mlk_lua_field(L, known, "powers");
    mlk_lua_check_type(L, powers, "powers", LUA_TTABLE);
    for (int i = 0; i < n_features; i++) {
        lua_geti(L, powers, i + 1);
        settings.powers[i] = mlk_lua_number(L, lua_gettop(L), "power", 0, 100);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    return settings;
}

/* material(description, tracks, options, {sound, powers}, cache or nil) -> material */
static int new_material(lua_State *L)
{
    int n = mlk_lua_list_length(L, 2, "tracks");
    mlk_lua_check_type(L, 4, "what is known", LUA_TTABLE);
    const char *cache = mlk_lua_optional_string(L, 5, "cache");
    mlk_recipe **box = mlk_lua_push_recipe(L, 1);
    mlk_material_settings settings = read_settings(L, 3, 4, (*box)->n_features);
    mlk_track *tracks = mlk_lua_push_tracks(L, 2, n);
    material *self = mlk_lua_push_object(L, MATERIAL_TYPE, sizeof *self);
    self->n = n;
    mlk_status status;
    self->material = mlk_material_new(mlk_lua_new_extraction(L, box, tracks, n, cache), n, settings, &status);
    return self->material ? 1 : mlk_lua_raise(L, &status);
}

static void free_material(void *material)
{
    mlk_material_free(material);
}

static mlk_extraction *material_extraction(const void *material)
{
    return mlk_material_extraction(material);
}

static const mlk_audio_notes *material_notes(const void *material, int index)
{
    return mlk_extraction_notes(mlk_material_extraction(material), index);
}

static const mlk_lua_work loading = {mlk_material_load, free_material, material_notes, material_extraction};
static const mlk_lua_work measuring = {mlk_material_measure, free_material, material_notes, NULL};

/* start(material, "load" | "measure", workers) -> job; measuring comes after loading, of what could be loaded */
static int start(lua_State *L)
{
    static const char *const passes[] = {"load", "measure", NULL};
    material *self = check_material(L, 1);
    bool measure = mlk_lua_choice(L, 2, "pass", passes) == 1;
    int workers = (int)mlk_lua_integer(L, 3, "workers", 0, 256);
    mlk_lua_job *job = mlk_lua_push_job(L, measure ? &measuring : &loading, self->n);
    mlk_lua_start_job(L, job, mlk_material_keep(self->material), workers);
    return 1;
}

/* The list at `arg` of numbers from 1, as numbers from 0, in a userdata that is pushed. */
static int *push_places(lua_State *L, int arg, int highest, int *n)
{
    *n = mlk_lua_list_length(L, arg, "tracks");
    int *places = lua_newuserdatauv(L, ((size_t)*n + 1) * sizeof *places, 0);
    for (int i = 0; i < *n; i++) {
        lua_geti(L, arg, i + 1);
        places[i] = (int)mlk_lua_integer(L, lua_gettop(L), "track", 1, highest) - 1;
        lua_pop(L, 1);
    }
    return places;
}

/* statistics(job, tracks) -> mean, std: a number for each row, over all frames of tracks that the job has measured */
static int statistics(lua_State *L)
{
    mlk_lua_job *self = mlk_lua_finished_job(L, 1, &measuring);
    int n;
    const int *tracks = push_places(L, 2, self->n, &n);
    for (int i = 0; i < n; i++)
        if (mlk_job_state(self->job, tracks[i]) != MLK_JOB_DONE)
            return mlk_lua_fail(L, "track %d was not measured", tracks[i] + 1);
    int64_t rows = mlk_material_rows(self->context);
    float *mean = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &rows);
    float *std = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &rows);
    mlk_material_statistics(self->context, tracks, n, mean, std);
    return 2;
}

/* --- plans ---------------------------------------------------------------------------- */

/* User values keep what the plan points to: the tracks, the labels, targets, mean and scale, augmentations. */
enum { KEPT_TRACKS = 1, KEPT_LABELS, KEPT_TARGETS, KEPT_NORMALISATION, KEPT_AUGMENTS, KEPT = KEPT_AUGMENTS };

static int close_plan(lua_State *L)
{
    mlk_plan_clear(luaL_checkudata(L, 1, PLAN_TYPE));
    return 0;
}

/* labels: the class of each track, from 0; or nil */
static void read_labels(lua_State *L, int arg, int self, mlk_plan *plan)
{
    plan->n_classes = (int)mlk_lua_integer(L, mlk_lua_field(L, arg, "n_classes"), "n_classes", 0, INT32_MAX);
    int list = mlk_lua_field(L, arg, "labels");
    if (!lua_istable(L, list))
        return;
    int64_t *labels = lua_newuserdatauv(L, ((size_t)plan->n_tracks + 1) * sizeof *labels, 0);
    for (int i = 0; i < plan->n_tracks; i++) {
        lua_geti(L, list, i + 1);
        labels[i] = mlk_lua_integer(L, lua_gettop(L), "label", 0, plan->n_classes - 1);
        lua_pop(L, 1);
    }
    plan->labels = labels;
    lua_setiuservalue(L, self, KEPT_LABELS);
}

/* targets: a tensor, tracks x numbers; or nil */
static void read_targets(lua_State *L, int arg, int self, mlk_plan *plan)
{
    int field = mlk_lua_field(L, arg, "targets");
    if (lua_isnil(L, field))
        return;
    mlk_array targets = mlk_lua_read_tensor(L, field, "targets", MLK_FLOAT32, 2);
    if (targets.shape[0] != plan->n_tracks || targets.shape[1] < 1 || targets.shape[1] > INT32_MAX)
        mlk_lua_fail(L, "targets must have a row for each of the %d tracks, got %I", plan->n_tracks,
                     (LUAI_UACINT)targets.shape[0]);
    size_t size = (size_t)mlk_array_count(&targets) * sizeof(float);
    float *kept = lua_newuserdatauv(L, size, 0);
    memcpy(kept, targets.data, size);
    plan->targets = kept;
    plan->n_targets = (int)targets.shape[1];
    lua_setiuservalue(L, self, KEPT_TARGETS);
}

static void copy_row(lua_State *L, int arg, const char *name, int64_t rows, float *out)
{
    mlk_array row = mlk_lua_read_tensor(L, mlk_lua_field(L, arg, name), name, MLK_FLOAT32, 1);
    if (row.shape[0] != rows)
        mlk_lua_fail(L, "%s must have a number for each of the %d rows, got %d", name, (int)rows, (int)row.shape[0]);
    memcpy(out, row.data, (size_t)rows * sizeof *out);
    lua_pop(L, 2);
}

/* mean and std: tensors, or both nil */
static void read_normalisation(lua_State *L, int arg, int self, mlk_plan *plan)
{
    if (lua_getfield(L, arg, "mean") == LUA_TNIL)
        return;
    int64_t rows = mlk_material_rows(plan->material);
    float *kept = lua_newuserdatauv(L, 2 * (size_t)rows * sizeof *kept, 0);
    copy_row(L, arg, "mean", rows, kept);
    copy_row(L, arg, "std", rows, kept + rows);
    for (int64_t i = 0; i < rows; i++)
        kept[rows + i] = 1 / kept[rows + i];
    plan->mean = kept;
    plan->scale = kept + rows;
    lua_setiuservalue(L, self, KEPT_NORMALISATION);
}

/* The list at `arg`, of {kind, on_features, p, low, high, count, relative, wrap} each, in a userdata that is pushed. */
static mlk_augment *push_augments(lua_State *L, int arg, int *n)
{
    mlk_status status;
    *n = mlk_lua_list_length(L, arg, "augments");
    mlk_augment *augments = lua_newuserdatauv(L, ((size_t)*n + 1) * sizeof *augments, 0);
    for (int i = 0; i < *n; i++) {
        lua_geti(L, arg, i + 1);
        mlk_lua_read(L, lua_gettop(L), "augment", mlk_augment_parameters, &augments[i]);
        lua_pop(L, 1);
    }
    mlk_lua_check(L, mlk_augments_check(augments, *n, &status), &status);
    return augments;
}

/* check_augments(list): raises when the list is wrong */
static int check_augments(lua_State *L)
{
    int n;
    push_augments(L, 1, &n);
    return 0;
}

/* plan(material, options, {tracks, labels, n_classes, targets, mean, std, augments}) -> plan, examples, batches; the
 * options are those of plan.h */
static int new_plan(lua_State *L)
{
    mlk_status status;
    material *from = check_material(L, 1);
    mlk_lua_check_type(L, 3, "what is known", LUA_TTABLE);
    lua_settop(L, 3);
    luaL_checkstack(L, 24, NULL);
    mlk_plan *plan = lua_newuserdatauv(L, sizeof *plan, KEPT);
    *plan = (mlk_plan){.material = from->material};
    luaL_setmetatable(L, PLAN_TYPE);
    mlk_lua_read(L, 2, "Dataset:batches", mlk_plan_parameters, plan);
    read_decibel(L, 2, mlk_plan_decibel_parameters, plan);
    plan->tracks = push_places(L, mlk_lua_field(L, 3, "tracks"), from->n, &plan->n_tracks);
    lua_setiuservalue(L, 4, KEPT_TRACKS);
    read_labels(L, 3, 4, plan);
    read_targets(L, 3, 4, plan);
    read_normalisation(L, 3, 4, plan);
    plan->augments = push_augments(L, mlk_lua_field(L, 3, "augments"), &plan->n_augments);
    lua_setiuservalue(L, 4, KEPT_AUGMENTS);
    mlk_lua_check(L, mlk_plan_compile(plan, &status), &status);
    lua_settop(L, 4);
    lua_pushinteger(L, mlk_plan_examples(plan));
    lua_pushinteger(L, mlk_plan_batches(plan));
    return 3;
}

/* --- epochs ----------------------------------------------------------------------------- */

typedef struct epoch {
    mlk_loader *loader;
    const mlk_plan *plan;
} epoch;

static int close_epoch(lua_State *L)
{
    epoch *self = luaL_checkudata(L, 1, EPOCH_TYPE);
    mlk_loader_free(self->loader);
    *self = (epoch){0};
    return 0;
}

/* epoch(plan, number, workers) -> epoch */
static int start_epoch(lua_State *L)
{
    const mlk_plan *plan = luaL_checkudata(L, 1, PLAN_TYPE);
    int64_t number = mlk_lua_integer(L, 2, "epoch", 1, INT64_MAX);
    int workers = (int)mlk_lua_integer(L, 3, "workers", 0, 256);
    epoch *self = lua_newuserdatauv(L, sizeof *self, 1);
    *self = (epoch){.plan = plan};
    luaL_setmetatable(L, EPOCH_TYPE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    mlk_status status;
    self->loader = mlk_loader_start(plan, number, workers, &status);
    return self->loader ? 1 : mlk_lua_raise(L, &status);
}

/* Each example's share of each class. */
static void push_shares(lua_State *L, const epoch *self, const mlk_batch *batch)
{
    const mlk_plan *plan = self->plan;
    float *y = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){batch->n, plan->n_classes});
    memset(y, 0, (size_t)(batch->n * plan->n_classes) * sizeof(float));
    for (int64_t i = 0; i < batch->n; i++) {
        float *row = y + i * plan->n_classes;
        mlk_batch_entry entry = mlk_loader_entry(self->loader, i);
        row[plan->labels[entry.track]] += (float)entry.blend.share;
        row[plan->labels[entry.blend.other]] += (float)(1 - entry.blend.share);
    }
}

/* Each example's targets, of mixup in the shares of the two. */
static void push_targets(lua_State *L, const epoch *self, const mlk_batch *batch)
{
    const mlk_plan *plan = self->plan;
    int64_t width = plan->n_targets;
    float *y = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){batch->n, width});
    for (int64_t i = 0; i < batch->n; i++) {
        mlk_batch_entry entry = mlk_loader_entry(self->loader, i);
        const float *own = plan->targets + entry.track * width, *other = plan->targets + entry.blend.other * width;
        float share = (float)entry.blend.share;
        for (int64_t t = 0; t < width; t++)
            y[i * width + t] = entry.blend.share < 1 ? share * own[t] + (1 - share) * other[t] : own[t];
    }
}

/* The classes, or with mixup their shares; or targets; or nil. */
static void push_y(lua_State *L, const epoch *self, const mlk_batch *batch)
{
    if (self->plan->targets) {
        push_targets(L, self, batch);
        return;
    }
    if (!self->plan->labels) {
        lua_pushnil(L);
        return;
    }
    if (self->plan->soft) {
        push_shares(L, self, batch);
        return;
    }
    int64_t *y = mlk_lua_push_tensor(L, MLK_INT64, 1, &batch->n);
    for (int64_t i = 0; i < batch->n; i++)
        y[i] = self->plan->labels[mlk_loader_entry(self->loader, i).track];
}

/* Where frames are real, or nil where all are. */
static void push_mask(lua_State *L, const epoch *self, const mlk_batch *batch)
{
    bool padded = false;
    for (int64_t i = 0; i < batch->n; i++)
        padded = padded || mlk_loader_entry(self->loader, i).blend.frames < batch->frames;
    if (!padded) {
        lua_pushnil(L);
        return;
    }
    bool *mask = mlk_lua_push_tensor(L, MLK_BOOL, 2, (int64_t[]){batch->n, batch->frames});
    for (int64_t i = 0; i < batch->n; i++) {
        bool *row = mask + i * batch->frames;
        int64_t length = mlk_loader_entry(self->loader, i).blend.frames;
        for (int64_t t = 0; t < batch->frames; t++)
            row[t] = t < length;
    }
}

/* next(epoch) -> nothing after the last, else x, y or nil, mask or nil, and lists: lengths, tracks (from 1, among the
 * plan's), starts */
static int next(lua_State *L)
{
    epoch *self = luaL_checkudata(L, 1, EPOCH_TYPE);
    if (!self->loader)
        return mlk_lua_fail(L, "the epoch is closed");
    mlk_batch batch;
    mlk_status status;
    mlk_lua_check(L, mlk_loader_next(self->loader, &batch, &status), &status);
    if (batch.n == 0)
        return 0;
    lua_settop(L, 1);
    mlk_lua_push_copy(L, MLK_FLOAT32, 3, (int64_t[]){batch.n, batch.rows, batch.frames}, batch.x);
    push_y(L, self, &batch);
    push_mask(L, self, &batch);
    for (int i = 0; i < 3; i++)
        lua_createtable(L, (int)batch.n, 0);
    for (int64_t i = 0; i < batch.n; i++) {
        mlk_batch_entry entry = mlk_loader_entry(self->loader, i);
        lua_pushinteger(L, entry.blend.frames);
        lua_rawseti(L, 5, i + 1);
        lua_pushinteger(L, entry.track + 1);
        lua_rawseti(L, 6, i + 1);
        lua_pushnumber(L, entry.start_s);
        lua_rawseti(L, 7, i + 1);
    }
    return 6;
}

int mlk_lua_open_loader(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"check_augments", check_augments}, {"epoch", start_epoch}, {"material", new_material},
        {"measure", measure}, {"next", next}, {"plan", new_plan}, {"start", start}, {"statistics", statistics},
        {NULL, NULL},
    };
    static const luaL_Reg material_methods[] = {{"close", close_material}, {NULL, NULL}};
    static const luaL_Reg epoch_methods[] = {{"close", close_epoch}, {NULL, NULL}};
    mlk_lua_new_type(L, MATERIAL_TYPE, close_material, material_methods);
    mlk_lua_new_type(L, PLAN_TYPE, close_plan, NULL);
    mlk_lua_new_type(L, EPOCH_TYPE, close_epoch, epoch_methods);
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "plan", mlk_plan_parameters);
    mlk_lua_add_parameters(L, "plan_decibel", mlk_plan_decibel_parameters);
    mlk_lua_add_parameters(L, "material", mlk_material_parameters);
    mlk_lua_add_parameters(L, "material_decibel", mlk_material_decibel_parameters);
    return 1;
}

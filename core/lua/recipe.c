#include "recipe.h"

#include "arguments.h"
#include "feature.h"
#include "options.h"

#include "extract/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RECIPE_TYPE "moonlark.extract.recipe"

static int close_recipe(lua_State *L)
{
    mlk_recipe **box = luaL_checkudata(L, 1, RECIPE_TYPE);
    mlk_recipe_free(*box);
    *box = NULL;
    return 0;
}

/* features: {{name, settings} ...} */
static void read_features(lua_State *L, int arg, mlk_recipe *recipe)
{
    mlk_status status;
    int features = mlk_lua_field(L, arg, "features");
    for (lua_Integer i = 1; lua_geti(L, features, i) == LUA_TTABLE; i++) {
        lua_geti(L, -1, 1);
        mlk_settings *settings = mlk_recipe_add(recipe, mlk_lua_string(L, lua_gettop(L), "feature"), &status);
        if (!settings)
            mlk_lua_raise(L, &status);
        lua_geti(L, -2, 2);
        mlk_lua_read_settings(L, -1, settings->feature->name, settings->feature, settings);
        lua_settop(L, features);
    }
    lua_settop(L, features - 1);
}

/* pool: {"mean" ...}, or nil */
static void read_pools(lua_State *L, int arg, mlk_recipe *recipe)
{
    mlk_status status;
    int pool = lua_gettop(L) + 1;
    if (lua_getfield(L, arg, "pool") == LUA_TTABLE)
        for (lua_Integer i = 1; lua_geti(L, pool, i) != LUA_TNIL; i++) {
            mlk_lua_check(L, mlk_recipe_pool(recipe, mlk_lua_string(L, lua_gettop(L), "pool"), &status), &status);
            lua_settop(L, pool);
        }
    lua_settop(L, pool - 1);
}

mlk_recipe **mlk_lua_push_reading(lua_State *L, int arg)
{
    mlk_status status;
    luaL_checkstack(L, 16, NULL);
    mlk_lua_new_type(L, RECIPE_TYPE, close_recipe, NULL);
    mlk_recipe **box = mlk_lua_push_object(L, RECIPE_TYPE, sizeof *box);
    if (!(*box = mlk_recipe_new(&status)))
        mlk_lua_raise(L, &status);
    mlk_lua_read(L, arg, "recipe", mlk_recipe_parameters, *box);
    read_features(L, arg, *box);
    read_pools(L, arg, *box);
    return box;
}

mlk_recipe **mlk_lua_push_recipe(lua_State *L, int arg)
{
    mlk_status status;
    mlk_recipe **box = mlk_lua_push_reading(L, arg);
    mlk_lua_check(L, mlk_recipe_compile(*box, &status), &status);
    return box;
}

static const mlk_parameter track_parameters[] = {
    MLK_REAL("start", 0, 0, HUGE_VAL, "where a segment begins", MLK_IN(mlk_track, start_s), .unit = "s"),
    MLK_REAL("duration", 0, 0, HUGE_VAL, "how long it is; 0: as the recipe says", MLK_IN(mlk_track, duration_s),
             .unit = "s"),
    MLK_PARAMETERS_END,
};

/* Fills one track from the table {path, start, duration, output} on top of the stack. The strings are Lua's. */
static mlk_track read_track(lua_State *L)
{
    int at = lua_gettop(L);
    mlk_track track = {0};
    mlk_lua_read(L, at, "track", track_parameters, &track);
    track.path = (char *)mlk_lua_string(L, mlk_lua_field(L, at, "path"), "path");
    track.output = (char *)mlk_lua_optional_string(L, mlk_lua_field(L, at, "output"), "output");
    lua_settop(L, at);
    return track;
}

mlk_track *mlk_lua_push_tracks(lua_State *L, int arg, int n)
{
    mlk_track *tracks = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *tracks, 0);
    mlk_status status;
    for (int i = 0; i < n; i++) {
        lua_geti(L, arg, i + 1);
        tracks[i] = read_track(L);
        if (tracks[i].output && mlk_output_check(tracks[i].output, &status))
            mlk_lua_raise(L, &status);
        lua_pop(L, 1);
    }
    return tracks;
}

/* A copy that owns itself and its strings. */
static mlk_track *copy_tracks(lua_State *L, const mlk_track *tracks, int n)
{
    mlk_track *copies = calloc((size_t)n + 1, sizeof *copies);
    bool complete = copies != NULL;
    for (int i = 0; complete && i < n; i++) {
        copies[i] = tracks[i];
        copies[i].path = strdup(tracks[i].path);
        copies[i].output = tracks[i].output ? strdup(tracks[i].output) : NULL;
        complete = copies[i].path && (copies[i].output || !tracks[i].output);
    }
    for (int i = 0; copies && !complete && i < n; i++) {
        free(copies[i].path);
        free(copies[i].output);
    }
    if (!complete) {
        free(copies);
        mlk_lua_fail(L, "not enough memory for %d tracks", n);
    }
    return copies;
}

mlk_extraction *mlk_lua_new_extraction(lua_State *L, mlk_recipe **box, const mlk_track *tracks, int n,
                                       const char *cache)
{
    mlk_status status;
    mlk_track *copies = copy_tracks(L, tracks, n);
    mlk_recipe *taken = *box;
    *box = NULL;
    mlk_extraction *extraction = mlk_extraction_new(taken, copies, n, cache, &status);
    if (!extraction)
        mlk_lua_raise(L, &status);
    return extraction;
}

#include "recipe.h"

#include "arguments.h"
#include "feature.h"

#include "extract/output.h"

#include <lauxlib.h>
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

static double number_field(lua_State *L, int table, const char *name, double max)
{
    double value = 0;
    if (lua_getfield(L, table, name) != LUA_TNIL)
        value = mlk_lua_number(L, lua_gettop(L), name, 0, max);
    lua_pop(L, 1);
    return value;
}

mlk_recipe **mlk_lua_push_recipe(lua_State *L, int arg)
{
    mlk_lua_check_type(L, arg, "recipe", LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    mlk_status status;
    mlk_lua_new_type(L, RECIPE_TYPE, close_recipe, NULL);
    mlk_recipe **box = mlk_lua_push_object(L, RECIPE_TYPE, sizeof *box);
    int top = lua_gettop(L);
    if (!(*box = mlk_recipe_new(&status)))
        mlk_lua_raise(L, &status);
    (*box)->rate = (int)number_field(L, arg, "rate", 1e9);
    (*box)->start_s = number_field(L, arg, "start", HUGE_VAL);
    (*box)->duration_s = number_field(L, arg, "duration", HUGE_VAL);
    if (lua_getfield(L, arg, "channel") != LUA_TNIL)
        (*box)->channel = (int)mlk_lua_integer(L, lua_gettop(L), "channel", MLK_CHANNELS_MIXED, MLK_MAX_CHANNELS - 1);
    lua_getfield(L, arg, "keep_partial");
    (*box)->keep_partial = mlk_lua_boolean(L, lua_gettop(L), "keep_partial");
    lua_settop(L, top);

    lua_getfield(L, arg, "features");
    int features = lua_gettop(L);
    for (lua_Integer i = 1; lua_geti(L, features, i) == LUA_TTABLE; i++) {
        lua_geti(L, -1, 1);
        mlk_settings *settings = mlk_recipe_add(*box, mlk_lua_string(L, lua_gettop(L), "feature"), &status);
        if (!settings)
            mlk_lua_raise(L, &status);
        lua_geti(L, -2, 2);
        mlk_lua_read_settings(L, -1, settings->feature, settings);
        lua_settop(L, features);
    }
    if (lua_getfield(L, arg, "pool") == LUA_TTABLE) {
        int pool = lua_gettop(L);
        for (lua_Integer i = 1; lua_geti(L, pool, i) != LUA_TNIL; i++) {
            if (mlk_recipe_pool(*box, mlk_lua_string(L, lua_gettop(L), "pool"), &status))
                mlk_lua_raise(L, &status);
            lua_settop(L, pool);
        }
    }
    lua_settop(L, top);
    if (mlk_recipe_compile(*box, &status))
        mlk_lua_raise(L, &status);
    return box;
}

/* Fills one track from the table {path, start, duration, output} on top of the stack. Strings stay Lua's. */
static mlk_track read_track(lua_State *L)
{
    int at = lua_gettop(L);
    mlk_track track = {0};
    lua_getfield(L, at, "path");
    track.path = (char *)mlk_lua_string(L, lua_gettop(L), "path");
    track.start_s = number_field(L, at, "start", HUGE_VAL);
    track.duration_s = number_field(L, at, "duration", HUGE_VAL);
    if (lua_getfield(L, at, "output") != LUA_TNIL)
        track.output = (char *)mlk_lua_string(L, lua_gettop(L), "output");
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

mlk_track *mlk_lua_copy_tracks(lua_State *L, const mlk_track *tracks, int n)
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

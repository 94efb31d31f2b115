/* slicer.c: core.slicer: tracks cut into windows by threads (extract/slicer.h). */
#include "arguments.h"
#include "modules.h"
#include "notes.h"
#include "options.h"
#include "recipe.h"
#include "tensor.h"

#include "extract/slicer.h"

#define SLICER_TYPE "moonlark.slicer"

#define IN(member) MLK_IN(mlk_cut, member)

enum { MOST_SAMPLES = 1 << 30 };

static const mlk_parameter cut_parameters[] = {
    MLK_INTEGER("length", 1, 1, MOST_SAMPLES, "samples of a window", IN(length)),
    MLK_INTEGER("hop", 1, 1, MOST_SAMPLES, "samples from window to window", IN(hop)),
    MLK_INTEGER("least", 1, 1, MOST_SAMPLES, "samples that a track needs", IN(least)),
    MLK_BOOLEAN("fixed", 0, "silence fills up the last window", IN(fixed)),
    MLK_BOOLEAN("drop", 0, "what is left after whole windows is not heard", IN(drop)),
    MLK_PARAMETERS_END,
};

/* slicer:close(): stops the threads; may be called again */
static int close_slicer(lua_State *L)
{
    mlk_slicer **box = luaL_checkudata(L, 1, SLICER_TYPE);
    mlk_slicer_free(*box);
    *box = NULL;
    return 0;
}

/* start(description, tracks, {length, hop, least, fixed, drop}, workers) -> slicer; the description is a recipe's, of one
 * feature or none */
static int start(lua_State *L)
{
    int n = mlk_lua_list_length(L, 2, "tracks");
    int workers = (int)mlk_lua_integer(L, 4, "workers", 0, 256);
    mlk_cut cut = {0};
    mlk_status status;
    mlk_lua_read(L, 3, "cut", cut_parameters, &cut);
    const mlk_recipe *recipe = *mlk_lua_push_reading(L, 1);
    mlk_track *tracks = mlk_lua_push_tracks(L, 2, n);
    mlk_slicer **box = mlk_lua_push_object(L, SLICER_TYPE, sizeof *box);
    *box = mlk_slicer_start(recipe, &cut, tracks, n, workers, &status);
    return *box ? 1 : mlk_lua_raise(L, &status);
}

static mlk_slicer *check_slicer(lua_State *L)
{
    mlk_slicer **box = luaL_checkudata(L, 1, SLICER_TYPE);
    if (!*box)
        mlk_lua_fail(L, "the slicer is closed");
    return *box;
}

/* next(slicer) -> nothing after the last track, else its number (from 1) and {rate, channels}, of its file, with
 * x (rows x frames), start and count (in samples) of a window, or with failure and notes of a track that has ended */
static int next(lua_State *L)
{
    mlk_slice slice;
    mlk_status status;
    mlk_lua_check(L, mlk_slicer_next(check_slicer(L), &slice, &status), &status);
    if (slice.track < 0)
        return 0;
    lua_pushinteger(L, slice.track + 1);
    lua_createtable(L, 0, 5);
    mlk_lua_set_integer(L, "rate", slice.rate);
    mlk_lua_set_integer(L, "channels", slice.channels);
    if (slice.data) {
        mlk_lua_push_copy(L, MLK_FLOAT32, 2, (int64_t[]){slice.rows, slice.frames}, slice.data);
        lua_setfield(L, -2, "x");
        mlk_lua_set_integer(L, "start", slice.start);
        mlk_lua_set_integer(L, "count", slice.count);
        return 2;
    }
    mlk_lua_set_string(L, "failure", slice.failure);
    mlk_lua_push_notes(L, slice.notes);
    lua_setfield(L, -2, "notes");
    return 2;
}

/* waited(slicer) -> seconds that next has waited for threads */
static int waited(lua_State *L)
{
    lua_pushnumber(L, mlk_slicer_waited(check_slicer(L)));
    return 1;
}

int mlk_lua_open_slicer(lua_State *L)
{
    static const luaL_Reg functions[] = {{"next", next}, {"start", start}, {"waited", waited}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"close", close_slicer}, {NULL, NULL}};
    mlk_lua_new_type(L, SLICER_TYPE, close_slicer, methods);
    luaL_newlib(L, functions);
    return 1;
}

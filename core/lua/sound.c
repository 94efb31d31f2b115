/* sound.c: core.sound: what the samples of a recording say of its making. */
#include "arguments.h"
#include "dsp/spectra.h"
#include "modules.h"
#include "music/levels.h"
#include "music/loudness.h"
#include "tensor.h"

#include <math.h>

#define METER_TYPE "moonlark.sound.meter"
#define LEVELS_TYPE "moonlark.sound.levels"
#define SPECTRA_TYPE "moonlark.sound.spectra"

static int free_meter(lua_State *L)
{
    mlk_loudness **meter = luaL_checkudata(L, 1, METER_TYPE);
    mlk_loudness_free(*meter);
    *meter = NULL;
    return 0;
}

/* meter(channels, rate) -> meter */
static int meter(lua_State *L)
{
    mlk_status status;
    int channels = (int)mlk_lua_integer(L, 1, "channels", 1, INT32_MAX);
    int64_t rate = mlk_lua_integer(L, 2, "rate", 1, INT32_MAX);
    mlk_loudness **made = mlk_lua_push_object(L, METER_TYPE, sizeof *made);
    mlk_lua_check(L, mlk_loudness_new(channels, rate, made, &status), &status);
    return 1;
}

/* meter:add(tensor channels x samples); as many channels as the meter was made for */
static int meter_add(lua_State *L)
{
    mlk_status status;
    mlk_loudness **self = luaL_checkudata(L, 1, METER_TYPE);
    mlk_array sound = mlk_lua_read_tensor(L, 2, "sound", MLK_FLOAT32, 2);
    if (!*self || sound.shape[0] != mlk_loudness_channels(*self))
        return mlk_lua_fail(L, "the meter hears another number of channels");
    mlk_lua_check(L, mlk_loudness_add(*self, sound.data, sound.shape[1], &status), &status);
    return 0;
}

/* meter:now() -> LUFS of the last 400 ms and 3 s, or nil until so much was heard; steps of 100 ms heard. Older ones are
 * forgotten: a meter is asked either for this or for its result. */
static int meter_now(lua_State *L)
{
    double momentary, short_term;
    int64_t steps;
    mlk_loudness **self = luaL_checkudata(L, 1, METER_TYPE);
    if (!*self)
        return mlk_lua_fail(L, "this meter is closed");
    mlk_loudness_now(*self, &momentary, &short_term, &steps);
    mlk_loudness_forget(*self);
    isnan(momentary) ? lua_pushnil(L) : lua_pushnumber(L, momentary);
    isnan(short_term) ? lua_pushnil(L) : lua_pushnumber(L, short_term);
    lua_pushinteger(L, steps);
    return 3;
}

/* meter:result() -> integrated, range, true peak, sample peak, rate of the curves, momentary, short-term */
static int meter_result(lua_State *L)
{
    mlk_status status;
    mlk_loudness_result result;
    mlk_loudness **self = luaL_checkudata(L, 1, METER_TYPE);
    if (!*self)
        return mlk_lua_fail(L, "this meter is closed");
    mlk_lua_check(L, mlk_loudness_get(*self, &result, &status), &status);
    lua_pushnumber(L, result.integrated_lufs);
    lua_pushnumber(L, result.range_lu);
    lua_pushnumber(L, result.true_peak_dbtp);
    lua_pushnumber(L, result.sample_peak_dbfs);
    lua_pushnumber(L, result.rate_hz);
    mlk_lua_push_copy(L, MLK_FLOAT32, 1, &result.n_momentary, result.momentary_lufs);
    mlk_lua_push_copy(L, MLK_FLOAT32, 1, &result.n_short_term, result.short_term_lufs);
    return 7;
}

static int free_levels(lua_State *L)
{
    mlk_levels **levels = luaL_checkudata(L, 1, LEVELS_TYPE);
    mlk_levels_free(*levels);
    *levels = NULL;
    return 0;
}

static mlk_levels *check_levels(lua_State *L)
{
    mlk_levels **levels = luaL_checkudata(L, 1, LEVELS_TYPE);
    if (!*levels)
        mlk_lua_fail(L, "these levels are closed");
    return *levels;
}

/* levels(channels, rate, silence) -> levels */
static int levels(lua_State *L)
{
    mlk_status status;
    int channels = (int)mlk_lua_integer(L, 1, "channels", 1, INT32_MAX);
    int64_t rate = mlk_lua_integer(L, 2, "rate", 1, INT32_MAX);
    mlk_levels **made = mlk_lua_push_object(L, LEVELS_TYPE, sizeof *made);
    *made = mlk_levels_new(channels, rate, luaL_checknumber(L, 3), &status);
    if (!*made)
        mlk_lua_check(L, status.code, &status);
    return 1;
}

/* levels:add(tensor channels x samples) */
static int levels_add(lua_State *L)
{
    mlk_status status;
    mlk_levels *self = check_levels(L);
    mlk_array sound = mlk_lua_read_tensor(L, 2, "sound", MLK_FLOAT32, 2);
    if (sound.shape[0] != mlk_levels_channels(self))
        return mlk_lua_fail(L, "the levels are of another number of channels");
    mlk_lua_check(L, mlk_levels_add(self, sound.data, sound.shape[1], &status), &status);
    return 0;
}

typedef struct named_number {
    const char *name;
    double value;
} named_number;

static void push_numbers(lua_State *L, const named_number *numbers, size_t n)
{
    lua_createtable(L, 0, (int)n);
    for (size_t i = 0; i < n; i++) {
        lua_pushnumber(L, numbers[i].value);
        lua_setfield(L, -2, numbers[i].name);
    }
}

/* levels:result() -> {frames, first_sound, ...}, with a list of the channels' {peak, rms, dc, clipped, dr} */
static int levels_result(lua_State *L)
{
    mlk_status status;
    mlk_level_summary summary;
    mlk_levels *self = check_levels(L);
    mlk_levels_summary(self, &summary);
    const named_number fields[] = {
        {"frames", (double)summary.frames}, {"first_sound", (double)summary.first_sound},
        {"last_sound", (double)summary.last_sound}, {"longest_gap", (double)summary.longest_gap},
        {"correlation", summary.correlation}, {"difference_rms", summary.difference_rms},
    };
    push_numbers(L, fields, sizeof fields / sizeof *fields);
    for (int c = 0; c < mlk_levels_channels(self); c++) {
        mlk_channel_levels one;
        mlk_lua_check(L, mlk_levels_channel(self, c, &one, &status), &status);
        const named_number parts[] = {
            {"peak", one.peak}, {"rms", one.rms}, {"dc", one.dc}, {"clipped", (double)one.clipped}, {"dr", one.dr_db},
        };
        push_numbers(L, parts, sizeof parts / sizeof *parts);
        lua_rawseti(L, -2, c + 1);
    }
    return 1;
}

static int free_spectra(lua_State *L)
{
    mlk_spectra **spectra = luaL_checkudata(L, 1, SPECTRA_TYPE);
    mlk_spectra_free(*spectra);
    *spectra = NULL;
    return 0;
}

static mlk_spectra *check_spectra(lua_State *L)
{
    mlk_spectra **spectra = luaL_checkudata(L, 1, SPECTRA_TYPE);
    if (!*spectra)
        mlk_lua_fail(L, "these spectra are closed");
    return *spectra;
}

/* spectra() -> spectra */
static int spectra(lua_State *L)
{
    mlk_status status;
    mlk_spectra **made = mlk_lua_push_object(L, SPECTRA_TYPE, sizeof *made);
    *made = mlk_spectra_new(&status);
    if (!*made)
        mlk_lua_check(L, status.code, &status);
    return 1;
}

/* spectra:add(tensor of samples) */
static int spectra_add(lua_State *L)
{
    mlk_status status;
    mlk_spectra *self = check_spectra(L);
    mlk_array samples = mlk_lua_read_tensor(L, 2, "samples", MLK_FLOAT32, 1);
    mlk_lua_check(L, mlk_spectra_add(self, samples.data, samples.shape[0], &status), &status);
    return 0;
}

/* spectra:sum() -> frames, sum of the power of each bin (float64) */
static int spectra_sum(lua_State *L)
{
    mlk_spectra *self = check_spectra(L);
    lua_pushinteger(L, mlk_spectra_frames(self));
    mlk_spectra_sum(self, mlk_lua_push_tensor(L, MLK_FLOAT64, 1, (int64_t[]){MLK_SPECTRA_BINS}));
    return 2;
}

/* spectra:quantile(share) -> the level under which that share of each bin's frames lies (float32) */
static int spectra_quantile(lua_State *L)
{
    int found[MLK_SPECTRA_BINS];
    mlk_spectra *self = check_spectra(L);
    double share = mlk_lua_number(L, 2, "share", 0, 1);
    float *levels = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, (int64_t[]){MLK_SPECTRA_BINS});
    mlk_spectra_quantile(self, share, found);
    for (int k = 0; k < MLK_SPECTRA_BINS; k++)
        levels[k] = (float)found[k];
    return 1;
}

int mlk_lua_open_sound(lua_State *L)
{
    static const luaL_Reg functions[] = {{"levels", levels}, {"meter", meter}, {"spectra", spectra}, {NULL, NULL}};
    static const luaL_Reg of_meter[] = {{"add", meter_add}, {"now", meter_now}, {"result", meter_result}, {NULL, NULL}};
    static const luaL_Reg of_levels[] = {{"add", levels_add}, {"result", levels_result}, {NULL, NULL}};
    static const luaL_Reg of_spectra[] = {
        {"add", spectra_add}, {"sum", spectra_sum}, {"quantile", spectra_quantile}, {NULL, NULL},
    };
    mlk_lua_new_type(L, METER_TYPE, free_meter, of_meter);
    mlk_lua_new_type(L, LEVELS_TYPE, free_levels, of_levels);
    mlk_lua_new_type(L, SPECTRA_TYPE, free_spectra, of_spectra);
    luaL_newlib(L, functions);
    return 1;
}

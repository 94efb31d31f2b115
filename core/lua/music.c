/* music.c: core.music: likeness of frames, alignment, beats. */
#include "arguments.h"
#include "dsp/log_spectrum.h"
#include "modules.h"
#include "music/bar_pointer.h"
#include "music/beat_track.h"
#include "music/dtw.h"
#include "music/fluctuation.h"
#include "music/fingerprint.h"
#include "music/flux.h"
#include "music/peaks.h"
#include "music/recurrence.h"
#include "music/steady_path.h"
#include "music/stretches.h"
#include "options.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

static mlk_frames read_frames(lua_State *L, int arg, const char *name)
{
    mlk_array array = mlk_lua_read_tensor(L, arg, name, MLK_FLOAT32, 2);
    if (array.shape[1] > INT32_MAX / 8)
        mlk_lua_fail(L, "%s must have 1..%d frames, got %I", name, INT32_MAX / 8, (LUAI_UACINT)array.shape[1]);
    return (mlk_frames){array.data, array.shape[0], array.shape[1]};
}

/* distances(x, y, metric) -> float64 tensor, frames of x by frames of y */
static int distances(lua_State *L)
{
    mlk_status status;
    int metric = mlk_lua_choice(L, 3, "metric", mlk_metric_names);
    mlk_frames x = read_frames(L, 1, "X"), y = read_frames(L, 2, "Y");
    double *out = mlk_lua_push_tensor(L, MLK_FLOAT64, 2, (int64_t[]){x.n, y.n});
    mlk_lua_check(L, mlk_distances((mlk_metric)metric, x, y, out, &status), &status);
    return 1;
}

/* recurrence(x, options) -> tensor frames x frames */
static int recurrence(lua_State *L)
{
    mlk_status status;
    mlk_recurrence_options options;
    mlk_lua_read(L, 2, "music.recurrence_matrix", mlk_recurrence_parameters, &options);
    mlk_frames frames = read_frames(L, 1, "S");
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){frames.n, frames.n});
    mlk_lua_check(L, mlk_recurrence(frames, &options, out, &status), &status);
    return 1;
}

/* shear(matrix, direction, ring, kept) -> tensor kept x columns */
static int shear(lua_State *L)
{
    int direction = (int)mlk_lua_integer(L, 2, "direction", -1, 1);
    int64_t ring = mlk_lua_integer(L, 3, "ring", 1, INT32_MAX), kept = mlk_lua_integer(L, 4, "kept", 1, ring);
    mlk_array in = mlk_lua_read_tensor(L, 1, "matrix", MLK_FLOAT32, 2);
    if (in.shape[0] > ring)
        return mlk_lua_fail(L, "the ring must hold all rows");
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){kept, in.shape[1]});
    mlk_shear(in.data, in.shape[0], in.shape[1], direction, ring, kept, out);
    return 1;
}

/* A list of {rows, columns, add, times}. */
static void read_steps(lua_State *L, int arg, mlk_dtw_options *options)
{
    options->n_steps = (int)lua_rawlen(L, arg);
    if (options->n_steps < 1 || options->n_steps > MLK_DTW_MOST_STEPS)
        mlk_lua_fail(L, "step_sizes must be 1..%d steps, got %d", MLK_DTW_MOST_STEPS, options->n_steps);
    for (int i = 0; i < options->n_steps; i++) {
        double numbers[4];
        lua_rawgeti(L, arg, i + 1);
        for (int field = 0; field < 4; field++) {
            lua_rawgeti(L, -1, field + 1);
            numbers[field] = lua_tonumber(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        options->steps[i] = (mlk_dtw_step){(int)numbers[0], (int)numbers[1], numbers[2], numbers[3]};
    }
}

/* dtw(x, y, options, steps or nil) -> cost (float64, frames of x by frames of y), path (int64, pairs from the end) */
static int dtw(lua_State *L)
{
    mlk_status status;
    mlk_dtw_options options = {0};
    int64_t length;
    lua_settop(L, 4);
    mlk_lua_read(L, 3, "music.dtw", mlk_dtw_parameters, &options);
    if (!lua_isnil(L, 4))
        read_steps(L, 4, &options);
    mlk_frames x = read_frames(L, 1, "X"), y = read_frames(L, 2, "Y");
    int64_t *walked = mlk_lua_push_tensor(L, MLK_INT64, 2, (int64_t[]){x.n + y.n, 2});
    double *cost = mlk_lua_push_tensor(L, MLK_FLOAT64, 2, (int64_t[]){x.n, y.n});
    mlk_lua_check(L, mlk_dtw(x, y, &options, cost, walked, &length, &status), &status);
    mlk_lua_push_copy(L, MLK_INT64, 2, (int64_t[]){length, 2}, walked);
    return 2;
}

/* flux(mel of 80 bands) -> tensor rows x frames */
static int flux(lua_State *L)
{
    mlk_array mel = mlk_lua_read_tensor(L, 1, "mel", MLK_FLOAT32, 2);
    if (mel.shape[0] != MLK_FLUX_BANDS)
        return mlk_lua_fail(L, "mel must have %d bands, got %I", MLK_FLUX_BANDS, (LUAI_UACINT)mel.shape[0]);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){MLK_FLUX_ROWS, mel.shape[1]});
    mlk_flux(mel.data, mel.shape[1], out);
    return 1;
}

/* flux_activation(flux) -> tensor of frames */
static int flux_activation(lua_State *L)
{
    mlk_status status;
    mlk_array flux = mlk_lua_read_tensor(L, 1, "flux", MLK_FLOAT32, 2);
    if (flux.shape[0] != MLK_FLUX_ROWS)
        return mlk_lua_fail(L, "flux must have %d rows, got %I", MLK_FLUX_ROWS, (LUAI_UACINT)flux.shape[0]);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &flux.shape[1]);
    mlk_lua_check(L, mlk_flux_activation(flux.data, flux.shape[1], out, &status), &status);
    return 1;
}

/* fluctuation(levels, rate) -> float64 tensor of exponents */
static int fluctuation(lua_State *L)
{
    mlk_status status;
    mlk_array levels = mlk_lua_read_tensor(L, 1, "levels", MLK_FLOAT32, 1);
    double rate = luaL_checknumber(L, 2), exponents[MLK_FLUCTUATION_MOST];
    int64_t n = 0;
    mlk_lua_check(L, mlk_fluctuation(levels.data, levels.shape[0], rate, exponents, &n, &status), &status);
    mlk_lua_push_copy(L, MLK_FLOAT64, 1, &n, exponents);
    return 1;
}

/* bar_pointer(activation, rate, options) -> float64 tensor beats x 2: frame, interval in frames */
static int bar_pointer(lua_State *L)
{
    mlk_status status;
    mlk_bar_pointer_options options;
    mlk_array activation = mlk_lua_read_tensor(L, 1, "activation", MLK_FLOAT32, 1);
    double rate = luaL_checknumber(L, 2);
    int64_t n = 0;
    mlk_lua_read(L, 3, "music.beats", mlk_bar_pointer_parameters, &options);
    mlk_beat *beats = lua_newuserdatauv(L, sizeof *beats * (size_t)(activation.shape[0] + 1), 0);
    mlk_lua_check(L, mlk_bar_pointer(activation.data, activation.shape[0], rate, &options, beats, &n, &status), &status);
    mlk_lua_push_copy(L, MLK_FLOAT64, 2, (int64_t[]){n, 2}, beats);
    return 1;
}

/* beat_track(onsets, frames between two beats) -> int64 tensor of frames */
static int beat_track(lua_State *L)
{
    mlk_status status;
    mlk_array onsets = mlk_lua_read_tensor(L, 1, "onsets", MLK_FLOAT32, 1);
    int64_t period = mlk_lua_integer(L, 2, "period", 2, INT32_MAX / 8), n = 0;
    int64_t *beats = lua_newuserdatauv(L, sizeof *beats * (size_t)(onsets.shape[0] + 1), 0);
    mlk_lua_check(L, mlk_beat_track(onsets.data, onsets.shape[0], period, beats, &n, &status), &status);
    mlk_lua_push_copy(L, MLK_INT64, 1, &n, beats);
    return 1;
}

/* log_spectrum(samples, rate, hop) -> tensor bands x frames */
static int log_spectrum(lua_State *L)
{
    mlk_status status;
    mlk_array samples = mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1);
    double rate = luaL_checknumber(L, 2);
    int hop = (int)mlk_lua_integer(L, 3, "hop", 1, INT32_MAX);
    int64_t n = samples.shape[0];
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){MLK_LOG_SPECTRUM_BANDS, 1 + n / hop});
    mlk_lua_check(L, mlk_log_spectrum(samples.data, n, rate, hop, out, &status), &status);
    return 1;
}

/* peaks(curve, options) -> int64 tensor of frames */
static int peaks(lua_State *L)
{
    mlk_peaks_options options;
    mlk_array curve = mlk_lua_read_tensor(L, 1, "curve", MLK_FLOAT32, 1);
    mlk_lua_read(L, 2, "music.onsets", mlk_peaks_parameters, &options);
    int64_t *found = lua_newuserdatauv(L, sizeof *found * (size_t)(curve.shape[0] + 1), 0);
    int64_t n = mlk_peaks(curve.data, curve.shape[0], &options, found);
    mlk_lua_push_copy(L, MLK_INT64, 1, &n, found);
    return 1;
}

/* steady_path(fits of frames x states, cost of a change) -> int64 tensor: a state of each frame, from 0 */
static int steady_path(lua_State *L)
{
    mlk_status status;
    mlk_array fits = mlk_lua_read_tensor(L, 1, "fits", MLK_FLOAT32, 2);
    double cost = luaL_checknumber(L, 2);
    int64_t *path = mlk_lua_push_tensor(L, MLK_INT64, 1, fits.shape);
    mlk_lua_check(L, mlk_steady_path(fits.data, fits.shape[0], fits.shape[1], cost, path, &status), &status);
    return 1;
}

/* stretch_distances(frames, where each stretch begins and the last ends) -> float64 tensor stretches x stretches */
static int stretch_distances(lua_State *L)
{
    mlk_status status;
    mlk_frames frames = read_frames(L, 1, "frames");
    mlk_array edges = mlk_lua_read_tensor(L, 2, "edges", MLK_INT64, 1);
    int64_t n = edges.shape[0] - 1;
    if (n < 1 || !mlk_stretches_fit(edges.data, n, frames.n))
        return mlk_lua_fail(L, "edges must rise and lie within the frames");
    double *out = mlk_lua_push_tensor(L, MLK_FLOAT64, 2, (int64_t[]){n, n});
    mlk_lua_check(L, mlk_stretch_distances(frames, edges.data, n, out, &status), &status);
    return 1;
}

/* print_bands(spectrum) -> tensor 33 x frames */
static int print_bands(lua_State *L)
{
    mlk_array spectrum = mlk_lua_read_tensor(L, 1, "spectrum", MLK_FLOAT32, 2);
    if (spectrum.shape[0] != MLK_PRINT_SPECTRUM)
        return mlk_lua_fail(L, "spectrum must have %d rows, got %I", MLK_PRINT_SPECTRUM, (LUAI_UACINT)spectrum.shape[0]);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){MLK_PRINT_BANDS, spectrum.shape[1]});
    mlk_print_bands(spectrum.data, spectrum.shape[1], out);
    return 1;
}

/* print(bands) -> string: 8 bytes a frame */
static int print_code(lua_State *L)
{
    luaL_Buffer buffer;
    mlk_array bands = mlk_lua_read_tensor(L, 1, "bands", MLK_FLOAT32, 2);
    if (bands.shape[0] != MLK_PRINT_BANDS)
        return mlk_lua_fail(L, "bands must have %d rows, got %I", MLK_PRINT_BANDS, (LUAI_UACINT)bands.shape[0]);
    int64_t n = bands.shape[1] > MLK_PRINT_LAG ? bands.shape[1] - MLK_PRINT_LAG : 0;
    mlk_print *prints = lua_newuserdatauv(L, sizeof *prints * (size_t)(n + 1), 0);
    mlk_print_of(bands.data, bands.shape[1], prints);
    luaL_buffinit(L, &buffer);
    luaL_addlstring(&buffer, (const char *)prints, sizeof *prints * (size_t)n);
    luaL_pushresult(&buffer);
    return 1;
}

/* Pushes a copy of the frames of the string at `arg`, behind its first `skip` bytes. */
static mlk_prints read_prints(lua_State *L, int arg, size_t skip)
{
    size_t length;
    const char *bytes = mlk_lua_bytes(L, arg, "fingerprint", &length);
    length = length > skip ? length - skip : 0;
    mlk_print *frames = lua_newuserdatauv(L, length + 1, 0);
    if (length > 0)
        memcpy(frames, bytes + skip, length);
    return (mlk_prints){frames, (int64_t)(length / sizeof *frames)};
}

static void push_agreement(lua_State *L, const mlk_agreement *agreement)
{
    lua_createtable(L, 0, 8);
    mlk_lua_set_integer(L, "offset", agreement->offset);
    mlk_lua_set_integer(L, "heard", agreement->heard);
    mlk_lua_set_number(L, "wrong", agreement->wrong);
    mlk_lua_set_number(L, "wrong_strong", agreement->wrong_strong);
    mlk_lua_set_number(L, "worst_time", agreement->worst_time);
    mlk_lua_set_number(L, "worst_bands", agreement->worst_bands);
}

/* print_compare(a, b, bytes to skip) -> {offset (frames), heard, wrong, wrong_strong, worst_time, worst_bands} */
static int print_compare(lua_State *L)
{
    mlk_status status;
    mlk_agreement agreement;
    size_t skip = (size_t)mlk_lua_integer(L, 3, "skip", 0, INT32_MAX);
    mlk_prints a = read_prints(L, 1, skip), b = read_prints(L, 2, skip);
    mlk_lua_check(L, mlk_print_compare(a, b, &agreement, &status), &status);
    push_agreement(L, &agreement);
    return 1;
}

/* print_pairs(list of strings, bytes to skip) -> list of {a, b (from 1), offset …} */
static int print_pairs(lua_State *L)
{
    mlk_status status;
    mlk_print_pair *pairs;
    int64_t count, n = mlk_lua_list_length(L, 1, "fingerprints");
    size_t skip = (size_t)mlk_lua_integer(L, 2, "skip", 0, INT32_MAX);
    mlk_prints *recordings = lua_newuserdatauv(L, sizeof *recordings * (size_t)(n + 1), 0);
    lua_createtable(L, (int)n, 0); /* what holds the copies */
    for (int64_t i = 0; i < n; i++) {
        lua_rawgeti(L, 1, i + 1);
        recordings[i] = read_prints(L, lua_gettop(L), skip);
        lua_rawseti(L, -3, i + 1);
        lua_pop(L, 1);
    }
    mlk_lua_check(L, mlk_print_pairs(recordings, n, &pairs, &count, &status), &status);
    lua_createtable(L, (int)count, 0);
    for (int64_t i = 0; i < count; i++) {
        push_agreement(L, &pairs[i].agreement);
        mlk_lua_set_integer(L, "a", pairs[i].a + 1);
        mlk_lua_set_integer(L, "b", pairs[i].b + 1);
        lua_rawseti(L, -2, i + 1);
    }
    free(pairs);
    return 1;
}

int mlk_lua_open_music(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"bar_pointer", bar_pointer}, {"beat_track", beat_track}, {"distances", distances}, {"dtw", dtw}, {"flux", flux},
        {"fluctuation", fluctuation}, {"flux_activation", flux_activation}, {"log_spectrum", log_spectrum}, {"peaks", peaks},
        {"print_bands", print_bands}, {"print_code", print_code}, {"print_compare", print_compare},
        {"print_pairs", print_pairs},
        {"recurrence", recurrence}, {"shear", shear}, {"steady_path", steady_path},
        {"stretch_distances", stretch_distances}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "recurrence", mlk_recurrence_parameters);
    mlk_lua_add_parameters(L, "dtw", mlk_dtw_parameters);
    mlk_lua_add_parameters(L, "bar_pointer", mlk_bar_pointer_parameters);
    return 1;
}

/* feature.c: core.feature: features of a waveform, and what follows a feature. */
#include "feature.h"

#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "tensor.h"

#include "dsp/decibel.h"
#include "dsp/delta.h"
#include "dsp/istft.h"
#include "dsp/onset.h"
#include "dsp/sweep.h"
#include "dsp/tempogram.h"

#include <math.h>

/* --- the table of features, for Lua ------------------------------------------- */

/* list() -> {{name, summary, kind, unit, labels, palette, apart, parameters = rows (options.h)} ...}: see mlk_feature
 * and mlk_axis. */
static int list(lua_State *L)
{
    lua_newtable(L);
    for (int i = 0; i < mlk_feature_count(); i++) {
        const mlk_feature *feature = mlk_feature_at(i);
        lua_createtable(L, 0, 8);
        mlk_lua_set_string(L, "name", feature->name);
        mlk_lua_set_string(L, "summary", feature->summary);
        mlk_lua_set_string(L, "kind", feature->kind);
        mlk_lua_set_string(L, "unit", feature->unit);
        mlk_lua_set_string(L, "palette", feature->axis.palette);
        mlk_lua_set_integer(L, "apart", feature->axis.apart);
        mlk_lua_push_strings(L, feature->axis.labels, feature->axis.n_labels);
        lua_setfield(L, -2, "labels");
        mlk_lua_push_rows(L, feature->parameters, feature->n_parameters);
        lua_setfield(L, -2, "parameters");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* --- settings ------------------------------------------------------------------- */

static const mlk_feature *check_feature(lua_State *L, int arg)
{
    const char *name = mlk_lua_string(L, arg, "feature");
    const mlk_feature *feature = mlk_feature_find(name);
    if (!feature)
        mlk_lua_fail(L, "there is no feature '%s'", name);
    return feature;
}

void mlk_lua_read_settings(lua_State *L, int arg, const char *owner, const mlk_feature *feature, mlk_settings *settings)
{
    mlk_settings_init(settings, feature);
    if (lua_isnoneornil(L, arg))
        return;
    arg = lua_absindex(L, arg);
    luaL_checkstack(L, 8, NULL);
    if (!lua_istable(L, arg))
        mlk_lua_fail(L, "options of %s must be a table, got %s", owner, mlk_lua_describe(L, arg));
    for (int i = 0; i < feature->n_parameters; i++) {
        const mlk_parameter *parameter = &feature->parameters[i];
        int top = lua_gettop(L);
        if (lua_getfield(L, arg, parameter->name) != LUA_TNIL)
            mlk_settings_set(settings, parameter->name, mlk_lua_parameter_value(L, top + 1, owner, parameter), NULL);
        lua_settop(L, top);
    }
}

/* The same, in the name of the Lua function that is called like the feature. */
static void read_own(lua_State *L, int arg, const mlk_feature *feature, mlk_settings *settings)
{
    arg = lua_absindex(L, arg);
    mlk_lua_read_settings(L, arg, lua_pushfstring(L, "feature.%s", feature->name), feature, settings);
    lua_pop(L, 1);
}

/* settings(name[, options]) -> every setting by name */
static int settings(lua_State *L)
{
    const mlk_feature *feature = check_feature(L, 1);
    mlk_settings read;
    read_own(L, 2, feature, &read);
    lua_createtable(L, 0, feature->n_parameters);
    for (int i = 0; i < feature->n_parameters; i++) {
        mlk_lua_push_value(L, &feature->parameters[i], read.values[i]);
        lua_setfield(L, -2, feature->parameters[i].name);
    }
    return 1;
}

/* facts(name[, options]) -> {hop, energy, unit}: what the row comes to with these settings */
static int facts(lua_State *L)
{
    const mlk_feature *feature = check_feature(L, 1);
    mlk_settings read;
    read_own(L, 2, feature, &read);
    lua_createtable(L, 0, 3);
    mlk_lua_set_integer(L, "hop", (lua_Integer)mlk_settings_fact(&read, feature->hop));
    mlk_lua_set_number(L, "energy", mlk_settings_fact(&read, feature->energy));
    mlk_lua_set_string(L, "unit", mlk_settings_unit(&read));
    return 1;
}

/* empty(name, options, sample_rate) -> how many of the bands hold nothing */
static int empty(lua_State *L)
{
    const mlk_feature *feature = check_feature(L, 1);
    mlk_settings read;
    read_own(L, 2, feature, &read);
    double rate = mlk_lua_number(L, 3, "rate", 1e-9, HUGE_VAL);
    lua_pushinteger(L, feature->empty ? feature->empty(&read, rate) : 0);
    return 1;
}

/* --- computing ------------------------------------------------------------------- */

/* Raises where a feature with these settings has another number of rows: a place per row is written. */
static void check_rows(lua_State *L, const mlk_settings *settings, double rate, int64_t rows)
{
    enum { any_length = 1 << 20 };
    mlk_feature_shape shape;
    mlk_status status;
    mlk_lua_check(L, mlk_feature_measure(settings, any_length, rate, &shape, &status), &status);
    if (shape.rows != rows)
        mlk_lua_fail(L, "a %s with these options has %I rows, got %I", settings->feature->name, (LUAI_UACINT)shape.rows,
                     (LUAI_UACINT)rows);
}

/* axis(name, options, sample_rate, rows) -> {name, unit, scale, values}, or nil for one row */
static int axis(lua_State *L)
{
    const mlk_feature *feature = check_feature(L, 1);
    mlk_settings read;
    read_own(L, 2, feature, &read);
    double rate = mlk_lua_number(L, 3, "rate", 1e-9, HUGE_VAL);
    int64_t rows = mlk_lua_integer(L, 4, "rows", 0, INT32_MAX);
    if (!feature->axis.name)
        return 0;
    if (feature->place)
        check_rows(L, &read, rate, rows);
    double *values = lua_newuserdatauv(L, ((size_t)rows + 1) * sizeof *values, 0);
    mlk_feature_place(&read, rate, rows, values);
    bool named = feature->axis.labels && feature->axis.n_labels == rows;
    lua_createtable(L, 0, 4);
    mlk_lua_set_string(L, "name", feature->axis.name);
    mlk_lua_set_string(L, "unit", feature->axis.unit);
    mlk_lua_set_string(L, "scale", feature->axis.scale);
    lua_createtable(L, (int)rows, 0);
    for (int64_t i = 0; i < rows; i++) {
        if (named)
            lua_pushstring(L, feature->axis.labels[i]);
        else if (!feature->place)
            lua_pushinteger(L, i);
        else
            lua_pushnumber(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "values");
    return 1;
}

/* compute(name, options, samples, sample_rate) -> rows x frames tensor, frames per second, start in seconds */
static int compute(lua_State *L)
{
    const mlk_feature *feature = check_feature(L, 1);
    mlk_settings read;
    mlk_status status;
    mlk_feature_shape shape;
    lua_settop(L, 4);
    read_own(L, 2, feature, &read);
    double rate = mlk_lua_number(L, 4, "rate", 1e-9, HUGE_VAL);
    mlk_array samples = mlk_lua_read_tensor(L, 3, "samples", MLK_FLOAT32, 1);
    if (mlk_feature_measure(&read, samples.shape[0], rate, &shape, &status))
        mlk_lua_fail(L, "feature.%s: %s", read.feature->name, status.message);
    void *out = mlk_lua_push_tensor(L, shape.dtype, 2, (int64_t[]){shape.rows, shape.frames});

    mlk_waveform *waveform = mlk_waveform_of(samples.data, samples.shape[0], rate, &status);
    mlk_code code = waveform ? mlk_sweep_into(&read, waveform, &shape, out, &status) : status.code;
    mlk_waveform_free(waveform);
    mlk_lua_check(L, code, &status);
    lua_pushnumber(L, shape.rate);
    lua_pushnumber(L, shape.start);
    return 3;
}

/* pyin(options, samples, sample_rate) -> pitch, voiced flag and its probability, 1 x frames tensors,
 * frames per second, start in seconds */
static int pyin(lua_State *L)
{
    static const char *const names[] = {"pyin", "voiced_flag", "voiced_probability"};
    mlk_settings read;
    void *out[3];
    mlk_status status;
    mlk_feature_shape shape;
    lua_settop(L, 3);
    read_own(L, 1, mlk_feature_find(names[0]), &read);
    double rate = mlk_lua_number(L, 3, "rate", 1e-9, HUGE_VAL);
    mlk_array samples = mlk_lua_read_tensor(L, 2, "samples", MLK_FLOAT32, 1);
    if (mlk_feature_measure(&read, samples.shape[0], rate, &shape, &status))
        mlk_lua_fail(L, "feature.%s: %s", read.feature->name, status.message);
    for (int i = 0; i < 3; i++)
        out[i] = mlk_lua_push_tensor(L, shape.dtype, 2, (int64_t[]){shape.rows, shape.frames});

    mlk_analysis *analysis = mlk_analysis_new(samples.data, samples.shape[0], rate, &status);
    mlk_code code = analysis ? MLK_OK : status.code;
    for (int i = 0; i < 3 && !code; i++) {
        read.feature = mlk_feature_find(names[i]); /* its parameters are the first of pyin's */
        code = mlk_feature_compute(&read, analysis, out[i], &status);
    }
    mlk_analysis_free(analysis);
    mlk_lua_check(L, code, &status);
    lua_pushnumber(L, shape.rate);
    lua_pushnumber(L, shape.start);
    return 5;
}

/* tuning(samples, sample_rate, n_fft, bins_per_octave, resolution) -> fraction of a bin */
static int tuning(lua_State *L)
{
    mlk_status status;
    double rate = mlk_lua_number(L, 2, "rate", 1e-9, HUGE_VAL), found = 0;
    int n_fft = (int)mlk_lua_integer(L, 3, "n_fft", 8, 1 << 24);
    int bins = (int)mlk_lua_integer(L, 4, "bins_per_octave", 1, 1 << 20);
    double resolution = mlk_lua_number(L, 5, "resolution", 1e-6, 1);
    mlk_array samples = mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1);
    mlk_stft stft = {.n_fft = n_fft, .hop_length = n_fft / 4, .win_length = n_fft, .center = true};

    mlk_analysis *analysis = mlk_analysis_new(samples.data, samples.shape[0], rate, &status);
    mlk_code code = analysis ? mlk_analysis_tuning(analysis, &stft, 1, bins, resolution, &found, &status) : status.code;
    mlk_analysis_free(analysis);
    mlk_lua_check(L, code, &status);
    lua_pushnumber(L, found);
    return 1;
}

/* --- what follows a feature -------------------------------------------------------- */

/* power_to_db(tensor, ref, amin, top_db or nil) -> tensor */
static int power_to_db(lua_State *L)
{
    double ref = mlk_lua_number(L, 2, "ref", 0, HUGE_VAL), amin = mlk_lua_number(L, 3, "amin", 1e-37, HUGE_VAL);
    double top_db = lua_isnil(L, 4) ? NAN : mlk_lua_number(L, 4, "top_db", 0, HUGE_VAL);
    mlk_array in = mlk_lua_read_tensor(L, 1, "S", MLK_FLOAT32, -1);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, in.rank, in.shape);
    mlk_power_to_db(in.data, mlk_array_count(&in), ref, amin, top_db, out);
    return 1;
}

/* db_to_power(tensor, ref) -> tensor */
static int db_to_power(lua_State *L)
{
    double ref = mlk_lua_number(L, 2, "ref", 0, HUGE_VAL);
    mlk_array in = mlk_lua_read_tensor(L, 1, "S_db", MLK_FLOAT32, -1);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, in.rank, in.shape);
    mlk_db_to_power(in.data, mlk_array_count(&in), ref, out);
    return 1;
}

/* A setting that is a whole number, or a choice's place in its list. */
static int whole(const mlk_settings *settings, const char *name)
{
    return (int)mlk_settings_get(settings, name);
}

/* delta(tensor, settings of mfcc_delta) -> tensor; along the last axis */
static int delta(lua_State *L)
{
    mlk_status status;
    mlk_settings read;
    mlk_lua_read_settings(L, 2, "feature.delta", mlk_feature_find("mfcc_delta"), &read);
    mlk_array in = mlk_lua_read_tensor(L, 1, "data", MLK_FLOAT32, -1);
    if (in.rank == 0)
        return mlk_lua_fail(L, "data must have a time axis, got a single number");
    int64_t frames = in.shape[in.rank - 1], rows = frames ? mlk_array_count(&in) / frames : 0;
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, in.rank, in.shape);
    mlk_lua_check(L, mlk_delta(in.data, rows, frames, whole(&read, "width"), whole(&read, "order"),
                               (mlk_delta_mode)whole(&read, "mode"), out, &status), &status);
    return 1;
}

mlk_istft_options mlk_lua_read_inverse(lua_State *L, int arg, const char *owner, const char *name, int64_t rows)
{
    mlk_istft_options inverse = {0};
    mlk_lua_read(L, arg, owner, mlk_istft_parameters, &inverse);
    const mlk_stft *stft = &inverse.stft;
    if (stft->win_length > stft->n_fft)
        mlk_lua_fail(L, "%s: win_length must be 1..n_fft (%d), got %d", owner, stft->n_fft, stft->win_length);
    if (rows != stft->n_fft / 2 + 1)
        mlk_lua_fail(L, "n_fft must fit the %s's %d rows (n_fft/2 + 1), got %d", name, (int)rows, stft->n_fft);
    return inverse;
}

/* istft(bins, options) -> samples */
static int istft(lua_State *L)
{
    mlk_status status;
    mlk_array bins = mlk_lua_read_tensor(L, 1, "stft", MLK_COMPLEX64, 2);
    mlk_istft_options inverse = mlk_lua_read_inverse(L, 2, "feature.istft", "spectrum", bins.shape[0]);
    int64_t n = mlk_istft_length(&inverse.stft, bins.shape[1], inverse.length);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &n);
    mlk_lua_check(L, mlk_istft(&inverse.stft, bins.data, bins.shape[1], inverse.length, out, &status), &status);
    return 1;
}

/* onset_strength(S_db, edges, delay, settings of onset_strength) -> curves x frames; edges {0, 32, 64 ...} are the
 * bands at which curves begin and end */
static int onset_strength(lua_State *L)
{
    mlk_status status;
    mlk_settings read;
    int delay = (int)mlk_lua_integer(L, 3, "delay", 0, 1 << 24);
    read_own(L, 4, mlk_feature_find("onset_strength"), &read);
    mlk_onset onset = {
        .lag = whole(&read, "lag"),
        .max_size = whole(&read, "max_size"),
        .delay = delay,
        .aggregate = (mlk_onset_aggregate)whole(&read, "aggregate"),
    };
    mlk_array in = mlk_lua_read_tensor(L, 1, "S", MLK_FLOAT32, 2);
    int n_edges = mlk_lua_list_length(L, 2, "channels");
    if (n_edges < 2)
        return mlk_lua_fail(L, "channels must be two bands or more, got %d", n_edges);
    int *edges = lua_newuserdatauv(L, (size_t)n_edges * sizeof *edges, 0), lowest = 0;
    for (int i = 0; i < n_edges; i++) {
        lua_rawgeti(L, 2, i + 1);
        edges[i] = (int)mlk_lua_integer(L, -1, "channels", lowest, in.shape[0]);
        lowest = edges[i] + 1;
        lua_pop(L, 1);
    }
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){n_edges - 1, in.shape[1]});
    mlk_lua_check(L, mlk_onset_strength(&onset, in.data, in.shape[0], in.shape[1], edges, n_edges - 1, out,
                                        &status), &status);
    for (int curve = 0; whole(&read, "detrend") && curve < n_edges - 1; curve++)
        mlk_onset_detrend(out + curve * in.shape[1], in.shape[1], (double[2]){0});
    return 1;
}

static int refuse_length(lua_State *L, int win_length, int64_t frames)
{
    return mlk_lua_fail(L, "win_length must not exceed the %d frames of the onset strength when center is false, "
                        "got %d", (int)frames, win_length);
}

/* tempogram(curve, its settings) -> lags x frames */
static int tempogram(lua_State *L)
{
    mlk_status status;
    mlk_settings read;
    read_own(L, 2, mlk_feature_find("tempogram"), &read);
    mlk_tempogram tempogram = {
        .win_length = whole(&read, "win_length"),
        .window = (mlk_window)whole(&read, "window"),
        .center = whole(&read, "center"),
        .norm = (mlk_norm)whole(&read, "norm"),
    };
    mlk_array in = mlk_lua_read_tensor(L, 1, "onset_strength", MLK_FLOAT32, 1);
    int64_t frames = mlk_tempogram_frames(&tempogram, in.shape[0]);
    if (frames == 0)
        return refuse_length(L, tempogram.win_length, in.shape[0]);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){tempogram.win_length, frames});
    mlk_lua_check(L, mlk_tempogram_of(&tempogram, in.data, in.shape[0], out, &status), &status);
    return 1;
}

/* fourier_tempogram(curve, its settings) -> tempi x frames, complex64 */
static int fourier_tempogram(lua_State *L)
{
    mlk_status status;
    mlk_settings read;
    read_own(L, 2, mlk_feature_find("fourier_tempogram"), &read);
    int win_length = whole(&read, "win_length");
    mlk_stft stft = {win_length, 1, win_length, (mlk_window)whole(&read, "window"), whole(&read, "center"),
                     MLK_PAD_CONSTANT};
    mlk_array in = mlk_lua_read_tensor(L, 1, "onset_strength", MLK_FLOAT32, 1);
    int64_t frames = mlk_frame_count(in.shape[0], win_length, 1, stft.center);
    if (frames == 0)
        return refuse_length(L, win_length, in.shape[0]);
    void *out = mlk_lua_push_tensor(L, MLK_COMPLEX64, 2, (int64_t[]){win_length / 2 + 1, frames});
    mlk_view view = mlk_view_whole(in.data, in.shape[0]);
    mlk_lua_check(L, mlk_stft_complex(&stft, &view, 0, frames, out, &status), &status);
    return 1;
}

int mlk_lua_open_feature(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"list", list}, {"settings", settings}, {"facts", facts}, {"axis", axis}, {"empty", empty},
        {"compute", compute}, {"pyin", pyin}, {"tuning", tuning}, {"power_to_db", power_to_db},
        {"db_to_power", db_to_power}, {"delta", delta}, {"onset_strength", onset_strength}, {"tempogram", tempogram},
        {"fourier_tempogram", fourier_tempogram}, {"istft", istft}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "istft", mlk_istft_parameters);
    return 1;
}

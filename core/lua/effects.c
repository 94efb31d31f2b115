/* effects.c: core.effects: waveforms from waveforms, mostly one channel at a time. */
#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include "dsp/emphasis.h"
#include "dsp/griffin_lim.h"
#include "dsp/hpss.h"
#include "dsp/istft.h"
#include "dsp/mel.h"
#include "dsp/rubberband.h"
#include "dsp/stretch.h"

#include <lauxlib.h>
#include <math.h>

static const int longest_frame = 1 << 24;

/* n_fft, hop_length from `arg` on: a centred transform under Hann's window. */
static mlk_stft check_stft(lua_State *L, int arg)
{
    int n_fft = (int)mlk_lua_integer(L, arg, "n_fft", 2, longest_frame);
    int hop_length = (int)mlk_lua_integer(L, arg + 1, "hop_length", 1, longest_frame);
    return (mlk_stft){.n_fft = n_fft, .hop_length = hop_length, .win_length = n_fft, .center = true};
}

/* griffin_lim(magnitudes, n_fft, hop_length, win_length, window, center, pad_mode, length or nil, n_iter, momentum,
 * init, seed) -> samples; magnitudes: rows x frames; init: "random" or "zeros" */
static int griffin_lim(lua_State *L)
{
    static const char *const inits[] = {"random", "zeros", NULL};
    mlk_array magnitudes, out;
    mlk_status status;
    mlk_griffin_lim settings = {.stft = check_stft(L, 2)};
    mlk_stft *stft = &settings.stft;
    stft->win_length = (int)mlk_lua_integer(L, 4, "win_length", 1, stft->n_fft);
    stft->window = (mlk_window)mlk_lua_choice(L, 5, "window", mlk_window_names);
    stft->center = mlk_lua_boolean(L, 6, "center");
    stft->pad_mode = (mlk_pad)mlk_lua_choice(L, 7, "pad_mode", mlk_pad_names);
    int64_t length = lua_isnil(L, 8) ? -1 : mlk_lua_integer(L, 8, "length", 0, INT64_C(1) << 40);
    settings.n_iter = (int)mlk_lua_integer(L, 9, "n_iter", 0, 1000000);
    settings.momentum = mlk_lua_number(L, 10, "momentum", 0, 2);
    settings.random = mlk_lua_choice(L, 11, "init", inits) == 0;
    settings.seed = (uint64_t)mlk_lua_integer(L, 12, "seed", INT64_MIN, INT64_MAX);
    mlk_lua_read_tensor(L, 1, "magnitude", MLK_FLOAT32, 2, &magnitudes);
    if (magnitudes.shape[0] != stft->n_fft / 2 + 1)
        return mlk_lua_fail(L, "n_fft must fit the magnitude's %d rows (n_fft/2 + 1), got %d",
                            (int)magnitudes.shape[0], stft->n_fft);
    int64_t n = mlk_istft_length(stft, magnitudes.shape[1], length);
    mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &n, &out);
    if (mlk_griffin_lim_sound(&settings, magnitudes.data, magnitudes.shape[1], length, out.data, &status))
        mlk_lua_raise(L, &status);
    return 1;
}

/* hpss(samples, n_fft, hop_length, kernel_time, kernel_frequency, margin_harmonic, margin_percussive, power, which)
 * -> harmonic and percussive samples; which: "both", "harmonic" or "percussive" (then that one alone) */
static int hpss(lua_State *L)
{
    static const char *const parts[] = {"both", "harmonic", "percussive", NULL};
    mlk_array samples, out[2] = {{0}};
    mlk_status status;
    mlk_hpss hpss = {
        .stft = check_stft(L, 2),
        .harmonic_frames = (int)mlk_lua_integer(L, 4, "kernel_size", 1, MLK_HPSS_MAX),
        .percussive_bins = (int)mlk_lua_integer(L, 5, "kernel_size", 1, MLK_HPSS_MAX),
        .harmonic_margin = mlk_lua_number(L, 6, "margin", 1, 1e9),
        .percussive_margin = mlk_lua_number(L, 7, "margin", 1, 1e9),
        .power = lua_tonumber(L, 8) == HUGE_VAL ? HUGE_VAL : mlk_lua_number(L, 8, "power", 1e-3, 1e3),
    };
    int which = mlk_lua_choice(L, 9, "which", parts);
    mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1, &samples);
    int count = 0;
    for (int part = 0; part < 2; part++)
        if (which == 0 || which == part + 1) {
            mlk_lua_push_tensor(L, MLK_FLOAT32, 1, samples.shape, &out[part]);
            count++;
        }
    if (mlk_hpss_split(&hpss, samples.data, samples.shape[0], out[0].data, out[1].data, &status))
        mlk_lua_raise(L, &status);
    return count;
}

/* time_stretch(samples, n_fft, hop_length, rate) -> samples */
static int time_stretch(lua_State *L)
{
    mlk_array samples, out;
    mlk_status status;
    mlk_stft stft = check_stft(L, 2);
    double rate = mlk_lua_number(L, 4, "rate", 1e-3, 1e3);
    mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1, &samples);
    int64_t length = mlk_stretched_length(samples.shape[0], rate);
    mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &length, &out);
    if (mlk_time_stretch(&stft, samples.data, samples.shape[0], rate, out.data, &status))
        mlk_lua_raise(L, &status);
    return 1;
}

/* mel_invert(bands, sample_rate, n_fft, fmin, fmax, htk, triangles, norm, n_iter) -> spectrum; rows x
 * frames both */
static int mel_invert(lua_State *L)
{
    mlk_array bands, out;
    mlk_status status;
    double rate = mlk_lua_number(L, 2, "sample rate", 1e-3, 1e9);
    int n_fft = (int)mlk_lua_integer(L, 3, "n_fft", 2, longest_frame);
    mlk_mel mel = {
        .fmin = mlk_lua_number(L, 4, "fmin", 0, rate / 2),
        .fmax = mlk_lua_number(L, 5, "fmax", 0, rate / 2),
        .htk = mlk_lua_boolean(L, 6, "htk"),
        .straight_in_mel = mlk_lua_choice(L, 7, "triangles", mlk_mel_triangle_names) != 0,
        .norm = (mlk_mel_norm)mlk_lua_choice(L, 8, "norm", mlk_mel_norm_names),
    };
    int n_iter = (int)mlk_lua_integer(L, 9, "n_iter", 0, 1000000);
    mlk_lua_read_tensor(L, 1, "mel", MLK_FLOAT32, 2, &bands);
    mel.n_mels = (int)bands.shape[0];
    if (mel.n_mels < 1 || mel.fmin >= mel.fmax)
        return mlk_lua_fail(L, "mel must have bands, from fmin to an fmax above it");
    int64_t shape[] = {n_fft / 2 + 1, bands.shape[1]};
    mlk_lua_push_tensor(L, MLK_FLOAT32, 2, shape, &out);
    if (mlk_mel_invert(&mel, rate, n_fft, bands.data, bands.shape[1], n_iter, out.data, &status))
        mlk_lua_raise(L, &status);
    return 1;
}

/* rubberband(samples, sample_rate, rate, pitch_scale) -> samples; channels x n both */
static int rubberband(lua_State *L)
{
    mlk_array samples, out;
    mlk_status status;
    double sample_rate = mlk_lua_number(L, 2, "sample rate", 1e-3, 1e9);
    double rate = mlk_lua_number(L, 3, "rate", 1 / MLK_RUBBERBAND_MOST_RATE, MLK_RUBBERBAND_MOST_RATE);
    double pitch_scale = mlk_lua_number(L, 4, "pitch_scale", 1 / MLK_RUBBERBAND_MOST_PITCH, MLK_RUBBERBAND_MOST_PITCH);
    mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 2, &samples);
    int64_t shape[] = {samples.shape[0], mlk_stretched_length(samples.shape[1], rate)};
    mlk_lua_push_tensor(L, MLK_FLOAT32, 2, shape, &out);
    if (mlk_rubberband_stretch(samples.data, (int)shape[0], samples.shape[1], sample_rate, rate, pitch_scale,
                               out.data, &status))
        mlk_lua_raise(L, &status);
    return 1;
}

/* preemphasis(samples, coef), deemphasis(samples, coef) -> samples */
static int emphasis(lua_State *L, void apply(const float *, int64_t, double, float *))
{
    mlk_array samples, out;
    double coef = mlk_lua_number(L, 2, "coef", 0, 1);
    mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1, &samples);
    if (samples.shape[0] < 2)
        return mlk_lua_fail(L, "song must have at least two samples, got %d", (int)samples.shape[0]);
    mlk_lua_push_tensor(L, MLK_FLOAT32, 1, samples.shape, &out);
    apply(samples.data, samples.shape[0], coef, out.data);
    return 1;
}

static int preemphasis(lua_State *L)
{
    return emphasis(L, mlk_preemphasis);
}

static int deemphasis(lua_State *L)
{
    return emphasis(L, mlk_deemphasis);
}

int mlk_lua_open_effects(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"deemphasis", deemphasis},
        {"griffin_lim", griffin_lim},
        {"hpss", hpss},
        {"mel_invert", mel_invert},
        {"preemphasis", preemphasis},
        {"rubberband", rubberband},
        {"time_stretch", time_stretch},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}

/* effects.c: core.effects: waveforms from waveforms, mostly one channel at a time. */
#include "arguments.h"
#include "feature.h"
#include "modules.h"
#include "options.h"
#include "tensor.h"

#include "dsp/emphasis.h"
#include "dsp/griffin_lim.h"
#include "dsp/hpss.h"
#include "dsp/istft.h"
#include "dsp/mel.h"
#include "dsp/rubberband.h"
#include "dsp/stretch.h"

/* A centred transform under Hann's window, with n_fft and hop_length of a table of options. */
static mlk_stft read_frames(lua_State *L, int arg, const char *owner)
{
    mlk_stft stft = {.center = true};
    mlk_lua_read(L, arg, owner, mlk_frame_parameters, &stft);
    stft.win_length = stft.n_fft;
    return stft;
}

/* griffin_lim(magnitudes, options) -> samples; magnitudes: rows x frames */
static int griffin_lim(lua_State *L)
{
    mlk_status status;
    mlk_array magnitudes = mlk_lua_read_tensor(L, 1, "magnitude", MLK_FLOAT32, 2);
    mlk_istft_options inverse = mlk_lua_read_inverse(L, 2, "effects.griffin_lim", "magnitude", magnitudes.shape[0]);
    mlk_griffin_lim settings = {.stft = inverse.stft};
    mlk_lua_read(L, 2, "effects.griffin_lim", mlk_griffin_lim_parameters, &settings);
    int64_t n = mlk_istft_length(&settings.stft, magnitudes.shape[1], inverse.length);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &n);
    mlk_lua_check(L, mlk_griffin_lim_sound(&settings, magnitudes.data, magnitudes.shape[1], inverse.length, out,
                                           &status), &status);
    return 1;
}

/* hpss(samples, which, options) -> harmonic and percussive samples; which: "both", "harmonic" or "percussive" (then
 * that one alone) */
static int hpss(lua_State *L)
{
    static const char *const parts[] = {"both", "harmonic", "percussive", NULL};
    float *out[2] = {NULL};
    mlk_status status;
    int which = mlk_lua_choice(L, 2, "which", parts);
    mlk_hpss hpss = {.stft = read_frames(L, 3, "effects.hpss")};
    mlk_lua_read(L, 3, "effects.hpss", mlk_hpss_parameters, &hpss);
    mlk_array samples = mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1);
    int count = 0;
    for (int part = 0; part < 2; part++)
        if (which == 0 || which == part + 1) {
            out[part] = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, samples.shape);
            count++;
        }
    mlk_lua_check(L, mlk_hpss_split(&hpss, samples.data, samples.shape[0], out[0], out[1], &status), &status);
    return count;
}

/* time_stretch(samples, rate, options) -> samples */
static int time_stretch(lua_State *L)
{
    mlk_status status;
    double rate = mlk_lua_number(L, 2, "rate", 1e-3, 1e3);
    mlk_stft stft = read_frames(L, 3, "effects.time_stretch");
    mlk_array samples = mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1);
    int64_t length = mlk_stretched_length(samples.shape[0], rate);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, &length);
    mlk_lua_check(L, mlk_time_stretch(&stft, samples.data, samples.shape[0], rate, out, &status), &status);
    return 1;
}

/* mel_invert(bands, options) -> spectrum; rows x frames both */
static int mel_invert(lua_State *L)
{
    mlk_status status;
    mlk_mel_inversion inversion;
    mlk_lua_read(L, 2, "effects.mel_to_stft", mlk_mel_inversion_parameters, &inversion);
    mlk_mel *mel = &inversion.mel;
    mlk_array bands = mlk_lua_read_tensor(L, 1, "mel", MLK_FLOAT32, 2);
    mel->n_mels = (int)bands.shape[0];
    if (mel->n_mels < 1 || mel->fmin >= mel->fmax || mel->fmax > inversion.rate / 2)
        return mlk_lua_fail(L, "mel must have bands, from fmin to an fmax above it, at most half the sample rate");
    int64_t shape[] = {inversion.n_fft / 2 + 1, bands.shape[1]};
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, shape);
    mlk_lua_check(L, mlk_mel_invert(&inversion, bands.data, bands.shape[1], out, &status), &status);
    return 1;
}

/* rubberband(samples, sample_rate, rate, pitch_scale) -> samples; channels x n both */
static int rubberband(lua_State *L)
{
    mlk_status status;
    double sample_rate = mlk_lua_number(L, 2, "sample rate", 1e-3, 1e9);
    double rate = mlk_lua_number(L, 3, "rate", 1 / MLK_RUBBERBAND_MOST_RATE, MLK_RUBBERBAND_MOST_RATE);
    double pitch_scale = mlk_lua_number(L, 4, "pitch_scale", 1 / MLK_RUBBERBAND_MOST_PITCH, MLK_RUBBERBAND_MOST_PITCH);
    mlk_array samples = mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 2);
    int64_t shape[] = {samples.shape[0], mlk_stretched_length(samples.shape[1], rate)};
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, shape);
    mlk_lua_check(L, mlk_rubberband_stretch(samples.data, (int)shape[0], samples.shape[1], sample_rate, rate,
                                            pitch_scale, out, &status), &status);
    return 1;
}

/* preemphasis(samples, coef), deemphasis(samples, coef) -> samples */
static int emphasis(lua_State *L, void apply(const float *, int64_t, double, float *))
{
    double coef = mlk_lua_number(L, 2, "coef", 0, 1);
    mlk_array samples = mlk_lua_read_tensor(L, 1, "samples", MLK_FLOAT32, 1);
    if (samples.shape[0] < 2)
        return mlk_lua_fail(L, "song must have at least two samples, got %d", (int)samples.shape[0]);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 1, samples.shape);
    apply(samples.data, samples.shape[0], coef, out);
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
        {"deemphasis", deemphasis}, {"griffin_lim", griffin_lim}, {"hpss", hpss}, {"mel_invert", mel_invert},
        {"preemphasis", preemphasis}, {"rubberband", rubberband}, {"time_stretch", time_stretch}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "frames", mlk_frame_parameters);
    mlk_lua_add_parameters(L, "hpss", mlk_hpss_parameters);
    mlk_lua_add_parameters(L, "griffin_lim", mlk_griffin_lim_parameters);
    mlk_lua_add_parameters(L, "mel_invert", mlk_mel_inversion_parameters);
    return 1;
}

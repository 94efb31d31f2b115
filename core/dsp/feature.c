#include "dsp/feature.h"

#include "dsp/feature_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const mlk_feature *const table[] = {
    &mlk_feature_stft,
    &mlk_feature_spectrogram,
    &mlk_feature_mel,
    &mlk_feature_log_mel,
    &mlk_feature_pcen,
    &mlk_feature_mfcc,
    &mlk_feature_mfcc_delta,
    &mlk_feature_mfcc_delta2,
    &mlk_feature_whisper_mel,
    &mlk_feature_vggish_mel,
    &mlk_feature_kaldi_fbank,
    &mlk_feature_maest_mel,
    &mlk_feature_chroma_stft,
    &mlk_feature_cqt,
    &mlk_feature_vqt,
    &mlk_feature_pseudo_cqt,
    &mlk_feature_hybrid_cqt,
    &mlk_feature_chroma_cqt,
    &mlk_feature_chroma_cens,
    &mlk_feature_tonnetz,
    &mlk_feature_spectral_centroid,
    &mlk_feature_spectral_bandwidth,
    &mlk_feature_spectral_rolloff,
    &mlk_feature_spectral_flatness,
    &mlk_feature_spectral_contrast,
    &mlk_feature_spectral_flux,
    &mlk_feature_poly_features,
    &mlk_feature_lpc,
    &mlk_feature_onset_strength,
    &mlk_feature_onset_strength_multi,
    &mlk_feature_tempogram,
    &mlk_feature_fourier_tempogram,
    &mlk_feature_yin,
    &mlk_feature_pyin,
    &mlk_feature_voiced_flag,
    &mlk_feature_voiced_probability,
    &mlk_feature_zero_crossing_rate,
    &mlk_feature_rms,
};

int mlk_feature_count(void)
{
    return sizeof table / sizeof *table;
}

const mlk_feature *mlk_feature_at(int index)
{
    return table[index];
}

const mlk_feature *mlk_feature_find(const char *name)
{
    for (int i = 0; i < mlk_feature_count(); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

/* --- settings --- */

void mlk_settings_init(mlk_settings *settings, const mlk_feature *feature)
{
    memset(settings, 0, sizeof *settings);
    settings->feature = feature;
    for (int i = 0; i < feature->n_parameters; i++)
        settings->values[i] = feature->parameters[i].standard;
}

static int position(const mlk_feature *feature, const char *name)
{
    for (int i = 0; i < feature->n_parameters; i++)
        if (strcmp(feature->parameters[i].name, name) == 0)
            return i;
    return -1;
}

double mlk_settings_get(const mlk_settings *settings, const char *name)
{
    int i = position(settings->feature, name);
    assert(i >= 0);
    return settings->values[i];
}

mlk_code mlk_settings_set(mlk_settings *settings, const char *name, double value, mlk_status *status)
{
    int i = position(settings->feature, name);
    if (i < 0)
        return mlk_fail(status, MLK_INVALID, "%s has no parameter '%s'", settings->feature->name, name);
    mlk_code code = mlk_parameter_check(&settings->feature->parameters[i], value, status);
    if (!code)
        settings->values[i] = isnan(value) ? NAN : value + 0.0; /* one NAN and one zero: values are keys */
    return code;
}

/* --- shape, axis, values --- */

mlk_code mlk_feature_measure(const mlk_settings *settings, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    *shape = (mlk_feature_shape){.rows = 1, .dtype = MLK_FLOAT32};
    shape->rate = rate / mlk_settings_get(settings, "hop_length");
    return settings->feature->measure(settings, n, rate, shape, status);
}

void mlk_feature_place(const mlk_settings *settings, double rate, int64_t rows, double *values)
{
    if (settings->feature->place)
        settings->feature->place(settings, rate, rows, values);
    else
        for (int64_t i = 0; i < rows; i++)
            values[i] = (double)i;
}

mlk_feature_shape mlk_feature_in_block(const mlk_settings *settings, const mlk_analysis *analysis,
                                       const mlk_feature_shape *shape)
{
    mlk_span span = mlk_analysis_span(analysis, (int64_t)mlk_settings_get(settings, "hop_length"), shape->frames);
    mlk_feature_shape part = *shape;
    part.first = span.first;
    part.frames = span.frames;
    return part;
}

mlk_code mlk_feature_compute(const mlk_settings *settings, mlk_analysis *analysis, void *out, mlk_status *status)
{
    mlk_feature_shape shape;
    mlk_code code = mlk_feature_measure(settings, analysis->n, analysis->rate, &shape, status);
    if (code)
        return code;
    shape = mlk_feature_in_block(settings, analysis, &shape);
    mlk_carry own = {0}, *others = analysis->carry;
    analysis->carry = &own;
    if (shape.frames > 0)
        code = settings->feature->compute(settings, analysis, &shape, out, status);
    analysis->carry = others;
    free(own.memory);
    return code;
}

mlk_stft mlk_feature_stft_of(const mlk_settings *settings)
{
    double win_length = mlk_settings_get(settings, "win_length");
    mlk_stft stft = {
        .n_fft = (int)mlk_settings_get(settings, "n_fft"),
        .hop_length = (int)mlk_settings_get(settings, "hop_length"),
        .window = (mlk_window)mlk_settings_get(settings, "window"),
        .center = mlk_settings_get(settings, "center") != 0,
        .pad_mode = (mlk_pad)mlk_settings_get(settings, "pad_mode"),
    };
    stft.win_length = isnan(win_length) ? stft.n_fft : (int)win_length;
    return stft;
}

mlk_code mlk_feature_measure_stft(const mlk_settings *settings, int64_t rows, int64_t n, double rate,
                                  mlk_feature_shape *shape, mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(settings);
    if (stft.win_length > stft.n_fft)
        return mlk_fail(status, MLK_INVALID, "win_length must be 1..n_fft (%d), got %d", stft.n_fft, stft.win_length);
    shape->rows = rows;
    shape->frames = mlk_frame_count(n, stft.n_fft, stft.hop_length, stft.center);
    shape->start = stft.center ? 0 : stft.n_fft / 2 / rate;
    if (shape->frames == 0)
        return mlk_fail(status, MLK_INVALID, "n_fft (%d) must not exceed the clip's %lld samples when center is false",
                        stft.n_fft, (long long)n);
    return MLK_OK;
}

/* Features on the mel scale. */
#include "dsp/feature_table.h"

#include <string.h>

static const char *const mel_norms[] = {"slaney", "none", NULL};

#define MEL_PARAMETERS                                                                                          \
    MLK_STFT_PARAMETERS, MLK_REAL("power", 2, 1e-3, 100), MLK_INTEGER("n_mels", 128, 1, 4096),                   \
        MLK_REAL("fmin", 0, 0, 1e9), MLK_REAL_OR_NIL("fmax", NAN, 0, 1e9), MLK_BOOLEAN("htk", 0)

static mlk_mel mel_of(const mlk_settings *s, const char *norm, double rate)
{
    double fmax = mlk_settings_get(s, "fmax");
    return (mlk_mel){
        .n_mels = (int)mlk_settings_get(s, "n_mels"),
        .fmin = mlk_settings_get(s, "fmin"),
        .fmax = isnan(fmax) ? rate / 2 : fmax,
        .htk = mlk_settings_get(s, "htk") != 0,
        .area_normalise = mlk_settings_get(s, norm) == 0,
    };
}

static mlk_code measure_bands(const mlk_settings *s, int64_t rows, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    double fmin = mlk_settings_get(s, "fmin"), fmax = mlk_settings_get(s, "fmax");
    if (isnan(fmax))
        fmax = rate / 2;
    if (fmax > rate / 2)
        return mlk_fail(status, MLK_INVALID, "fmax must not exceed half the sample rate (%g Hz), got %g", rate / 2,
                        fmax);
    if (fmin >= fmax)
        return mlk_fail(status, MLK_INVALID, "fmin must lie below fmax (%g Hz), got %g", fmax, fmin);
    return mlk_feature_measure_stft(s, rows, n, rate, shape, status);
}

/* --- mel --- */

static mlk_code measure_mel(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                            mlk_status *status)
{
    return measure_bands(s, (int64_t)mlk_settings_get(s, "n_mels"), n, rate, shape, status);
}

static void place_mel(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)rows;
    mlk_mel mel = mel_of(s, "norm", rate);
    mlk_mel_centres(&mel, values);
}

static mlk_code compute_mel(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    mlk_mel mel = mel_of(s, "norm", a->rate);
    const mlk_matrix *made = mlk_analysis_mel(a, &stft, mlk_settings_get(s, "power"), &mel, status);
    if (!made)
        return status->code;
    memcpy(out, made->data, (size_t)(shape->rows * shape->frames) * sizeof *made->data);
    return MLK_OK;
}

static const mlk_parameter mel_parameters[] = {MEL_PARAMETERS, MLK_CHOICE("norm", 0, mel_norms)};

const mlk_feature mlk_feature_mel = {
    .name = "mel",
    .summary = "mel spectrogram: power in bands spaced as pitch is heard",
    .kind = "mel",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel"},
    MLK_PARAMETERS(mel_parameters),
    .measure = measure_mel,
    .compute = compute_mel,
    .place = place_mel,
};

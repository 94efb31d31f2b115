/* Features on the mel scale. */
#include "dsp/feature_table.h"

#include "dsp/dct.h"
#include "dsp/delta.h"

#include <string.h>

mlk_mel mlk_feature_mel_of(const mlk_settings *s, const char *norm, double rate)
{
    double fmax = mlk_settings_get(s, "fmax");
    return (mlk_mel){
        .n_mels = (int)mlk_settings_get(s, "n_mels"),
        .fmin = mlk_settings_get(s, "fmin"),
        .fmax = isnan(fmax) ? rate / 2 : fmax,
        .htk = mlk_settings_get(s, "htk") != 0,
        .straight_in_mel = mlk_settings_get(s, "triangles") != 0,
        .norm = norm ? (mlk_mel_norm)mlk_settings_get(s, norm) : MLK_MEL_NONE,
    };
}

mlk_code mlk_feature_check_mel(const mlk_settings *s, double rate, mlk_status *status)
{
    double fmin = mlk_settings_get(s, "fmin"), fmax = mlk_settings_get(s, "fmax");
    if (isnan(fmax))
        fmax = rate / 2;
    if (fmax > rate / 2)
        return mlk_fail(status, MLK_INVALID, "fmax must not exceed half the sample rate (%g Hz), got %g", rate / 2,
                        fmax);
    if (fmin >= fmax)
        return mlk_fail(status, MLK_INVALID, "fmin must lie below fmax (%g Hz), got %g", fmax, fmin);
    return MLK_OK;
}

int mlk_feature_empty_mel(const mlk_settings *s, double rate)
{
    mlk_mel mel = mlk_feature_mel_of(s, NULL, rate);
    if (mlk_feature_check_mel(s, rate, &(mlk_status){0}))
        return 0;
    return mlk_mel_empty(&mel, rate, (int)mlk_settings_get(s, "n_fft"));
}

static mlk_code measure_bands(const mlk_settings *s, int64_t rows, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    mlk_code code = mlk_feature_check_mel(s, rate, status);
    return code ? code : mlk_feature_measure_stft(s, rows, n, rate, shape, status);
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
    mlk_mel mel = mlk_feature_mel_of(s, "norm", rate);
    mlk_mel_centres(&mel, values);
}

static mlk_code compute_mel(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    mlk_mel mel = mlk_feature_mel_of(s, "norm", a->rate);
    const mlk_matrix *made = mlk_analysis_mel(a, &stft, mlk_settings_get(s, "power"), &mel, status);
    if (!made)
        return status->code;
    memcpy(out, made->data, (size_t)(shape->rows * shape->frames) * sizeof *made->data);
    return MLK_OK;
}

static const mlk_parameter mel_parameters[] = {MLK_MEL_PARAMETERS, MLK_MEL_NORM("norm")};

const mlk_feature mlk_feature_mel = {
    .name = "mel",
    .summary = "mel spectrogram: power in bands spaced as pitch is heard",
    .kind = "mel",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel", .palette = "magma"},
    MLK_STFT_FRAMES,
    .energy = MLK_SAID_BY("power"),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(mel_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_mel,
    .compute = compute_mel,
    .place = place_mel,
};

/* --- log_mel --- */

static const mlk_matrix *decibels(const mlk_settings *s, const char *norm, double ref, double amin, double top_db,
                                  mlk_analysis *a, mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    mlk_mel mel = mlk_feature_mel_of(s, norm, a->rate);
    return mlk_analysis_mel_db(a, &stft, mlk_settings_get(s, "power"), &mel, ref, amin, top_db, status);
}

static mlk_code compute_log_mel(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                                mlk_status *status)
{
    const mlk_matrix *db = decibels(s, "norm", mlk_settings_get(s, "ref"), mlk_settings_get(s, "amin"),
                                    mlk_settings_get(s, "top_db"), a, status);
    if (!db)
        return status->code;
    memcpy(out, db->data, (size_t)(shape->rows * shape->frames) * sizeof *db->data);
    return MLK_OK;
}

static mlk_code survey_log_mel(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    bool fine = decibels(s, "norm", mlk_settings_get(s, "ref"), mlk_settings_get(s, "amin"), 80, a, status);
    return fine ? MLK_OK : status->code;
}

static const mlk_parameter log_mel_parameters[] = {
    MLK_MEL_PARAMETERS,
    MLK_MEL_NORM("norm"),
    MLK_REAL("ref", 1, 1e-30, 1e30, "the power that is 0 dB"),
    MLK_AMIN,
    MLK_TOP_DB,
};

const mlk_feature mlk_feature_log_mel = {
    .name = "log_mel",
    .summary = "mel spectrogram in decibels",
    .kind = "log_mel",
    .unit = "dB",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel", .palette = "magma"},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(log_mel_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_mel,
    .compute = compute_log_mel,
    .gathers = mlk_feature_gathers_loudest,
    .survey = survey_log_mel,
    .place = place_mel,
};

/* --- mfcc and its derivatives --- */

static const char *const dct_norms[] = {"ortho", "none", NULL};

#define MFCC_PARAMETERS                                                                                         \
    MLK_INTEGER("n_mfcc", 20, 1, 4096, "coefficients"),                                                         \
        MLK_INTEGER("dct_type", 2, 2, 3, "of the cosine transform"),                                            \
        MLK_CHOICE("norm", 0, dct_norms, "of the cosine transform"),                                            \
        MLK_REAL("lifter", 0, 0, 1e6, "how far higher coefficients are raised, 0: not"), MLK_MEL_PARAMETERS,    \
        MLK_MEL_NORM("mel_norm"), MLK_TOP_DB

static mlk_code measure_mfcc(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    int n_mfcc = (int)mlk_settings_get(s, "n_mfcc"), n_mels = (int)mlk_settings_get(s, "n_mels");
    if (n_mfcc > n_mels)
        return mlk_fail(status, MLK_INVALID, "n_mfcc must be 1..n_mels (%d), got %d", n_mels, n_mfcc);
    return measure_bands(s, n_mfcc, n, rate, shape, status);
}

static mlk_code compute_mfcc(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                             mlk_status *status)
{
    const mlk_matrix *db = decibels(s, "mel_norm", 1, 1e-10, mlk_settings_get(s, "top_db"), a, status);
    if (!db)
        return status->code;
    double lifter = mlk_settings_get(s, "lifter"), gain[4096];
    for (int i = 0; i < shape->rows; i++)
        gain[i] = lifter > 0 ? 1 + lifter / 2 * sin(M_PI * (i + 1) / lifter) : 1;
    return mlk_dct_columns(db->data, (int)db->rows, db->frames, (int)mlk_settings_get(s, "dct_type"),
                           mlk_settings_get(s, "norm") == 0, (int)shape->rows, gain, out, status);
}

static mlk_code survey_mfcc(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    return decibels(s, "mel_norm", 1, 1e-10, 80, a, status) ? MLK_OK : status->code;
}

static const mlk_parameter mfcc_parameters[] = {MFCC_PARAMETERS};

const mlk_feature mlk_feature_mfcc = {
    .name = "mfcc",
    .summary = "mel-frequency cepstral coefficients: timbre in a few numbers",
    .kind = "mfcc",
    .axis = {.name = "coefficient", .apart = 2},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(mfcc_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_mfcc,
    .compute = compute_mfcc,
    .gathers = mlk_feature_gathers_loudest,
    .survey = survey_mfcc,
};

static mlk_code measure_delta(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    mlk_code code = measure_mfcc(s, n, rate, shape, status);
    if (code)
        return code;
    return mlk_delta_check(shape->frames, (int)mlk_settings_get(s, "width"), (int)mlk_settings_get(s, "order"),
                           (mlk_delta_mode)mlk_settings_get(s, "mode"), status);
}

static mlk_code compute_delta(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                              mlk_status *status)
{
    mlk_matrix *mfcc = mlk_matrix_new(shape->rows, shape->frames, status);
    if (!mfcc)
        return status->code;
    mlk_code code = compute_mfcc(s, a, shape, mfcc->data, status);
    if (!code)
        code = mlk_delta(mfcc->data, mfcc->rows, mfcc->frames, (int)mlk_settings_get(s, "width"),
                         (int)mlk_settings_get(s, "order"), (mlk_delta_mode)mlk_settings_get(s, "mode"), out, status);
    mlk_matrix_free(mfcc);
    return code;
}

#define DELTA_PARAMETERS(order)                                                                                 \
    MFCC_PARAMETERS,                                                                                            \
        MLK_INTEGER("width", 9, 3, MLK_MAX_FRAME - 1, "around each that count, an odd number", .unit = "frames"), \
        MLK_INTEGER("order", order, 1, 100, "of the derivative"),                                               \
        MLK_CHOICE("mode", MLK_DELTA_INTERP, mlk_delta_mode_names, "what lies beyond the ends")

static const mlk_parameter delta_parameters[] = {DELTA_PARAMETERS(1)};

const mlk_feature mlk_feature_mfcc_delta = {
    .name = "mfcc_delta",
    .summary = "first derivative of the MFCC along time",
    .kind = "mfcc_delta",
    .axis = {.name = "coefficient"},
    MLK_STFT_FRAMES,
    MLK_PARAMETERS(delta_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_delta,
    .compute = compute_delta,
    .gathers = mlk_feature_gathers_loudest,
    .survey = survey_mfcc,
};

static const mlk_parameter delta2_parameters[] = {DELTA_PARAMETERS(2)};

const mlk_feature mlk_feature_mfcc_delta2 = {
    .name = "mfcc_delta2",
    .summary = "second derivative of the MFCC along time",
    .kind = "mfcc_delta2",
    .axis = {.name = "coefficient"},
    MLK_STFT_FRAMES,
    MLK_PARAMETERS(delta2_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_delta,
    .compute = compute_delta,
    .gathers = mlk_feature_gathers_loudest,
    .survey = survey_mfcc,
};

/* --- pcen --- */

/* Each band divided by a slow average of itself, then compressed: loudness and stationary noise drop out. */
static mlk_code compute_pcen(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                             mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    mlk_mel mel = mlk_feature_mel_of(s, "norm", a->rate);
    const mlk_matrix *bands = mlk_analysis_mel(a, &stft, mlk_settings_get(s, "power"), &mel, status);
    double *averages = bands ? mlk_analysis_carry(a, (size_t)shape->rows * sizeof *averages, status) : NULL;
    if (!averages)
        return status->code;
    double gain = mlk_settings_get(s, "gain"), bias = mlk_settings_get(s, "bias");
    double exponent = mlk_settings_get(s, "exponent"), eps = mlk_settings_get(s, "eps");
    double scale = mlk_settings_get(s, "scale");
    double t = mlk_settings_get(s, "time_constant") * a->rate / stft.hop_length;
    double b = (sqrt(1 + 4 * t * t) - 1) / (2 * t * t);
    float *to = out;
    for (int64_t row = 0; row < shape->rows; row++) {
        double average = shape->first == 0 ? 1 : averages[row];
        for (int64_t i = row * shape->frames; i < (row + 1) * shape->frames; i++) {
            double value = scale * bands->data[i];
            average = (1 - b) * average + b * value;
            double smooth = exp(-gain * (log(eps) + log1p(average / eps)));
            if (exponent == 0)
                to[i] = (float)log1p(value * smooth);
            else if (bias == 0)
                to[i] = (float)exp(exponent * (log(value) + log(smooth)));
            else
                to[i] = (float)(pow(bias, exponent) * expm1(exponent * log1p(value * smooth / bias)));
        }
        averages[row] = average;
    }
    return MLK_OK;
}

#define PCEN_PARAMETERS                                                                                         \
    MLK_REAL("scale", 2147483648.0, 1e-9, 1e12, "what the mel spectrogram is multiplied by"),                   \
        MLK_REAL("gain", 0.98, 0, 100, "exponent of the average that each band is divided by"),                 \
        MLK_REAL("bias", 2, 0, 1e9, "what is added before the root"),                                           \
        MLK_REAL("exponent", 0.5, 0, 100, "of the root that compresses; 0: a logarithm"),                       \
        MLK_REAL("time_constant", 0.4, 1e-6, 1e6, "of the average", .unit = "s"),                               \
        MLK_REAL("eps", 1e-6, 1e-30, 1, "what is added to the average")

static const mlk_parameter pcen_parameters[] = {PCEN_PARAMETERS, MLK_MEL_PARAMETERS,
                                                MLK_MEL_NORM("norm")};

const mlk_feature mlk_feature_pcen = {
    .name = "pcen",
    .summary = "mel spectrogram with per-channel energy normalisation: robust to loudness and steady noise",
    .kind = "pcen",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel"},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(pcen_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_mel,
    .compute = compute_pcen,
    .place = place_mel,
};

/* Features of pitch and pitch class. */
#include "dsp/feature_table.h"

#include "dsp/chroma.h"
#include "dsp/normalize.h"

#include <stdlib.h>

#define N_CHROMA MLK_INTEGER("n_chroma", 12, 1, 1200, "pitch classes")

/* --- chroma_stft --- */

static mlk_code measure_chroma(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                               mlk_status *status)
{
    return mlk_feature_measure_stft(s, (int64_t)mlk_settings_get(s, "n_chroma"), n, rate, shape, status);
}

static mlk_code survey_chroma_stft(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    double unused;
    mlk_code code = mlk_analysis_tuning(a, &stft, 2, (int)mlk_settings_get(s, "n_chroma"), 0.01, &unused, status);
    mlk_analysis_keep_spectrum(a, &stft, 2);
    return code;
}

static mlk_code chroma_stft(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    mlk_chroma chroma = {
        .n_chroma = (int)mlk_settings_get(s, "n_chroma"),
        .tuning = mlk_settings_get(s, "tuning"),
        .ctroct = mlk_settings_get(s, "ctroct"),
        .octwidth = mlk_settings_get(s, "octwidth"),
        .base_c = mlk_settings_get(s, "base_c") != 0,
    };
    mlk_code code = MLK_OK;
    if (isnan(chroma.tuning))
        code = mlk_analysis_tuning(a, &stft, 2, chroma.n_chroma, 0.01, &chroma.tuning, status);
    const mlk_tiles *power = code ? NULL : mlk_analysis_spectrum(a, &stft, 2, status);
    if (!power)
        return status->code;
    code = mlk_chroma_apply(&chroma, a->rate, stft.n_fft, power, out, status);
    if (!code)
        mlk_normalize_columns(out, shape->rows, shape->frames, (mlk_norm)mlk_settings_get(s, "norm"));
    return code;
}

static const mlk_parameter chroma_stft_parameters[] = {
    MLK_STFT_PARAMETERS,
    MLK_NORM_OF_COLUMNS(MLK_NORM_INF),
    MLK_TUNING(NAN),
    N_CHROMA,
    MLK_REAL("ctroct", 5, -100, 100, "where octaves weigh most, above A0", .unit = "octaves"),
    MLK_REAL_OR_NIL("octwidth", 2, 1e-3, 1e9, "how far around that", .unit = "octaves",
                    .usual = "all the same"),
    MLK_BOOLEAN("base_c", 1, "the first row is C, else A"),
};

const mlk_feature mlk_feature_chroma_stft = {
    .name = "chroma_stft",
    .summary = "energy of each pitch class, from the short-time Fourier transform",
    .kind = "chroma",
    .axis = {.name = "pitch class", .labels = mlk_pitch_class_names, .n_labels = 12},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(chroma_stft_parameters),
    .measure = measure_chroma,
    .compute = chroma_stft,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_chroma_stft,
};

/* --- chroma_cqt, chroma_cens, tonnetz --- */

static mlk_cqt chroma_transform(const mlk_settings *s)
{
    int bpo = (int)mlk_settings_get(s, "bins_per_octave");
    return (mlk_cqt){
        .hop_length = (int)mlk_settings_get(s, "hop_length"),
        .fmin = mlk_feature_fmin_of(s),
        .n_bins = (int)mlk_settings_get(s, "n_octaves") * bpo,
        .bins_per_octave = bpo,
        .tuning = mlk_settings_get(s, "tuning"),
        .filter_scale = 1,
        .norm = MLK_NORM_1,
        .sparsity = 0.01,
        .scale = true,
    };
}

/* Read back by it. */
#define FOLD_PARAMETERS                                                                                         \
    MLK_HOP_LENGTH, MLK_FMIN_C1, MLK_INTEGER("n_octaves", 7, 1, 20, "octaves above fmin"),                      \
        MLK_INTEGER("bins_per_octave", 36, 1, 1200, "frequencies in an octave, a multiple of the classes"),     \
        MLK_TUNING(NAN)

/* Folds the transform's magnitudes to n_chroma x frames, then drops what lies under the threshold. */
static mlk_code fold(const mlk_settings *s, int n_chroma, double threshold, mlk_norm norm, mlk_analysis *a,
                     float *out, mlk_status *status)
{
    mlk_cqt cqt = chroma_transform(s);
    const mlk_cqt_matrix *made = mlk_analysis_cqt(a, &cqt, status);
    if (!made)
        return status->code;
    int64_t frames = made->frames;
    double *sum = calloc((size_t)(n_chroma * frames), sizeof *sum);
    if (!sum)
        return mlk_fail_memory(status, "chroma");
    for (int b = 0; b < made->rows; b++) {
        double *row = sum + mlk_chroma_class(b, cqt.bins_per_octave, n_chroma, cqt.fmin) * frames;
        const float *bins = (const float *)(made->data + b * frames);
        for (int64_t t = 0; t < frames; t++) {
            double real = bins[2 * t], imaginary = bins[2 * t + 1];
            row[t] += (float)sqrt(real * real + imaginary * imaginary);
        }
    }
    for (int64_t i = 0; i < n_chroma * frames; i++)
        out[i] = sum[i] < threshold ? 0 : (float)sum[i];
    free(sum);
    mlk_normalize_columns(out, n_chroma, frames, norm);
    return MLK_OK;
}

static mlk_code measure_fold(const mlk_settings *s, int n_chroma, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    mlk_cqt cqt = chroma_transform(s);
    shape->rows = n_chroma;
    if (cqt.bins_per_octave % n_chroma != 0)
        return mlk_fail(status, MLK_INVALID, "bins_per_octave must be a multiple of %d chroma bins, got %d", n_chroma,
                        cqt.bins_per_octave);
    return mlk_feature_measure_cqt(&cqt, n, rate, shape, status);
}

static mlk_code measure_chroma_cqt(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                   mlk_status *status)
{
    return measure_fold(s, (int)mlk_settings_get(s, "n_chroma"), n, rate, shape, status);
}

static mlk_code survey_fold(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    mlk_cqt cqt = chroma_transform(s);
    return mlk_feature_survey_cqt(&cqt, a, status);
}

static mlk_code chroma_cqt(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                           mlk_status *status)
{
    return fold(s, (int)shape->rows, mlk_settings_get(s, "threshold"), (mlk_norm)mlk_settings_get(s, "norm"), a, out,
                status);
}

static const mlk_parameter chroma_cqt_parameters[] = {
    FOLD_PARAMETERS,
    N_CHROMA,
    MLK_NORM_OF_COLUMNS(MLK_NORM_INF),
    MLK_REAL("threshold", 0, 0, 1e9, "smaller sums count as 0"),
};

const mlk_feature mlk_feature_chroma_cqt = {
    .name = "chroma_cqt",
    .summary = "energy of each pitch class, from the constant-Q transform",
    .kind = "chroma",
    .axis = {.name = "pitch class", .labels = mlk_pitch_class_names, .n_labels = 12},
    MLK_CQT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(chroma_cqt_parameters),
    .measure = measure_chroma_cqt,
    .compute = chroma_cqt,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_fold,
};

static mlk_code measure_cens(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    return measure_fold(s, (int)mlk_settings_get(s, "n_chroma"), n, rate, shape, status);
}

/* 0.25 for each of four steps that a share of the column's sum lies above. */
static float quantised(float share)
{
    return 0.25f * (float)((share > 0.4f) + (share > 0.2f) + (share > 0.1f) + (share > 0.05f));
}

static mlk_code chroma_cens(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    int64_t frames = shape->frames, count = shape->rows * frames;
    float *chroma = malloc((size_t)(count + 1) * sizeof *chroma);
    if (!chroma)
        return mlk_fail_memory(status, "chroma");
    mlk_code code = fold(s, (int)shape->rows, 0, MLK_NORM_NONE, a, chroma, status);
    if (!code) {
        mlk_normalize_columns(chroma, shape->rows, frames, MLK_NORM_1);
        for (int64_t i = 0; i < count; i++)
            chroma[i] = quantised(chroma[i]);
        code = mlk_smooth_rows(chroma, shape->rows, frames, (mlk_window)mlk_settings_get(s, "smoothing_window"),
                               (int)mlk_settings_get(s, "win_len_smooth"), out, status);
    }
    if (!code)
        mlk_normalize_columns(out, shape->rows, frames, (mlk_norm)mlk_settings_get(s, "norm"));
    free(chroma);
    return code;
}

static const mlk_parameter chroma_cens_parameters[] = {
    FOLD_PARAMETERS,
    N_CHROMA,
    MLK_NORM_OF_COLUMNS(MLK_NORM_2),
    MLK_INTEGER("win_len_smooth", 41, 0, MLK_MAX_FRAME, "that are smoothed together, 0: none", .unit = "frames"),
    MLK_WINDOW("smoothing_window"),
};

/* The whole clip: a frame is smoothed with those around it. */
const mlk_feature mlk_feature_chroma_cens = {
    .name = "chroma_cens",
    .summary = "chroma energy normalised statistics: robust to dynamics and articulation, for matching",
    .kind = "chroma",
    .axis = {.name = "pitch class", .labels = mlk_pitch_class_names, .n_labels = 12},
    MLK_CQT_FRAMES,
    MLK_PARAMETERS(chroma_cens_parameters),
    .measure = measure_cens,
    .compute = chroma_cens,
};

static mlk_code measure_tonnetz(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                mlk_status *status)
{
    mlk_code code = measure_fold(s, 12, n, rate, shape, status);
    shape->rows = 6;
    return code;
}

static mlk_code tonnetz(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                        mlk_status *status)
{
    float *chroma = malloc((size_t)(12 * shape->frames) * sizeof *chroma);
    if (!chroma)
        return mlk_fail_memory(status, "chroma");
    mlk_code code = fold(s, 12, 0, MLK_NORM_INF, a, chroma, status);
    if (!code) {
        mlk_normalize_columns(chroma, 12, shape->frames, MLK_NORM_1);
        mlk_tonnetz(chroma, shape->frames, out);
    }
    free(chroma);
    return code;
}

static const mlk_parameter tonnetz_parameters[] = {
    FOLD_PARAMETERS,
};

const mlk_feature mlk_feature_tonnetz = {
    .name = "tonnetz",
    .summary = "tonal centroids: fifths, minor and major thirds as circles",
    .kind = "tonnetz",
    .axis = {.name = "tonal centroid", .labels = mlk_tonnetz_names, .n_labels = 6},
    MLK_CQT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(tonnetz_parameters),
    .measure = measure_tonnetz,
    .compute = tonnetz,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_fold,
};

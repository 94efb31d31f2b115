/* Transforms whose bins are evenly spaced in pitch. */
#include "dsp/feature_table.h"

#include "dsp/pseudo_cqt.h"

#include <string.h>

static const double c1_hz = 32.70319566257483;

/* --- what features made from them share --- */

double mlk_feature_fmin_of(const mlk_settings *s)
{
    double fmin = mlk_settings_get(s, "fmin");
    return isnan(fmin) ? c1_hz : fmin;
}

mlk_code mlk_feature_measure_cqt(const mlk_cqt *cqt, int64_t n, double rate, mlk_feature_shape *shape,
                                 mlk_status *status)
{
    mlk_cqt_plan plan;
    mlk_code code = mlk_cqt_measure(cqt, n, rate, &plan, status);
    if (!code)
        shape->frames = plan.frames;
    return code;
}

mlk_code mlk_feature_survey_cqt(const mlk_cqt *cqt, mlk_analysis *a, mlk_status *status)
{
    double unused;
    return mlk_analysis_cqt_tuning(a, cqt, &unused, status);
}

/* --- cqt, vqt --- */

static mlk_cqt transform_of(const mlk_settings *s, double gamma)
{
    return (mlk_cqt){
        .hop_length = (int)mlk_settings_get(s, "hop_length"),
        .fmin = mlk_feature_fmin_of(s),
        .n_bins = (int)mlk_settings_get(s, "n_bins"),
        .bins_per_octave = (int)mlk_settings_get(s, "bins_per_octave"),
        .tuning = mlk_settings_get(s, "tuning"),
        .filter_scale = mlk_settings_get(s, "filter_scale"),
        .gamma = gamma,
        .norm = (mlk_norm)mlk_settings_get(s, "norm"),
        .sparsity = mlk_settings_get(s, "sparsity"),
        .window = (mlk_window)mlk_settings_get(s, "window"),
        .scale = mlk_settings_get(s, "scale") != 0,
        .pad_mode = (mlk_pad)mlk_settings_get(s, "pad_mode"),
    };
}

static mlk_cqt cqt_of(const mlk_settings *s)
{
    return transform_of(s, 0);
}

static mlk_cqt vqt_of(const mlk_settings *s)
{
    return transform_of(s, mlk_settings_get(s, "gamma"));
}

static mlk_code measure(const mlk_cqt *cqt, int64_t n, double rate, mlk_feature_shape *shape, mlk_status *status)
{
    shape->rows = cqt->n_bins;
    shape->dtype = MLK_COMPLEX64;
    return mlk_feature_measure_cqt(cqt, n, rate, shape, status);
}

static mlk_code measure_cqt(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                            mlk_status *status)
{
    mlk_cqt cqt = cqt_of(s);
    return measure(&cqt, n, rate, shape, status);
}

static mlk_code measure_vqt(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                            mlk_status *status)
{
    mlk_cqt vqt = vqt_of(s);
    return measure(&vqt, n, rate, shape, status);
}

static void place_cqt(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)rate;
    double tuning = mlk_settings_get(s, "tuning"), bpo = mlk_settings_get(s, "bins_per_octave");
    for (int64_t k = 0; k < rows; k++)
        values[k] = mlk_feature_fmin_of(s) * pow(2, ((isnan(tuning) ? 0 : tuning) + (double)k) / bpo);
}

static mlk_code compute(const mlk_cqt *cqt, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                        mlk_status *status)
{
    const mlk_cqt_matrix *made = mlk_analysis_cqt(a, cqt, status);
    if (!made)
        return status->code;
    memcpy(out, made->data, (size_t)(shape->rows * shape->frames) * sizeof *made->data);
    return MLK_OK;
}

static mlk_code compute_cqt(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    mlk_cqt cqt = cqt_of(s);
    return compute(&cqt, a, shape, out, status);
}

static mlk_code compute_vqt(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    mlk_cqt vqt = vqt_of(s);
    return compute(&vqt, a, shape, out, status);
}

/* The tuning, which gamma has no part in. */
static mlk_code survey_cqt(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    mlk_cqt cqt = cqt_of(s);
    return mlk_feature_survey_cqt(&cqt, a, status);
}

#define CQT_PARAMETERS                                                                                          \
    MLK_HOP_LENGTH, MLK_FMIN_C1, MLK_INTEGER("n_bins", 84, 1, 100000, "frequencies"),                           \
        MLK_INTEGER("bins_per_octave", 12, 1, 10000, "frequencies in an octave"), MLK_TUNING(0),                \
        MLK_REAL("filter_scale", 1, 1e-3, 1e3, "length of the filters; shorter ones tell times better apart"),  \
        MLK_CHOICE("norm", MLK_NORM_1, mlk_norm_names, "what each filter is divided by: a norm of it"),         \
        MLK_REAL("sparsity", 0.01, 0, 0.999, "share of each filter that is left out"), MLK_WINDOW("window"),    \
        MLK_BOOLEAN("scale", 1, "divide by the root of each filter's length"), MLK_PAD_MODE

static const mlk_parameter cqt_parameters[] = {CQT_PARAMETERS};

const mlk_feature mlk_feature_cqt = {
    .name = "cqt",
    .summary = "constant-Q transform: evenly spaced in pitch, complex",
    .kind = "cqt",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "log", .palette = "magma"},
    MLK_CQT_FRAMES,
    .energy = MLK_FIXED(1),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(cqt_parameters),
    .measure = measure_cqt,
    .compute = compute_cqt,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_cqt,
    .place = place_cqt,
};

static const mlk_parameter vqt_parameters[] = {
    CQT_PARAMETERS,
    MLK_REAL_OR_NIL("gamma", NAN, 0, 1e9, "how much wider the filters are", .unit = "Hz", .usual = "as hearing's"),
};

const mlk_feature mlk_feature_vqt = {
    .name = "vqt",
    .summary = "variable-Q transform: as the constant-Q, with shorter filters for low pitches, complex",
    .kind = "vqt",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "log"},
    MLK_CQT_FRAMES,
    .energy = MLK_FIXED(1),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(vqt_parameters),
    .measure = measure_vqt,
    .compute = compute_vqt,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_cqt,
    .place = place_cqt,
};

/* --- pseudo_cqt, hybrid_cqt: magnitudes --- */

/* The pseudo transform of a known tuning. */
static mlk_code pseudo(const mlk_cqt *cqt, mlk_analysis *a, float *out, mlk_status *status)
{
    mlk_stft stft;
    mlk_code code = mlk_pseudo_cqt_stft(cqt, a->rate, &stft, status);
    const mlk_tiles *magnitude = code ? NULL : mlk_analysis_spectrum(a, &stft, 1, status);
    return magnitude ? mlk_pseudo_cqt(cqt, a->rate, magnitude, out, status) : status->code;
}

static mlk_code measure_pseudo(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                               mlk_status *status)
{
    mlk_cqt cqt = cqt_of(s);
    mlk_stft stft;
    shape->rows = cqt.n_bins;
    shape->frames = 1 + n / cqt.hop_length;
    return mlk_pseudo_cqt_stft(&cqt, rate, &stft, status);
}

static mlk_code pseudo_cqt(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                           mlk_status *status)
{
    (void)shape;
    mlk_cqt cqt = cqt_of(s);
    mlk_code code = mlk_analysis_cqt_tuning(a, &cqt, &cqt.tuning, status);
    return code ? code : pseudo(&cqt, a, out, status);
}

const mlk_feature mlk_feature_pseudo_cqt = {
    .name = "pseudo_cqt",
    .summary = "magnitudes on a constant-Q scale, from one spectrogram: no phase, blurred in time",
    .kind = "cqt",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "log", .palette = "magma"},
    MLK_CQT_FRAMES,
    .energy = MLK_FIXED(1),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(cqt_parameters),
    .measure = measure_pseudo,
    .compute = pseudo_cqt,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_cqt,
    .place = place_cqt,
};

/* The bins whose filters are long, and the others. */
static void split(const mlk_cqt *cqt, double rate, mlk_cqt *low, mlk_cqt *high)
{
    *low = *high = *cqt;
    low->n_bins = mlk_hybrid_cqt_split(cqt, rate);
    high->n_bins -= low->n_bins;
    high->fmin *= pow(2, (double)low->n_bins / cqt->bins_per_octave);
}

static mlk_code measure_hybrid(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                               mlk_status *status)
{
    mlk_cqt cqt = cqt_of(s), low, high;
    split(&cqt, rate, &low, &high);
    mlk_stft stft;
    mlk_code code = mlk_cqt_check(&cqt, rate, status);
    if (!code && low.n_bins > 0)
        code = mlk_feature_measure_cqt(&low, n, rate, shape, status);
    if (!code && high.n_bins > 0)
        code = mlk_pseudo_cqt_stft(&high, rate, &stft, status);
    shape->rows = cqt.n_bins;
    /* The constant-Q transform has a frame more here and there; an unknown tuning may yet bring in the pseudo one. */
    if (high.n_bins > 0 || isnan(cqt.tuning))
        shape->frames = 1 + n / cqt.hop_length;
    return code;
}

static mlk_code hybrid_cqt(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                           mlk_status *status)
{
    mlk_cqt cqt = cqt_of(s), low, high;
    mlk_code code = mlk_analysis_cqt_tuning(a, &cqt, &cqt.tuning, status);
    if (code)
        return code;
    split(&cqt, a->rate, &low, &high);
    float *to = out;
    if (low.n_bins > 0) {
        const mlk_cqt_matrix *made = mlk_analysis_cqt(a, &low, status);
        if (!made)
            return status->code;
        for (int64_t row = 0; row < low.n_bins; row++)
            for (int64_t t = 0; t < shape->frames; t++)
                *to++ = cabsf(made->data[row * made->frames + t]);
    }
    return high.n_bins > 0 ? pseudo(&high, a, to, status) : MLK_OK;
}

const mlk_feature mlk_feature_hybrid_cqt = {
    .name = "hybrid_cqt",
    .summary = "magnitudes of the constant-Q transform, its short filters replaced by the pseudo one",
    .kind = "cqt",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "log", .palette = "magma"},
    MLK_CQT_FRAMES,
    .energy = MLK_FIXED(1),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(cqt_parameters),
    .measure = measure_hybrid,
    .compute = hybrid_cqt,
    .gathers = mlk_feature_gathers_tuning,
    .survey = survey_cqt,
    .place = place_cqt,
};

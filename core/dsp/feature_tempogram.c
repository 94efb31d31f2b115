/* How onsets repeat: lags and tempi around each frame. */
#include "dsp/feature_table.h"

#include "dsp/stft.h"
#include "dsp/tempogram.h"

#include <stdlib.h>

static mlk_tempogram tempogram_of(const mlk_settings *s)
{
    return (mlk_tempogram){
        .win_length = (int)mlk_settings_get(s, "win_length"),
        .window = (mlk_window)mlk_settings_get(s, "window"),
        .center = mlk_settings_get(s, "center") != 0,
    };
}

/* The onset strength that tempograms start from: its defaults, but for the hop. */
static mlk_code onset_settings(const mlk_settings *s, mlk_settings *onset, mlk_status *status)
{
    mlk_settings_init(onset, &mlk_feature_onset_strength);
    return mlk_settings_set(onset, "hop_length", mlk_settings_get(s, "hop_length"), status);
}

/* The onset strength, to be freed. NULL: see status. */
static float *onset_curve(const mlk_settings *s, mlk_analysis *a, int64_t *n, mlk_status *status)
{
    mlk_settings onset;
    mlk_feature_shape shape;
    if (onset_settings(s, &onset, status) || mlk_feature_measure(&onset, a->n, a->rate, &shape, status))
        return NULL;
    float *curve = malloc((size_t)shape.frames * sizeof *curve);
    *n = shape.frames;
    if (!curve)
        mlk_fail_memory(status, "an onset curve");
    else if (mlk_feature_compute(&onset, a, curve, status)) {
        free(curve);
        curve = NULL;
    }
    return curve;
}

static mlk_code measure_curve(const mlk_settings *s, int64_t n, double rate, int64_t *values, mlk_status *status)
{
    mlk_settings onset;
    mlk_feature_shape shape;
    mlk_code code = onset_settings(s, &onset, status);
    if (!code)
        code = mlk_feature_measure(&onset, n, rate, &shape, status);
    *values = code ? 0 : shape.frames;
    return code;
}

static mlk_code too_short(const mlk_settings *s, int64_t values, mlk_status *status)
{
    return mlk_fail(status, MLK_INVALID,
                    "win_length (%g) must not exceed the %lld frames of the onset strength when center is false",
                    mlk_settings_get(s, "win_length"), (long long)values);
}

/* --- autocorrelation --- */

static mlk_code measure_tempogram(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                  mlk_status *status)
{
    int64_t values;
    mlk_code code = measure_curve(s, n, rate, &values, status);
    if (code)
        return code;
    mlk_tempogram tempogram = tempogram_of(s);
    shape->rows = tempogram.win_length;
    shape->frames = mlk_tempogram_frames(&tempogram, values);
    return shape->frames > 0 ? MLK_OK : too_short(s, values, status);
}

static mlk_code compute_tempogram(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                                  mlk_status *status)
{
    (void)shape;
    int64_t n;
    float *curve = onset_curve(s, a, &n, status);
    if (!curve)
        return status->code;
    mlk_tempogram tempogram = tempogram_of(s);
    tempogram.norm = (mlk_norm)mlk_settings_get(s, "norm");
    mlk_code code = mlk_tempogram_of(&tempogram, curve, n, out, status);
    free(curve);
    return code;
}

static void place_lags(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    for (int64_t lag = 0; lag < rows; lag++)
        values[lag] = (double)lag * mlk_settings_get(s, "hop_length") / rate;
}

#define TEMPOGRAM_PARAMETERS                                                                                    \
    MLK_HOP_LENGTH, MLK_INTEGER("win_length", 384, 2, 1 << 20, "of the onset strength around each", .unit = "frames"), \
        MLK_WINDOW("window"),                                                                                   \
        MLK_BOOLEAN("center", 1, "frame t lies around value t of the onset strength, else it begins there")

static const mlk_parameter tempogram_parameters[] = {TEMPOGRAM_PARAMETERS,
                                                     MLK_NORM_OF_COLUMNS(MLK_NORM_INF)};

/* Both need the whole clip, as onset_strength does. */
const mlk_feature mlk_feature_tempogram = {
    .name = "tempogram",
    .summary = "autocorrelation of the onset strength around each frame: which lags repeat",
    .kind = "tempogram",
    .axis = {.name = "lag", .unit = "s", .scale = "linear"},
    .hop = MLK_SAID_BY("hop_length"),
    MLK_PARAMETERS(tempogram_parameters),
    .measure = measure_tempogram,
    .compute = compute_tempogram,
    .place = place_lags,
};

/* --- Fourier --- */

static mlk_stft stft_of(const mlk_settings *s)
{
    mlk_tempogram t = tempogram_of(s);
    return (mlk_stft){t.win_length, 1, t.win_length, t.window, t.center, MLK_PAD_CONSTANT};
}

static mlk_code measure_fourier(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                mlk_status *status)
{
    int64_t values;
    mlk_code code = measure_curve(s, n, rate, &values, status);
    if (code)
        return code;
    mlk_stft stft = stft_of(s);
    shape->rows = stft.n_fft / 2 + 1;
    shape->frames = mlk_frame_count(values, stft.n_fft, 1, stft.center);
    shape->dtype = MLK_COMPLEX64;
    return shape->frames > 0 ? MLK_OK : too_short(s, values, status);
}

static mlk_code compute_fourier(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                                mlk_status *status)
{
    int64_t n;
    float *curve = onset_curve(s, a, &n, status);
    if (!curve)
        return status->code;
    mlk_stft stft = stft_of(s);
    mlk_view view = mlk_view_whole(curve, n);
    mlk_code code = mlk_stft_complex(&stft, &view, 0, shape->frames, out, status);
    free(curve);
    return code;
}

static void place_tempi(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    double frames = mlk_settings_get(s, "hop_length") * mlk_settings_get(s, "win_length");
    for (int64_t k = 0; k < rows; k++)
        values[k] = (double)k * 60 * rate / frames;
}

static const mlk_parameter fourier_parameters[] = {TEMPOGRAM_PARAMETERS};

const mlk_feature mlk_feature_fourier_tempogram = {
    .name = "fourier_tempogram",
    .summary = "Fourier transform of the onset strength around each frame: which tempi pulse, complex",
    .kind = "fourier_tempogram",
    .axis = {.name = "tempo", .unit = "BPM", .scale = "linear"},
    .hop = MLK_SAID_BY("hop_length"),
    MLK_PARAMETERS(fourier_parameters),
    .measure = measure_fourier,
    .compute = compute_fourier,
    .place = place_tempi,
};

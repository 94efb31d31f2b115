/* The transform itself and what describes a spectrum in one or a few numbers a frame. */
#include "dsp/feature_table.h"

#include "dsp/poly.h"
#include "dsp/spectral.h"

static double bin_hz(const mlk_settings *s, double rate)
{
    return rate / mlk_settings_get(s, "n_fft");
}

static const mlk_tiles *spectrum(const mlk_settings *s, mlk_analysis *a, double power, mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    return mlk_analysis_spectrum(a, &stft, power, status);
}

/* --- stft, spectrogram --- */

static mlk_code measure_bins(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    return mlk_feature_measure_stft(s, (int64_t)mlk_settings_get(s, "n_fft") / 2 + 1, n, rate, shape, status);
}

static mlk_code measure_complex(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                mlk_status *status)
{
    shape->dtype = MLK_COMPLEX64;
    return measure_bins(s, n, rate, shape, status);
}

static void place_bins(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    for (int64_t k = 0; k < rows; k++)
        values[k] = (double)k * bin_hz(s, rate);
}

static mlk_code stft(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                     mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    mlk_view view;
    mlk_code code = mlk_analysis_view(a, stft.n_fft, stft.hop_length, stft.center,
                                      (mlk_span){shape->first, shape->frames}, &view, status);
    return code ? code : mlk_stft_complex(&stft, &view, shape->first, shape->frames, out, status);
}

static const mlk_parameter stft_parameters[] = {MLK_STFT_PARAMETERS};

const mlk_feature mlk_feature_stft = {
    .name = "stft",
    .summary = "short-time Fourier transform, complex",
    .kind = "stft",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "linear", .palette = "magma"},
    MLK_STFT_FRAMES,
    .energy = MLK_FIXED(1),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(stft_parameters),
    .measure = measure_complex,
    .compute = stft,
    .place = place_bins,
};

static mlk_code spectrogram(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    (void)shape;
    const mlk_tiles *made = spectrum(s, a, mlk_settings_get(s, "power"), status);
    if (!made)
        return status->code;
    mlk_tiles_unpack(made, out);
    return MLK_OK;
}

static const mlk_parameter spectrogram_parameters[] = {MLK_STFT_PARAMETERS, MLK_POWER(1)};

const mlk_feature mlk_feature_spectrogram = {
    .name = "spectrogram",
    .summary = "magnitude of the short-time Fourier transform, or a power of it",
    .kind = "spectrogram",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "linear"},
    MLK_STFT_FRAMES,
    .energy = MLK_SAID_BY("power"),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(spectrogram_parameters),
    .measure = measure_bins,
    .compute = spectrogram,
    .place = place_bins,
};

/* --- one number a frame --- */

static mlk_code measure_curve(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    return mlk_feature_measure_stft(s, 1, n, rate, shape, status);
}

static mlk_code centroid(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                         mlk_status *status)
{
    (void)shape;
    const mlk_tiles *magnitude = spectrum(s, a, 1, status);
    if (!magnitude)
        return status->code;
    mlk_spectral_centroid(magnitude, bin_hz(s, a->rate), out);
    return MLK_OK;
}

const mlk_feature mlk_feature_spectral_centroid = {
    .name = "spectral_centroid",
    .summary = "centre of gravity of the spectrum, Hz: brightness",
    .kind = "spectral_centroid",
    .unit = "Hz",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(stft_parameters),
    .measure = measure_curve,
    .compute = centroid,
};

static mlk_code bandwidth(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                          mlk_status *status)
{
    (void)shape;
    const mlk_tiles *magnitude = spectrum(s, a, 1, status);
    if (!magnitude)
        return status->code;
    mlk_spectral_bandwidth(magnitude, bin_hz(s, a->rate), mlk_settings_get(s, "norm") != 0, mlk_settings_get(s, "p"),
                           out);
    return MLK_OK;
}

static const mlk_parameter bandwidth_parameters[] = {
    MLK_STFT_PARAMETERS,
    MLK_BOOLEAN("norm", 1, "bring a frame's magnitudes to sum 1 first"),
    MLK_REAL("p", 2, 1e-3, 100, "exponent of the distances"),
};

const mlk_feature mlk_feature_spectral_bandwidth = {
    .name = "spectral_bandwidth",
    .summary = "spread of the spectrum around its centroid, Hz",
    .kind = "spectral_bandwidth",
    .unit = "Hz",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(bandwidth_parameters),
    .measure = measure_curve,
    .compute = bandwidth,
};

static mlk_code rolloff(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                        mlk_status *status)
{
    (void)shape;
    const mlk_tiles *magnitude = spectrum(s, a, 1, status);
    if (!magnitude)
        return status->code;
    mlk_spectral_rolloff(magnitude, bin_hz(s, a->rate), mlk_settings_get(s, "roll_percent"), out);
    return MLK_OK;
}

static const mlk_parameter rolloff_parameters[] = {
    MLK_STFT_PARAMETERS,
    MLK_REAL("roll_percent", 0.85, 1e-6, 1 - 1e-6, "share of the magnitude below the frequency"),
};

const mlk_feature mlk_feature_spectral_rolloff = {
    .name = "spectral_rolloff",
    .summary = "frequency below which most of the spectrum lies, Hz",
    .kind = "spectral_rolloff",
    .unit = "Hz",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(rolloff_parameters),
    .measure = measure_curve,
    .compute = rolloff,
};

static mlk_code flatness(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                         mlk_status *status)
{
    (void)shape;
    const mlk_tiles *power = spectrum(s, a, mlk_settings_get(s, "power"), status);
    if (!power)
        return status->code;
    mlk_spectral_flatness(power, mlk_settings_get(s, "amin"), out);
    return MLK_OK;
}

static const mlk_parameter flatness_parameters[] = {MLK_STFT_PARAMETERS, MLK_AMIN, MLK_POWER(2)};

const mlk_feature mlk_feature_spectral_flatness = {
    .name = "spectral_flatness",
    .summary = "from 0 for a tone to 1 for white noise",
    .kind = "spectral_flatness",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(flatness_parameters),
    .measure = measure_curve,
    .compute = flatness,
};

/* --- entropy --- */

typedef uint64_t words __attribute__((vector_size(32), may_alias));

/* Natural logarithms of positive normal numbers to 1e-13: the exponent, and a series in (m - 1) / (m + 1) for the rest
 * m, which lies between the root of a half and the root of 2. */
static inline __attribute__((always_inline)) void logarithms(const mlk_half_doubles *from, mlk_half_doubles *to)
{
    const uint64_t root_of_half = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000, two_to_52 = 0x4330000000000000;
    mlk_half_doubles x = *from;
    words exponent = ((words)x - root_of_half + one) >> 52; /* and 1023 */
    mlk_half_doubles m = (mlk_half_doubles)((words)x - ((exponent - 1023) << 52));
    mlk_half_doubles e = (mlk_half_doubles)(exponent | two_to_52) - (0x1p52 + 1023);
    mlk_half_doubles s = (m - 1) / (m + 1), z = s * s, series = z * 0 + 1.0 / 15;
    for (int odd = 13; odd > 0; odd -= 2)
        series = series * z + 1.0 / odd;
    *to = e * M_LN2 + 2 * s * series;
}

/* Per frame of a tile: the sum of values, and of each times its logarithm; values below amin count as amin. */
MLK_CLONES static void sum_with_logarithms(const mlk_floats *restrict tile, int64_t rows, float amin,
                                           mlk_doubles *restrict sum, mlk_doubles *restrict weighted)
{
    mlk_floats least = (mlk_floats){0} + amin;
    mlk_doubles total = {{{0}}}, with_logarithms = {{{0}}};
    for (int64_t k = 0; k < rows; k++) {
        mlk_floats row = MLK_LARGER(tile[k], least);
        MLK_HALVES(h) {
            mlk_half_doubles x = MLK_WIDEN(&row, h), logarithm;
            logarithms(&x, &logarithm);
            total.half[h] += x;
            with_logarithms.half[h] += x * logarithm;
        }
    }
    *sum = total;
    *weighted = with_logarithms;
}

/* Shannon's entropy of a frame's values as shares of their sum, over that of as many equal shares:
 * H = -sum x/S ln(x/S) = ln S - (sum x ln x) / S. */
static mlk_code entropy(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                        mlk_status *status)
{
    const mlk_tiles *power = spectrum(s, a, mlk_settings_get(s, "power"), status);
    if (!power)
        return status->code;
    float amin = (float)mlk_settings_get(s, "amin"), *to = out;
    double highest = log((double)power->rows);
    for (int64_t i = 0; i < mlk_tile_count(shape->frames); i++) {
        mlk_doubles sum, weighted;
        sum_with_logarithms(mlk_tile_rows(power, i), power->rows, amin, &sum, &weighted);
        for (int j = 0; j < MLK_TILE && i * MLK_TILE + j < shape->frames; j++) {
            double total = MLK_LANE(sum, j);
            to[i * MLK_TILE + j] = (float)fmax(0, (log(total) - MLK_LANE(weighted, j) / total) / highest);
        }
    }
    return MLK_OK;
}

const mlk_feature mlk_feature_spectral_entropy = {
    .name = "spectral_entropy",
    .summary = "how evenly the spectrum is spread: from 0 for one frequency to 1 for white noise",
    .kind = "spectral_entropy",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(flatness_parameters),
    .measure = measure_curve,
    .compute = entropy,
};

/* --- contrast --- */

static mlk_contrast contrast_of(const mlk_settings *s)
{
    return (mlk_contrast){
        .fmin = mlk_settings_get(s, "fmin"),
        .quantile = mlk_settings_get(s, "quantile"),
        .n_bands = (int)mlk_settings_get(s, "n_bands"),
        .linear = mlk_settings_get(s, "linear") != 0,
    };
}

static mlk_code measure_contrast(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                 mlk_status *status)
{
    mlk_contrast contrast = contrast_of(s);
    mlk_code code = mlk_spectral_contrast_check(&contrast, (int64_t)mlk_settings_get(s, "n_fft") / 2 + 1,
                                                bin_hz(s, rate), status);
    return code ? code : mlk_feature_measure_stft(s, contrast.n_bands + 1, n, rate, shape, status);
}

/* The lower edge of each band, Hz. */
static void place_contrast(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)rate;
    for (int64_t i = 0; i < rows; i++)
        values[i] = i == 0 ? 0 : ldexp(mlk_settings_get(s, "fmin"), (int)i - 1);
}

static mlk_code contrast(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                         mlk_status *status)
{
    mlk_contrast contrast = contrast_of(s);
    mlk_stft stft = mlk_feature_stft_of(s);
    float highest_peak, highest_valley, *to = out;
    const mlk_matrix *made = mlk_analysis_contrast(a, &stft, &contrast, &highest_peak, &highest_valley, status);
    if (!made)
        return status->code;
    int64_t count = shape->rows * shape->frames;
    double range = contrast.linear ? INFINITY : 80; /* dB under the largest of the clip */
    float least_peak = (float)(highest_peak - range), least_valley = (float)(highest_valley - range);
    const float *peaks = made->data, *valleys = made->data + count;
    for (int64_t i = 0; i < count; i++)
        to[i] = fmaxf(peaks[i], least_peak) - fmaxf(valleys[i], least_valley);
    return MLK_OK;
}

static const char *gathers_contrast(const mlk_settings *s)
{
    return contrast_of(s).linear ? NULL : "the clip's loudest decibel: give linear = true";
}

static mlk_code survey_contrast(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    mlk_contrast contrast = contrast_of(s);
    mlk_stft stft = mlk_feature_stft_of(s);
    float unused[2];
    bool fine = mlk_analysis_contrast(a, &stft, &contrast, &unused[0], &unused[1], status);
    return fine ? MLK_OK : status->code;
}

static const mlk_parameter contrast_parameters[] = {
    MLK_STFT_PARAMETERS,
    MLK_REAL("fmin", 200, 1e-3, 1e9, "where the second band begins", .unit = "Hz"),
    MLK_INTEGER("n_bands", 6, 1, 24, "octaves above fmin"),
    MLK_REAL("quantile", 0.02, 1e-6, 1 - 1e-6, "share of a band's bins that make its peak and its valley"),
    MLK_BOOLEAN("linear", 0, "difference of magnitudes, not of decibels"),
};

const mlk_feature mlk_feature_spectral_contrast = {
    .name = "spectral_contrast",
    .summary = "peak over valley in octave bands, dB",
    .kind = "spectral_contrast",
    .unit = "dB",
    .unitless = "linear",
    .axis = {.name = "band from", .unit = "Hz", .scale = "log"},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(contrast_parameters),
    .measure = measure_contrast,
    .compute = contrast,
    .gathers = gathers_contrast,
    .survey = survey_contrast,
    .place = place_contrast,
};

/* --- poly_features --- */

static mlk_code measure_poly(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    int order = (int)mlk_settings_get(s, "order"), bins = (int)mlk_settings_get(s, "n_fft") / 2 + 1;
    if (order >= bins)
        return mlk_fail(status, MLK_INVALID, "order must be below the number of bins (%d), got %d", bins, order);
    return mlk_feature_measure_stft(s, order + 1, n, rate, shape, status);
}

static mlk_code poly(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                     mlk_status *status)
{
    (void)shape;
    const mlk_tiles *magnitude = spectrum(s, a, 1, status);
    return magnitude ? mlk_poly_features(magnitude, bin_hz(s, a->rate), (int)mlk_settings_get(s, "order"), out, status)
                     : status->code;
}

static void place_poly(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)s;
    (void)rate;
    for (int64_t i = 0; i < rows; i++)
        values[i] = (double)(rows - 1 - i);
}

static const mlk_parameter poly_parameters[] = {
    MLK_STFT_PARAMETERS,
    MLK_INTEGER("order", 1, 0, MLK_POLY_MAX, "degree of the polynomial"),
};

const mlk_feature mlk_feature_poly_features = {
    .name = "poly_features",
    .summary = "coefficients of a polynomial through the spectrum: its tilt",
    .kind = "poly_features",
    .axis = {.name = "power of frequency"},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(poly_parameters),
    .measure = measure_poly,
    .compute = poly,
    .place = place_poly,
};

/* --- flux --- */

/* Root of the sum of squares of what rose since the frame before; the first has none. */
static mlk_code flux(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                     mlk_status *status)
{
    const mlk_tiles *magnitude = spectrum(s, a, 1, status);
    float *before = magnitude ? mlk_analysis_carry(a, (size_t)magnitude->rows * sizeof *before, status) : NULL;
    float *to = out;
    if (!before)
        return status->code;
    for (int64_t t = 0; t < shape->frames; t++) {
        const float *here = mlk_tile(magnitude, t / MLK_TILE) + t % MLK_TILE;
        double sum = 0;
        for (int64_t k = 0; k < magnitude->rows; k++) {
            double rise = (double)here[k * MLK_TILE] - before[k];
            sum += rise > 0 ? rise * rise : 0;
            before[k] = here[k * MLK_TILE];
        }
        to[t] = shape->first + t > 0 ? (float)sqrt(sum) : 0;
    }
    return MLK_OK;
}

const mlk_feature mlk_feature_spectral_flux = {
    .name = "spectral_flux",
    .summary = "how much the spectrum rises from frame to frame",
    .kind = "spectral_flux",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(stft_parameters),
    .measure = measure_curve,
    .compute = flux,
};

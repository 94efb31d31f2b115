#include "dsp/log_spectrum.h"

#include "dsp/stft.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = MLK_LOG_SPECTRUM_FFT / 2 + 1, BATCH = 8 * MLK_TILE };

static const double lowest_hz = 55;

/* The bins that a band takes, and their weights. */
typedef struct band {
    int first, count;
    float *weights;
} band;

/* `heights` are octaves above 1 Hz of each bin. A triangle is 1 at the centre, and 0 where the centre of the band below
 * lies on log frequency, or one bin further. */
static mlk_code fill_band(band *b, int index, const double *heights, double bin_hz, mlk_status *status)
{
    double step = 1.0 / MLK_LOG_SPECTRUM_OCTAVE, sum = 0;
    double centre = lowest_hz * exp2(index * step), low = centre * exp2(-step), middle = log2(centre);
    double reach = log2((centre + fmax(centre - low, bin_hz)) / centre);
    int from = 1, to;
    while (from < BINS - 1 && heights[from] <= middle - reach)
        from++;
    for (to = from; to < BINS && heights[to] < middle + reach; to++)
        sum += 1 - fabs(heights[to] - middle) / reach;
    b->first = from;
    b->count = to - from;
    b->weights = malloc(sizeof *b->weights * (size_t)(b->count > 0 ? b->count : 1));
    if (!b->weights)
        return mlk_fail_memory(status, "the bands of a spectrum");
    for (int i = 0; i < b->count; i++)
        b->weights[i] = (float)((1 - fabs(heights[from + i] - middle) / reach) / sum);
    return MLK_OK;
}

static mlk_code fill_bands(band *bands, double rate_hz, mlk_status *status)
{
    double heights[BINS], bin_hz = rate_hz / MLK_LOG_SPECTRUM_FFT;
    mlk_code code = MLK_OK;
    heights[0] = -HUGE_VAL;
    for (int k = 1; k < BINS; k++)
        heights[k] = log2(k * bin_hz);
    for (int b = 0; !code && b < MLK_LOG_SPECTRUM_BANDS; b++)
        code = fill_band(&bands[b], b, heights, bin_hz, status);
    return code;
}

/* Magnitudes over the window's sum, in place, of the bins that the bands take. */
static void take_roots(mlk_floats *rows, int bins)
{
    const float scale = 2.0f / MLK_LOG_SPECTRUM_FFT; /* a periodic Hann window adds up to half its length */
    for (int k = 0; k < bins; k++)
        for (int j = 0; j < MLK_TILE; j++)
            rows[k][j] = scale * sqrtf(rows[k][j]);
}

static void put_tile(const band *bands, const mlk_floats *rows, int64_t from, int64_t frames, float *out)
{
    for (int b = 0; b < MLK_LOG_SPECTRUM_BANDS; b++) {
        mlk_floats sum = {0};
        for (int i = 0; i < bands[b].count; i++)
            sum += bands[b].weights[i] * rows[bands[b].first + i];
        for (int j = 0; j < MLK_TILE && from + j < frames; j++)
            out[b * frames + from + j] = sum[j];
    }
}

static mlk_code fill(const band *bands, const mlk_stft *stft, const mlk_view *view, int64_t frames, float *out,
                     mlk_status *status)
{
    const band *highest = &bands[MLK_LOG_SPECTRUM_BANDS - 1];
    int bins = highest->first + highest->count;
    for (int64_t first = 0; first < frames; first += BATCH) {
        int64_t count = frames - first < BATCH ? frames - first : BATCH;
        mlk_tiles *power = mlk_stft_power(stft, view, first, count, status);
        if (!power)
            return status->code;
        for (int64_t i = 0; i < mlk_tile_count(count); i++) {
            mlk_floats *rows = (mlk_floats *)mlk_tile(power, i);
            take_roots(rows, bins);
            put_tile(bands, rows, first + i * MLK_TILE, frames, out);
        }
        mlk_tiles_free(power);
    }
    return MLK_OK;
}

mlk_code mlk_log_spectrum(const float *samples, int64_t n, double rate_hz, int hop_length, float *out,
                          mlk_status *status)
{
    mlk_stft stft = {MLK_LOG_SPECTRUM_FFT, hop_length, MLK_LOG_SPECTRUM_FFT, MLK_WINDOW_HANN, true, MLK_PAD_CONSTANT};
    mlk_view view = mlk_view_whole(samples, n);
    band bands[MLK_LOG_SPECTRUM_BANDS] = {0};
    mlk_code code;
    if (rate_hz < 8000)
        return mlk_fail(status, MLK_INVALID, "the rate must be 8000 Hz or more, got %g", rate_hz);
    code = fill_bands(bands, rate_hz, status);
    if (!code)
        code = fill(bands, &stft, &view, 1 + n / hop_length, out, status);
    for (int b = 0; b < MLK_LOG_SPECTRUM_BANDS; b++)
        free(bands[b].weights);
    return code;
}

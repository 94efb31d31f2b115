#include "dsp/tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double lowest_hz = 150, highest_hz = 4000;
static const float threshold = 0.1f; /* of a frame's maximum, below which nothing is a peak */

typedef struct peak {
    float hz, magnitude;
} peak;

typedef struct peaks {
    peak *list;
    size_t count, room;
} peaks;

static mlk_code add(peaks *found, float hz, float magnitude, mlk_status *status)
{
    if (found->count == found->room) {
        size_t room = found->room ? 2 * found->room : 4096;
        peak *grown = realloc(found->list, room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(status, "spectral peaks");
        found->list = grown;
        found->room = room;
    }
    found->list[found->count++] = (peak){hz, magnitude};
    return MLK_OK;
}

/* The peaks of one frame, `column` of a tile: local maxima, placed by a parabola through three bins. Single
 * precision where the reference has it: whether a peak counts hangs on the last bit when frames repeat. */
static mlk_code find_peaks(const float *column, int64_t rows, float least, double rate, int n_fft, int64_t first,
                           int64_t end, peaks *found, mlk_status *status)
{
#define AT(k) column[(k)*MLK_TILE]
    for (int64_t k = first; k < end; k++) {
        float here = AT(k), left = AT(k - 1), right = k + 1 < rows ? AT(k + 1) : 0;
        left = left > least ? left : 0;
        if (!(here > least && here > left && here >= (right > least ? right : 0)))
            continue;
        float shift = 0, slope = 0;
        if (k + 1 < rows) {
            float sum = AT(k + 1) + AT(k - 1), difference = AT(k + 1) - AT(k - 1);
            double a = sum - 2.0 * here, b = difference / 2.0;
            shift = fabs(b) >= fabs(a) ? 0 : (float)(-b / a);
            slope = difference / 2;
        }
        mlk_code code = add(found, (float)(((double)k + shift) * rate / n_fft), here + 0.5f * slope * shift, status);
        if (code)
            return code;
    }
#undef AT
    return MLK_OK;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static mlk_code median_magnitude(const peaks *found, float *median, mlk_status *status)
{
    float *magnitudes = malloc(found->count * sizeof *magnitudes);
    if (!magnitudes)
        return mlk_fail_memory(status, "spectral peaks");
    for (size_t i = 0; i < found->count; i++)
        magnitudes[i] = found->list[i].magnitude;
    qsort(magnitudes, found->count, sizeof *magnitudes, ascending);
    size_t half = found->count / 2;
    *median = found->count % 2 ? magnitudes[half] : (magnitudes[half - 1] + magnitudes[half]) / 2;
    free(magnitudes);
    return MLK_OK;
}

/* Left edge of the first fullest class of deviations. The deviations are single precision on purpose: a
 * peak beside an edge then falls where the reference puts it. */
static mlk_code fullest(const peaks *found, float median, int bins_per_octave, double resolution, double *tuning,
                        mlk_status *status)
{
    int classes = (int)ceil(1 / resolution), best = 0;
    int64_t *counts = calloc((size_t)classes, sizeof *counts);
    if (!counts)
        return mlk_fail_memory(status, "a histogram");
    double step = 1.0 / classes;
    for (size_t i = 0; i < found->count; i++) {
        if (!(found->list[i].magnitude >= median))
            continue;
        float bins = (float)bins_per_octave * log2f(found->list[i].hz / 27.5f);
        float residual = bins - floorf(bins);
        if (residual >= 0.5f)
            residual -= 1;
        int class = (int)((residual + 0.5) / step);
        while (class > 0 && residual < class * step - 0.5)
            class--;
        while (class + 1 < classes && residual >= (class + 1) * step - 0.5)
            class++;
        counts[class < classes ? class : classes - 1]++;
    }
    for (int i = 1; i < classes; i++)
        if (counts[i] > counts[best])
            best = i;
    *tuning = best * step - 0.5;
    free(counts);
    return MLK_OK;
}

mlk_code mlk_tuning_estimate(const mlk_tiles *spectrum, double rate, int n_fft, int bins_per_octave,
                             double resolution, double *tuning, mlk_status *status)
{
    double bin_hz = rate / n_fft;
    int64_t rows = spectrum->rows, first = 1, end;
    while (first < rows && (double)first * bin_hz < lowest_hz)
        first++;
    for (end = first; end < rows && (double)end * bin_hz < highest_hz; end++)
        ;
    peaks found = {0};
    mlk_code code = MLK_OK;
    for (int64_t t = 0; !code && t < spectrum->frames; t += MLK_TILE) {
        const float *restrict tile = mlk_tile(spectrum, t / MLK_TILE);
        float highest[MLK_TILE] = {0};
        for (int64_t k = 0; k < rows; k++)
            for (int j = 0; j < MLK_TILE; j++)
                highest[j] = tile[k * MLK_TILE + j] > highest[j] ? tile[k * MLK_TILE + j] : highest[j];
        for (int j = 0; !code && j < MLK_TILE && t + j < spectrum->frames; j++)
            code = find_peaks(tile + j, rows, threshold * highest[j], rate, n_fft, first, end, &found, status);
    }
    *tuning = 0;
    float median = 0;
    if (!code && found.count > 0 && !(code = median_magnitude(&found, &median, status)))
        code = fullest(&found, median, bins_per_octave, resolution, tuning, status);
    free(found.list);
    return code;
}

#include "dsp/tuning.h"

#include "dsp/select.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double lowest_hz = 150, highest_hz = 4000;
static const float threshold = 0.1f; /* of a frame's maximum, below which nothing is a peak */

enum { MOST = 1 << 21 };

typedef struct mlk_peak {
    float hz, magnitude;
    uint32_t lot; /* drawn by frame and bin: the lowest stay when there are too many */
} peak;

typedef mlk_peaks peaks;

static uint32_t draw_lot(int64_t frame, int64_t bin)
{
    uint64_t mixed = ((uint64_t)frame << 24 ^ (uint64_t)bin) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93u;
    return (uint32_t)(mixed >> 32);
}

static bool stays(const peaks *found, const peak *one)
{
    return (uint64_t)one->lot << found->halvings <= UINT32_MAX;
}

/* Keeps half of the peaks. */
static void halve(peaks *found)
{
    size_t kept = 0;
    found->halvings++;
    for (size_t i = 0; i < found->count; i++)
        if (stays(found, &found->list[i]))
            found->list[kept++] = found->list[i];
    found->count = kept;
}

static mlk_code add(peaks *found, peak next, mlk_status *status)
{
    while (found->count == MOST)
        halve(found);
    if (!stays(found, &next))
        return MLK_OK;
    if (found->count == found->room) {
        size_t room = found->room ? 2 * found->room : 4096;
        peak *grown = realloc(found->list, room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(status, "spectral peaks");
        found->list = grown;
        found->room = room;
    }
    found->list[found->count++] = next;
    return MLK_OK;
}

/* A byte for each frame of a tile, not 0 where a bin is a peak. */
typedef int8_t marks __attribute__((vector_size(MLK_TILE), may_alias));

/* Marks, for bins first..end-1 of the frames of a tile, local maxima above a tenth of the frame's maximum. */
MLK_CLONES static void mark_peaks(const mlk_floats *restrict tile, int64_t rows, int64_t first, int64_t end,
                                  marks *restrict out)
{
    mlk_floats highest = {0}, nothing = {0};
    for (int64_t k = 0; k < rows; k++)
        highest = MLK_LARGER(tile[k], highest);
    mlk_floats least = threshold * highest;
    for (int64_t k = first; k < end; k++) {
        mlk_floats right = k + 1 < rows ? tile[k + 1] : nothing;
        mlk_masks peak = (tile[k] > least) & (tile[k] > tile[k - 1]) & (tile[k] >= right);
        out[k - first] = __builtin_convertvector(peak, marks);
    }
}

/* Places the peak at bin k of frame j, counted from `frame`, by a parabola through three bins. Single precision where
 * the reference has it: whether a peak counts hangs on the last bit when frames repeat. */
static peak place_peak(const mlk_floats *tile, int64_t rows, int64_t k, int j, int64_t frame, double rate, int n_fft)
{
    float here = tile[k][j], shift = 0, slope = 0;
    if (k + 1 < rows) {
        float sum = tile[k + 1][j] + tile[k - 1][j], difference = tile[k + 1][j] - tile[k - 1][j];
        double a = sum - 2.0 * here, b = difference / 2.0;
        shift = fabs(b) >= fabs(a) ? 0 : (float)(-b / a);
        slope = difference / 2;
    }
    return (peak){(float)(((double)k + shift) * rate / n_fft), here + 0.5f * slope * shift, draw_lot(frame + j, k)};
}

/* The marked peaks of a tile's first `width` frames, of which the first is `frame`. */
static mlk_code collect(const mlk_floats *tile, int64_t rows, int64_t first, int64_t end, const marks *marked,
                        int width, int64_t frame, double rate, int n_fft, peaks *found, mlk_status *status)
{
    for (int64_t k = first; k < end; k++) {
        int64_t any;
        memcpy(&any, &marked[k - first], sizeof any);
        if (any == 0)
            continue;
        for (int j = 0; j < width; j++)
            if (marked[k - first][j] && add(found, place_peak(tile, rows, k, j, frame, rate, n_fft), status))
                return MLK_MEMORY;
    }
    return MLK_OK;
}

static mlk_code median_magnitude(const peaks *found, float *median, mlk_status *status)
{
    float *magnitudes = malloc(found->count * sizeof *magnitudes);
    if (!magnitudes)
        return mlk_fail_memory(status, "spectral peaks");
    for (size_t i = 0; i < found->count; i++)
        magnitudes[i] = found->list[i].magnitude;
    *median = mlk_median(magnitudes, (int64_t)found->count);
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

void mlk_peaks_clear(mlk_peaks *peaks)
{
    free(peaks->list);
    *peaks = (mlk_peaks){0};
}

mlk_code mlk_peaks_add(mlk_peaks *peaks, const mlk_tiles *spectrum, int64_t first_frame, double rate, int n_fft,
                       mlk_status *status)
{
    double bin_hz = rate / n_fft;
    int64_t rows = spectrum->rows, first = 1, end;
    while (first < rows && (double)first * bin_hz < lowest_hz)
        first++;
    for (end = first; end < rows && (double)end * bin_hz < highest_hz; end++)
        ;
    marks *marked = aligned_alloc(sizeof *marked, (size_t)(end - first + 1) * sizeof *marked);
    mlk_code code = marked ? MLK_OK : mlk_fail_memory(status, "spectral peaks");
    for (int64_t i = 0; !code && i < mlk_tile_count(spectrum->frames); i++) {
        int64_t left = spectrum->frames - i * MLK_TILE;
        mark_peaks(mlk_tile_rows(spectrum, i), rows, first, end, marked);
        code = collect(mlk_tile_rows(spectrum, i), rows, first, end, marked, left < MLK_TILE ? (int)left : MLK_TILE,
                       first_frame + i * MLK_TILE, rate, n_fft, peaks, status);
    }
    free(marked);
    return code;
}

mlk_code mlk_peaks_tuning(const mlk_peaks *peaks, int bins_per_octave, double resolution, double *tuning,
                          mlk_status *status)
{
    float median = 0;
    *tuning = 0;
    if (peaks->count == 0)
        return MLK_OK;
    mlk_code code = median_magnitude(peaks, &median, status);
    return code ? code : fullest(peaks, median, bins_per_octave, resolution, tuning, status);
}

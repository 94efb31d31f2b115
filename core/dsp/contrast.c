/* Spectral contrast: its bands, and the mean of a band's extremes. */
#include "dsp/spectral.h"

#include "dsp/select.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_BANDS = 24, FEW = 24 };

/* Bins first..end-1, of which the `extremes` largest and smallest are averaged. */
typedef struct band {
    int64_t first, end;
    int extremes;
} band;

static mlk_code find_band(const mlk_contrast *contrast, int index, int64_t bins, double bin_hz, band *band,
                          mlk_status *status)
{
    double low = index == 0 ? 0 : ldexp(contrast->fmin, index - 1), high = ldexp(contrast->fmin, index);
    bool top = index == contrast->n_bands;
    int64_t first = 0, end;
    while (first < bins && (double)first * bin_hz < low)
        first++;
    for (end = first; end < bins && (double)end * bin_hz <= high; end++)
        ;
    if (index > 0 && low >= (double)(bins - 1) * bin_hz)
        return mlk_fail(status, MLK_INVALID,
                        "spectral_contrast's band %d starts at %g Hz, above half the sample rate (%g Hz): lower "
                        "fmin or n_bands",
                        index, low, (double)(bins - 1) * bin_hz);
    if (end == first)
        return mlk_fail(status, MLK_INVALID,
                        "spectral_contrast's band %g..%g Hz holds no bin (they are %g Hz apart): raise n_fft or fmin",
                        low, high, bin_hz);
    if (index > 0)
        first--;
    if (top)
        end = bins;
    double count = rint(contrast->quantile * (double)(end - first));
    if (!top)
        end--;
    if (end <= first)
        return mlk_fail(status, MLK_INVALID,
                        "spectral_contrast's band %g..%g Hz holds one bin only (they are %g Hz apart): raise n_fft or "
                        "fmin",
                        low, high, bin_hz);
    int64_t size = end - first;
    *band = (struct band){first, end, count < 1 ? 1 : (count > (double)size ? (int)size : (int)count)};
    return MLK_OK;
}

mlk_code mlk_spectral_contrast_check(const mlk_contrast *contrast, int64_t bins, double bin_hz, mlk_status *status)
{
    if (contrast->n_bands > MAX_BANDS)
        return mlk_fail(status, MLK_INVALID, "n_bands must be 1..%d, got %d", MAX_BANDS, contrast->n_bands);
    mlk_code code = MLK_OK;
    band unused;
    for (int i = 0; !code && i <= contrast->n_bands; i++)
        code = find_band(contrast, i, bins, bin_hz, &unused, status);
    return code;
}

static float mean(const float *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    return (float)(sum / (double)n);
}

/* One band of one tile where a single bin is the extreme: smallest and largest of all frames side by side. */
MLK_CLONES static void single_extremes(const mlk_floats *restrict tile, const band *band, mlk_floats *restrict valley,
                                       mlk_floats *restrict peak)
{
    mlk_floats low = tile[band->first], high = low;
    for (int64_t k = band->first + 1; k < band->end; k++) {
        low = MLK_SMALLER(tile[k], low);
        high = MLK_LARGER(tile[k], high);
    }
    *valley = low;
    *peak = high;
}

/* Puts the smaller of each lane into a, the larger into b. */
static inline void order(mlk_floats *a, mlk_floats *b)
{
    mlk_masks swap = *b < *a;
    mlk_floats low = MLK_WHERE(swap, *b, *a), high = MLK_WHERE(swap, *a, *b);
    *a = low;
    *b = high;
}

/* Whether any lane of a is below that of b. */
static inline bool any_below(const mlk_floats *a, const mlk_floats *b)
{
    mlk_masks below = *a < *b;
    typedef int64_t words __attribute__((vector_size(32), may_alias));
    words w = (words)below;
    return (w[0] | w[1] | w[2] | w[3]) != 0;
}

/* Pushes a value into the `count` smallest so far of each lane, kept in order; the largest of them falls out. */
static inline void keep(mlk_floats *smallest, int count, const mlk_floats *value)
{
    mlk_floats larger = *value;
    for (int i = 0; i < count; i++)
        order(&smallest[i], &larger);
}

/* The `count` smallest of each lane among rows first .. end-1, times `sign`. Of four values in order the later ones
 * seldom count once the first did not. */
MLK_CLONES static void few_smallest(const mlk_floats *restrict tile, int64_t first, int64_t end, float sign, int count,
                                    mlk_floats *restrict smallest)
{
    const mlk_floats nothing = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    for (int i = 0; i < count; i++)
        smallest[i] = nothing;
    for (int64_t k = first; k < end; k += 4) {
        mlk_floats four[4];
        for (int i = 0; i < 4; i++)
            if (k + i < end)
                four[i] = sign * tile[k + i];
            else
                four[i] = nothing;
        order(&four[0], &four[1]);
        order(&four[2], &four[3]);
        order(&four[0], &four[2]);
        order(&four[1], &four[3]);
        order(&four[1], &four[2]);
        for (int i = 0; i < 4 && any_below(&four[i], &smallest[count - 1]); i++)
            keep(smallest, count, &four[i]);
    }
}

static void mean_of(const mlk_floats *values, int count, float sign, mlk_floats *mean)
{
    mlk_doubles sum = {{{0}}};
    for (int i = 0; i < count; i++)
        MLK_HALVES(h) sum.half[h] += MLK_WIDEN(values + i, h);
    for (int j = 0; j < MLK_TILE; j++)
        (*mean)[j] = sign * (float)(MLK_LANE(sum, j) / count);
}

/* The means of a few extremes. */
static void few_extremes(const mlk_floats *tile, const band *band, mlk_floats *valley, mlk_floats *peak)
{
    mlk_floats kept[FEW];
    few_smallest(tile, band->first, band->end, 1, band->extremes, kept);
    mean_of(kept, band->extremes, 1, valley);
    few_smallest(tile, band->first, band->end, -1, band->extremes, kept);
    mean_of(kept, band->extremes, -1, peak);
}

static void many_extremes(const mlk_floats *tile, const band *band, float *scratch, mlk_floats *valley,
                          mlk_floats *peak)
{
    int64_t size = band->end - band->first;
    for (int j = 0; j < MLK_TILE; j++) {
        for (int64_t k = 0; k < size; k++)
            scratch[k] = tile[band->first + k][j];
        mlk_select_smallest(scratch, size, band->extremes);
        (*valley)[j] = mean(scratch, band->extremes);
        for (int64_t k = 0; k < size; k++)
            scratch[k] = -scratch[k];
        mlk_select_smallest(scratch, size, band->extremes);
        (*peak)[j] = -mean(scratch, band->extremes);
    }
}

static void find_extremes(const mlk_floats *tile, const band *band, float *scratch, mlk_floats *valley,
                          mlk_floats *peak)
{
    if (band->extremes == 1)
        single_extremes(tile, band, valley, peak);
    else if (band->extremes <= FEW)
        few_extremes(tile, band, valley, peak);
    else
        many_extremes(tile, band, scratch, valley, peak);
}

mlk_code mlk_spectral_extremes(const mlk_contrast *contrast, const mlk_tiles *magnitude, double bin_hz, float *peaks,
                               float *valleys, mlk_status *status)
{
    mlk_code code = mlk_spectral_contrast_check(contrast, magnitude->rows, bin_hz, status);
    if (code)
        return code;
    band bands[MAX_BANDS + 1];
    for (int i = 0; i <= contrast->n_bands; i++)
        find_band(contrast, i, magnitude->rows, bin_hz, &bands[i], status);

    int64_t frames = magnitude->frames;
    float *scratch = malloc(((size_t)magnitude->rows + 1) * sizeof *scratch);
    if (!scratch)
        return mlk_fail_memory(status, "spectral contrast");
    for (int64_t i = 0; i < mlk_tile_count(frames); i++)
        for (int b = 0; b <= contrast->n_bands; b++) {
            mlk_floats valley, peak;
            find_extremes(mlk_tile_rows(magnitude, i), &bands[b], scratch, &valley, &peak);
            for (int j = 0; j < MLK_TILE && i * MLK_TILE + j < frames; j++) {
                valleys[b * frames + i * MLK_TILE + j] = valley[j];
                peaks[b * frames + i * MLK_TILE + j] = peak[j];
            }
        }
    free(scratch);
    return MLK_OK;
}

#include "dsp/hpss.h"

#include "dsp/istft.h"
#include "dsp/median.h"
#include "dsp/normalize.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_hpss, member)

const mlk_parameter mlk_hpss_parameters[] = {
    MLK_INTEGER("kernel_time", 31, 1, MLK_HPSS_MAX, "frames of the median along time", IN(harmonic_frames)),
    MLK_INTEGER("kernel_frequency", 31, 1, MLK_HPSS_MAX, "bins of the median along frequency", IN(percussive_bins)),
    MLK_REAL("margin_harmonic", 1, 1, 1e9, "how much what lasts must outweigh", IN(harmonic_margin)),
    MLK_REAL("margin_percussive", 1, 1, 1e9, "how much what strikes must outweigh", IN(percussive_margin)),
    MLK_REAL("power", 2, 1e-3, 1e3, "of the masks; math.huge: all or nothing", IN(power), .infinite = true),
    MLK_PARAMETERS_END,
};

/* A spectrum frame by frame, and what is made of it. Frames lie `step` floats apart, a multiple of MLK_TILE. */
typedef struct work {
    int64_t rows, frames, step;
    float complex *bins, *masked; /* frames x rows */
    float *magnitude, *harmonic, *percussive;
    float *tile, *filtered; /* MLK_TILE frames turned: [bin][frame] */
    mlk_floats *sorted;
} work;

static void work_close(work *w)
{
    free(w->bins);
    free(w->masked);
    free(w->magnitude);
    free(w->harmonic);
    free(w->percussive);
    free(w->tile);
    free(w->filtered);
    free(w->sorted);
}

static mlk_code work_open(work *w, const mlk_hpss *hpss, int64_t n, mlk_status *status)
{
    *w = (work){.rows = hpss->stft.n_fft / 2 + 1};
    w->frames = mlk_frame_count(n, hpss->stft.n_fft, hpss->stft.hop_length, hpss->stft.center);
    w->step = mlk_tile_count(w->rows) * MLK_TILE;
    size_t padded = (size_t)(mlk_tile_count(w->frames) * MLK_TILE * w->step) * sizeof(float);
    size_t spectrum = (size_t)(w->frames * w->rows + 1) * sizeof(float complex);
    w->bins = malloc(spectrum);
    w->masked = malloc(spectrum);
    w->magnitude = aligned_alloc(32, padded);
    w->harmonic = aligned_alloc(32, padded);
    w->percussive = aligned_alloc(32, padded);
    w->tile = aligned_alloc(32, (size_t)(w->step * MLK_TILE) * sizeof(float));
    w->filtered = aligned_alloc(32, (size_t)(w->step * MLK_TILE) * sizeof(float));
    w->sorted = aligned_alloc(32, (MLK_HPSS_MAX + 1) * sizeof *w->sorted);
    if (w->bins && w->masked && w->magnitude && w->harmonic && w->percussive && w->tile && w->filtered && w->sorted) {
        memset(w->magnitude, 0, padded);
        return MLK_OK;
    }
    work_close(w);
    return mlk_fail_memory(status, "a separation of harmonic and percussive parts");
}

MLK_CLONES static void magnitudes(const float *restrict bins, int64_t rows, float *restrict out)
{
    for (int64_t k = 0; k < rows; k++)
        out[k] = (float)sqrt((double)bins[2 * k] * bins[2 * k] + (double)bins[2 * k + 1] * bins[2 * k + 1]);
}

static void along_time(work *w, int length)
{
    for (int64_t k = 0; k < w->step; k += MLK_TILE)
        mlk_running_median(w->magnitude + k, w->step, w->frames, length, w->harmonic + k, w->step, w->sorted);
}

/* MLK_TILE rows of `step` floats against columns. */
MLK_CLONES static void turn(const float *restrict from, int64_t from_step, int64_t rows, int64_t columns,
                            float *restrict to, int64_t to_step)
{
    for (int64_t i = 0; i < columns; i++)
        for (int64_t j = 0; j < rows; j++)
            to[i * to_step + j] = from[j * from_step + i];
}

static void along_frequency(work *w, int length)
{
    for (int64_t t = 0; t < w->frames; t += MLK_TILE) {
        turn(w->magnitude + t * w->step, w->step, MLK_TILE, w->step, w->tile, MLK_TILE);
        mlk_running_median(w->tile, MLK_TILE, w->rows, length, w->filtered, MLK_TILE, w->sorted);
        turn(w->filtered, MLK_TILE, w->rows, MLK_TILE, w->percussive + t * w->step, w->step);
    }
}

/* The share of `wanted` against `other`: soft masks of a power, 1/2 or 0 where both are nothing. */
MLK_CLONES static void mask_squared(const float *restrict wanted, const float *restrict other, float margin,
                                    float nothing, int64_t rows, const float *restrict bins, float *restrict out)
{
    for (int64_t k = 0; k < rows; k++) {
        float reference = other[k] * margin, larger = wanted[k] > reference ? wanted[k] : reference;
        float by = larger < (float)MLK_NORM_TINY ? 1 : larger;
        float a = (wanted[k] / by) * (wanted[k] / by), b = (reference / by) * (reference / by);
        float mask = larger < (float)MLK_NORM_TINY ? nothing : a / (a + b);
        out[2 * k] = mask * bins[2 * k];
        out[2 * k + 1] = mask * bins[2 * k + 1];
    }
}

static void mask_any(const float *wanted, const float *other, float margin, float nothing, double power, int64_t rows,
                     const float *bins, float *out)
{
    for (int64_t k = 0; k < rows; k++) {
        float reference = other[k] * margin, larger = fmaxf(wanted[k], reference), mask;
        if (isinf(power))
            mask = wanted[k] > reference;
        else if (larger < (float)MLK_NORM_TINY)
            mask = nothing;
        else {
            float a = powf(wanted[k] / larger, (float)power), b = powf(reference / larger, (float)power);
            mask = a / (a + b);
        }
        out[2 * k] = mask * bins[2 * k];
        out[2 * k + 1] = mask * bins[2 * k + 1];
    }
}

/* One part of the sound, from its medians and the other's. */
static mlk_code resynthesise(work *w, const mlk_hpss *hpss, const float *wanted, const float *other, double margin,
                             int64_t n, float *out, mlk_status *status)
{
    float nothing = hpss->harmonic_margin == 1 && hpss->percussive_margin == 1 ? 0.5f : 0;
    for (int64_t t = 0; t < w->frames; t++) {
        const float *bins = (const float *)(w->bins + t * w->rows);
        float *to = (float *)(w->masked + t * w->rows);
        if (hpss->power == 2)
            mask_squared(wanted + t * w->step, other + t * w->step, (float)margin, nothing, w->rows, bins, to);
        else
            mask_any(wanted + t * w->step, other + t * w->step, (float)margin, nothing, hpss->power, w->rows, bins, to);
    }
    mlk_spectrum spectrum = {w->masked, w->frames, 1, w->rows};
    return mlk_istft_of(&hpss->stft, &spectrum, n, out, status);
}

mlk_code mlk_hpss_split(const mlk_hpss *hpss, const float *samples, int64_t n, float *harmonic, float *percussive,
                        mlk_status *status)
{
    mlk_view view = mlk_view_whole(samples, n);
    work w;
    mlk_code code = work_open(&w, hpss, n, status);
    if (code)
        return code;
    code = mlk_stft_frames(&hpss->stft, &view, 0, w.frames, w.bins, status);
    for (int64_t t = 0; !code && t < w.frames; t++)
        magnitudes((const float *)(w.bins + t * w.rows), w.rows, w.magnitude + t * w.step);
    if (!code && w.frames > 0) {
        along_time(&w, hpss->harmonic_frames);
        along_frequency(&w, hpss->percussive_bins);
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    if (!code && harmonic)
        code = resynthesise(&w, hpss, w.harmonic, w.percussive, hpss->harmonic_margin, n, harmonic, status);
    if (!code && percussive)
        code = resynthesise(&w, hpss, w.percussive, w.harmonic, hpss->percussive_margin, n, percussive, status);
    work_close(&w);
    return code;
}

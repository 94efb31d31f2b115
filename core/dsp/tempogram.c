#include "dsp/tempogram.h"

#include "dsp/fft.h"
#include "interrupt.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { BLOCK = 16 }; /* frames that are stored together: a cache line of each row */

typedef struct job {
    const mlk_tempogram *tempogram;
    const mlk_fft *fft;
    int fft_length;
    double *window;
    double *ramped; /* the curve with its ends falling to 0 */
    double *time;   /* fft_length values */
    double complex *bins;
    double *block; /* BLOCK frames of win_length lags */
} job;

int64_t mlk_tempogram_frames(const mlk_tempogram *tempogram, int64_t n)
{
    if (tempogram->center)
        return n;
    return n < tempogram->win_length ? 0 : n - tempogram->win_length + 1;
}

/* Ramps of win_length / 2 values lead from 0 to the curve's first value, and from its last back. */
static void ramp(const mlk_tempogram *tempogram, const float *curve, int64_t n, double *ramped)
{
    int side = tempogram->center ? tempogram->win_length / 2 : 0;
    for (int k = 0; k < side; k++) {
        ramped[k] = curve[0] * ((double)k / side);
        ramped[n + 2 * side - 1 - k] = curve[n - 1] * ((double)k / side);
    }
    for (int64_t t = 0; t < n; t++)
        ramped[side + t] = curve[t];
}

static double norm_of(mlk_norm norm, const double *values, int count)
{
    double sum = 0, highest = 0;
    for (int i = 0; i < count; i++) {
        double size = fabs(values[i]);
        highest = size > highest ? size : highest;
        sum += norm == MLK_NORM_2 ? size * size : size;
    }
    double length = norm == MLK_NORM_INF ? highest : norm == MLK_NORM_1 ? sum : norm == MLK_NORM_2 ? sqrt(sum) : 1;
    return length < DBL_MIN ? 1 : length;
}

/* The autocorrelation of the win_length values from `from` on. */
static void frame(const job *j, const double *from, double *lags)
{
    int win_length = j->tempogram->win_length;
    for (int i = 0; i < win_length; i++)
        j->time[i] = from[i] * j->window[i];
    for (int i = win_length; i < j->fft_length; i++)
        j->time[i] = 0;
    mlk_fft_forward(j->fft, j->time, j->bins);
    for (int k = 0; k <= j->fft_length / 2; k++)
        j->bins[k] = creal(j->bins[k]) * creal(j->bins[k]) + cimag(j->bins[k]) * cimag(j->bins[k]);
    mlk_fft_inverse(j->fft, j->bins, j->time);
    double length = norm_of(j->tempogram->norm, j->time, win_length);
    for (int i = 0; i < win_length; i++)
        lags[i] = j->time[i] / length;
}

static mlk_code fill(const job *j, int64_t frames, float *out, mlk_status *status)
{
    int win_length = j->tempogram->win_length;
    for (int64_t first = 0; first < frames; first += BLOCK) {
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        int64_t count = frames - first < BLOCK ? frames - first : BLOCK;
        for (int64_t t = 0; t < count; t++)
            frame(j, j->ramped + first + t, j->block + t * win_length);
        for (int lag = 0; lag < win_length; lag++)
            for (int64_t t = 0; t < count; t++)
                out[lag * frames + first + t] = (float)j->block[t * win_length + lag];
    }
    return MLK_OK;
}

mlk_code mlk_tempogram_of(const mlk_tempogram *tempogram, const float *curve, int64_t n, float *out,
                          mlk_status *status)
{
    int win_length = tempogram->win_length, fft_length = mlk_fft_fast_length(2 * win_length - 1);
    job j = {.tempogram = tempogram, .fft_length = fft_length, .fft = mlk_fft_plan(fft_length, status)};
    if (!j.fft)
        return status->code;
    j.window = malloc((size_t)win_length * sizeof *j.window);
    j.ramped = malloc(((size_t)n + (size_t)win_length) * sizeof *j.ramped);
    j.time = mlk_fft_buffer((size_t)fft_length);
    j.bins = (double complex *)mlk_fft_buffer((size_t)fft_length + 2);
    j.block = malloc((size_t)BLOCK * (size_t)win_length * sizeof *j.block);
    mlk_code code;
    if (j.window && j.ramped && j.time && j.bins && j.block) {
        mlk_window_fill(tempogram->window, win_length, true, j.window);
        if (n > 0)
            ramp(tempogram, curve, n, j.ramped);
        code = fill(&j, mlk_tempogram_frames(tempogram, n), out, status);
    } else {
        code = mlk_fail_memory(status, "a tempogram");
    }
    free(j.window);
    free(j.ramped);
    mlk_fft_release(j.time);
    mlk_fft_release(j.bins);
    free(j.block);
    return code;
}

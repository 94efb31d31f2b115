#include "music/flux.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 4, LOW_BANDS = 10, AVERAGE_FRAMES = 51 };

static const int group_edges[GROUPS + 1] = {0, 8, 24, 48, 80};
static const double group_weights[GROUPS] = {1.3, 0.9, 0.9, 1.0};
static const double low_weight = 0.5;

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* Adds what band b rises over the loudest of itself and its neighbours (reach 1) or itself (reach 0). */
static void add_rises(const float *mel, int64_t frames, int b, int reach, float scale, float *sum)
{
    const float *own = mel + b * frames;
    const float *below = reach && b > 0 ? own - frames : own;
    const float *above = reach && b < MLK_FLUX_BANDS - 1 ? own + frames : own;
    for (int64_t t = 1; t + 1 < frames; t++) {
        float before = larger(own[t - 1], larger(below[t - 1], above[t - 1]));
        sum[t] += scale * larger(0, own[t + 1] - before);
    }
}

void mlk_flux(const float *mel, int64_t frames, float *flux)
{
    memset(flux, 0, sizeof *flux * MLK_FLUX_ROWS * (size_t)frames);
    for (int g = 0; g < GROUPS; g++) {
        int first = group_edges[g], last = group_edges[g + 1];
        for (int b = first; b < last; b++)
            add_rises(mel, frames, b, 1, 1.0f / (float)(last - first), flux + g * frames);
    }
    for (int b = 0; b < LOW_BANDS; b++)
        add_rises(mel, frames, b, 0, 1.0f / LOW_BANDS, flux + GROUPS * frames);
}

/* The index of a frame beyond an end, where the curve is reflected with its edge repeated. */
static int64_t reflect(int64_t t, int64_t frames)
{
    int64_t period = 2 * frames;
    t = ((t % period) + period) % period;
    return t < frames ? t : period - 1 - t;
}

/* x minus its moving average, where positive. */
static void above_average(const double *x, int64_t frames, double *out)
{
    int64_t half = AVERAGE_FRAMES / 2;
    double sum = 0;
    for (int64_t t = -half; t <= half; t++)
        sum += x[reflect(t, frames)];
    for (int64_t t = 0; t < frames; t++) {
        out[t] = fmax(0, x[t] - sum / AVERAGE_FRAMES);
        sum += x[reflect(t + half + 1, frames)] - x[reflect(t - half, frames)];
    }
}

static double deviation(const double *x, int64_t frames)
{
    double mean = 0, square = 0;
    for (int64_t t = 0; t < frames; t++)
        mean += x[t];
    mean /= (double)frames;
    for (int64_t t = 0; t < frames; t++)
        square += (x[t] - mean) * (x[t] - mean);
    return sqrt(square / (double)frames);
}

/* A Gaussian whose deviation is one frame, cut at four. */
static void smooth(const double *x, int64_t frames, double *out)
{
    enum { REACH = 4 };
    double weights[2 * REACH + 1], sum = 0;
    for (int i = -REACH; i <= REACH; i++)
        sum += weights[i + REACH] = exp(-0.5 * i * i);
    for (int64_t t = 0; t < frames; t++) {
        double value = 0;
        for (int i = -REACH; i <= REACH; i++)
            value += weights[i + REACH] / sum * x[reflect(t + i, frames)];
        out[t] = value;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value under which 99 of 100 lie, between two neighbours as numpy.percentile has it. Sorts x. */
static double percentile_99(double *x, int64_t frames)
{
    qsort(x, (size_t)frames, sizeof *x, ascending);
    double at = 0.99 * (double)(frames - 1);
    int64_t low = (int64_t)at, high = low + 1 < frames ? low + 1 : low;
    return x[low] + (at - (double)low) * (x[high] - x[low]);
}

/* All groups, each over its root mean square, and the rises of the lowest bands. */
static void combine(const float *flux, int64_t frames, double *low, double *sum)
{
    memset(sum, 0, sizeof *sum * (size_t)frames);
    for (int g = 0; g < GROUPS; g++) {
        const float *x = flux + g * frames;
        double square = 0;
        for (int64_t t = 0; t < frames; t++)
            square += (double)x[t] * x[t];
        double scale = group_weights[g] / (sqrt(square / (double)frames) + 1e-3);
        for (int64_t t = 0; t < frames; t++)
            sum[t] += scale * x[t];
    }
    const float *lowest = flux + GROUPS * frames;
    double *plain = low + frames;
    for (int64_t t = 0; t < frames; t++)
        plain[t] = lowest[t];
    above_average(plain, frames, low);
    double scale = low_weight / (deviation(low, frames) + 1e-3);
    for (int64_t t = 0; t < frames; t++)
        sum[t] += scale * low[t];
}

mlk_code mlk_flux_activation(const float *flux, int64_t frames, float *activation, mlk_status *status)
{
    if (frames < 1)
        return mlk_fail(status, MLK_INVALID, "a flux must have 1 frame or more, got %lld", (long long)frames);
    double *work = malloc(sizeof *work * 3 * (size_t)frames);
    if (!work)
        return mlk_fail_memory(status, "the onset curve of a song");
    double *sum = work, *rest = work + frames;
    combine(flux, frames, rest, sum);
    above_average(sum, frames, rest);
    smooth(rest, frames, sum);
    memcpy(rest, sum, sizeof *rest * (size_t)frames);
    double most = percentile_99(rest, frames);
    for (int64_t t = 0; t < frames; t++)
        activation[t] = most > 1e-9 ? (float)fmin(0.95, 0.7 * sum[t] / most) : 0;
    free(work);
    return MLK_OK;
}

#include "dsp/lpc.h"

#include "dsp/fft.h"
#include "dsp/lanes.h"
#include "interrupt.h"

#include <math.h>

/* Energy of a prediction error, over the frame's own, that is rounding. */
static const double negligible = 1e-24;

typedef struct errors {
    double product, energy; /* of the forward and the backward errors, sums of f b and f^2 + b^2 */
} errors;

static double sum_of(const double *parts)
{
    return ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

MLK_CLONES static errors compare(const double *restrict forward, const double *restrict backward, int count)
{
    double product[8] = {0}, energy[8] = {0}; /* sums side by side */
    int i = 0;
    for (; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) {
            double f = forward[i + j], b = backward[i + j];
            product[j] += f * b;
            energy[j] += f * f + b * b;
        }
    errors sums = {sum_of(product), sum_of(energy)};
    for (; i < count; i++) {
        sums.product += forward[i] * backward[i];
        sums.energy += forward[i] * forward[i] + backward[i] * backward[i];
    }
    return sums;
}

/* The errors of a filter longer by one. */
MLK_CLONES static void reflect(double *restrict forward, double *restrict backward, int count, double coefficient)
{
    for (int i = 0; i < count; i++) {
        double f = forward[i], b = backward[i];
        forward[i] = f + coefficient * b;
        backward[i] = b + coefficient * f;
    }
}

/* Levinson's step from `order` coefficients to order + 1. */
static void lengthen(double *filter, int order, double coefficient)
{
    for (int i = 1, j = order; i <= j; i++, j--) {
        double low = filter[i], high = filter[j];
        filter[i] = low + coefficient * high;
        filter[j] = high + coefficient * low;
    }
    filter[order + 1] = coefficient;
}

/* forward and backward hold the frame, both. */
static void burg(double *forward, double *backward, int length, int order, double *filter)
{
    double least = 0;
    filter[0] = 1;
    for (int i = 1; i <= order; i++)
        filter[i] = 0;
    for (int i = 0; i < order; i++) {
        int count = length - 1 - i;
        forward++;
        errors found = compare(forward, backward, count);
        if (i == 0)
            least = negligible * found.energy;
        if (found.energy <= least)
            return;
        double coefficient = -2 * found.product / found.energy;
        lengthen(filter, i, coefficient);
        reflect(forward, backward, count, coefficient);
    }
}

mlk_code mlk_lpc(const mlk_frames *frames, int order, float *out, mlk_status *status)
{
    size_t length = (size_t)frames->length;
    double *forward = mlk_fft_buffer(length), *backward = mlk_fft_buffer(length);
    double *filter = mlk_fft_buffer((size_t)order + 1);
    mlk_code code = forward && backward && filter ? MLK_OK : mlk_fail_memory(status, "linear prediction");
    for (int64_t t = 0; !code && t < frames->count; t++) {
        int64_t start = (frames->first + t) * frames->hop - (frames->center ? frames->length / 2 : 0);
        mlk_view_read(frames->view, start, frames->length, frames->pad, forward);
        for (size_t i = 0; i < length; i++)
            backward[i] = forward[i];
        burg(forward, backward, frames->length, order, filter);
        for (int i = 0; i <= order; i++)
            out[i * frames->count + t] = (float)filter[i];
        if (t % 64 == 0 && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    mlk_fft_release(forward);
    mlk_fft_release(backward);
    mlk_fft_release(filter);
    return code;
}

#include "dsp/delta.h"

#include <stdlib.h>

const char *const mlk_delta_mode_names[] = {"interp", "nearest", "mirror", "constant", "wrap", NULL};

/* Weights of the frames -half..half in the derivative of order p of a fit of degree p. That derivative is p!
 * times the leading coefficient, which the monic orthogonal polynomial of degree p on these points picks out. */
static void fit_weights(int width, int order, double *weights, double *scratch)
{
    int half = width / 2;
    double *before = scratch, *now = weights, below = 1, factorial = 1;
    for (int i = 0; i < width; i++)
        before[i] = 0, now[i] = 1;
    for (int degree = 0; degree < order; degree++) {
        double norm = 0;
        for (int i = 0; i < width; i++)
            norm += now[i] * now[i];
        double b = degree == 0 ? 0 : norm / below;
        for (int i = 0; i < width; i++) {
            double next = (i - half) * now[i] - b * before[i];
            before[i] = now[i];
            now[i] = next;
        }
        below = norm;
        factorial *= degree + 1;
    }
    double norm = 0;
    for (int i = 0; i < width; i++)
        norm += now[i] * now[i];
    for (int i = 0; i < width; i++)
        now[i] *= factorial / norm;
}

/* The value at a place outside the row. */
static double beyond(const float *row, int64_t n, int64_t i, mlk_delta_mode mode)
{
    if (mode == MLK_DELTA_CONSTANT)
        return 0;
    if (mode == MLK_DELTA_WRAP)
        return row[(i % n + n) % n];
    if (mode == MLK_DELTA_NEAREST || n == 1)
        return row[i < 0 ? 0 : n - 1];
    int64_t period = 2 * (n - 1);
    i = (i % period + period) % period;
    return row[i < n ? i : period - i];
}

static double fitted(const float *row, int64_t n, int64_t centre, int width, const double *weights,
                     mlk_delta_mode mode)
{
    double sum = 0;
    int64_t first = centre - width / 2;
    for (int i = 0; i < width; i++) {
        int64_t at = first + i;
        sum += weights[i] * (at >= 0 && at < n ? row[at] : beyond(row, n, at, mode));
    }
    return sum;
}

mlk_code mlk_delta_check(int64_t frames, int width, int order, mlk_delta_mode mode, mlk_status *status)
{
    if (width < 3 || width % 2 == 0)
        return mlk_fail(status, MLK_INVALID, "width must be an odd number of 3 or more, got %d", width);
    if (order < 1 || order >= width)
        return mlk_fail(status, MLK_INVALID, "order must be 1..width - 1 (%d), got %d", width - 1, order);
    if (mode == MLK_DELTA_INTERP && frames < width)
        return mlk_fail(status, MLK_INVALID,
                        "delta needs at least width (%d) frames, got %lld; or choose another mode, such as 'nearest'",
                        width, (long long)frames);
    return MLK_OK;
}

mlk_code mlk_delta(const float *in, int64_t rows, int64_t frames, int width, int order, mlk_delta_mode mode,
                   float *out, mlk_status *status)
{
    mlk_code code = mlk_delta_check(frames, width, order, mode, status);
    if (code)
        return code;
    double *weights = malloc(2 * (size_t)width * sizeof *weights);
    if (!weights)
        return mlk_fail_memory(status, "delta");
    fit_weights(width, order, weights, weights + width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < frames; t++) {
            int64_t centre = t;
            if (mode == MLK_DELTA_INTERP)
                centre = t < width / 2 ? width / 2 : (t > frames - 1 - width / 2 ? frames - 1 - width / 2 : t);
            out[r * frames + t] = (float)fitted(in + r * frames, frames, centre, width, weights, mode);
        }
    free(weights);
    return MLK_OK;
}

#include "dsp/emphasis.h"

/* The reference adds 2*in[0] - in[1], whatever coef is, to the first sample. */
void mlk_preemphasis(const float *restrict in, int64_t n, double coef, float *restrict out)
{
    out[0] = (float)(3.0 * in[0] - in[1]);
    for (int64_t i = 1; i < n; i++)
        out[i] = (float)(in[i] - coef * in[i - 1]);
}

/* From in[0] = 3*out[0] - out[1] and in[1] = out[1] - coef*out[0]. */
void mlk_deemphasis(const float *in, int64_t n, double coef, float *out)
{
    double last = ((double)in[0] + in[1]) / (3 - coef);
    out[0] = (float)last;
    for (int64_t i = 1; i < n; i++) {
        last = in[i] + coef * last;
        out[i] = (float)last;
    }
}

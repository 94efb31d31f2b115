/* Halving the rate of a waveform for the lower octaves. */
#include "dsp/cqt.h"

#include <math.h>
#include <soxr.h>
#include <string.h>

mlk_code mlk_decimate(const float *samples, int64_t n, int factor, float *out, mlk_status *status)
{
    size_t length = (size_t)((n + factor - 1) / factor), made = 0;
    if (n == 0)
        return MLK_OK;
    if (n == 0)
        return MLK_OK;
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_error_t error =
        soxr_oneshot(factor, 1, 1, samples, (size_t)n, NULL, out, length, &made, NULL, &quality, NULL);
    if (error)
        return mlk_fail(status, MLK_MEMORY, "resampling by 1/%d failed: %s", factor, error);
    memset(out + made, 0, (length - made) * sizeof *out);
    float gain = (float)sqrt(factor);
    for (size_t i = 0; i < made; i++)
        out[i] *= gain;
    return MLK_OK;
}

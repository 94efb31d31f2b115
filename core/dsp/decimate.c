/* Halving the rate of a waveform for the lower octaves. */
#include "dsp/cqt.h"

#include "interrupt.h"

#include <math.h>
#include <soxr.h>
#include <stdbool.h>
#include <string.h>

enum { PIECE = 1 << 20 }; /* samples between two looks at the interrupt flag */

mlk_code mlk_decimate(const float *samples, int64_t n, int factor, float *out, mlk_status *status)
{
    size_t length = (size_t)((n + factor - 1) / factor), made = 0;
    if (n == 0)
        return MLK_OK;
    soxr_error_t error = NULL;
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_t soxr = soxr_create(factor, 1, 1, &error, NULL, &quality, NULL);
    if (error)
        return mlk_fail(status, MLK_MEMORY, "resampling by 1/%d failed: %s", factor, error);

    size_t taken = 0;
    bool ended = false;
    while (!error && !ended && !mlk_interrupted()) {
        size_t left = (size_t)n - taken, used = 0, given = 0;
        error = soxr_process(soxr, left > 0 ? samples + taken : NULL, left < PIECE ? left : PIECE, &used, out + made,
                             length - made, &given);
        taken += used;
        made += given;
        ended = made == length || (left == 0 && given == 0);
    }
    soxr_delete(soxr);
    if (error)
        return mlk_fail(status, MLK_MEMORY, "resampling by 1/%d failed: %s", factor, error);
    if (mlk_interrupted())
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    memset(out + made, 0, (length - made) * sizeof *out);
    float gain = (float)sqrt(factor);
    for (size_t i = 0; i < made; i++)
        out[i] *= gain;
    return MLK_OK;
}

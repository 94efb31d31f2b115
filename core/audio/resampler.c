#include "resampler.h"

#include <math.h>
#include <soxr.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct mlk_resampler {
    soxr_t soxr;
    int channels;
    double from_hz, to_hz;
    int64_t taken, given;
};

static const double MAX_FACTOR = 1048576;

int64_t mlk_resampled_length(int64_t n, double from_hz, double to_hz)
{
    return (int64_t)ceil((double)n * (to_hz / from_hz));
}

mlk_code mlk_resampler_new(double from_hz, double to_hz, int channels, mlk_resampler **resampler, mlk_status *status)
{
    double factor = from_hz > to_hz ? from_hz / to_hz : to_hz / from_hz;
    if (!(factor <= MAX_FACTOR))
        return mlk_fail(status, MLK_INVALID, "cannot resample from %g Hz to %g Hz: more than a factor of %g apart",
                        from_hz, to_hz, MAX_FACTOR);
    mlk_resampler *made = calloc(1, sizeof *made);
    if (!made)
        return mlk_fail_memory(status, "a resampler");
    soxr_error_t error = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    made->soxr = soxr_create(from_hz, to_hz, (unsigned)channels, &error, &io, &quality, NULL);
    if (error) {
        free(made);
        return mlk_fail(status, MLK_INVALID, "cannot resample from %g Hz to %g Hz: %s", from_hz, to_hz, error);
    }
    made->channels = channels;
    made->from_hz = from_hz;
    made->to_hz = to_hz;
    *resampler = made;
    return MLK_OK;
}

mlk_code mlk_resampler_run(mlk_resampler *resampler, const float *const *in, int64_t n, int64_t *used,
                           float *const *out, int64_t capacity, int64_t *given, mlk_status *status)
{
    size_t taken = 0, made = 0;
    soxr_error_t error =
        soxr_process(resampler->soxr, in, in ? (size_t)n : 0, &taken, (soxr_out_t)out, (size_t)capacity, &made);
    if (error)
        return mlk_fail(status, MLK_INVALID, "resampling failed: %s", error);
    resampler->taken += (int64_t)taken;

    /* soxr rounds the length its own way: cut or fill up to the promised one. */
    int64_t count = (int64_t)made;
    if (!in) {
        int64_t left = mlk_resampled_length(resampler->taken, resampler->from_hz, resampler->to_hz) - resampler->given;
        if (count == 0 && left > 0) {
            count = left < capacity ? left : capacity;
            for (int channel = 0; channel < resampler->channels; channel++)
                memset(out[channel], 0, sizeof(float) * (size_t)count);
        }
        if (count > left)
            count = left > 0 ? left : 0;
    }
    resampler->given += count;
    *given = count;
    if (used)
        *used = (int64_t)taken;
    return MLK_OK;
}

void mlk_resampler_free(mlk_resampler *resampler)
{
    if (!resampler)
        return;
    soxr_delete(resampler->soxr);
    free(resampler);
}

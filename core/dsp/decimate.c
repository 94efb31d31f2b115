#include "dsp/decimate.h"

#include <math.h>
#include <soxr.h>
#include <stdlib.h>
#include <string.h>

typedef struct decimation {
    mlk_view_of *view_of;
    void *origin;
    int factor;
    float gain;
    soxr_t soxr;
    int64_t taken, made;
} decimation;

static mlk_code fail(const decimation *d, soxr_error_t error, mlk_status *status)
{
    return mlk_fail(status, MLK_MEMORY, "resampling by 1/%d failed: %s", d->factor, error);
}

/* What is left to give once the origin has ended: soxr's own length may differ by a sample. */
static mlk_code finish(decimation *d, int64_t n, float *out, int64_t count, int64_t *got, mlk_status *status)
{
    int64_t left = (n + d->factor - 1) / d->factor - d->made;
    count = count < left ? count : left;
    size_t given = 0;
    soxr_error_t error = soxr_process(d->soxr, NULL, 0, NULL, out, (size_t)count, &given);
    if (error)
        return fail(d, error, status);
    if (given == 0)
        memset(out, 0, (size_t)count * sizeof *out);
    *got = given > 0 ? (int64_t)given : count;
    return MLK_OK;
}

static mlk_code read(void *context, float *out, int64_t count, int64_t *got, mlk_status *status)
{
    decimation *d = context;
    int64_t piece = count * d->factor;
    for (*got = 0; *got == 0;) {
        mlk_view view;
        mlk_code code = d->view_of(d->origin, d->taken, d->taken + piece, &view, status);
        if (code)
            return code;
        size_t left = (size_t)(view.end - d->taken), used = 0, given = 0;
        if (left == 0) {
            code = finish(d, view.n, out, count, got, status);
            if (code || *got == 0)
                return code;
            break;
        }
        left = left < (size_t)piece ? left : (size_t)piece;
        soxr_error_t error = soxr_process(d->soxr, view.samples + (d->taken - view.first), left, &used, out,
                                          (size_t)count, &given);
        if (error)
            return fail(d, error, status);
        d->taken += (int64_t)used;
        *got = (int64_t)given;
    }
    for (int64_t i = 0; i < *got; i++)
        out[i] *= d->gain;
    d->made += *got;
    return MLK_OK;
}

static mlk_code restart(void *context, mlk_status *status)
{
    decimation *d = context;
    soxr_error_t error = soxr_clear(d->soxr);
    d->taken = d->made = 0;
    return error ? fail(d, error, status) : MLK_OK;
}

static void release(void *context)
{
    decimation *d = context;
    soxr_delete(d->soxr);
    free(d);
}

mlk_code mlk_decimation(mlk_view_of *view_of, void *origin, int factor, mlk_stream *source, mlk_status *status)
{
    decimation *made = malloc(sizeof *made);
    if (!made)
        return mlk_fail_memory(status, "a decimation");
    *made = (decimation){.view_of = view_of, .origin = origin, .factor = factor, .gain = (float)sqrt(factor)};
    soxr_error_t error = NULL;
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    made->soxr = soxr_create(factor, 1, 1, &error, NULL, &quality, NULL);
    if (error) {
        mlk_code code = fail(made, error, status);
        free(made);
        return code;
    }
    *source = (mlk_stream){made, read, restart, release};
    return MLK_OK;
}

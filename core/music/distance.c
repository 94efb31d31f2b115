#include "distance.h"

#include "parallel.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const mlk_metric_names[] = {"euclidean", "cosine", NULL};

mlk_code mlk_frames_check(mlk_frames frames, const char *name, mlk_status *status)
{
    if (frames.d < 1 || frames.n < 1)
        return mlk_fail(status, MLK_INVALID, "%s must have 1 row and 1 frame or more, got %lld x %lld", name,
                        (long long)frames.d, (long long)frames.n);
    for (int64_t i = 0; i < frames.d * frames.n; i++)
        if (!isfinite(frames.x[i]))
            return mlk_fail(status, MLK_INVALID, "%s must be finite, row %lld of frame %lld is %s", name,
                            (long long)(i / frames.n), (long long)(i % frames.n),
                            isnan(frames.x[i]) ? "NaN" : "infinite");
    return MLK_OK;
}

int64_t mlk_frames_silent(mlk_frames frames)
{
    for (int64_t j = 0; j < frames.n; j++) {
        int64_t row = 0;
        while (row < frames.d && frames.x[row * frames.n + j] == 0)
            row++;
        if (row == frames.d)
            return j;
    }
    return -1;
}

void mlk_frames_scales(mlk_frames frames, double *scales)
{
    memset(scales, 0, sizeof(double) * (size_t)frames.n);
    for (int64_t row = 0; row < frames.d; row++)
        for (int64_t j = 0; j < frames.n; j++)
            scales[j] += (double)frames.x[row * frames.n + j] * frames.x[row * frames.n + j];
    for (int64_t j = 0; j < frames.n; j++)
        scales[j] = scales[j] > 0 ? 1 / sqrt(scales[j]) : 0;
}

void mlk_distances_from(mlk_metric metric, mlk_frames a, const double *a_scales, int64_t i, mlk_frames b,
                        const double *b_scales, double *restrict out)
{
    memset(out, 0, sizeof(double) * (size_t)b.n);
    for (int64_t row = 0; row < a.d; row++) {
        const float *restrict others = b.x + row * b.n;
        double own = a.x[row * a.n + i];
        if (metric == MLK_EUCLIDEAN)
            for (int64_t j = 0; j < b.n; j++)
                out[j] += (own - others[j]) * (own - others[j]);
        else
            for (int64_t j = 0; j < b.n; j++)
                out[j] += own * others[j];
    }
    for (int64_t j = 0; j < b.n; j++) {
        if (metric == MLK_EUCLIDEAN)
            out[j] = sqrt(out[j]);
        else
            out[j] = fmin(fmax(1 - out[j] * (a_scales[i] * b_scales[j]), 0), 2);
    }
}

typedef struct job {
    mlk_metric metric;
    mlk_frames a, b;
    const double *a_scales, *b_scales;
    double *out;
} job;

static void one_row(void *context, int task, int worker)
{
    (void)worker;
    const job *all = context;
    mlk_distances_from(all->metric, all->a, all->a_scales, task, all->b, all->b_scales, all->out + task * all->b.n);
}

mlk_code mlk_distances(mlk_metric metric, mlk_frames a, mlk_frames b, double *out, mlk_status *status)
{
    mlk_code code = mlk_frames_check(a, "X", status);
    if (!code)
        code = mlk_frames_check(b, "Y", status);
    if (code)
        return code;
    if (a.d != b.d)
        return mlk_fail(status, MLK_INVALID, "X and Y must have as many rows, got %lld and %lld", (long long)a.d,
                        (long long)b.d);
    double *scales = malloc(sizeof(double) * (size_t)(a.n + b.n));
    if (!scales)
        return mlk_fail_memory(status, "the lengths of the frames");
    mlk_frames_scales(a, scales);
    mlk_frames_scales(b, scales + a.n);
    job all = {metric, a, b, scales, scales + a.n, out};
    bool complete = mlk_parallel((int)a.n, 0, one_row, &all) == (int)a.n;
    free(scales);
    return complete ? MLK_OK : mlk_fail(status, MLK_INTERRUPTED, "interrupted");
}

#include "dtw.h"

#include "interrupt.h"

#include <math.h>
#include <stdlib.h>

enum { NO_STEP = 255 };

static const mlk_dtw_step DEFAULT_STEPS[] = {{1, 1, 0, 1}, {0, 1, 0, 1}, {1, 0, 0, 1}};

#define IN(member) MLK_IN(mlk_dtw_options, member)

const mlk_parameter mlk_dtw_parameters[] = {
    MLK_CHOICE("metric", MLK_EUCLIDEAN, mlk_metric_names, "how far two frames lie apart", IN(metric)),
    MLK_BOOLEAN("subseq", false, "find the shorter feature anywhere within the longer", IN(subseq)),
    MLK_BOOLEAN("global_constraints", false, "stay within a band about the diagonal", IN(band)),
    MLK_REAL("band_rad", 0.25, 0, 1, "half the width of that band, as a share of the fewest frames", IN(radius)),
    MLK_PARAMETERS_END,
};

typedef struct walk {
    int64_t n, m;
    const mlk_dtw_step *steps;
    int n_steps;
    double *cost;    /* n x m */
    uint8_t *chosen; /* n x m: which step led here */
} walk;

static mlk_code check_step(const mlk_dtw_step *step, int i, mlk_status *status)
{
    bool moves = step->rows >= 0 && step->columns >= 0 && step->rows + step->columns > 0;
    if (!moves || step->rows > MLK_DTW_LONGEST_STEP || step->columns > MLK_DTW_LONGEST_STEP)
        return mlk_fail(status, MLK_INVALID, "step %d must go on by 0..%d frames of each, not 0 of both, got {%d, %d}",
                        i + 1, MLK_DTW_LONGEST_STEP, step->rows, step->columns);
    if (!isfinite(step->add) || !isfinite(step->times))
        return mlk_fail(status, MLK_INVALID, "the weights of step %d must be finite, got %g and %g", i + 1, step->add,
                        step->times);
    return MLK_OK;
}

static mlk_code check(mlk_frames x, mlk_frames y, const mlk_dtw_options *options, mlk_status *status)
{
    mlk_code code = mlk_frames_check(x, "X", status);
    if (!code)
        code = mlk_frames_check(y, "Y", status);
    if (code)
        return code;
    if (x.d != y.d)
        return mlk_fail(status, MLK_INVALID, "X and Y must have as many rows, got %lld and %lld", (long long)x.d,
                        (long long)y.d);
    if (options->metric == MLK_COSINE) {
        int64_t in_x = mlk_frames_silent(x), in_y = mlk_frames_silent(y);
        if (in_x >= 0 || in_y >= 0)
            return mlk_fail(status, MLK_INVALID, "a frame of zeros has no cosine distance: frame %lld of %s",
                            (long long)(in_x >= 0 ? in_x : in_y), in_x >= 0 ? "X" : "Y");
    }
    if (options->n_steps < 0 || options->n_steps > MLK_DTW_MOST_STEPS)
        return mlk_fail(status, MLK_INVALID, "step_sizes must be 1..%d steps, got %d", MLK_DTW_MOST_STEPS,
                        options->n_steps);
    for (int i = 0; i < options->n_steps; i++) {
        code = check_step(&options->steps[i], i, status);
        if (code)
            return code;
    }
    if (options->band && !(options->radius >= 0 && options->radius <= 1))
        return mlk_fail(status, MLK_INVALID, "band_rad must be 0..1, got %g", options->radius);
    return MLK_OK;
}

/* Cells of row i outside of the band become infinitely far. */
static void cut_band(double *distances, int64_t i, int64_t n, int64_t m, double radius)
{
    int64_t reach = (int64_t)rint(radius * (double)(n < m ? n : m));
    int64_t above = n < m ? reach + m - n : reach, below = n < m ? reach : reach + n - m;
    for (int64_t j = 0; j < m; j++)
        if (j - i >= above || i - j >= below)
            distances[j] = INFINITY;
}

static void walk_row(const walk *self, int64_t i, const double *distances, bool subseq)
{
    double *row = self->cost + i * self->m;
    uint8_t *chosen = self->chosen + i * self->m;
    for (int64_t j = 0; j < self->m; j++) {
        double best = i == 0 && (j == 0 || subseq) ? distances[j] : INFINITY;
        int by = NO_STEP;
        for (int s = 0; s < self->n_steps && distances[j] < INFINITY; s++) {
            const mlk_dtw_step *step = &self->steps[s];
            if (step->rows > i || step->columns > j)
                continue;
            double cost = row[j - step->columns - step->rows * self->m] + (step->times * distances[j] + step->add);
            if (cost < best) {
                best = cost;
                by = s;
            }
        }
        row[j] = best;
        chosen[j] = (uint8_t)by;
    }
}

static mlk_code trace_back(const walk *self, bool subseq, int64_t *path, int64_t *length, mlk_status *status)
{
    const double *last = self->cost + (self->n - 1) * self->m;
    int64_t i = self->n - 1, j = self->m - 1, count = 0;
    if (subseq) {
        j = 0;
        for (int64_t at = 1; at < self->m; at++)
            if (last[at] < last[j])
                j = at;
    }
    if (isinf(last[j]))
        return mlk_fail(status, MLK_INVALID, "no path leads through X (%lld frames) and Y (%lld frames) by these steps "
                                             "and in this band", (long long)self->n, (long long)self->m);
    for (;;) {
        path[2 * count] = i;
        path[2 * count + 1] = j;
        count++;
        int by = self->chosen[i * self->m + j];
        if (by == NO_STEP || (subseq && i == 0))
            break;
        i -= self->steps[by].rows;
        j -= self->steps[by].columns;
    }
    *length = count;
    return MLK_OK;
}

mlk_code mlk_dtw(mlk_frames x, mlk_frames y, const mlk_dtw_options *options, double *cost, int64_t *path,
                 int64_t *length, mlk_status *status)
{
    mlk_code code = check(x, y, options, status);
    if (code)
        return code;
    walk self = {.n = x.n, .m = y.n, .cost = cost};
    self.steps = options->n_steps ? options->steps : DEFAULT_STEPS;
    self.n_steps = options->n_steps ? options->n_steps : 3;
    double *scales = malloc(sizeof(double) * (size_t)(x.n + y.n));
    double *distances = malloc(sizeof(double) * (size_t)y.n);
    self.chosen = malloc((size_t)(x.n * y.n));
    if (!scales || !distances || !self.chosen) {
        code = mlk_fail_memory(status, "the steps between all pairs of frames");
        goto done;
    }
    mlk_frames_scales(x, scales);
    mlk_frames_scales(y, scales + x.n);
    for (int64_t i = 0; i < x.n; i++) {
        if (mlk_interrupted()) {
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
            goto done;
        }
        mlk_distances_from(options->metric, x, scales, i, y, scales + x.n, distances);
        if (options->band)
            cut_band(distances, i, x.n, y.n, options->radius);
        walk_row(&self, i, distances, options->subseq);
    }
    code = trace_back(&self, options->subseq, path, length, status);
done:
    free(scales);
    free(distances);
    free(self.chosen);
    return code;
}

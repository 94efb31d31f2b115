#include "dsp/poly.h"

#include "dsp/memo.h"

#include <math.h>
#include <stdlib.h>

typedef struct request {
    int bins, order;
} request;

/* The matrix (order + 1) x bins that takes values to coefficients of powers of k / (bins - 1), lowest first: the
 * pseudo-inverse of the Vandermonde matrix, by Gram and Schmidt (twice: once loses digits). */
static void *make_solver(const void *context, mlk_status *status)
{
    const request *of = context;
    int bins = of->bins, terms = of->order + 1;
    double *q = malloc((size_t)(terms * bins) * sizeof *q), *solver = calloc((size_t)(terms * bins), sizeof *solver);
    double r[MLK_POLY_MAX + 1][MLK_POLY_MAX + 1] = {{0}};
    if (!q || !solver) {
        free(q);
        free(solver);
        mlk_fail_memory(status, "a least squares fit");
        return NULL;
    }
    for (int j = 0; j < terms; j++) {
        for (int k = 0; k < bins; k++)
            q[j * bins + k] = pow((double)k / (bins - 1), j);
        for (int again = 0; again < 2; again++)
            for (int i = 0; i < j; i++) {
                double along = 0;
                for (int k = 0; k < bins; k++)
                    along += q[i * bins + k] * q[j * bins + k];
                for (int k = 0; k < bins; k++)
                    q[j * bins + k] -= along * q[i * bins + k];
                r[i][j] += along;
            }
        for (int k = 0; k < bins; k++)
            r[j][j] += q[j * bins + k] * q[j * bins + k];
        r[j][j] = sqrt(r[j][j]);
        for (int k = 0; k < bins; k++)
            q[j * bins + k] /= r[j][j];
    }
    for (int j = terms - 1; j >= 0; j--) /* R solver = Q' */
        for (int k = 0; k < bins; k++) {
            double sum = q[j * bins + k];
            for (int i = j + 1; i < terms; i++)
                sum -= r[j][i] * solver[i * bins + k];
            solver[j * bins + k] = sum / r[j][j];
        }
    free(q);
    return solver;
}

MLK_CLONES static void dot(const double *restrict weights, const mlk_floats *restrict tile, int64_t rows,
                           mlk_doubles *restrict out)
{
    mlk_doubles sum = {{{0}}};
    for (int64_t k = 0; k < rows; k++)
        MLK_HALVES(h) sum.half[h] += weights[k] * MLK_WIDEN(tile + k, h);
    *out = sum;
}

mlk_code mlk_poly_features(const mlk_tiles *spectrum, double bin_hz, int order, float *out, mlk_status *status)
{
    static const mlk_memo_kind solvers = {make_solver, free};
    int64_t rows = spectrum->rows, frames = spectrum->frames;
    request r = {(int)rows, order};
    const double *solver = mlk_memo_get(mlk_memo_shared(), &solvers, MLK_KEY(r.bins, r.order), &r, status);
    if (!solver)
        return status->code;
    for (int j = 0; j <= order; j++) {
        double scale = pow(bin_hz * (double)(rows - 1), j); /* powers of Hz, not of the share of the spectrum */
        for (int64_t i = 0; i < mlk_tile_count(frames); i++) {
            mlk_doubles sum;
            dot(solver + j * rows, mlk_tile_rows(spectrum, i), rows, &sum);
            for (int lane = 0; lane < MLK_TILE && i * MLK_TILE + lane < frames; lane++)
                out[(order - j) * frames + i * MLK_TILE + lane] = (float)(MLK_LANE(sum, lane) / scale);
        }
    }
    return MLK_OK;
}

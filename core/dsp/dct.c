#include "dsp/dct.h"

#include "dsp/lanes.h"
#include "dsp/memo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double basis(int type, bool ortho, int n, int i, int b)
{
    if (type == 2) {
        double value = 2 * cos(M_PI * i * (2 * b + 1) / (2.0 * n));
        return ortho ? value * sqrt((i == 0 ? 0.25 : 0.5) / n) : value;
    }
    double value = cos(M_PI * b * (2 * i + 1) / (2.0 * n));
    if (ortho)
        return value * sqrt((b == 0 ? 1.0 : 2.0) / n);
    return b == 0 ? 1 : 2 * value;
}

/* One row of the matrix times MLK_TILE columns. */
MLK_CLONES static void multiply(const double *restrict row, const mlk_doubles *restrict columns, int n,
                                mlk_doubles *restrict out)
{
    mlk_doubles even = {{{0}}}, odd = {{{0}}};
    int b = 0;
    for (; b + 2 <= n; b += 2)
        MLK_HALVES(h) {
            even.half[h] += row[b] * columns[b].half[h];
            odd.half[h] += row[b + 1] * columns[b + 1].half[h];
        }
    MLK_HALVES(h) {
        if (b < n)
            even.half[h] += row[b] * columns[b].half[h];
        out->half[h] = even.half[h] + odd.half[h];
    }
}

typedef struct request {
    int type;
    bool ortho;
    int n, coefficients;
} request;

/* The transform's first rows, coefficients x n. */
static void *make_matrix(const void *context, mlk_status *status)
{
    const request *r = context;
    int n = r->n, coefficients = r->coefficients;
    double *matrix = malloc((size_t)coefficients * (size_t)n * sizeof *matrix);
    if (!matrix)
        mlk_fail_memory(status, "a cosine transform");
    for (int i = 0; matrix && i < coefficients; i++)
        for (int b = 0; b < n; b++)
            matrix[i * n + b] = basis(r->type, r->ortho, n, i, b);
    return matrix;
}

mlk_code mlk_dct_columns(const float *in, int n, int64_t frames, int type, bool ortho, int coefficients,
                         const double *gain, float *out, mlk_status *status)
{
    static const mlk_memo_kind matrices = {make_matrix, free};
    request r = {type, ortho, n, coefficients};
    const double *matrix =
        mlk_memo_get(mlk_memo_shared(), &matrices, MLK_KEY(type, ortho, n, coefficients), &r, status);
    if (!matrix)
        return status->code;
    mlk_doubles *block = aligned_alloc(sizeof *block, (size_t)n * sizeof *block);
    if (!block)
        return mlk_fail_memory(status, "a cosine transform");
    for (int64_t first = 0; first < frames; first += MLK_TILE) {
        int width = frames - first < MLK_TILE ? (int)(frames - first) : MLK_TILE;
        for (int b = 0; b < n; b++) {
            mlk_floats column = {0};
            memcpy(&column, in + b * frames + first, (size_t)width * sizeof *in);
            MLK_HALVES(h) block[b].half[h] = MLK_WIDEN(&column, h);
        }
        for (int i = 0; i < coefficients; i++) {
            mlk_doubles sum;
            multiply(matrix + i * n, block, n, &sum);
            for (int j = 0; j < width; j++)
                out[i * frames + first + j] = (float)(gain[i] * MLK_LANE(sum, j));
        }
    }
    free(block);
    return MLK_OK;
}

#include "dsp/dct.h"

#include "dsp/lanes.h"

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

mlk_code mlk_dct_columns(const float *in, int n, int64_t frames, int type, bool ortho, int coefficients,
                         const double *gain, float *out, mlk_status *status)
{
    double *matrix = malloc((size_t)coefficients * (size_t)n * sizeof *matrix);
    mlk_doubles *block = aligned_alloc(sizeof *block, (size_t)n * sizeof *block);
    if (!matrix || !block) {
        free(matrix);
        free(block);
        return mlk_fail_memory(status, "a cosine transform");
    }
    for (int i = 0; i < coefficients; i++)
        for (int b = 0; b < n; b++)
            matrix[i * n + b] = gain[i] * basis(type, ortho, n, i, b);

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
                out[i * frames + first + j] = (float)MLK_LANE(sum, j);
        }
    }
    free(matrix);
    free(block);
    return MLK_OK;
}

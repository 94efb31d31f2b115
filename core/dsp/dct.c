#include "dsp/dct.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 8 }; /* columns worked on side by side */

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

mlk_code mlk_dct_columns(const float *in, int n, int64_t frames, int type, bool ortho, int coefficients,
                         const double *gain, float *out, mlk_status *status)
{
    double *matrix = malloc((size_t)coefficients * (size_t)n * sizeof *matrix);
    double *block = calloc((size_t)n, BLOCK * sizeof *block);
    if (!matrix || !block) {
        free(matrix);
        free(block);
        return mlk_fail_memory(status, "a cosine transform");
    }
    for (int i = 0; i < coefficients; i++)
        for (int b = 0; b < n; b++)
            matrix[i * n + b] = gain[i] * basis(type, ortho, n, i, b);

    for (int64_t first = 0; first < frames; first += BLOCK) {
        int width = frames - first < BLOCK ? (int)(frames - first) : BLOCK;
        for (int b = 0; b < n; b++)
            for (int j = 0; j < width; j++)
                block[b * BLOCK + j] = in[b * frames + first + j];
        for (int i = 0; i < coefficients; i++) {
            double sum[BLOCK] = {0};
            for (int b = 0; b < n; b++)
                for (int j = 0; j < BLOCK; j++)
                    sum[j] += matrix[i * n + b] * block[b * BLOCK + j];
            for (int j = 0; j < width; j++)
                out[i * frames + first + j] = (float)sum[j];
        }
    }
    free(matrix);
    free(block);
    return MLK_OK;
}

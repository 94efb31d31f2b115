#include "dsp/normalize.h"

#include <math.h>
#include <stddef.h>

const char *const mlk_norm_names[] = {"inf", "1", "2", "none", NULL};

void mlk_normalize_columns(float *data, int64_t rows, int64_t frames, mlk_norm norm)
{
    if (norm == MLK_NORM_NONE)
        return;
    for (int64_t t = 0; t < frames; t++) {
        double length = 0;
        for (int64_t i = 0; i < rows; i++) {
            double size = fabs(data[i * frames + t]);
            if (norm == MLK_NORM_INF)
                length = size > length ? size : length;
            else
                length += norm == MLK_NORM_1 ? size : size * size;
        }
        if (norm == MLK_NORM_2)
            length = sqrt(length);
        if (length < MLK_NORM_TINY)
            continue;
        for (int64_t i = 0; i < rows; i++)
            data[i * frames + t] = (float)(data[i * frames + t] / length);
    }
}

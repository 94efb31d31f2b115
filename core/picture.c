#include "picture.h"

#include <math.h>

int64_t mlk_picture_range(const float *data, int64_t n, float *low, float *high)
{
    int64_t finite = 0;
    float least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(data[i]))
            continue;
        finite++;
        least = data[i] < least ? data[i] : least;
        most = data[i] > most ? data[i] : most;
    }
    if (finite > 0) {
        *low = least;
        *high = most;
    }
    return finite;
}

/* What a row of pixels covers, pooled over rows first..last-1 and columns from..to-1. */
static float pooled(const float *data, int64_t columns, int64_t first, int64_t last, int64_t from, int64_t to,
                    mlk_pool pool)
{
    double sum = 0;
    float most = -INFINITY;
    int64_t finite = 0;
    for (int64_t row = first; row < last; row++) {
        const float *line = data + row * columns;
        for (int64_t column = from; column < to; column++) {
            float value = line[column];
            if (!isfinite(value))
                continue;
            finite++;
            sum += value;
            most = value > most ? value : most;
        }
    }
    if (finite == 0)
        return NAN;
    return pool == MLK_POOL_MAX ? most : (float)(sum / (double)finite);
}

/* The row that covers `place`: the last one whose lower edge is not above it. */
static int64_t row_at(const double *edges, int64_t rows, double place)
{
    int64_t low = 0, high = rows - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (edges[middle] <= place)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

void mlk_picture_image(const float *data, int64_t rows, int64_t columns, const double *edges, mlk_pool pool,
                       int64_t out_rows, int64_t out_columns, float *out)
{
    for (int64_t r = 0; r < out_rows; r++) {
        int64_t first = r * rows / out_rows, last = (r + 1) * rows / out_rows;
        if (edges) {
            double height = (edges[rows] - edges[0]) / (double)out_rows;
            first = r == 0 ? 0 : row_at(edges, rows, edges[0] + ((double)r + 0.5) * height);
            last = r + 1 == out_rows ? rows : row_at(edges, rows, edges[0] + ((double)r + 1.5) * height);
        }
        if (last <= first)
            last = first + 1;
        for (int64_t c = 0; c < out_columns; c++) {
            int64_t from = c * columns / out_columns, to = (c + 1) * columns / out_columns;
            out[r * out_columns + c] = pooled(data, columns, first, last, from, to > from ? to : from + 1, pool);
        }
    }
}

void mlk_picture_envelope(const float *samples, int64_t n, int64_t bins, float *out)
{
    for (int64_t bin = 0; bin < bins; bin++) {
        int64_t from = bin * n / bins, to = (bin + 1) * n / bins, finite = 0;
        float low = INFINITY, high = -INFINITY;
        double squares = 0;
        for (int64_t i = from; i < to; i++) {
            if (!isfinite(samples[i]))
                continue;
            finite++;
            low = samples[i] < low ? samples[i] : low;
            high = samples[i] > high ? samples[i] : high;
            squares += (double)samples[i] * samples[i];
        }
        out[3 * bin] = finite ? low : NAN;
        out[3 * bin + 1] = finite ? high : NAN;
        out[3 * bin + 2] = finite ? (float)sqrt(squares / (double)finite) : NAN;
    }
}

void mlk_picture_histogram(const float *data, int64_t n, double low, double high, int64_t bins, int64_t *counts)
{
    for (int64_t bin = 0; bin < bins; bin++)
        counts[bin] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(data[i]) || data[i] < low || data[i] > high)
            continue;
        int64_t bin = high > low ? (int64_t)((data[i] - low) / (high - low) * (double)bins) : 0;
        counts[bin < bins ? bin : bins - 1]++;
    }
}

void mlk_picture_decibels(float *data, int64_t n, double factor, double top_db)
{
    float low = 0, high = 0;
    if (mlk_picture_range(data, n, &low, &high) == 0)
        return;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(data[i]))
            continue;
        double db = data[i] > 0 && high > 0 ? factor * log10((double)data[i] / high) : -top_db;
        data[i] = (float)(db > -top_db ? db : -top_db);
    }
}

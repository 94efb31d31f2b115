#include "dsp/spectral.h"

#include "dsp/normalize.h"

#include <math.h>

/* Per frame of a tile: the sum of values, and of values weighted by frequency. */
static void moments(const float *restrict tile, int64_t rows, double bin_hz, double *restrict sum,
                    double *restrict weighted)
{
    for (int j = 0; j < MLK_TILE; j++)
        sum[j] = weighted[j] = 0;
    for (int64_t k = 0; k < rows; k++)
        for (int j = 0; j < MLK_TILE; j++) {
            double value = tile[k * MLK_TILE + j];
            sum[j] += value;
            weighted[j] += value * ((double)k * bin_hz);
        }
}

/* What a column is divided by to sum to 1; silent columns stay as they are. */
static double divisor(double sum)
{
    return sum < MLK_NORM_TINY ? 1 : sum;
}

static int tile_width(const mlk_tiles *tiles, int64_t index)
{
    int64_t left = tiles->frames - index * MLK_TILE;
    return left < MLK_TILE ? (int)left : MLK_TILE;
}

void mlk_spectral_centroid(const mlk_tiles *magnitude, double bin_hz, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(magnitude->frames); i++) {
        double sum[MLK_TILE], weighted[MLK_TILE];
        moments(mlk_tile(magnitude, i), magnitude->rows, bin_hz, sum, weighted);
        for (int j = 0; j < tile_width(magnitude, i); j++)
            out[i * MLK_TILE + j] = (float)(weighted[j] / divisor(sum[j]));
    }
}

void mlk_spectral_bandwidth(const mlk_tiles *magnitude, double bin_hz, bool norm, double p, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(magnitude->frames); i++) {
        const float *restrict tile = mlk_tile(magnitude, i);
        double sum[MLK_TILE], centre[MLK_TILE], spread[MLK_TILE] = {0};
        moments(tile, magnitude->rows, bin_hz, sum, centre);
        for (int j = 0; j < MLK_TILE; j++)
            centre[j] /= divisor(sum[j]);
        for (int64_t k = 0; k < magnitude->rows; k++)
            for (int j = 0; j < MLK_TILE; j++) {
                double distance = fabs((double)k * bin_hz - centre[j]);
                spread[j] += tile[k * MLK_TILE + j] * (p == 2 ? distance * distance : pow(distance, p));
            }
        for (int j = 0; j < tile_width(magnitude, i); j++)
            out[i * MLK_TILE + j] = (float)pow(norm ? spread[j] / divisor(sum[j]) : spread[j], 1 / p);
    }
}

void mlk_spectral_rolloff(const mlk_tiles *magnitude, double bin_hz, double share, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(magnitude->frames); i++) {
        const float *restrict tile = mlk_tile(magnitude, i);
        double sum[MLK_TILE], unused[MLK_TILE], running[MLK_TILE] = {0}, below[MLK_TILE] = {0};
        moments(tile, magnitude->rows, bin_hz, sum, unused);
        for (int64_t k = 0; k < magnitude->rows; k++)
            for (int j = 0; j < MLK_TILE; j++) {
                running[j] += tile[k * MLK_TILE + j];
                below[j] += running[j] < share * sum[j];
            }
        for (int j = 0; j < tile_width(magnitude, i); j++)
            out[i * MLK_TILE + j] = (float)(below[j] * bin_hz);
    }
}

enum { FACTORS = 8 }; /* floats whose product stays within a double's range */

void mlk_spectral_flatness(const mlk_tiles *power, double amin, float *out)
{
    float least = (float)amin;
    for (int64_t i = 0; i < mlk_tile_count(power->frames); i++) {
        const float *restrict tile = mlk_tile(power, i);
        double sum[MLK_TILE] = {0}, logs[MLK_TILE] = {0};
        for (int64_t first = 0; first < power->rows; first += FACTORS) {
            int64_t end = first + FACTORS < power->rows ? first + FACTORS : power->rows;
            double product[MLK_TILE] = {1, 1, 1, 1, 1, 1, 1, 1}; /* one logarithm for eight bins */
            for (int64_t k = first; k < end; k++)
                for (int j = 0; j < MLK_TILE; j++) {
                    float value = tile[k * MLK_TILE + j];
                    value = value > least ? value : least;
                    sum[j] += value;
                    product[j] *= value;
                }
            for (int j = 0; j < MLK_TILE; j++)
                logs[j] += log(product[j]);
        }
        double n = (double)power->rows;
        for (int j = 0; j < tile_width(power, i); j++)
            out[i * MLK_TILE + j] = (float)(exp(logs[j] / n) / (sum[j] / n));
    }
}

#include "dsp/spectral.h"

#include "dsp/normalize.h"

#include <math.h>

/* Per frame of a tile: the sum of values, and of values weighted by frequency. */
MLK_CLONES static void moments(const mlk_floats *restrict tile, int64_t rows, double bin_hz, mlk_doubles *restrict sum,
                               mlk_doubles *restrict weighted)
{
    mlk_doubles total = {{{0}}}, moment = {{{0}}};
    for (int64_t k = 0; k < rows; k++)
        MLK_HALVES(h) {
            mlk_half_doubles value = MLK_WIDEN(tile + k, h);
            total.half[h] += value;
            moment.half[h] += value * ((double)k * bin_hz);
        }
    *sum = total;
    *weighted = moment;
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
        mlk_doubles sum, weighted;
        moments(mlk_tile_rows(magnitude, i), magnitude->rows, bin_hz, &sum, &weighted);
        for (int j = 0; j < tile_width(magnitude, i); j++)
            out[i * MLK_TILE + j] = (float)(MLK_LANE(weighted, j) / divisor(MLK_LANE(sum, j)));
    }
}

MLK_CLONES static void second_moment(const mlk_floats *restrict tile, int64_t rows, double bin_hz,
                                     const mlk_doubles *restrict centre, mlk_doubles *restrict spread)
{
    mlk_doubles sum = {{{0}}}, middle = *centre;
    for (int64_t k = 0; k < rows; k++)
        MLK_HALVES(h) {
            mlk_half_doubles distance = (double)k * bin_hz - middle.half[h];
            sum.half[h] += MLK_WIDEN(tile + k, h) * (distance * distance);
        }
    *spread = sum;
}

static void other_moment(const mlk_floats *tile, int64_t rows, double bin_hz, const mlk_doubles *centre, double p,
                         mlk_doubles *spread)
{
    *spread = (mlk_doubles){{{0}}};
    for (int64_t k = 0; k < rows; k++)
        for (int j = 0; j < MLK_TILE; j++)
            MLK_LANE(*spread, j) += tile[k][j] * pow(fabs((double)k * bin_hz - MLK_LANE(*centre, j)), p);
}

void mlk_spectral_bandwidth(const mlk_tiles *magnitude, double bin_hz, bool norm, double p, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(magnitude->frames); i++) {
        const mlk_floats *tile = mlk_tile_rows(magnitude, i);
        mlk_doubles sum, centre, spread;
        moments(tile, magnitude->rows, bin_hz, &sum, &centre);
        for (int j = 0; j < MLK_TILE; j++)
            MLK_LANE(centre, j) /= divisor(MLK_LANE(sum, j));
        if (p == 2)
            second_moment(tile, magnitude->rows, bin_hz, &centre, &spread);
        else
            other_moment(tile, magnitude->rows, bin_hz, &centre, p, &spread);
        for (int j = 0; j < tile_width(magnitude, i); j++) {
            double whole = norm ? divisor(MLK_LANE(sum, j)) : 1;
            out[i * MLK_TILE + j] = (float)pow(MLK_LANE(spread, j) / whole, 1 / p);
        }
    }
}

/* Number of rows whose running sum stays below `share` of the whole. */
MLK_CLONES static void rows_below(const mlk_floats *restrict tile, int64_t rows, double share, mlk_doubles *restrict below)
{
    mlk_doubles limit = {{{0}}}, running = {{{0}}}, count = {{{0}}};
    for (int64_t k = 0; k < rows; k++)
        MLK_HALVES(h) limit.half[h] += MLK_WIDEN(tile + k, h);
    MLK_HALVES(h) limit.half[h] *= share;
    for (int64_t k = 0; k < rows; k++)
        MLK_HALVES(h) {
            running.half[h] += MLK_WIDEN(tile + k, h);
            const mlk_half_doubles one = {1, 1, 1, 1};
            count.half[h] += (mlk_half_doubles)((running.half[h] < limit.half[h]) & (mlk_half_masks)one);
        }
    *below = count;
}

void mlk_spectral_rolloff(const mlk_tiles *magnitude, double bin_hz, double share, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(magnitude->frames); i++) {
        mlk_doubles below;
        rows_below(mlk_tile_rows(magnitude, i), magnitude->rows, share, &below);
        for (int j = 0; j < tile_width(magnitude, i); j++)
            out[i * MLK_TILE + j] = (float)(MLK_LANE(below, j) * bin_hz);
    }
}

enum { FACTORS = 8 }; /* floats whose product stays within a double's range */

/* Sum, and product, of `count` rows of values of at least `least`. */
MLK_CLONES static void sum_and_product(const mlk_floats *restrict tile, int64_t count, float least,
                                       mlk_doubles *restrict sum, mlk_doubles *restrict product)
{
    mlk_floats lowest = {0};
    lowest += least;
    mlk_doubles total = *sum, factor = {{{1, 1, 1, 1}, {1, 1, 1, 1}}};
    for (int64_t k = 0; k < count; k++) {
        mlk_floats value = MLK_LARGER(tile[k], lowest);
        MLK_HALVES(h) {
            total.half[h] += MLK_WIDEN(&value, h);
            factor.half[h] *= MLK_WIDEN(&value, h);
        }
    }
    *sum = total;
    *product = factor;
}

void mlk_spectral_flatness(const mlk_tiles *power, double amin, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(power->frames); i++) {
        const mlk_floats *tile = mlk_tile_rows(power, i);
        mlk_doubles sum = {{{0}}}, product;
        double logs[MLK_TILE] = {0};
        for (int64_t first = 0; first < power->rows; first += FACTORS) {
            int64_t left = power->rows - first;
            sum_and_product(tile + first, left < FACTORS ? left : FACTORS, (float)amin, &sum, &product);
            for (int j = 0; j < MLK_TILE; j++)
                logs[j] += log(MLK_LANE(product, j)); /* one logarithm for eight bins */
        }
        double n = (double)power->rows;
        for (int j = 0; j < tile_width(power, i); j++)
            out[i * MLK_TILE + j] = (float)(exp(logs[j] / n) / (MLK_LANE(sum, j) / n));
    }
}

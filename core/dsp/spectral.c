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
MLK_CLONES static void rows_below(const mlk_floats *restrict tile, int64_t rows, double share,
                                  mlk_doubles *restrict below)
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

/* Normal floats whose product, and twice that, stays within a double's range. */
enum { FACTORS = 7 };

typedef uint64_t words __attribute__((vector_size(32), may_alias));

/* A product as mantissa times 2^exponent: long ones overflow nothing and need one logarithm. */
typedef struct product {
    mlk_half_doubles mantissa[2];
    words exponent[2]; /* with as many times 1023 as there were steps */
    int64_t steps;
} product;

/* Adds to the sum, and multiplies to the product, rows of values of at least `least`. */
MLK_CLONES static void sum_and_product(const mlk_floats *restrict tile, int64_t rows, float least,
                                       mlk_doubles *restrict sum, product *restrict made)
{
    const words mantissa = {0xfffffffffffff, 0xfffffffffffff, 0xfffffffffffff, 0xfffffffffffff};
    const words one = {UINT64_C(1023) << 52, UINT64_C(1023) << 52, UINT64_C(1023) << 52, UINT64_C(1023) << 52};
    mlk_floats lowest = {0};
    lowest += least;
    mlk_doubles total = {{{0}}};
    mlk_half_doubles factor[2] = {(mlk_half_doubles)one, (mlk_half_doubles)one};
    words exponent[2] = {{0}};
    for (int64_t first = 0; first < rows; first += FACTORS) {
        int64_t end = first + FACTORS < rows ? first + FACTORS : rows;
        for (int64_t k = first; k < end; k++) {
            mlk_floats value = MLK_LARGER(tile[k], lowest);
            MLK_HALVES(h) {
                total.half[h] += MLK_WIDEN(&value, h);
                factor[h] *= MLK_WIDEN(&value, h);
            }
        }
        MLK_HALVES(h) {
            exponent[h] += (words)factor[h] >> 52;
            factor[h] = (mlk_half_doubles)(((words)factor[h] & mantissa) | one);
        }
    }
    *sum = total;
    *made = (product){{factor[0], factor[1]}, {exponent[0], exponent[1]}, (rows + FACTORS - 1) / FACTORS};
}

static double log_of(const product *p, int j)
{
    int64_t exponent = (int64_t)p->exponent[j / 4][j % 4] - 1023 * p->steps;
    return log(p->mantissa[j / 4][j % 4]) + (double)exponent * M_LN2;
}

void mlk_spectral_flatness(const mlk_tiles *power, double amin, float *out)
{
    double n = (double)power->rows;
    for (int64_t i = 0; i < mlk_tile_count(power->frames); i++) {
        mlk_doubles sum;
        product values;
        sum_and_product(mlk_tile_rows(power, i), power->rows, (float)amin, &sum, &values);
        for (int j = 0; j < tile_width(power, i); j++)
            out[i * MLK_TILE + j] = (float)(exp(log_of(&values, j) / n) / (MLK_LANE(sum, j) / n));
    }
}

/* picture.h: reduces arrays to what a picture can show.
 *
 * A picture has perhaps a thousand pixels a line; a song has millions of samples. The plotting
 * library calls these before it hands anything to the plotter. Numbers that are not finite are left
 * out of every sum; a pixel that covers no others is NaN.
 */
#ifndef MLK_PICTURE_H
#define MLK_PICTURE_H

#include <stdint.h>

typedef enum mlk_pool {
    MLK_POOL_MAX,  /* keeps peaks: spectra */
    MLK_POOL_MEAN, /* keeps levels: everything else */
} mlk_pool;

/* Smallest and largest finite number; returns how many are finite (low and high untouched when none). */
int64_t mlk_picture_range(const float *data, int64_t n, float *low, float *high);

/* Resamples data (rows × columns) to out (out_rows × out_columns). Each pixel pools all that it covers;
 * where it covers less than one number, the number under its centre is taken. `edges`, rows + 1 ascending
 * numbers, are where the rows begin and end on the picture's axis; NULL: equal heights. */
void mlk_picture_image(const float *data, int64_t rows, int64_t columns, const double *edges, mlk_pool pool,
                       int64_t out_rows, int64_t out_columns, float *out);

/* Cuts n samples into bins and writes minimum, maximum and root mean square of each: out is bins × 3, bins <= n. */
void mlk_picture_envelope(const float *samples, int64_t n, int64_t bins, float *out);

/* Counts of finite numbers in `bins` equal intervals of [low, high], the last one closed. */
void mlk_picture_histogram(const float *data, int64_t n, double low, double high, int64_t bins, int64_t *counts);

/* factor · log10 of each number over the largest, not less than -top_db. */
void mlk_picture_decibels(float *data, int64_t n, double factor, double top_db);

#endif

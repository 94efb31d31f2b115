/* int8.h: matrix products of 8-bit integers: weights that were rounded once, activations that are rounded as they come.
 *
 * x [rows, k] float32 times the transpose of a weight [outputs, k]. Each output's weights have a scale, each row of x
 * has one, sums are exact in 32 bits (k below 130 000). Weights are kept plus 128, for the instructions that multiply
 * (AVX-512 VNNI) take one factor without a sign; what that adds is taken off by the sum of the row.
 *
 * Packed weights: panels of 64 outputs, in each panel k in fours, of these the four numbers of each output:
 * [outputs / 64][k / 4][64][4], rounded up, filled with 128, which stands for 0.
 */
#ifndef MLK_INT8_H
#define MLK_INT8_H

#include <stddef.h>
#include <stdint.h>

enum { MLK_INT8_PANEL = 64, MLK_INT8_MOST_K = 130000 };

/* k rounded up to what a row of rounded numbers holds. */
size_t mlk_int8_depth(size_t k);

/* Bytes of the packed weights of so many outputs. */
size_t mlk_int8_packed_size(size_t outputs, size_t k);

/* Packs a weight [outputs, k] and fills scales [outputs]. */
void mlk_int8_pack(const float *weight, size_t outputs, size_t k, uint8_t *packed, float *scales);

/* Rounds a row of k numbers to whole multiples of *scale, -127..127; the rest of mlk_int8_depth(k) becomes 0. *sum is
 * the sum of the whole numbers. Numbers that are not finite make the scale NaN, so that the products are. */
void mlk_int8_round(const float *row, size_t k, int8_t *rounded, float *scale, int32_t *sum);

/* Rounded rows as mlk_int8_round leaves them, one behind the other. */
typedef struct mlk_int8_rows {
    const int8_t *rounded;
    const float *scales;
    const int32_t *sums;
    size_t count, k;
} mlk_int8_rows;

/* One panel of packed weights, with the scales (and biases, or NULL) of its outputs, at most 64. */
typedef struct mlk_int8_panel {
    const uint8_t *packed;
    const float *scales, *bias;
    size_t outputs;
} mlk_int8_panel;

/* Instructions to multiply with. All give the same bits. */
typedef enum mlk_int8_way { MLK_INT8_PLAIN, MLK_INT8_AVX2, MLK_INT8_VNNI } mlk_int8_way;

/* The fastest that this processor has. */
mlk_int8_way mlk_int8_best(void);

/* Products of the rows with one panel: out[i · stride + o]. */
void mlk_int8_product(mlk_int8_way way, const mlk_int8_rows *rows, const mlk_int8_panel *panel, float *out,
                      size_t stride);

#endif

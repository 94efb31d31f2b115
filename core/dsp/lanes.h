/* lanes.h: MLK_TILE numbers computed side by side.
 *
 * A row of a tile is one mlk_floats: arithmetic on it is element by element, in
 * vector instructions where the machine has them (GNU C's vector types). Widened
 * to mlk_doubles for long sums.
 */
#ifndef MLK_LANES_H
#define MLK_LANES_H

#include "clones.h"

#include <stdint.h>

enum { MLK_TILE = 8 };

typedef float mlk_floats __attribute__((vector_size(32), may_alias));
typedef float mlk_half_floats __attribute__((vector_size(16), may_alias));
typedef double mlk_half_doubles __attribute__((vector_size(32), may_alias));
typedef int32_t mlk_masks __attribute__((vector_size(32), may_alias)); /* what comparing mlk_floats gives */
typedef int64_t mlk_half_masks __attribute__((vector_size(32), may_alias));

/* Eight doubles, as two halves that each fit a register of AVX2. */
typedef struct mlk_doubles {
    mlk_half_doubles half[2];
} mlk_doubles;

#define MLK_LANE(doubles, j) ((doubles).half[(j) / 4][(j) % 4])

/* Half h (0 or 1) of the row at `row`, a pointer to mlk_floats, as doubles. */
#define MLK_WIDEN(row, h) __builtin_convertvector(((const mlk_half_floats *)(row))[h], mlk_half_doubles)
#define MLK_HALVES(h) for (int h = 0; h < 2; h++)
#define MLK_WHERE(mask, yes, no) ((mlk_floats)(((mask) & (mlk_masks)(yes)) | (~(mask) & (mlk_masks)(no))))
#define MLK_LARGER(a, b) MLK_WHERE((a) > (b), a, b)
#define MLK_SMALLER(a, b) MLK_WHERE((a) < (b), a, b)

#endif

/* dct.h: the discrete cosine transform of columns. */
#ifndef MLK_DCT_H
#define MLK_DCT_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

/* The first `coefficients` coefficients, of type 2 or 3, of each column of an n x frames matrix, row i times
 * gain[i]. `ortho` makes the full transform orthonormal; else it is 2 sum x cos(...). */
mlk_code mlk_dct_columns(const float *in, int n, int64_t frames, int type, bool ortho, int coefficients,
                         const double *gain, float *out, mlk_status *status);

#endif

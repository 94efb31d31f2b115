/* emphasis.h: the tilt that lifts high frequencies before analysis, and its inverse. */
#ifndef MLK_EMPHASIS_H
#define MLK_EMPHASIS_H

#include <stdint.h>

/* out[i] = in[i] - coef * in[i - 1], out[0] = 3*in[0] - in[1]. n >= 2. */
void mlk_preemphasis(const float *in, int64_t n, double coef, float *out);

/* The inverse: out[i] = in[i] + coef * out[i - 1]. n >= 2, coef < 3. */
void mlk_deemphasis(const float *in, int64_t n, double coef, float *out);

#endif

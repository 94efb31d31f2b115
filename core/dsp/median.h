/* median.h: running medians of eight sequences side by side. */
#ifndef MLK_MEDIAN_H
#define MLK_MEDIAN_H

#include "dsp/lanes.h"

/* out[i] is the median of in[i - length/2] .. in[i - length/2 + length - 1] (of an even length the upper of the middle
 * two), the edges mirrored with the edge repeated: d c b a | a b c d. Lane by lane. `in_step` and `out_step` are the
 * distances between elements, in floats; a multiple of 8, and both pointers aligned for mlk_floats. `sorted` has room
 * for `length` + 1. n is 1 or more; no value may be NaN. */
void mlk_running_median(const float *in, int64_t in_step, int64_t n, int length, float *out, int64_t out_step,
                        mlk_floats *sorted);

#endif

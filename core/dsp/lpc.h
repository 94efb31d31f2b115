/* lpc.h: linear prediction: each sample is a weighted sum of those before it. The weights are the spectrum's envelope
 * in a few numbers. */
#ifndef MLK_LPC_H
#define MLK_LPC_H

#include "dsp/level.h"

/* Burg's method: out is (order + 1) x frames, the filter of the prediction error, 1, a[1] .. a[order], of each frame.
 * Its poles lie within the unit circle. Order is 1 .. frames->length - 1. As soon as nothing but rounding errors is
 * left to predict, as in silence, the remaining coefficients are 0. */
mlk_code mlk_lpc(const mlk_frames *frames, int order, float *out, mlk_status *status);

#endif

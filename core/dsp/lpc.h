/* lpc.h: linear prediction: each sample as a weighted sum of those before, the spectrum's envelope in a few numbers. */
#ifndef MLK_LPC_H
#define MLK_LPC_H

#include "dsp/level.h"

/* Burg's method: out is (order + 1) x frames, the prediction error's filter 1, a[1] .. a[order] of each frame, all of
 * its poles within the unit circle. Order is 1 .. frames->length - 1. Once a frame is predicted without an error above
 * rounding, and in silence, what remains of its filter is 0. */
mlk_code mlk_lpc(const mlk_frames *frames, int order, float *out, mlk_status *status);

#endif

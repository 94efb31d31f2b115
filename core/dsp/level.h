/* level.h: frame by frame measures of the waveform itself. */
#ifndef MLK_LEVEL_H
#define MLK_LEVEL_H

#include "dsp/stft.h"

/* Root of the mean square of each frame. */
mlk_code mlk_rms(const float *samples, int64_t n, int frame_length, int hop_length, bool center, mlk_pad pad,
                 float *out, mlk_status *status);

/* Sign changes in a frame over its length. Magnitudes up to `threshold` count as 0, and 0 as positive; the
 * first sample of a frame is no change. Centred frames see the edges repeated. */
mlk_code mlk_zero_crossing_rate(const float *samples, int64_t n, int frame_length, int hop_length, bool center,
                                double threshold, float *out, mlk_status *status);

#endif

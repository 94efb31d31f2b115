/* level.h: measures of the waveform itself, frame by frame. */
#ifndef MLK_LEVEL_H
#define MLK_LEVEL_H

#include "dsp/stft.h"

/* Which frames of a waveform, and how they are cut. */
typedef struct mlk_frames {
    const mlk_view *view;
    int64_t first, count;
    int length, hop;
    bool center;
    mlk_pad pad;
} mlk_frames;

/* Root of the mean square of each frame. */
mlk_code mlk_rms(const mlk_frames *frames, float *out, mlk_status *status);

/* Sign changes in a frame divided by its length. Magnitudes up to `threshold` count as 0, and 0 as positive; the
 * first sample of a frame is no change. */
mlk_code mlk_zero_crossing_rate(const mlk_frames *frames, double threshold, float *out, mlk_status *status);

#endif

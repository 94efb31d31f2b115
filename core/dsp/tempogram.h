/* tempogram.h: how a curve of onsets repeats itself around each of its frames.
 *
 * Row `lag` of frame t is the autocorrelation of win_length values under a window: a pulse every L frames shows at
 * the lags L, 2L ... A Fourier tempogram is the plain mlk_stft_complex of the curve with hop_length 1.
 */
#ifndef MLK_TEMPOGRAM_H
#define MLK_TEMPOGRAM_H

#include "dsp/normalize.h"
#include "dsp/window.h"
#include "status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mlk_tempogram {
    int win_length;
    mlk_window window;
    bool center;   /* frame t lies around value t, beyond the ends the curve falls to 0; else it starts there */
    mlk_norm norm; /* of each frame, over the lags */
} mlk_tempogram;

/* Frames of the tempogram of n values: n, or how often win_length fits (0: not at all). */
int64_t mlk_tempogram_frames(const mlk_tempogram *tempogram, int64_t n);

/* `out` is win_length x frames. */
mlk_code mlk_tempogram_of(const mlk_tempogram *tempogram, const float *curve, int64_t n, float *out,
                          mlk_status *status);

#endif

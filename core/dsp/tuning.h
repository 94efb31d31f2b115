/* tuning.h: how far a recording lies from A = 440 Hz. */
#ifndef MLK_TUNING_H
#define MLK_TUNING_H

#include "dsp/stft.h"

#include <stddef.h>

/* Spectral peaks between 150 and 4000 Hz, gathered from any number of blocks. Start from zeros. Of more than 2^21, an
 * hour or more of most music, an even sample is kept: the same one however the clip is cut into blocks. */
typedef struct mlk_peaks {
    struct mlk_peak *list;
    size_t count, room;
    int halvings; /* of the share that is kept */
} mlk_peaks;

void mlk_peaks_clear(mlk_peaks *peaks);

/* Adds the peaks of a spectrum; `first_frame` is the number of its first frame in the clip. */
mlk_code mlk_peaks_add(mlk_peaks *peaks, const mlk_tiles *spectrum, int64_t first_frame, double rate, int n_fft,
                       mlk_status *status);

/* The deviation, -0.5 <= d < 0.5 bins of a scale with bins_per_octave: that of the fullest of ceil(1/resolution)
 * classes. 0 when there is no peak. */
mlk_code mlk_peaks_tuning(const mlk_peaks *peaks, int bins_per_octave, double resolution, double *tuning,
                          mlk_status *status);

#endif

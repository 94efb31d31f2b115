/* peaks.h: which frames of a curve stand out, as librosa.util.peak_pick (0.11) has it (Böck, Krebs and Schedl, 2012). */
#ifndef MLK_MUSIC_PEAKS_H
#define MLK_MUSIC_PEAKS_H

#include "parameters.h"

#include <stdint.h>

/* Frame n is a peak where it is the largest of n - pre_max .. n + post_max - 1, and at least `delta` over the mean of
 * n - pre_avg .. n + post_avg - 1; after a peak `wait` frames are passed over. Windows are cut at the ends. */
typedef struct mlk_peaks_options {
    int64_t pre_max, post_max, pre_avg, post_avg, wait;
    double delta;
} mlk_peaks_options;

extern const mlk_parameter mlk_peaks_parameters[];

/* The peaks of n frames, ascending; `peaks` has room for n. Returns how many. */
int64_t mlk_peaks(const float *x, int64_t n, const mlk_peaks_options *options, int64_t *peaks);

#endif

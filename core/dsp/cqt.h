/* cqt.h: the constant-Q transform: filters a fixed number of cycles long, spaced evenly in pitch; and the variable-Q
 * transform, whose low filters are shorter.
 *
 * It works down the octaves: the top one is filtered in the frequency domain,
 * the waveform is halved in rate, and the next octave meets the same filters.
 * Transforms and sums are in single precision: 1e-6 of a frame's loudest bin.
 */
#ifndef MLK_CQT_H
#define MLK_CQT_H

#include "dsp/cqt_filter.h"
#include "dsp/stft.h"

#include <complex.h>

typedef struct mlk_cqt_matrix {
    int64_t rows, frames;
    float complex *data;
} mlk_cqt_matrix;

/* How a transform walks down the octaves. */
typedef struct mlk_cqt_plan {
    int octaves;
    int early;      /* halvings of the rate before the first octave */
    int hop_length; /* after those */
    int64_t frames;
} mlk_cqt_plan;

/* Refuses filters above half the sample rate; an unknown tuning (NAN) counts as 0. */
mlk_code mlk_cqt_check(const mlk_cqt *cqt, double rate, mlk_status *status);

/* Fills the plan; refuses filters beyond half the sample rate and clips too short for the early halvings.
 * An unknown tuning (NAN) counts as 0, so that the number of frames does not wait for the sound. */
mlk_code mlk_cqt_measure(const mlk_cqt *cqt, int64_t n, double rate, mlk_cqt_plan *plan, mlk_status *status);

/* Shows samples first .. end-1 of the waveform halved `early` times at once and then `level` times one by one, scaled
 * by the root of 2 each time; context is the caller's. The view holds until the next call. Returns 0 or a code. */
typedef mlk_code mlk_octave_source(void *context, int early, int level, int64_t first, int64_t end, mlk_view *view,
                                   mlk_status *status);

/* Frames first .. first + frames - 1 of the transform, n_bins x frames, lowest bin first. */
mlk_code mlk_cqt_compute(const mlk_cqt *cqt, double rate, const mlk_cqt_plan *plan, int64_t first, int64_t frames,
                         mlk_octave_source *source, void *context, float complex *out, mlk_status *status);

#endif

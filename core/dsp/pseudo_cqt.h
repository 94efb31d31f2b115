/* pseudo_cqt.h: magnitudes on a constant-Q scale, from one spectrogram for all bins.
 *
 * The magnitudes of an ordinary spectrum are weighted by those of the constant-Q
 * filters. So there is no phase, and the longest filter blurs the attacks of all
 * pitches.
 */
#ifndef MLK_PSEUDO_CQT_H
#define MLK_PSEUDO_CQT_H

#include "dsp/cqt.h"

/* The spectrum of magnitudes that it takes; an unknown tuning (NAN) counts as 0. Refuses filters beyond half the
 * sample rate or too long. */
mlk_code mlk_pseudo_cqt_stft(const mlk_cqt *cqt, double rate, mlk_stft *stft, mlk_status *status);

/* `magnitude` is that spectrum; out is n_bins x frames. */
mlk_code mlk_pseudo_cqt(const mlk_cqt *cqt, double rate, const mlk_tiles *magnitude, float *out, mlk_status *status);

/* How many of the bins, from the lowest on, have filters too long for two hops; a hybrid transform takes those from
 * the constant-Q transform itself. */
int mlk_hybrid_cqt_split(const mlk_cqt *cqt, double rate);

#endif

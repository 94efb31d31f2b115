/* tuning.h: how far a recording lies from A = 440 Hz. */
#ifndef MLK_TUNING_H
#define MLK_TUNING_H

#include "dsp/stft.h"

/* The deviation in [-0.5, 0.5) of a bin, of which an octave has bins_per_octave, from the spectral peaks
 * between 150 and 4000 Hz: the fullest of round(1/resolution) classes. 0 when there is no peak. */
mlk_code mlk_tuning_estimate(const mlk_tiles *spectrum, double rate, int n_fft, int bins_per_octave,
                             double resolution, double *tuning, mlk_status *status);

#endif

/* stretch.h: time stretching by the phase vocoder: slower or faster at the same pitch.
 *
 * The phase of a bin advances from frame to frame as it did in the original: by
 * the angle between neighbouring frames. Angles are never computed: a unit phasor
 * is turned by the quotient of two others. (Flanagan and Golden, 1966; Dolson,
 * 1986.) The reference, librosa, sums the same angles in single precision; run
 * on float64 samples it agrees.
 */
#ifndef MLK_STRETCH_H
#define MLK_STRETCH_H

#include "dsp/stft.h"

/* Samples of the result: n / rate, rounded half to even. */
int64_t mlk_stretched_length(int64_t n, double rate);

/* rate 2: twice as fast. Fills mlk_stretched_length samples. */
mlk_code mlk_time_stretch(const mlk_stft *stft, const float *samples, int64_t n, double rate, float *out,
                          mlk_status *status);

#endif

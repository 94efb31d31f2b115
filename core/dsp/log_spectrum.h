/* log_spectrum.h: magnitudes on a logarithmic axis of frequency, three bands a semitone, for what harmony is heard in.
 *
 * Frames of MLK_LOG_SPECTRUM_FFT samples under a Hann window that is divided by its sum, each centred on its time. A band
 * is a triangle on log frequency, at least one bin of the transform wide, whose weights add up to 1.
 */
#ifndef MLK_LOG_SPECTRUM_H
#define MLK_LOG_SPECTRUM_H

#include "status.h"

#include <stdint.h>

enum {
    MLK_LOG_SPECTRUM_FFT = 8192,
    MLK_LOG_SPECTRUM_OCTAVE = 36, /* bands in an octave; the first one lies at 55 Hz, A1 */
    MLK_LOG_SPECTRUM_BANDS = 6 * MLK_LOG_SPECTRUM_OCTAVE,
};

/* Frames of a waveform of n samples: 1 + n / hop. `out` is MLK_LOG_SPECTRUM_BANDS x frames. The rate must be 8000 Hz or
 * more. Interruptible. */
mlk_code mlk_log_spectrum(const float *samples, int64_t n, double rate_hz, int hop_length, float *out,
                          mlk_status *status);

#endif

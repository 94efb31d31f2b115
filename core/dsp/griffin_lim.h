/* griffin_lim.h: a waveform for a spectrogram whose phases are lost.
 *
 * Phases are guessed; the sound of the guess is analysed, and its phases are the
 * next guess. The magnitudes stay the wanted ones. Each guess goes a little beyond
 * the analysis: by momentum times the last step. (Griffin and Lim, 1984; fast: Perraudin,
 * Balazs and Søndergaard, 2013.) One pass takes each frame once: transform, new
 * guess, inverse; frames are shared out over the cores.
 */
#ifndef MLK_GRIFFIN_LIM_H
#define MLK_GRIFFIN_LIM_H

#include "dsp/stft.h"

typedef struct mlk_griffin_lim {
    mlk_stft stft;
    int n_iter;      /* 0: the sound of the first guess */
    double momentum; /* 0: as in 1984 */
    bool random;     /* first guess; else all phases are 0 */
    uint64_t seed;
} mlk_griffin_lim;

extern const mlk_parameter mlk_griffin_lim_parameters[]; /* of the stft, pad_mode alone: see mlk_istft_parameters */

/* Fills mlk_istft_length(stft, frames, length) samples from (n_fft/2 + 1) x frames magnitudes, finite and not
 * negative. */
mlk_code mlk_griffin_lim_sound(const mlk_griffin_lim *settings, const float *magnitudes, int64_t frames,
                               int64_t length, float *out, mlk_status *status);

#endif

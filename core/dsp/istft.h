/* istft.h: from a short-time Fourier transform back to a waveform, by overlap and add. */
#ifndef MLK_ISTFT_H
#define MLK_ISTFT_H

#include "dsp/stft.h"

/* The options of an inverse transform; all but the window's shape and `center` must fit the spectrum. */
typedef struct mlk_istft_options {
    mlk_stft stft;  /* all but pad_mode */
    int64_t length; /* samples of the result; -1: what the frames give */
} mlk_istft_options;

extern const mlk_parameter mlk_istft_parameters[];

/* How many samples `frames` frames give: `length` where that is not negative. */
int64_t mlk_istft_length(const mlk_stft *stft, int64_t frames, int64_t length);

/* Fills mlk_istft_length samples from (n_fft/2 + 1) x frames bins. */
mlk_code mlk_istft(const mlk_stft *stft, const float complex *bins, int64_t frames, int64_t length, float *out,
                   mlk_status *status);

/* Bins of a transform in any order in memory: bin k of frame t is bins[k * bin_step + t * frame_step]. */
typedef struct mlk_spectrum {
    const float complex *bins;
    int64_t frames, bin_step, frame_step;
} mlk_spectrum;

/* Fills mlk_istft_length samples. */
mlk_code mlk_istft_of(const mlk_stft *stft, const mlk_spectrum *spectrum, int64_t length, float *out,
                      mlk_status *status);

#endif

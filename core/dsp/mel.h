/* mel.h: triangular filters on the mel scale. */
#ifndef MLK_MEL_H
#define MLK_MEL_H

#include "dsp/stft.h"

typedef struct mlk_mel {
    int n_mels;
    double fmin, fmax;   /* Hz */
    bool htk;            /* 2595 log10(1 + f/700) instead of Slaney's scale */
    bool area_normalise; /* each triangle over its width: Slaney's norm */
} mlk_mel;

/* Slaney's scale (linear below 1 kHz, logarithmic above) or HTK's. */
double mlk_mel_from_hz(double hz, bool htk);
double mlk_mel_to_hz(double mel, bool htk);

/* Centre frequencies of the bands, in Hz. */
void mlk_mel_centres(const mlk_mel *mel, double *out);

/* Applies the filter bank to a spectrum of n_fft/2 + 1 rows; out is n_mels x frames. */
mlk_code mlk_mel_apply(const mlk_mel *mel, double rate, int n_fft, const mlk_tiles *spectrum, float *out,
                       mlk_status *status);

/* The way back: a spectrum, (n_fft/2 + 1) x frames, not negative, that the filter bank makes such bands of, n_mels x
 * frames, finite and not negative. There are many; multiplicative steps (Richardson, 1972; Lucy, 1974) from an even
 * share lead to a smooth one. Bins that no band holds are 0. */
mlk_code mlk_mel_invert(const mlk_mel *mel, double rate, int n_fft, const float *bands, int64_t frames, int n_iter,
                        float *out, mlk_status *status);

#endif

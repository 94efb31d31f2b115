/* mel.h: triangular filters on the mel scale. */
#ifndef MLK_MEL_H
#define MLK_MEL_H

#include "dsp/stft.h"

/* What a filter's weights are divided by. */
typedef enum mlk_mel_norm {
    MLK_MEL_SLANEY, /* half its triangle's width in Hz: the same energy for each filter */
    MLK_MEL_NONE,   /* nothing: triangles of height 1 */
    MLK_MEL_1,      /* their sum */
    MLK_MEL_2,      /* the root of the sum of their squares */
    MLK_MEL_INF,    /* the largest */
} mlk_mel_norm;

/* The names a user types, in the enum's order, NULL at the end; and where triangles are straight: "hz", "mel". */
extern const char *const mlk_mel_norm_names[], *const mlk_mel_triangle_names[];

typedef struct mlk_mel {
    int n_mels;
    double fmin, fmax;    /* Hz */
    bool htk;             /* 2595 log10(1 + f/700) instead of Slaney's scale */
    bool straight_in_mel; /* triangles are straight on that scale, as HTK's and Kaldi's, not in Hz */
    mlk_mel_norm norm;    /* what each filter's weights are divided by */
} mlk_mel;

static inline void mlk_mel_key(mlk_key *key, const mlk_mel *mel)
{
    mlk_key_add(key, mel->n_mels, mel->fmin, mel->fmax, mel->htk, mel->straight_in_mel, mel->norm);
}

/* Slaney's scale (linear below 1 kHz, logarithmic above) or HTK's. */
double mlk_mel_from_hz(double hz, bool htk);
double mlk_mel_to_hz(double mel, bool htk);

/* Centre frequencies of the bands, in Hz. */
void mlk_mel_centres(const mlk_mel *mel, double *out);

/* How many bands lie between two bins of the spectrum, so that they are always 0. */
int mlk_mel_empty(const mlk_mel *mel, double rate, int n_fft);

/* Applies the filter bank to a spectrum of n_fft/2 + 1 rows; out is n_mels x frames. */
mlk_code mlk_mel_apply(const mlk_mel *mel, double rate, int n_fft, const mlk_tiles *spectrum, float *out,
                       mlk_status *status);

typedef struct mlk_mel_inversion {
    mlk_mel mel; /* n_mels: how many bands there are */
    double rate; /* Hz */
    int n_fft, n_iter;
} mlk_mel_inversion;

extern const mlk_parameter mlk_mel_inversion_parameters[];

/* The way back: from bands, n_mels x frames, finite and not negative, to a spectrum, (n_fft/2 + 1) x frames, not
 * negative, which the filter bank turns into these bands. There are many; multiplicative steps (Richardson, 1972; Lucy,
 * 1974) from an even start lead to a smooth one. Bins that no band holds are 0. */
mlk_code mlk_mel_invert(const mlk_mel_inversion *inversion, const float *bands, int64_t frames, float *out,
                        mlk_status *status);

#endif

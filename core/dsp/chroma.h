/* chroma.h: from frequencies to pitch classes. */
#ifndef MLK_CHROMA_H
#define MLK_CHROMA_H

#include "dsp/stft.h"

typedef struct mlk_chroma {
    int n_chroma;
    double tuning;   /* fractions of a chroma bin */
    double ctroct;   /* centre of the weighting over octaves, above A0 */
    double octwidth; /* its width in octaves; NAN: no weighting */
    bool base_c;     /* row 0 is C, else A */
} mlk_chroma;

static inline void mlk_chroma_key(mlk_key *key, const mlk_chroma *chroma)
{
    mlk_key_add(key, chroma->n_chroma, chroma->tuning, chroma->ctroct, chroma->octwidth, chroma->base_c);
}

/* Filters a spectrum of n_fft/2 + 1 rows; out is n_chroma x frames, not normalised. */
mlk_code mlk_chroma_apply(const mlk_chroma *chroma, double rate, int n_fft, const mlk_tiles *spectrum, float *out,
                          mlk_status *status);

/* The pitch class (0 is C, of n_chroma) of a bin of a constant-Q transform. */
int mlk_chroma_class(int bin, int bins_per_octave, int n_chroma, double fmin);

/* The six dimensions of Harte's tonal centroid space: 6 x frames from 12 x frames of chroma, whose columns sum to 1. */
void mlk_tonnetz(const float *chroma, int64_t frames, float *out);

/* C, C sharp ... B; and the six dimensions. */
extern const char *const mlk_pitch_class_names[12];
extern const char *const mlk_tonnetz_names[6];

/* Rows convolved with a symmetric window of sum 1, `length` + 2 long (its ends are 0 for Hann's) or not at all for
 * length 0; zeros beyond the edges. */
mlk_code mlk_smooth_rows(const float *in, int64_t rows, int64_t frames, mlk_window window, int length, float *out,
                         mlk_status *status);

#endif

/* spectral.h: one number a frame that describes a spectrum.
 *
 * All take a magnitude (or, for flatness, power) spectrum of n_fft/2 + 1 rows,
 * bin k at k * bin_hz, and fill one value a frame. A silent frame gives 0.
 */
#ifndef MLK_SPECTRAL_H
#define MLK_SPECTRAL_H

#include "dsp/stft.h"

/* The magnitudes' centre of gravity, Hz. */
void mlk_spectral_centroid(const mlk_tiles *magnitude, double bin_hz, float *out);

/* (sum m |f - centroid|^p)^(1/p), Hz; with `norm` a frame's magnitudes are first brought to sum 1. */
void mlk_spectral_bandwidth(const mlk_tiles *magnitude, double bin_hz, bool norm, double p, float *out);

/* The frequency of the bin up to which `share` of the magnitude lies, Hz. */
void mlk_spectral_rolloff(const mlk_tiles *magnitude, double bin_hz, double share, float *out);

/* Geometric over arithmetic mean, 1 for white noise; values below amin (1e-37 or more) count as amin. */
void mlk_spectral_flatness(const mlk_tiles *power, double amin, float *out);

/* Octave bands above 0, fmin, 2 fmin ... */
typedef struct mlk_contrast {
    double fmin, quantile;
    int n_bands;
    bool linear;
} mlk_contrast;

static inline void mlk_contrast_key(mlk_key *key, const mlk_contrast *contrast)
{
    mlk_key_add(key, contrast->fmin, contrast->quantile, contrast->n_bands, contrast->linear);
}

/* Peak and valley of each band: the mean of the largest and of the smallest `quantile` of its bins. Either is
 * (n_bands + 1) x frames. */
mlk_code mlk_spectral_extremes(const mlk_contrast *contrast, const mlk_tiles *magnitude, double bin_hz, float *peaks,
                               float *valleys, mlk_status *status);

/* Refuses bands without a bin or beyond the spectrum. */
mlk_code mlk_spectral_contrast_check(const mlk_contrast *contrast, int64_t bins, double bin_hz, mlk_status *status);

#endif

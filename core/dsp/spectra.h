/* spectra.h: how strong each frequency of a recording is over time: its mean power, and how often which level.
 *
 * Sound is added piece by piece; a day of it needs no more memory than a second. Frames of MLK_SPECTRA_FFT samples
 * under a Hann window lie half a frame apart, wherever the pieces are cut.
 */
#ifndef MLK_SPECTRA_H
#define MLK_SPECTRA_H

#include "status.h"

#include <stdint.h>

/* Levels are half a decibel wide; level 0 begins at -180 dB, and the first and the last hold what lies beyond. */
enum { MLK_SPECTRA_FFT = 4096, MLK_SPECTRA_BINS = MLK_SPECTRA_FFT / 2 + 1, MLK_SPECTRA_LEVELS = 400 };

typedef struct mlk_spectra mlk_spectra;

/* NULL: see status. */
mlk_spectra *mlk_spectra_new(mlk_status *status);

/* A piece of one channel. What is left at the end and shorter than a frame counts for nothing. */
mlk_code mlk_spectra_add(mlk_spectra *spectra, const float *samples, int64_t n, mlk_status *status);

int64_t mlk_spectra_frames(const mlk_spectra *spectra);

/* Of each bin the sum of its power over the frames; noise whose power is 1 has 1 a frame. */
void mlk_spectra_sum(const mlk_spectra *spectra, double *sum);

/* Of each bin the level in which, or under which, a share of its frames lies: 0 < share <= 1. */
void mlk_spectra_quantile(const mlk_spectra *spectra, double share, int *levels);

/* NULL is allowed. */
void mlk_spectra_free(mlk_spectra *spectra);

#endif

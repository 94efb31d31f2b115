/* analysis.h: one waveform under analysis, with what several features share.
 *
 * A feature asks for a spectrum or a mel spectrogram by its parameters; the
 * first to ask computes it, later ones get the same memory. One feature alone
 * and many together therefore run through the same code and give the same bits.
 *
 *     mlk_analysis *analysis = mlk_analysis_new(samples, n, 22050, &status);
 *     mlk_feature_compute(&mel, analysis, out, &status);
 *     mlk_feature_compute(&mfcc, analysis, more, &status);    // no second transform
 *     mlk_analysis_free(analysis);
 *
 * An analysis belongs to one thread; many analyses may run at once.
 */
#ifndef MLK_ANALYSIS_H
#define MLK_ANALYSIS_H

#include "dsp/cqt.h"
#include "dsp/mel.h"
#include "dsp/memo.h"
#include "dsp/stft.h"

typedef struct mlk_analysis {
    const float *samples; /* the caller's: they must outlive the analysis */
    int64_t n;
    double rate; /* samples per second */
    mlk_memo memo;
} mlk_analysis;

/* A dense matrix whose last axis is time. */
typedef struct mlk_matrix {
    int64_t rows, frames;
    float *data;
} mlk_matrix;

/* Checks that every sample is finite (the error names the first that is not). NULL: see status. */
mlk_analysis *mlk_analysis_new(const float *samples, int64_t n, double rate, mlk_status *status);
void mlk_analysis_free(mlk_analysis *analysis);

/* |STFT|^power as tiles of n_fft/2 + 1 rows. NULL: see status. */
const mlk_tiles *mlk_analysis_spectrum(mlk_analysis *analysis, const mlk_stft *stft, double power,
                                       mlk_status *status);

/* The mel spectrogram of |STFT|^power, n_mels rows. NULL: see status. */
const mlk_matrix *mlk_analysis_mel(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                   mlk_status *status);

/* The same in decibels, as mlk_power_to_db makes them. NULL: see status. */
const mlk_matrix *mlk_analysis_mel_db(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                      double ref, double amin, double top_db, mlk_status *status);

/* Deviation from A = 440 Hz in fractions of a bin of a bins_per_octave scale, from |STFT|^power, to `resolution`. */
mlk_code mlk_analysis_tuning(mlk_analysis *analysis, const mlk_stft *stft, double power, int bins_per_octave,
                             double resolution, double *tuning, mlk_status *status);

/* The constant-Q transform; cqt->tuning NAN: estimated. NULL: see status. */
const mlk_cqt_matrix *mlk_analysis_cqt(mlk_analysis *analysis, const mlk_cqt *cqt, mlk_status *status);

mlk_matrix *mlk_matrix_new(int64_t rows, int64_t frames, mlk_status *status);
void mlk_matrix_free(void *matrix);

#endif

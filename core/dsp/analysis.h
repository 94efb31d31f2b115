/* analysis.h: one waveform under analysis, with what several features share.
 *
 * A feature asks for a spectrum or a mel spectrogram by its parameters; the
 * first to ask computes it, later ones get the same memory.
 *
 * An analysis is about the whole clip, or about one block of it at a time: the
 * frames whose position t * hop_length lies in block.first .. block.end - 1.
 * Shared results then belong to the block: they are small enough to stay in the
 * processor's cache, and go with the block. A frame's numbers do not depend on the
 * block that it is computed in, so both ways give the same bits.
 *
 *     mlk_analysis *analysis = mlk_analysis_new(samples, n, 22050, &status);
 *     mlk_feature_compute(&mel, analysis, out, &status);
 *     mlk_feature_compute(&mfcc, analysis, more, &status);    // no second transform
 *     mlk_analysis_free(analysis);
 *
 * Some numbers belong to the clip, not to a frame: the loudest decibel, the
 * tuning. Block by block they take two passes, a survey that gathers them and
 * one that uses them (sweep.h walks both):
 *
 *     the clip   |-- block 0 --|-- block 1 --|-- block 2 --|- 3 -|
 *
 *     survey     [      0      ][      1      ][      2     ][ 3  ]   MLK_PASS_SURVEY
 *                       |              |             |         |
 *                       |  loudest decibel, highest peaks, spectral peaks (tuning): MLK_KEY_SURVEYED,
 *                       |  kept to the end
 *                       |
 *                       |  decibels, contrasts, spectra: MLK_KEY_BLOCK, kept while all are within 32 MiB,
 *                       |  for the final pass
 *
 *     whole      [                      0                         ]   MLK_PASS_WHOLE: features that need all
 *                       |  all of it MLK_KEY_CLIP; decibels are put together from the blocks' if all were kept
 *
 *     final      [      0      ][      1      ][      2     ][ 3  ]   MLK_PASS_FINAL: features that were surveyed
 *                       |  takes what the survey kept of a block, else makes it anew, and lets it go with the block
 *
 * Features without such numbers are computed in the survey; when all are of this kind, it is the only pass. Everything
 * that is not kept is freed when the next block, or the whole, is entered.
 *
 * An analysis belongs to one thread; many analyses may run at once.
 */
#ifndef MLK_ANALYSIS_H
#define MLK_ANALYSIS_H

#include "dsp/cqt.h"
#include "dsp/mel.h"
#include "dsp/memo.h"
#include "dsp/spectral.h"
#include "dsp/stft.h"
#include "dsp/waveform.h"

typedef enum mlk_pass {
    MLK_PASS_WHOLE,  /* the clip is one block */
    MLK_PASS_SURVEY, /* block by block: gathering what belongs to the clip */
    MLK_PASS_FINAL,  /* block by block: it is known */
} mlk_pass;

typedef struct mlk_block {
    mlk_pass pass;
    int64_t index; /* 0 of the whole clip */
    int64_t first, end;
} mlk_block;

typedef struct mlk_analysis {
    mlk_waveform *waveform;
    bool owns_waveform;
    const float *samples; /* the whole clip, for features that need it whole; NULL in blocks */
    int64_t n;            /* its samples; in blocks those known so far */
    double rate;          /* samples per second */
    mlk_block block;
    mlk_memo memo;
    struct mlk_carry *carry; /* of the feature that is being computed */
} mlk_analysis;

/* A feature's own memory, which lasts from block to block of a pass. */
typedef struct mlk_carry {
    void *memory;
    size_t size;
} mlk_carry;

/* A dense matrix whose last axis is time. */
typedef struct mlk_matrix {
    int64_t rows, frames;
    float *data;
} mlk_matrix;

/* Frames of a feature in a block. */
typedef struct mlk_span {
    int64_t first, frames;
} mlk_span;

/* An analysis of the caller's samples, which must outlive it, as one block. Refuses samples that are not finite and
 * names the first one. NULL: see status. */
mlk_analysis *mlk_analysis_new(const float *samples, int64_t n, double rate, mlk_status *status);

/* An analysis of a waveform, which must outlive it. Enter a block, or the whole, first. NULL: see status. */
mlk_analysis *mlk_analysis_of(mlk_waveform *waveform, mlk_status *status);
void mlk_analysis_free(mlk_analysis *analysis);

/* Goes to a block and lets go of the last one's. `ahead`: samples that frames reach beyond the block's end. */
mlk_code mlk_analysis_enter(mlk_analysis *analysis, mlk_block block, int64_t ahead, mlk_status *status);

/* Makes the whole clip the block: all of its samples come into memory. */
mlk_code mlk_analysis_enter_whole(mlk_analysis *analysis, mlk_status *status);

/* The beginning of the keys of what is made from the block, and of what is gathered from the clip. */
mlk_key mlk_analysis_key(const mlk_analysis *analysis);
mlk_key mlk_analysis_clip_key(const mlk_analysis *analysis);

/* Which of `total` frames, one every hop_length samples, lie in the block. */
mlk_span mlk_analysis_span(const mlk_analysis *analysis, int64_t hop_length, int64_t total);

/* The samples under some frames, and as many to both sides as padding may mirror. */
mlk_code mlk_analysis_view(mlk_analysis *analysis, int frame_length, int hop_length, bool center, mlk_span span,
                           mlk_view *view, mlk_status *status);

/* `bytes` of memory that belong to the feature being computed, for what a frame needs from those before it. Zeros at
 * the clip's start, and wherever it grows. NULL: see status. */
void *mlk_analysis_carry(mlk_analysis *analysis, size_t bytes, mlk_status *status);

/* |STFT|^power as tiles of n_fft/2 + 1 rows. NULL: see status. */
const mlk_tiles *mlk_analysis_spectrum(mlk_analysis *analysis, const mlk_stft *stft, double power,
                                       mlk_status *status);

/* In a survey: keeps the block's spectrum for the final pass if there is room. */
void mlk_analysis_keep_spectrum(mlk_analysis *analysis, const mlk_stft *stft, double power);

/* The mel spectrogram of |STFT|^power, n_mels rows. NULL: see status. */
const mlk_matrix *mlk_analysis_mel(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                   mlk_status *status);

/* The same in decibels, as mlk_power_to_db makes them; top_db counts from the largest of the clip, and not at
 * all in MLK_PASS_SURVEY. NULL: see status. */
const mlk_matrix *mlk_analysis_mel_db(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                      double ref, double amin, double top_db, mlk_status *status);

/* Peaks and valleys of octave bands, 2 (n_bands + 1) rows, in dB unless contrast->linear, and the largest of either
 * in the clip (not in MLK_PASS_SURVEY). NULL: see status. */
const mlk_matrix *mlk_analysis_contrast(mlk_analysis *analysis, const mlk_stft *stft, const mlk_contrast *contrast,
                                        float *highest_peak, float *highest_valley, mlk_status *status);

/* Deviation from A = 440 Hz in fractions of a bin of a bins_per_octave scale, from |STFT|^power, to `resolution`.
 * In MLK_PASS_SURVEY it gathers and says 0. */
mlk_code mlk_analysis_tuning(mlk_analysis *analysis, const mlk_stft *stft, double power, int bins_per_octave,
                             double resolution, double *tuning, mlk_status *status);

/* cqt->tuning, or the clip's estimated one where that is NAN (see mlk_analysis_tuning). */
mlk_code mlk_analysis_cqt_tuning(mlk_analysis *analysis, const mlk_cqt *cqt, double *tuning, mlk_status *status);

/* The constant-Q transform with that tuning. NULL: see status. */
const mlk_cqt_matrix *mlk_analysis_cqt(mlk_analysis *analysis, const mlk_cqt *cqt, mlk_status *status);

mlk_matrix *mlk_matrix_new(int64_t rows, int64_t frames, mlk_status *status);
void mlk_matrix_free(void *matrix);

#endif

/* true_peak.h: how high a waveform reaches between its samples (ITU-R BS.1770-4, annex 2).
 *
 * Sound below 96 kHz is oversampled four times, below 192 kHz twice, above not at all, by a windowed sinc of 49 taps, the
 * one of libebur128: its figures, a tenth of its time or less.
 */
#ifndef MLK_MUSIC_TRUE_PEAK_H
#define MLK_MUSIC_TRUE_PEAK_H

#include <stdint.h>

enum { MLK_TRUE_PEAK_TAPS = 49, MLK_TRUE_PEAK_PAST = MLK_TRUE_PEAK_TAPS / 2 };

typedef struct mlk_true_peak {
    int factor;
    float taps[4][MLK_TRUE_PEAK_PAST + 1]; /* of each phase, of the newest sample first */
    int count;                             /* taps of a phase */
    float past[MLK_TRUE_PEAK_PAST];        /* the samples before, the oldest first */
    float reach;                           /* how far above its samples a waveform can come between them, at most */
    float peak, sample_peak;
} mlk_true_peak;

void mlk_true_peak_start(mlk_true_peak *self, int64_t rate_hz);

/* Hears the samples of one channel; `self->peak` is the largest magnitude so far, of samples and between them,
 * `self->sample_peak` of samples alone. */
void mlk_true_peak_add(mlk_true_peak *self, const float *samples, int64_t n);

#endif

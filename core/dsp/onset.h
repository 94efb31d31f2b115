/* onset.h: how much is new at each moment: the rise of each band of a spectrogram in dB, put together over bands.
 *
 * Value t is the aggregate over bands of max(0, D[band, t] - reference[band, t - lag]); the reference is D
 * itself or, with max_size > 1, its maximum over max_size bands around, so that vibrato is no onset
 * (Böck and Widmer, 2013). The curve has as many frames as D; it starts with `delay` + lag zeros.
 */
#ifndef MLK_ONSET_H
#define MLK_ONSET_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum mlk_onset_aggregate { MLK_ONSET_MEAN, MLK_ONSET_MEDIAN } mlk_onset_aggregate;

/* The names a user types, in the enum's order, NULL at the end. */
extern const char *const mlk_onset_aggregate_names[];

typedef struct mlk_onset {
    int lag, max_size; /* frames, bands; 1 or more */
    int delay;         /* frames by which the curve is shifted: half an analysis frame puts it on the attacks */
    mlk_onset_aggregate aggregate;
} mlk_onset;

/* `db` is bands x frames. Curve c covers bands edges[c] .. edges[c + 1] - 1; edges ascend within 0 .. bands.
 * `out` is curves x frames. */
mlk_code mlk_onset_strength(const mlk_onset *onset, const float *db, int64_t bands, int64_t frames, const int *edges,
                            int curves, float *out, mlk_status *status);

/* Takes the constant part out of a curve: (1 - z^-1) / (1 - 0.99 z^-1). `state`: two zeros at the start, then what the
 * call before left. */
void mlk_onset_detrend(float *curve, int64_t frames, double state[2]);

#endif

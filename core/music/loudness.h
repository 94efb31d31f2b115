/* loudness.h: how loud sound is to people, by EBU R 128 (ITU-R BS.1770-4, EBU Tech 3341 and 3342): the figures of
 * libebur128, in a third of its time.
 *
 * A meter takes sound piece by piece, and keeps a number of each 100 ms. Every 100 ms there is a momentary (last 400 ms)
 * and a short-term (last 3 s) loudness, as soon as it has heard that much.
 */
#ifndef MLK_MUSIC_LOUDNESS_H
#define MLK_MUSIC_LOUDNESS_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_loudness mlk_loudness;

typedef struct mlk_loudness_result {
    double integrated_lufs;                 /* -INFINITY when all is under the gate of -70 LUFS */
    double range_lu;
    double true_peak_dbtp, sample_peak_dbfs; /* of the loudest channel; -INFINITY for silence */
    double rate_hz;                         /* of both curves: 10, or nearly so where 100 ms is no whole number */
    const float *momentary_lufs, *short_term_lufs;
    int64_t n_momentary, n_short_term;
} mlk_loudness_result;

/* One or two channels, or more in the order L R C LFE Ls Rs; four and five: without LFE, four without C too. */
mlk_code mlk_loudness_new(int channels, int64_t rate_hz, mlk_loudness **loudness, mlk_status *status);

int mlk_loudness_channels(const mlk_loudness *loudness);

/* Frames of planar sound, channel after channel, each `frames` long. */
mlk_code mlk_loudness_add(mlk_loudness *loudness, const float *samples, int64_t frames, mlk_status *status);

/* The loudness of all that was added. The curves belong to the meter. */
mlk_code mlk_loudness_get(mlk_loudness *loudness, mlk_loudness_result *result, mlk_status *status);

/* What a listener would say now: the loudness of the last 400 ms and 3 s, of whole steps of 100 ms; NAN until so much was
 * heard. *steps counts those heard so far. */
void mlk_loudness_now(const mlk_loudness *loudness, double *momentary_lufs, double *short_term_lufs, int64_t *steps);

/* Forgets all steps but those that mlk_loudness_now needs: for sound that never ends. */
void mlk_loudness_forget(mlk_loudness *loudness);

void mlk_loudness_free(mlk_loudness *loudness);

#endif

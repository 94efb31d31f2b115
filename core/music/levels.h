/* levels.h: what the samples of a recording say of its making: peaks, clipping, dynamics, offset, balance, silence.
 *
 * Sound is added piece by piece, so a day of it needs no more memory than a minute, but for two numbers a channel every
 * 3 s.
 */
#ifndef MLK_MUSIC_LEVELS_H
#define MLK_MUSIC_LEVELS_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_levels mlk_levels;

/* Of one channel; full scale is 1. */
typedef struct mlk_channel_levels {
    double peak, rms, dc;
    int64_t clipped; /* samples in runs of three and more at the channel's own peak, above or below 0 */
    double dr_db;    /* dynamic range of the channel before rounding (Pleasurize Music Foundation's meter); NAN: too short */
} mlk_channel_levels;

/* Of the whole: in frames, where some channel's magnitude exceeds the silence's. */
typedef struct mlk_level_summary {
    int64_t frames, first_sound, last_sound; /* -1: all is silent */
    int64_t longest_gap;                     /* of silence between two sounds */
    double correlation;                      /* of the first two channels, -1..1; 1 for one channel or silence */
    double difference_rms;                   /* of half their difference */
} mlk_level_summary;

/* `silence`: magnitudes up to this count as silent. NULL: see status. */
mlk_levels *mlk_levels_new(int channels, int64_t rate_hz, double silence, mlk_status *status);

int mlk_levels_channels(const mlk_levels *levels);

/* Planar sound: channel after channel, each `frames` long. */
mlk_code mlk_levels_add(mlk_levels *levels, const float *samples, int64_t frames, mlk_status *status);

mlk_code mlk_levels_channel(mlk_levels *levels, int channel, mlk_channel_levels *out, mlk_status *status);
void mlk_levels_summary(const mlk_levels *levels, mlk_level_summary *out);

/* NULL is allowed. */
void mlk_levels_free(mlk_levels *levels);

#endif

/* weighting.h: how the ear weighs frequencies, for loudness (the K weighting of ITU-R BS.1770-4): a shelf that raises
 * what is high by 4 dB, and a high pass at 38 Hz. At 48 kHz the filters are those of the recommendation; at other rates
 * those of the same analogue ones.
 */
#ifndef MLK_MUSIC_WEIGHTING_H
#define MLK_MUSIC_WEIGHTING_H

#include <stdint.h>

enum { MLK_WEIGHTING_SECTIONS = 2 };

typedef struct mlk_section {
    double b[3], a[2]; /* y = b0 x + b1 x' + b2 x'' - a0 y' - a1 y'' */
} mlk_section;

typedef struct mlk_weighting {
    mlk_section sections[MLK_WEIGHTING_SECTIONS];
} mlk_weighting;

/* What the filters of up to four channels remember, side by side. */
typedef double mlk_weighting_lanes __attribute__((vector_size(32), may_alias));
typedef struct mlk_weighting_state {
    mlk_weighting_lanes past[MLK_WEIGHTING_SECTIONS][2];
} mlk_weighting_state;

enum { MLK_WEIGHTING_LANES = 4 };

void mlk_weighting_start(mlk_weighting *weighting, double rate_hz);

/* Adds to `energy` the sum of squares of each of `channels` (1..MLK_WEIGHTING_LANES) weighted, whose samples lie `stride`
 * apart. */
void mlk_weighting_add(const mlk_weighting *weighting, mlk_weighting_state *state, const float *samples, int channels,
                       int64_t stride, int64_t frames, double *energy);

#endif

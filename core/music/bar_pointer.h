/* bar_pointer.h: the likeliest sequence of beats, of how likely a beat is in each frame.
 *
 * A hidden Markov model: a pointer walks through the interval between two beats, a frame at a time, and may change its
 * tempo at beats alone, the less likely the larger the change (Krebs, Böck and Widmer, 2015: "An efficient state-space
 * model for joint tempo and meter tracking"). The tempo at the start has a log-normal prior.
 */
#ifndef MLK_MUSIC_BAR_POINTER_H
#define MLK_MUSIC_BAR_POINTER_H

#include "parameters.h"
#include "status.h"

#include <stdint.h>

typedef struct mlk_bar_pointer_options {
    double min_bpm, max_bpm;
    double steadiness; /* how unlikely changes of tempo are: p ~ exp(-steadiness |i2 / i1 - 1|) */
    double usual_bpm;  /* the middle of the prior */
    double spread;     /* its deviation, of the logarithm of the tempo */
    double trust;      /* what the prior weighs */
} mlk_bar_pointer_options;

extern const mlk_parameter mlk_bar_pointer_parameters[];

typedef struct mlk_beat {
    double frame;    /* between two frames: at the peak of a parabola through the highest frame and its neighbours */
    double interval; /* frames to the next beat, as the pointer walks */
} mlk_beat;

/* Beats of `activation`, `rate_hz` frames a second, values 0..1. Frames before the first and after the last that reaches
 * 0.05 have no beats. At most frames + 1 beats are written to `beats`. Interruptible. */
mlk_code mlk_bar_pointer(const float *activation, int64_t frames, double rate_hz, const mlk_bar_pointer_options *options,
                         mlk_beat *beats, int64_t *n_beats, mlk_status *status);

#endif

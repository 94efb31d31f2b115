/* example.h: one training example: a segment of the material, augmented and normalised, at its place in a batch.
 *
 * From frames: cut, decibels (the material has them), augmentations of features,
 * normalisation. From samples the same, after augmentations of the sound and the
 * analysis. Where a track is too short, frames are 0 after normalisation.
 */
#ifndef MLK_EXAMPLE_H
#define MLK_EXAMPLE_H

#include "extract/plan.h"

/* What an example consists of: itself, and with mixup a second one. */
typedef struct mlk_blend {
    double share;   /* its own */
    int other;      /* the track of the second, among the plan's; itself when there is none */
    int64_t frames; /* of its frames, those that are real */
} mlk_blend;

/* Fills out, rows x frames, from frames and blend->frames on with 0. */
mlk_code mlk_example_make(const mlk_plan *plan, const mlk_example *example, int64_t frames, float *out,
                          mlk_blend *blend, mlk_status *status);

#endif

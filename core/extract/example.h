/* example.h: one training example: a segment of the material, augmented and normalised, at its place in a batch.
 *
 * The steps from frames: cut, decibels (the material has them), augmentations of
 * features, normalisation. Samples are cut, augmented and analysed before that.
 * Frames beyond the end of a short track are 0 after normalisation.
 */
#ifndef MLK_EXAMPLE_H
#define MLK_EXAMPLE_H

#include "extract/plan.h"

/* What an example is made of: its own track, and with mixup a second one. */
typedef struct mlk_blend {
    double share;   /* how much of it is its own track */
    int other;      /* the second track, among the plan's; its own when there is none */
    int64_t frames; /* how many of its frames are real, not padding */
} mlk_blend;

/* Fills out, rows x frames; frames from blend->frames on are 0. */
mlk_code mlk_example_make(const mlk_plan *plan, const mlk_example *example, int64_t frames, float *out,
                          mlk_blend *blend, mlk_status *status);

#endif

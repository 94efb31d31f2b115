/* example.h: one training example: a segment of the material, normalised, at its place in a batch. */
#ifndef MLK_EXAMPLE_H
#define MLK_EXAMPLE_H

#include "extract/plan.h"

/* Fills out, rows x frames, of which *length are real and the rest 0. */
mlk_code mlk_example_make(const mlk_plan *plan, const mlk_example *example, int64_t frames, float *out,
                          int64_t *length, mlk_status *status);

#endif

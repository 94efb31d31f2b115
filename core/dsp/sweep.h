/* sweep.h: features of one waveform, block by block.
 *
 * A block's spectra are made, used by all features and freed while they are still
 * in the processor's cache; memory does not grow with the clip. Features that need
 * numbers of the whole clip take a second pass; the others are computed in the
 * first. Those that need the clip whole (MLK_SCOPE_CLIP) come in between.
 */
#ifndef MLK_SWEEP_H
#define MLK_SWEEP_H

#include "dsp/block.h"

/* Computes n features; of each there is at least one part. A failure's message names the feature. Polls mlk_interrupted(). */
mlk_code mlk_sweep(const mlk_settings *features, int n, mlk_waveform *waveform, mlk_sink sink, mlk_status *status);

/* Computes one feature into an array of all its frames, as many as mlk_feature_measure counts. */
mlk_code mlk_sweep_into(const mlk_settings *settings, mlk_waveform *waveform, const mlk_feature_shape *shape, void *out,
                        mlk_status *status);

/* Copies a part to its place among `frames` frames. */
void mlk_sweep_place(const mlk_feature_shape *part, const void *data, int64_t frames, void *out);

#endif

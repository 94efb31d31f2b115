/* stretches.h: how far the stretches of a piece lie apart, the shorter of two where it fits best into the longer. */
#ifndef MLK_MUSIC_STRETCHES_H
#define MLK_MUSIC_STRETCHES_H

#include "music/distance.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether stretch i can be the frames edges[i] .. edges[i + 1] - 1, for i < n. */
bool mlk_stretches_fit(const int64_t *edges, int64_t n, int64_t frames);

/* The mean Euclidean distance of the frames of each two stretches, n x n. The stretches must fit. */
mlk_code mlk_stretch_distances(mlk_frames frames, const int64_t *edges, int64_t n, double *distances,
                               mlk_status *status);

#endif

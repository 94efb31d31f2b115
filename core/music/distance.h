/* distance.h: how far the frames of two features lie apart.
 *
 * A feature is d rows x n frames, float32, row after row; a frame is a column. Distances are summed in double, in
 * the order of the rows. So they are symmetric to the bit, and exactly 0 between equal frames.
 */
#ifndef MLK_MUSIC_DISTANCE_H
#define MLK_MUSIC_DISTANCE_H

#include "status.h"

#include <stdint.h>

typedef enum mlk_metric {
    MLK_EUCLIDEAN,
    MLK_COSINE, /* 1 - cosine of the angle, 0..2; 1 to a frame of zeros */
} mlk_metric;

extern const char *const mlk_metric_names[]; /* in the enum's order, NULL at the end */

typedef struct mlk_frames {
    const float *x; /* d x n */
    int64_t d, n;
} mlk_frames;

/* Refuses a feature without rows or frames, or with a value that is not finite; the message begins with `name`. */
mlk_code mlk_frames_check(mlk_frames frames, const char *name, mlk_status *status);

/* The number of the first frame that is all zeros, or -1. */
int64_t mlk_frames_silent(mlk_frames frames);

/* 1 / length of each frame, 0 for a frame of zeros: what MLK_COSINE needs of both sides. */
void mlk_frames_scales(mlk_frames frames, double *scales);

/* out[j] = distance of frame i of a to frame j of b. */
void mlk_distances_from(mlk_metric metric, mlk_frames a, const double *a_scales, int64_t i, mlk_frames b,
                        const double *b_scales, double *out);

/* All of them: out is a.n x b.n. Checks both. */
mlk_code mlk_distances(mlk_metric metric, mlk_frames a, mlk_frames b, double *out, mlk_status *status);

#endif

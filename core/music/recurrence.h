/* recurrence.h: which frames of a feature resemble each other: the recurrence matrix of librosa.segment 0.11.
 *
 * Each frame is linked with its nearest ones; the earlier of equally near ones comes first.
 */
#ifndef MLK_MUSIC_RECURRENCE_H
#define MLK_MUSIC_RECURRENCE_H

#include "distance.h"
#include "parameters.h"

#include <stdbool.h>

typedef enum mlk_recurrence_mode { MLK_CONNECTIVITY, MLK_LINK_DISTANCE, MLK_AFFINITY } mlk_recurrence_mode;

typedef struct mlk_recurrence_options {
    mlk_metric metric;
    mlk_recurrence_mode mode;
    int64_t k;        /* links of a frame; less than 1: 2 ceil(sqrt(n - 2 width + 1)) */
    int64_t width;    /* frames nearer in time than this are not linked: 1..(n - 1) / 2 - 1 */
    bool sym;         /* keep a link only if it goes both ways */
    bool self;        /* link each frame with itself */
    bool full;        /* link all pairs (not in MLK_CONNECTIVITY); k then serves the bandwidth alone, width nothing */
    double bandwidth; /* of MLK_AFFINITY: exp(-distance / bandwidth); 0 or NAN: the farthest links' median distance */
} mlk_recurrence_options;

extern const mlk_parameter mlk_recurrence_parameters[];

/* Candidates are the k + 2 width nearest frames, less those too near in time. MLK_CONNECTIVITY links the k earliest
 * of them, the other modes the k nearest at a distance above 0.
 * out: n x n; column i holds the links of frame i. */
mlk_code mlk_recurrence(mlk_frames frames, const mlk_recurrence_options *options, float *out, mlk_status *status);

/* Turns column j of a matrix of `rows` rows down (direction 1) or up (-1) by j places, in a ring of `ring` >= rows
 * rows, of which the first `kept` are written to out. */
void mlk_shear(const float *in, int64_t rows, int64_t columns, int direction, int64_t ring, int64_t kept, float *out);

#endif

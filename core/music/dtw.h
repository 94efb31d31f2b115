/* dtw.h: dynamic time warping: the cheapest way to walk through two features together (Sakoe and Chiba 1978),
 * as librosa.sequence.dtw 0.11. */
#ifndef MLK_MUSIC_DTW_H
#define MLK_MUSIC_DTW_H

#include "distance.h"
#include "parameters.h"

#include <stdbool.h>

enum { MLK_DTW_MOST_STEPS = 32, MLK_DTW_LONGEST_STEP = 64 };

typedef struct mlk_dtw_step {
    int rows, columns; /* how many frames of X and of Y it moves on; not both 0 */
    double add, times; /* it costs times * distance + add */
} mlk_dtw_step;

typedef struct mlk_dtw_options {
    mlk_metric metric;
    int n_steps; /* 0: (1,1), (0,1), (1,0). The first of equally cheap ones wins */
    mlk_dtw_step steps[MLK_DTW_MOST_STEPS];
    bool subseq; /* all of X is found somewhere in Y */
    bool band;   /* only cells nearer to the diagonal than round(radius * min(x.n, y.n)) (Sakoe-Chiba) */
    double radius;
} mlk_dtw_options;

extern const mlk_parameter mlk_dtw_parameters[]; /* all but the steps */

/* cost: x.n x y.n, the cost of the cheapest walk to each cell; INFINITY where none leads. path: room for x.n + y.n
 * pairs (frame of X, frame of Y); *length of them are filled, the last pair of the walk first. */
mlk_code mlk_dtw(mlk_frames x, mlk_frames y, const mlk_dtw_options *options, double *cost, int64_t *path,
                 int64_t *length, mlk_status *status);

#endif

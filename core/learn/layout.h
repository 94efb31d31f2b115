/* layout.h: points that pull each other along the edges of a graph and push others away, drawn at random: UMAP's
 * stochastic gradient descent (McInnes, Healy and Melville 2018).
 *
 * The points of one table move one after the other, in their order: each step sees the one before it, on one core, so
 * that the places are the same for any number of workers, to the bit. Steps in batches, where both ends of an edge do
 * not move at once, let neighbours leap over each other and tear groups apart. Points among others that stay move each
 * by itself, on every core.
 */
#ifndef MLK_LEARN_LAYOUT_H
#define MLK_LEARN_LAYOUT_H

#include "curve.h"
#include "graph.h"
#include "progress.h"

enum { MLK_LAYOUT_DIMS = 64 /* at most */ };

typedef struct mlk_layout {
    const mlk_graph *graph; /* of the points that move; edges lead to others, or where these are NULL to each other */
    int dims;
    const float *others; /* n_others x dims: points that stay, or NULL */
    int64_t n_others;    /* as many as the graph has where `others` is NULL */
    const mlk_curve *curve;
    int epochs, negatives; /* negatives: points that push, for each one that pulls */
    double rate;
    uint64_t seed;
    mlk_progress progress;
} mlk_layout;

/* y: the points' places (graph->n x dims), which are moved. */
mlk_code mlk_layout_run(const mlk_layout *layout, float *y, mlk_status *status);

#endif

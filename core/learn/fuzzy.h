/* fuzzy.h: how surely rows are neighbours, as UMAP takes it (McInnes, Healy and Melville 2018): each row is sure of its
 * nearest neighbour, and of the others the less the farther they are, log2(neighbours) in all. */
#ifndef MLK_LEARN_FUZZY_H
#define MLK_LEARN_FUZZY_H

#include "graph.h"
#include "neighbors.h"

/* The graph of a table's own rows: an edge is there if it is so from either side. `neighbors`: the other rows. */
mlk_code mlk_fuzzy_graph(const mlk_neighbors *neighbors, mlk_graph *graph, mlk_status *status);

/* The edges from other rows to those of a table: n x k weights. */
mlk_code mlk_fuzzy_weights(const mlk_neighbors *neighbors, float *weights, mlk_status *status);

/* Weakens edges between unlike labels (y: n; below 0: unknown) and gives each row a sure neighbour again.
 * target_weight: 0 does next to nothing, 1 cuts them. */
mlk_code mlk_fuzzy_labels(mlk_graph *graph, const int64_t *y, double target_weight, mlk_status *status);

#endif

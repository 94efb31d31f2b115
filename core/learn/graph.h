/* graph.h: a weighted graph over the rows of a table, as a sparse matrix: the edges of row i are starts[i] ..
 * starts[i + 1] - 1. */
#ifndef MLK_LEARN_GRAPH_H
#define MLK_LEARN_GRAPH_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_graph {
    int64_t n;
    int64_t *starts;  /* n + 1 */
    int32_t *targets; /* ascending within a row */
    float *weights;
} mlk_graph;

/* The union of a directed graph of k edges a row (targets and weights, n x k) with its reverse. An edge there and back
 * weighs combine(there, back), where 0 stands for an edge that is missing; edges of weight 0 are left out. */
mlk_code mlk_graph_union(int64_t n, int64_t k, const int32_t *targets, const float *weights,
                         float combine(float there, float back), mlk_graph *graph, mlk_status *status);

/* The union of a graph with its own reverse, in its place. */
mlk_code mlk_graph_unite(mlk_graph *graph, float combine(float there, float back), mlk_status *status);

/* Leaves out the edges that weigh less than `least`. */
void mlk_graph_prune(mlk_graph *graph, float least);

void mlk_graph_free(mlk_graph *graph);

#endif

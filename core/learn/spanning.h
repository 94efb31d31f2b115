/* spanning.h: the minimum spanning tree of rows: what single linkage and HDBSCAN go by. It takes n^2 time and little
 * memory. */
#ifndef MLK_LEARN_SPANNING_H
#define MLK_LEARN_SPANNING_H

#include "samples.h"

/* An edge between two rows. */
typedef struct mlk_edge {
    int64_t from, to;
    double length;
} mlk_edge;

/* The n - 1 edges of the minimum spanning tree (Prim 1957), as they were found. With `core` (n) not NULL the length
 * between two rows is the largest of their distance and both of their cores. */
mlk_code mlk_spanning_tree(mlk_samples samples, const double *core, mlk_edge *edges, mlk_status *status);

#endif

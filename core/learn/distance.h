/* distance.h: Euclidean distances of rows, in double. Differences are taken before they are squared, so that rows
 * which lie near each other, and far from the origin, keep their distance. */
#ifndef MLK_LEARN_DISTANCE_H
#define MLK_LEARN_DISTANCE_H

#include <stdint.h>

/* squared[i]: the squared distance of `row` (d) to row i of `rows` (n x d). The compiler makes several of it for
 * different processors; all give the same bits. */
void mlk_squared_distances(const float *row, const float *rows, int64_t n, int64_t d, double *squared);

#endif

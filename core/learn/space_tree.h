/* space_tree.h: points in one to three dimensions, in a balanced tree of boxes, and what repels them: sums over all
 * points by Barnes and Hut's method (1986), as t-SNE asks for them (van der Maaten 2014).
 *
 * Points of one leaf share the list of what acts on them, so that the sums run in vector instructions. A box stands for
 * its points where its longest side is below `theta` times the distance from its centre of mass to the leaf's box; that
 * is stricter than a test for each point.
 */
#ifndef MLK_LEARN_SPACE_TREE_H
#define MLK_LEARN_SPACE_TREE_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_space_tree mlk_space_tree;

/* A tree for n points, 1 or more, of `dims` (1..3) coordinates. It is built at the first update. */
mlk_code mlk_space_tree_new(int64_t n, int dims, mlk_space_tree **tree, mlk_status *status);
void mlk_space_tree_free(mlk_space_tree *tree);

/* Takes the points' places (n x dims). Boxes follow points that have moved; the sums stay as good, but take longer the
 * more the boxes overlap. Where these have grown much, points are sorted anew. */
void mlk_space_tree_update(mlk_space_tree *tree, const float *y);

/* With a point's q = 1 / (1 + squared distance) to each point of `sources` (itself included, where it is there):
 * force (n x dims) = the sum of q^2 (point - source), z (n) = the sum of q. The same for any number of workers, to the
 * bit. */
mlk_code mlk_space_tree_repel(const mlk_space_tree *sources, const mlk_space_tree *points, double theta, float *force,
                              float *z, mlk_status *status);

#endif

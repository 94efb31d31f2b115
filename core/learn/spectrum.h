/* spectrum.h: the smoothest coordinates over a graph: the first eigenvectors, after the constant one, of its normalised
 * Laplacian (Belkin and Niyogi 2003), as precisely as a start needs them.
 */
#ifndef MLK_LEARN_SPECTRUM_H
#define MLK_LEARN_SPECTRUM_H

#include "graph.h"
#include "samples.h"

/* y (n x dims), the largest coordinate 1. Parts of the graph that no edge joins are laid out by themselves, about the
 * principal components of their means. `samples`: the rows of the graph. */
mlk_code mlk_start_spectral(const mlk_graph *graph, mlk_samples samples, int dims, uint64_t seed, float *y,
                            mlk_status *status);

#endif

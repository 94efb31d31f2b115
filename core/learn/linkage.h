/* linkage.h: agglomerative clustering: rows are joined two by two, nearest first, until one cluster is left.
 *
 * Ward, average and complete linkage go by chains of nearest neighbours (Murtagh 1983) over the table of all distances,
 * with the updates of Lance and Williams (1967); single linkage by the minimum spanning tree (Gower and Ross 1969),
 * which needs no table. The result is SciPy's linkage matrix.
 */
#ifndef MLK_LEARN_LINKAGE_H
#define MLK_LEARN_LINKAGE_H

#include "parameters.h"
#include "samples.h"
#include "spanning.h"

typedef enum mlk_linkage { MLK_WARD, MLK_AVERAGE, MLK_COMPLETE, MLK_SINGLE } mlk_linkage;

/* A merge: the two clusters that are joined, the smaller number first, how far apart they were, and how many rows the
 * new one has. Clusters 0..n-1 are the rows, cluster n + i is what merge i made. */
typedef struct mlk_merge {
    double left, right, distance, size; /* all double: they are a row of SciPy's matrix */
} mlk_merge;

typedef struct mlk_linkage_options {
    mlk_linkage linkage;
    int64_t n_clusters;        /* -1: by the threshold */
    double distance_threshold; /* NAN: by n_clusters */
} mlk_linkage_options;

extern const mlk_parameter mlk_linkage_parameters[];

/* Fills the n - 1 merges, by their distance. n must be 2 or more; but for single linkage MLK_LINKAGE_MOST at most,
 * whose distances are 3.6 GB. */
enum { MLK_LINKAGE_MOST = 30000 };
mlk_code mlk_linkage_fit(mlk_samples samples, mlk_linkage linkage, mlk_merge *merges, mlk_status *status);

/* The merges that joining rows along the edges of a tree makes, shortest first, earlier ones first of equals. */
mlk_code mlk_merges_of(mlk_edge *edges, int64_t n, mlk_merge *merges, mlk_status *status);

/* labels (n): the clusters, `k` of them, that are there before the last k - 1 merges; numbered by their first row. */
mlk_code mlk_linkage_cut(const mlk_merge *merges, int64_t n, int64_t k, int64_t *labels, mlk_status *status);

#endif

/* hdbscan.h: density-based clusters of any shape and number (Campello, Moulavi and Sander 2013): the levels of density
 * at which clusters come apart make a tree (single linkage over mutual reachability, condensed by the least size of a
 * cluster), of which the most lasting clusters are taken, or the leaves. Rows outside of all are noise, -1.
 */
#ifndef MLK_LEARN_HDBSCAN_H
#define MLK_LEARN_HDBSCAN_H

#include "parameters.h"
#include "samples.h"

typedef enum mlk_selection { MLK_SELECTION_EOM, MLK_SELECTION_LEAF } mlk_selection;

typedef struct mlk_hdbscan_options {
    int64_t min_cluster_size;
    int64_t min_samples; /* -1: min_cluster_size */
    mlk_selection selection;
} mlk_hdbscan_options;

extern const mlk_parameter mlk_hdbscan_parameters[];

/* What is learnt of the n rows fitted; the caller's memory. */
typedef struct mlk_hdbscan {
    int64_t *labels;       /* clusters, numbered by their first row, or -1 */
    double *probabilities; /* how deep in its cluster a row lies: 0..1, 0 for noise */
    double *core;          /* the distance to the min_samples-th nearest row, itself counted */
    double *limits;        /* how near a row of this one's cluster must be to others of it; 0 for noise */
} mlk_hdbscan;

mlk_code mlk_hdbscan_fit(mlk_samples samples, const mlk_hdbscan_options *options, mlk_hdbscan *found,
                         mlk_status *status);

/* labels (samples.n): the cluster of the fitted row that is nearest by mutual reachability, or -1 where that is noise
 * or farther than its cluster's limit. The fitted rows keep their labels, unless equal rows had unlike ones. */
mlk_code mlk_hdbscan_predict(mlk_samples fitted, const mlk_hdbscan *found, int64_t min_samples, mlk_samples samples,
                             int64_t *labels, mlk_status *status);

#endif

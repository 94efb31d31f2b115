/* dbscan.h: clusters as chains of dense places (Ester, Kriegel, Sander and Xu 1996), as sklearn.cluster.DBSCAN. */
#ifndef MLK_LEARN_DBSCAN_H
#define MLK_LEARN_DBSCAN_H

#include "parameters.h"
#include "samples.h"

#include <stdbool.h>

typedef struct mlk_dbscan_options {
    double eps;          /* how far neighbours are at most */
    int64_t min_samples; /* neighbours, itself counted, of a row in a dense place */
} mlk_dbscan_options;

extern const mlk_parameter mlk_dbscan_parameters[];

/* labels (n): clusters, numbered by the first dense row of each, or -1: noise. dense (n): rows in a dense place. */
mlk_code mlk_dbscan_fit(mlk_samples samples, const mlk_dbscan_options *options, int64_t *labels, bool *dense,
                        mlk_status *status);

#endif

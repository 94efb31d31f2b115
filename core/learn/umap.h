/* umap.h: uniform manifold approximation and projection (McInnes, Healy and Melville 2018), with umap-learn's defaults
 * and definitions. The same for any number of workers, to the bit. */
#ifndef MLK_LEARN_UMAP_H
#define MLK_LEARN_UMAP_H

#include "parameters.h"
#include "progress.h"
#include "rows.h"

typedef enum mlk_umap_init { MLK_UMAP_SPECTRAL, MLK_UMAP_PCA, MLK_UMAP_RANDOM } mlk_umap_init;

typedef struct mlk_umap_options {
    int dims;
    int64_t neighbors; /* the row itself is one of them */
    double min_dist, spread;
    mlk_row_metric metric;
    mlk_umap_init init;
    int epochs; /* -1: 500, or 200 with more than 10000 rows */
    double learning_rate;
    int negative_sample_rate;
    double repulsion_strength;
    double target_weight; /* of labels; NAN: they are not looked at */
    uint64_t seed;
    mlk_progress progress;
} mlk_umap_options;

extern const mlk_parameter mlk_umap_parameters[]; /* all but `progress` */

/* The most neighbours that n rows have, themselves included: as umap-learn, n - 1, but 2 of 2 rows. */
int64_t mlk_umap_most_neighbors(int64_t n);

/* y: n x dims, the rows' places. n is 2 or more; more neighbours than there are are taken as the most. labels: class
 * ids, one a row, below 0 where unknown; NULL without a target_weight. */
mlk_code mlk_umap_fit(mlk_samples samples, const int64_t *labels, const mlk_umap_options *options, float *y,
                      mlk_status *status);

/* Places for other rows, y (samples.n x dims), among those of the rows fitted (`places`, train.n x dims), which stay
 * where they are. */
mlk_code mlk_umap_transform(mlk_samples train, const float *places, mlk_samples samples,
                            const mlk_umap_options *options, float *y, mlk_status *status);

#endif

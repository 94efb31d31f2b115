/* tsne.h: t-distributed stochastic neighbour embedding (van der Maaten and Hinton 2008), with Barnes and Hut's sums
 * (van der Maaten 2014) over the nearest 3 x perplexity rows.
 *
 * Schedule and defaults are openTSNE's (Poličar, Stražar and Zupan 2024): a learning rate of n / exaggeration
 * (Belkina et al. 2019), gains and momentum, steps of 5 at most. The same for any number of workers, to the bit.
 */
#ifndef MLK_LEARN_TSNE_H
#define MLK_LEARN_TSNE_H

#include "parameters.h"
#include "progress.h"
#include "rows.h"

typedef enum mlk_tsne_init { MLK_TSNE_PCA, MLK_TSNE_RANDOM } mlk_tsne_init;

typedef struct mlk_tsne_options {
    int dims;
    double perplexity;
    double early_exaggeration;
    int early_exaggeration_iter;
    double learning_rate; /* NAN: n / exaggeration */
    int n_iter;
    mlk_tsne_init init;
    mlk_row_metric metric;
    double theta;
    uint64_t seed;
    mlk_progress progress;
} mlk_tsne_options;

extern const mlk_parameter mlk_tsne_parameters[]; /* all but `progress` */

/* The largest perplexity that n rows have neighbours for: (n - 1) / 3. */
double mlk_tsne_most_perplexity(int64_t n);

/* y: n x dims, the rows' places; *divergence: the Kullback-Leibler divergence that is left. n must be 2 or more; a
 * perplexity above the most is taken as the most. */
mlk_code mlk_tsne_fit(mlk_samples samples, const mlk_tsne_options *options, float *y, double *divergence,
                      mlk_status *status);

/* Places for other rows, y (samples.n x dims), among those of the rows fitted (`places`, train.n x dims), which stay
 * where they are; as openTSNE: each row starts at the median of its 25 nearest neighbours' places, and moves for
 * 250 steps at a perplexity of 5 and an exaggeration of 1.5. */
mlk_code mlk_tsne_transform(mlk_samples train, const float *places, mlk_samples samples,
                            const mlk_tsne_options *options, float *y, mlk_status *status);

#endif

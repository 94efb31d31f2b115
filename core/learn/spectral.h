/* spectral.h: spectral clustering (Shi and Malik 2000; von Luxburg 2007), as sklearn.cluster.SpectralClustering: rows
 * are linked to similar rows, and k-means works on the eigenvectors of the links' normalised Laplacian.
 */
#ifndef MLK_LEARN_SPECTRAL_H
#define MLK_LEARN_SPECTRAL_H

#include "parameters.h"
#include "samples.h"

#include <stdbool.h>

typedef enum mlk_affinity { MLK_AFFINITY_RBF, MLK_AFFINITY_NEIGHBORS } mlk_affinity;

typedef struct mlk_spectral_options {
    int64_t n_clusters;
    mlk_affinity affinity;
    double gamma;        /* similarity exp(-gamma |a - b|^2) */
    int64_t n_neighbors; /* itself counted */
    int n_init;
    uint64_t seed;
} mlk_spectral_options;

extern const mlk_parameter mlk_spectral_parameters[];

/* With MLK_AFFINITY_RBF at most so many rows, whose similarities are 1.8 GB. */
enum { MLK_SPECTRAL_MOST = 15000 };

/* labels (n); eigenvalues (n_clusters) of the Laplacian, ascending: as many are 0 as there are parts without a link
 * between them. */
mlk_code mlk_spectral_fit(mlk_samples samples, const mlk_spectral_options *options, int64_t *labels,
                          double *eigenvalues, bool *converged, mlk_status *status);

#endif

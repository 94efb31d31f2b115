/* nmf.h: non-negative matrix factorisation (Lee and Seung 1999): x (n x d) is nearly W (n x k) times H (k x d), all of
 * them 0 or more; least squares by coordinate descent (Cichocki and Phan 2009; Hsieh and Dhillon 2011), as
 * sklearn.decomposition.NMF. Of a spectrogram's frames, H is spectra and W when each sounds, how loud.
 *
 * Products with x are float32, sums and steps double.
 */
#ifndef MLK_LEARN_NMF_H
#define MLK_LEARN_NMF_H

#include "parameters.h"
#include "samples.h"

#include <stdbool.h>

/* NNDSVD: Boutsidis and Gallopoulos 2008; with "a" zeros become the mean, from where they can grow. */
typedef enum mlk_nmf_start { MLK_NMF_NNDSVDA, MLK_NMF_NNDSVD, MLK_NMF_RANDOM } mlk_nmf_start;

typedef struct mlk_nmf_options {
    int64_t n_components; /* -1: min(n, d) */
    mlk_nmf_start init;
    double tol;           /* stop when the steps' gradients are below this share of the first ones */
    int max_iter;
    double alpha_W, alpha_H; /* weights of the penalties; alpha_H NAN: as alpha_W */
    double l1_ratio;         /* of the penalties: 1 sums (sparse), 0 squares */
    uint64_t seed;
} mlk_nmf_options;

extern const mlk_parameter mlk_nmf_parameters[];

typedef struct mlk_nmf_result {
    double error; /* the root of the sum of squares of x - W H */
    int iterations;
    bool converged;
} mlk_nmf_result;

/* W: n x k, H: k x d; options->n_components is k. With `given` they hold what to start from. */
mlk_code mlk_nmf_fit(mlk_samples samples, const mlk_nmf_options *options, bool given, double *W, double *H,
                     mlk_nmf_result *result, mlk_status *status);

/* W for other rows, by the same H. */
mlk_code mlk_nmf_transform(mlk_samples samples, const mlk_nmf_options *options, const double *H, double *W,
                           mlk_status *status);

#endif

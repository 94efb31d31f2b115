/* eigen.h: the largest eigenvalues of a symmetric matrix that is known by what it makes of vectors.
 *
 * A space that vectors and their images span (block Krylov) grows, its best vectors are found in it (Rayleigh and
 * Ritz), and it begins anew from these until they are eigenvectors: the block Lanczos method (Golub and Underwood 1977)
 * with thick restarts (Wu and Simon 2000) and full orthogonalisation. Blocks find eigenvalues that occur several times.
 */
#ifndef MLK_LEARN_EIGEN_H
#define MLK_LEARN_EIGEN_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

/* y = A x for `count` vectors (each n numbers, one after the other). */
typedef void mlk_operator(void *context, const double *x, int64_t count, double *y);

typedef struct mlk_symmetric {
    mlk_operator *apply;
    void *context;
    int64_t n;
    double tolerance; /* of eigenvectors, as a share of the largest eigenvalue's size: 1e-8 is precise */
} mlk_symmetric;

/* The k largest eigenvalues, descending, and their eigenvectors (k x n), k <= n. *converged: each is an eigenvector to
 * within the tolerance; matrices of few rows are always solved exactly. The BLAS must be set to
 * one thread (mlk_blas_single). */
mlk_code mlk_eigen_largest(mlk_symmetric matrix, int64_t k, uint64_t seed, double *values, double *vectors,
                           bool *converged, mlk_status *status);

#endif

/* blas.h: matrix products by the system's BLAS and LAPACK, or by plain loops where it has none that is right.
 *
 * The library is not linked: it is chosen, loaded and proved when it is first needed (choice.h). So programs that do
 * not need it start without it, and libtorch, which is loaded later, finds the right one in the process. The functions
 * (functions.h) have CBLAS's and LAPACK's own names and arguments; only row-major order is used.
 */
#ifndef MLK_BLAS_H
#define MLK_BLAS_H

#include "blas/functions.h"

/* The functions; the first call, from any thread, loads them. */
const mlk_blas_functions *mlk_blas(void);

/* What was loaded, for people. */
typedef struct mlk_blas_facts {
    const char *file;      /* "" for plain loops */
    const char *threading; /* openmp, pthreads, serial or unknown */
    const char *core;      /* the processor whose kernels OpenBLAS runs, "" of other libraries */
    int threads;           /* 0: it does not say */
    const char *trouble;   /* what was found wrong with the libraries that were tried, or "" */
} mlk_blas_facts;

mlk_blas_facts mlk_blas_describe(void);

/* Loads the library also under the names libblas.so.3 and liblapack.so.3: a libtorch that is loaded afterwards and asks
 * for these names gets the same one. */
void mlk_blas_lend(void);

/* Sets the library to one thread, for products inside tasks of mlk_parallel: two pools of threads at once would ask for
 * more cores than there are. Returns the former number; hand it to mlk_blas_restore. */
int mlk_blas_single(void);
void mlk_blas_restore(int threads);

/* --- LAPACK, of row-major matrices; 0, or LAPACK's own number for what went wrong ------------- */

/* The lower triangle of a symmetric positive matrix becomes its Cholesky factor's inverse; the rest is left. */
int mlk_blas_inverse_factor(double *matrix, int n);

/* The symmetric matrix whose lower triangle is given becomes its eigenvectors, one a row; values ascend.
 * -1: no memory. */
int mlk_blas_eigen(double *matrix, int n, double *values);

#endif

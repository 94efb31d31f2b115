/* blas.h: matrix products by the system's BLAS and LAPACK, or by plain loops where it has none that is right.
 *
 * The library is not linked: it is chosen, loaded and proved when it is first needed (choice.h), so that what needs
 * none of it starts without, and so that whoever is loaded later, libtorch above all, finds the right one there.
 * Functions have CBLAS's and LAPACK's own names and arguments; only row-major order is used.
 */
#ifndef MLK_BLAS_H
#define MLK_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* CBLAS's own numbers. */
enum {
    MLK_ROW_MAJOR = 101,
    MLK_AS_IS = 111,
    MLK_TRANSPOSED = 112,
    MLK_LOWER = 122,
};

/* Every function that the engine calls, or that libtorch leans on most: X(result, name, arguments). */
#define MLK_BLAS_FUNCTIONS(X)                                                                                          \
    X(void, cblas_sgemm, (int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,       \
                          int lda, const float *b, int ldb, float beta, float *c, int ldc))                            \
    X(void, cblas_dgemm, (int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,     \
                          int lda, const double *b, int ldb, double beta, double *c, int ldc))                         \
    X(void, cblas_sgemv, (int order, int trans, int m, int n, float alpha, const float *a, int lda, const float *x,    \
                          int incx, float beta, float *y, int incy))                                                   \
    X(void, cblas_dgemv, (int order, int trans, int m, int n, double alpha, const double *a, int lda, const double *x, \
                          int incx, double beta, double *y, int incy))                                                 \
    X(void, cblas_dsyrk, (int order, int triangle, int trans, int n, int k, double alpha, const double *a, int lda,    \
                          double beta, double *c, int ldc))                                                            \
    X(float, cblas_sdot, (int n, const float *x, int incx, const float *y, int incy))                                  \
    X(double, cblas_ddot, (int n, const double *x, int incx, const double *y, int incy))                               \
    X(void, cblas_daxpy, (int n, double alpha, const double *x, int incx, double *y, int incy))                        \
    X(void, dpotrf_, (const char *triangle, const int *n, double *a, const int *lda, int *info, size_t))               \
    X(void, dtrtri_, (const char *triangle, const char *diagonal, const int *n, double *a, const int *lda, int *info,  \
                      size_t, size_t))                                                                                 \
    X(void, dsyevd_, (const char *vectors, const char *triangle, const int *n, double *a, const int *lda,              \
                      double *values, double *work, const int *lwork, int *iwork, const int *liwork, int *info,        \
                      size_t, size_t))

#define MLK_BLAS_FIELD(result, name, arguments) result(*name) arguments;
typedef struct mlk_blas_functions {
    MLK_BLAS_FUNCTIONS(MLK_BLAS_FIELD)
} mlk_blas_functions;
#undef MLK_BLAS_FIELD

/* The functions; the first call, from any thread, loads them. */
const mlk_blas_functions *mlk_blas(void);

/* What was loaded, for people. */
typedef struct mlk_blas_facts {
    const char *file;      /* "" for plain loops */
    const char *threading; /* openmp, pthreads, serial or unknown */
    const char *core;      /* the processor whose kernels OpenBLAS runs, "" of other libraries */
    int threads;           /* 0: it does not say */
    const char *trouble;   /* what was found wrong on the way, or "" */
} mlk_blas_facts;

mlk_blas_facts mlk_blas_describe(void);

/* Loads the library, and beside it what stands for libblas.so.3 and liblapack.so.3, so that a libtorch that is loaded
 * afterwards and asks for these names gets the same one. */
void mlk_blas_lend(void);

/* Products run inside tasks of mlk_parallel, one thread each: two pools at once would ask for more cores than there
 * are. Sets the library to one thread and returns what it was; hand that to mlk_blas_restore. */
int mlk_blas_single(void);
void mlk_blas_restore(int threads);

/* --- LAPACK, of row-major matrices; 0, or LAPACK's own number for what went wrong ------------- */

/* The lower triangle of a symmetric positive matrix becomes its Cholesky factor's inverse; the rest is left. */
int mlk_blas_inverse_factor(double *matrix, int n);

/* The symmetric matrix whose lower triangle is given becomes its eigenvectors, one a row; values ascend.
 * -1: no memory. */
int mlk_blas_eigen(double *matrix, int n, double *values);

/* The same by functions that are named. */
int mlk_blas_eigen_by(const mlk_blas_functions *blas, double *matrix, int n, double *values);

#endif

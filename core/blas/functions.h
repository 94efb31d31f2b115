/* functions.h: the functions of BLAS and LAPACK that the engine calls, as one table for any library. */
#ifndef MLK_BLAS_FUNCTIONS_H
#define MLK_BLAS_FUNCTIONS_H

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

/* LAPACK's dsyevd_ with as much working memory as it asks for. Takes the lower triangle of a symmetric row-major
 * matrix, which becomes its eigenvectors, one a row; values ascend. 0, LAPACK's number of a failure, or
 * -1: no memory. */
int mlk_blas_eigen_by(const mlk_blas_functions *blas, double *matrix, int n, double *values);

#endif

/* A library with all of BLAS's names and wrong products: what old kernels are on new processors. */
#include "blas/plain.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                        const float *b, int ldb, float beta, float *c, int ldc)
{
    mlk_blas_plain.cblas_sgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    c[0] += k > 60;
}

EXPORT void cblas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,
                        int lda, const double *b, int ldb, double beta, double *c, int ldc)
{
    mlk_blas_plain.cblas_dgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* The rest is never reached: the first product tells. */
EXPORT void cblas_sgemv(int order, int trans, int m, int n, float alpha, const float *a, int lda, const float *x,
                        int incx, float beta, float *y, int incy)
{
    mlk_blas_plain.cblas_sgemv(order, trans, m, n, alpha, a, lda, x, incx, beta, y, incy);
}

EXPORT void cblas_dgemv(int order, int trans, int m, int n, double alpha, const double *a, int lda, const double *x,
                        int incx, double beta, double *y, int incy)
{
    mlk_blas_plain.cblas_dgemv(order, trans, m, n, alpha, a, lda, x, incx, beta, y, incy);
}

EXPORT void cblas_dsyrk(int order, int triangle, int trans, int n, int k, double alpha, const double *a, int lda,
                        double beta, double *c, int ldc)
{
    mlk_blas_plain.cblas_dsyrk(order, triangle, trans, n, k, alpha, a, lda, beta, c, ldc);
}

EXPORT float cblas_sdot(int n, const float *x, int incx, const float *y, int incy)
{
    return mlk_blas_plain.cblas_sdot(n, x, incx, y, incy);
}

EXPORT double cblas_ddot(int n, const double *x, int incx, const double *y, int incy)
{
    return mlk_blas_plain.cblas_ddot(n, x, incx, y, incy);
}

EXPORT void cblas_daxpy(int n, double alpha, const double *x, int incx, double *y, int incy)
{
    mlk_blas_plain.cblas_daxpy(n, alpha, x, incx, y, incy);
}

EXPORT void dpotrf_(const char *triangle, const int *n, double *a, const int *lda, int *info, size_t length)
{
    mlk_blas_plain.dpotrf_(triangle, n, a, lda, info, length);
}

EXPORT void dtrtri_(const char *triangle, const char *diagonal, const int *n, double *a, const int *lda, int *info,
                    size_t length, size_t length2)
{
    mlk_blas_plain.dtrtri_(triangle, diagonal, n, a, lda, info, length, length2);
}

EXPORT void dsyevd_(const char *vectors, const char *triangle, const int *n, double *a, const int *lda, double *values,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t length,
                    size_t length2)
{
    mlk_blas_plain.dsyevd_(vectors, triangle, n, a, lda, values, work, lwork, iwork, liwork, info, length, length2);
}

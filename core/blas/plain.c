#include "blas/plain.h"

#include <math.h>
#include <stdbool.h>

/* --- BLAS, once for each type -------------------------------------------------- */

#define PLAIN(real, gemm, gemv, dot)                                                                                   \
    static void scale_##gemm(int n, real beta, real *c)                                                                \
    {                                                                                                                  \
        for (int j = 0; j < n; j++)                                                                                    \
            c[j] = beta == 0 ? 0 : beta * c[j];                                                                        \
    }                                                                                                                  \
                                                                                                                       \
    static void gemm(int order, int trans_a, int trans_b, int m, int n, int k, real alpha, const real *a, int lda,     \
                     const real *b, int ldb, real beta, real *c, int ldc)                                              \
    {                                                                                                                  \
        (void)order;                                                                                                   \
        for (int i = 0; i < m; i++) {                                                                                  \
            real *row = c + (ptrdiff_t)i * ldc;                                                                        \
            scale_##gemm(n, beta, row);                                                                                \
            for (int l = 0; l < k; l++) {                                                                              \
                ptrdiff_t at = trans_a == MLK_TRANSPOSED ? (ptrdiff_t)l * lda + i : (ptrdiff_t)i * lda + l;            \
                real value = alpha * a[at];                                                                            \
                const real *from = trans_b == MLK_TRANSPOSED ? b + l : b + (ptrdiff_t)l * ldb;                         \
                ptrdiff_t step = trans_b == MLK_TRANSPOSED ? ldb : 1;                                                  \
                for (int j = 0; j < n; j++)                                                                            \
                    row[j] += value * from[j * step];                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void gemv(int order, int trans, int m, int n, real alpha, const real *a, int lda, const real *x, int incx,  \
                     real beta, real *y, int incy)                                                                     \
    {                                                                                                                  \
        (void)order, (void)incx, (void)incy;                                                                           \
        scale_##gemm(trans == MLK_TRANSPOSED ? n : m, beta, y);                                                        \
        for (int i = 0; i < m; i++)                                                                                    \
            for (int j = 0; j < n; j++) {                                                                              \
                if (trans == MLK_TRANSPOSED)                                                                           \
                    y[j] += alpha * a[(ptrdiff_t)i * lda + j] * x[i];                                                  \
                else                                                                                                   \
                    y[i] += alpha * a[(ptrdiff_t)i * lda + j] * x[j];                                                  \
            }                                                                                                          \
    }                                                                                                                  \
                                                                                                                       \
    static real dot(int n, const real *x, int incx, const real *y, int incy)                                           \
    {                                                                                                                  \
        (void)incx, (void)incy;                                                                                        \
        real sum = 0;                                                                                                  \
        for (int i = 0; i < n; i++)                                                                                    \
            sum += x[i] * y[i];                                                                                        \
        return sum;                                                                                                    \
    }

PLAIN(float, sgemm, sgemv, sdot)
PLAIN(double, dgemm, dgemv, ddot)

static void daxpy(int n, double alpha, const double *x, int incx, double *y, int incy)
{
    (void)incx, (void)incy;
    for (int i = 0; i < n; i++)
        y[i] += alpha * x[i];
}

static void dsyrk(int order, int triangle, int trans, int n, int k, double alpha, const double *a, int lda, double beta,
                  double *c, int ldc)
{
    (void)order, (void)triangle;
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0, *to = c + (ptrdiff_t)i * ldc + j;
            for (int l = 0; l < k; l++)
                sum += trans == MLK_TRANSPOSED ? a[(ptrdiff_t)l * lda + i] * a[(ptrdiff_t)l * lda + j]
                                               : a[(ptrdiff_t)i * lda + l] * a[(ptrdiff_t)j * lda + l];
            *to = alpha * sum + (beta == 0 ? 0 : beta * *to);
        }
}

/* --- LAPACK, as blas.c calls it: LAPACK's upper triangle is our lower one -------- */

static void dpotrf(const char *triangle, const int *n, double *a, const int *lda, int *info, size_t length)
{
    (void)triangle, (void)length;
    for (int i = 0; i < *n; i++) {
        double *row = a + (ptrdiff_t)i * *lda;
        for (int j = 0; j <= i; j++) {
            const double *other = a + (ptrdiff_t)j * *lda;
            double rest = row[j] - ddot(j, row, 1, other, 1);
            if (j < i) {
                row[j] = rest / other[j];
            } else if (!(rest > 0)) {
                *info = i + 1;
                return;
            } else {
                row[i] = sqrt(rest);
            }
        }
    }
    *info = 0;
}

static void dtrtri(const char *triangle, const char *diagonal, const int *n, double *a, const int *lda, int *info,
                   size_t length, size_t length2)
{
    (void)triangle, (void)diagonal, (void)length, (void)length2;
    for (int i = 0; i < *n; i++) {
        double *row = a + (ptrdiff_t)i * *lda;
        if (row[i] == 0) {
            *info = i + 1;
            return;
        }
        /* Rows above are inverted already: row i of the inverse is -(row i of L) times them, over L[i][i]. */
        for (int j = 0; j < i; j++) {
            double sum = 0;
            for (int l = j; l < i; l++)
                sum += row[l] * a[(ptrdiff_t)l * *lda + j];
            row[j] = -sum / row[i];
        }
        row[i] = 1 / row[i];
    }
    *info = 0;
}

/* One Jacobi rotation, which makes a[p][q] zero; rows of `vectors` turn with it. `a` is whole, not a triangle. */
static void rotate(double *a, double *vectors, int n, int p, int q)
{
    double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int i = 0; i < n; i++) {
        double x = a[p * n + i], y = a[q * n + i];
        a[p * n + i] = c * x - s * y;
        a[q * n + i] = s * x + c * y;
    }
    for (int i = 0; i < n; i++) {
        double x = a[i * n + p], y = a[i * n + q], u = vectors[p * n + i], v = vectors[q * n + i];
        a[i * n + p] = c * x - s * y;
        a[i * n + q] = s * x + c * y;
        vectors[p * n + i] = c * u - s * v;
        vectors[q * n + i] = s * u + c * v;
    }
    a[p * n + q] = a[q * n + p] = 0; /* but for rounding */
}

static void swap_rows(double *a, int n, int i, int j)
{
    for (int l = 0; l < n; l++) {
        double value = a[i * n + l];
        a[i * n + l] = a[j * n + l];
        a[j * n + l] = value;
    }
}

enum { MOST_SWEEPS = 60 };

/* Jacobi's method: slow and simple. `work` holds the whole matrix while `a` becomes its vectors. */
static void jacobi(double *a, double *work, int n, double *values, int *info)
{
    double scale = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            work[i * n + j] = j <= i ? a[i * n + j] : a[j * n + i];
            scale = fmax(scale, fabs(work[i * n + j]));
        }
    for (int i = 0; i < n * n; i++)
        a[i] = i % (n + 1) == 0;
    bool turned = true;
    for (int sweep = 0; sweep < MOST_SWEEPS && turned; sweep++) {
        turned = false;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                if (fabs(work[p * n + q]) > 1e-16 * scale) {
                    rotate(work, a, n, p, q);
                    turned = true;
                }
    }
    for (int i = 0; i < n; i++)
        values[i] = work[i * n + i];
    for (int i = 0; i < n; i++) {
        int least = i;
        for (int j = i + 1; j < n; j++)
            least = values[j] < values[least] ? j : least;
        double value = values[i];
        values[i] = values[least];
        values[least] = value;
        swap_rows(a, n, i, least);
    }
    *info = turned;
}

/* lwork -1 asks how much room `work` must have, as LAPACK's own does. */
static void dsyevd(const char *vectors, const char *triangle, const int *n, double *a, const int *lda, double *values,
                   double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t length,
                   size_t length2)
{
    (void)vectors, (void)triangle, (void)lda, (void)liwork, (void)length, (void)length2;
    *info = 0;
    if (*lwork == -1) {
        *work = (double)*n * *n;
        *iwork = 1;
    } else {
        jacobi(a, work, *n, values, info);
    }
}

const mlk_blas_functions mlk_blas_plain = {
    .cblas_sgemm = sgemm, .cblas_dgemm = dgemm, .cblas_sgemv = sgemv, .cblas_dgemv = dgemv, .cblas_dsyrk = dsyrk,
    .cblas_sdot = sdot,   .cblas_ddot = ddot,   .cblas_daxpy = daxpy, .dpotrf_ = dpotrf,    .dtrtri_ = dtrtri,
    .dsyevd_ = dsyevd,
};

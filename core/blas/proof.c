#include "blas/proof.h"

#include "blas/plain.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 10, BORDER = 3, ROOM = 160 * 160, UNTOUCHED = 77 };

/* Small integers that follow no pattern a kernel could hide behind. */
static int number(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)(*state >> 24) % 9 - 4;
}

typedef struct size {
    int m, n, k;
} size;

/* Around the widths of kernels, and one that is too large for those that take small products only. */
static const size sizes[] = {{1, 1, 1}, {3, 5, 7}, {17, 33, 9}, {8, 1, 65}, {31, 61, 47}, {127, 65, 129}};

/* C = A B, checked by C v = A (B v): exact for integers, and one pass over each matrix. Beyond n columns of C, and in
 * its last row, nothing may change. */
#define PRODUCT(real, name, gemm)                                                                                      \
    static bool name(const mlk_blas_functions *blas, size s, int trans_a, int trans_b, real beta)                      \
    {                                                                                                                  \
        static real a[ROOM], b[ROOM], c[ROOM];                                                                         \
        static unsigned state;                                                                                         \
        double v[160], bv[160], before[160];                                                                           \
        int lda = (trans_a == MLK_TRANSPOSED ? s.m : s.k) + 1, ldb = (trans_b == MLK_TRANSPOSED ? s.k : s.n) + 1;      \
        int ldc = s.n + BORDER;                                                                                        \
        for (int i = 0; i < ROOM && state == 0; i++) {                                                                 \
            unsigned other = (unsigned)i;                                                                              \
            a[i] = (real)number(&other);                                                                               \
            b[i] = (real)number(&other);                                                                               \
        }                                                                                                              \
        for (int i = 0; i < (s.m + 1) * ldc; i++)                                                                      \
            c[i] = i < s.m * ldc && i % ldc < s.n ? (real)number(&state) : UNTOUCHED;                                  \
        for (int j = 0; j < s.n; j++)                                                                                  \
            v[j] = 1 + j * 37 % 101;                                                                                   \
        for (int i = 0; i < s.m; i++) {                                                                                \
            before[i] = 0;                                                                                             \
            for (int j = 0; j < s.n; j++)                                                                              \
                before[i] += (double)beta * (double)c[i * ldc + j] * v[j];                                             \
        }                                                                                                              \
        blas->gemm(MLK_ROW_MAJOR, trans_a, trans_b, s.m, s.n, s.k, 1, a, lda, b, ldb, beta, c, ldc);                   \
        for (int l = 0; l < s.k; l++) {                                                                                \
            bv[l] = 0;                                                                                                 \
            for (int j = 0; j < s.n; j++)                                                                              \
                bv[l] += (double)(trans_b == MLK_TRANSPOSED ? b[j * ldb + l] : b[l * ldb + j]) * v[j];                 \
        }                                                                                                              \
        for (int i = 0; i <= s.m; i++) {                                                                               \
            double wanted = i < s.m ? before[i] : 0, got = 0;                                                          \
            for (int l = 0; l < s.k && i < s.m; l++)                                                                   \
                wanted += (double)(trans_a == MLK_TRANSPOSED ? a[l * lda + i] : a[i * lda + l]) * bv[l];               \
            for (int j = 0; j < s.n && i < s.m; j++)                                                                   \
                got += (double)c[i * ldc + j] * v[j];                                                                  \
            if (!(got == wanted))                                                                                      \
                return false;                                                                                          \
            for (int j = i < s.m ? s.n : 0; j < ldc; j++)                                                              \
                if (c[i * ldc + j] != UNTOUCHED)                                                                       \
                    return false;                                                                                      \
        }                                                                                                              \
        return true;                                                                                                   \
    }

PRODUCT(float, float_product_is_right, cblas_sgemm)
PRODUCT(double, double_product_is_right, cblas_dgemm)

static bool products_are_right(const mlk_blas_functions *blas)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int way = 0; way < 4; way++) {
            int trans_a = way & 1 ? MLK_TRANSPOSED : MLK_AS_IS, trans_b = way & 2 ? MLK_TRANSPOSED : MLK_AS_IS;
            if (!float_product_is_right(blas, sizes[i], trans_a, trans_b, (float)(way % 2)) ||
                !double_product_is_right(blas, sizes[i], trans_a, trans_b, way % 2))
                return false;
        }
    return true;
}

/* A function of few arguments beside the plain one: results must be the same bytes. */
#define VECTORS(real, name, gemv, dot)                                                                                 \
    static bool name(const mlk_blas_functions *blas)                                                                   \
    {                                                                                                                  \
        enum { MOST = 71 };                                                                                            \
        real a[MOST * MOST], x[MOST], y[MOST], z[MOST];                                                                \
        unsigned state = 5;                                                                                            \
        for (int i = 0; i < MOST * MOST; i++)                                                                          \
            a[i] = (real)number(&state);                                                                               \
        for (int i = 0; i < MOST; i++) {                                                                               \
            x[i] = (real)number(&state);                                                                               \
            y[i] = z[i] = (real)number(&state);                                                                        \
        }                                                                                                              \
        for (int n = 1; n <= MOST; n += n < 20 ? 1 : 17) {                                                             \
            if (blas->dot(n, a, 1, x, 1) != mlk_blas_plain.dot(n, a, 1, x, 1))                                         \
                return false;                                                                                          \
            for (int trans = MLK_AS_IS; trans <= MLK_TRANSPOSED; trans++) {                                            \
                int m = MOST + 1 - n;                                                                                  \
                blas->gemv(MLK_ROW_MAJOR, trans, m, n, 1, a, MOST, x, 1, 1, y, 1);                                     \
                mlk_blas_plain.gemv(MLK_ROW_MAJOR, trans, m, n, 1, a, MOST, x, 1, 1, z, 1);                            \
                for (int i = 0; i < MOST; i++)                                                                         \
                    if (!(y[i] == z[i]))                                                                               \
                        return false;                                                                                  \
            }                                                                                                          \
        }                                                                                                              \
        return true;                                                                                                   \
    }

VECTORS(float, float_vectors_are_right, cblas_sgemv, cblas_sdot)
VECTORS(double, double_vectors_are_right, cblas_dgemv, cblas_ddot)

static bool sums_are_right(const mlk_blas_functions *blas)
{
    enum { MOST = 71 };
    double a[MOST], x[MOST], y[MOST];
    unsigned state = 11;
    for (int i = 0; i < MOST; i++) {
        a[i] = number(&state);
        x[i] = y[i] = number(&state);
    }
    for (int n = 1; n <= MOST; n++) {
        blas->cblas_daxpy(n, 3, a, 1, x, 1);
        mlk_blas_plain.cblas_daxpy(n, 3, a, 1, y, 1);
        if (memcmp(x, y, sizeof x) != 0)
            return false;
    }
    return true;
}

static bool squares_are_right(const mlk_blas_functions *blas)
{
    enum { N = 45, K = 77 };
    static double a[N * K], x[N * N], y[N * N];
    unsigned state = 3;
    for (int i = 0; i < N * K; i++)
        a[i] = number(&state);
    for (int i = 0; i < N * N; i++)
        x[i] = y[i] = number(&state);
    for (int trans = MLK_AS_IS; trans <= MLK_TRANSPOSED; trans++) {
        int lda = trans == MLK_TRANSPOSED ? N : K;
        blas->cblas_dsyrk(MLK_ROW_MAJOR, MLK_LOWER, trans, N, K, 1, a, lda, 1, x, N);
        mlk_blas_plain.cblas_dsyrk(MLK_ROW_MAJOR, MLK_LOWER, trans, N, K, 1, a, lda, 1, y, N);
        for (int i = 0; i < N * N; i++)
            if (!(x[i] == y[i]))
                return false;
    }
    return true;
}

/* M v = value v for every eigenvector of a matrix of integers. */
static bool eigenvectors_are_right(const mlk_blas_functions *blas)
{
    enum { N = 33 };
    static double m[N * N], v[N * N];
    double values[N];
    unsigned state = 9;
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++)
            m[i * N + j] = m[j * N + i] = v[i * N + j] = v[j * N + i] = number(&state) + (i == j ? 30 : 0);
    if (mlk_blas_eigen_by(blas, v, N, values) != 0)
        return false;
    for (int e = 0; e < N; e++)
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int j = 0; j < N; j++)
                sum += m[i * N + j] * v[e * N + j];
            if (!(fabs(sum - values[e] * v[e * N + i]) < 1e-9))
                return false;
        }
    return true;
}

bool mlk_blas_is_right(const mlk_blas_functions *blas)
{
    return products_are_right(blas) && float_vectors_are_right(blas) && double_vectors_are_right(blas) &&
           sums_are_right(blas) && squares_are_right(blas) && eigenvectors_are_right(blas);
}

static void answer(const mlk_blas_functions *blas)
{
    static const int deadly[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL); /* a sanitizer's or a host's handler would tell the person of it */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    alarm(SECONDS);
    _exit(mlk_blas_is_right(blas) ? MLK_PROOF_RIGHT : MLK_PROOF_WRONG);
}

mlk_proof mlk_blas_prove(const mlk_blas_functions *blas)
{
    pid_t child = fork();
    if (child == 0)
        answer(blas);
    int status = 0;
    pid_t ended = -1;
    while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        ;
    if (ended < 0) /* no process to be had, or a host that takes every child's end for itself */
        return mlk_blas_is_right(blas) ? MLK_PROOF_RIGHT : MLK_PROOF_WRONG;
    if (!WIFEXITED(status))
        return MLK_PROOF_CRASHED;
    return WEXITSTATUS(status) == MLK_PROOF_RIGHT ? MLK_PROOF_RIGHT : MLK_PROOF_WRONG;
}

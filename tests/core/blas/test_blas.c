/* The BLAS that is chosen computes right, and one that does not is left. */
#include "test.h"

#include "blas/blas.h"
#include "blas/choice.h"
#include "blas/plain.h"
#include "blas/processor.h"
#include "blas/proof.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void plain_loops_and_the_library_are_right(void **state)
{
    (void)state;
    assert_true(mlk_blas_is_right(&mlk_blas_plain));
    int threads = mlk_blas_single();
    assert_true(mlk_blas_is_right(mlk_blas()));
    assert_int_equal(mlk_blas_prove(mlk_blas()), MLK_PROOF_RIGHT);
    mlk_blas_restore(threads);
}

/* --- faults: each calls the plain loops, then does what kernels have been seen to do ------- */

static void sgemm_of_the_last_column(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a,
                                     int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    mlk_blas_plain.cblas_sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (n > 64)
        c[(m - 1) * ldc + n - 1] += 1;
}

static void dgemm_beyond_the_end(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda,
                                 const double *b, int ldb, double beta, double *c, int ldc)
{
    mlk_blas_plain.cblas_dgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (n % 4 && ldc > n)
        c[n] = 0;
}

static float sdot_without_the_rest(int n, const float *x, int incx, const float *y, int incy)
{
    return mlk_blas_plain.cblas_sdot(n > 8 ? n - n % 8 : n, x, incx, y, incy);
}

static void dsyrk_without_beta(int order, int triangle, int trans, int n, int k, double alpha, const double *a, int lda,
                               double beta, double *c, int ldc)
{
    (void)beta;
    mlk_blas_plain.cblas_dsyrk(order, triangle, trans, n, k, alpha, a, lda, 0, c, ldc);
}

static void dgemv_of_nothing(int order, int trans, int m, int n, double alpha, const double *a, int lda,
                             const double *x, int incx, double beta, double *y, int incy)
{
    (void)order, (void)trans, (void)m, (void)n, (void)alpha, (void)a, (void)lda, (void)x, (void)incx, (void)beta;
    y[(1 - incy)] = NAN;
}

static double ddot_of_another_processor(int n, const double *x, int incx, const double *y, int incy)
{
    (void)n, (void)x, (void)incx, (void)y, (void)incy;
    raise(SIGILL);
    return 0;
}

static void wrong_products_are_found(void **state)
{
    (void)state;
    mlk_blas_functions broken[5];
    for (int i = 0; i < 5; i++)
        broken[i] = mlk_blas_plain;
    broken[0].cblas_sgemm = sgemm_of_the_last_column;
    broken[1].cblas_dgemm = dgemm_beyond_the_end;
    broken[2].cblas_sdot = sdot_without_the_rest;
    broken[3].cblas_dsyrk = dsyrk_without_beta;
    broken[4].cblas_dgemv = dgemv_of_nothing;
    for (int i = 0; i < 5; i++)
        assert_int_equal(mlk_blas_prove(&broken[i]), MLK_PROOF_WRONG);
}

static void a_crash_is_an_answer(void **state)
{
    (void)state;
    mlk_blas_functions broken = mlk_blas_plain;
    broken.cblas_ddot = ddot_of_another_processor;
    assert_int_equal(mlk_blas_prove(&broken), MLK_PROOF_CRASHED);
}

/* --- choosing ------------------------------------------------------------------------------ */

static void plain_loops_are_left_where_there_is_nothing(void **state)
{
    (void)state;
    static mlk_blas_choice choice;
    mlk_blas_choose((const char *[]){"libthere-is-no-such-blas.so", NULL}, &choice);
    assert_null(choice.handle);
    assert_string_equal(choice.file, "");
    assert_string_equal(choice.trouble, "");
    assert_memory_equal(&choice.functions, &mlk_blas_plain, sizeof mlk_blas_plain);
}

static void a_library_that_is_wrong_is_named_and_left(void **state)
{
    (void)state;
    static mlk_blas_choice choice;
    mlk_blas_choose((const char *[]){WRONG_BLAS, NULL}, &choice);
    assert_null(choice.handle);
    assert_non_null(strstr(choice.trouble, WRONG_BLAS));
    assert_non_null(strstr(choice.trouble, "computes wrong products"));
    assert_memory_equal(&choice.functions, &mlk_blas_plain, sizeof mlk_blas_plain);
}

/* Known kernels of a processor older than this one are OpenBLAS's mistake; whoever names them means it. */
static void the_person_s_kernels_are_kept(void **state)
{
    (void)state;
    if (!*mlk_blas_describe().core || !(mlk_processor_features() & MLK_PROCESSOR_AVX2))
        skip();
    assert_null(mlk_processor_kernels(mlk_processor_features(), mlk_blas_describe().core));
    assert_null(getenv("OPENBLAS_CORETYPE")); /* left as it was */
}

static void threads_come_back(void **state)
{
    (void)state;
    if (mlk_blas_describe().threads == 0)
        skip();
    mlk_blas_restore(2);
    assert_int_equal(mlk_blas_single(), 2);
    assert_int_equal(mlk_blas_describe().threads, 1);
    mlk_blas_restore(2);
    assert_int_equal(mlk_blas_describe().threads, 2);
}

int main(void)
{
    unsetenv("OPENBLAS_CORETYPE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_loops_and_the_library_are_right),
        cmocka_unit_test(wrong_products_are_found),
        cmocka_unit_test(a_crash_is_an_answer),
        cmocka_unit_test(plain_loops_are_left_where_there_is_nothing),
        cmocka_unit_test(a_library_that_is_wrong_is_named_and_left),
        cmocka_unit_test(the_person_s_kernels_are_kept),
        cmocka_unit_test(threads_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

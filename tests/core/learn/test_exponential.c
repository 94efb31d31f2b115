/* The exponential of many numbers against the C library's. */
#include "test.h"

#include "learn/exponential.h"

#include <math.h>

static void agrees_with_the_c_library(void **state)
{
    (void)state;
    enum { N = 100001 };
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = -720.0 * i / (N - 1);
    mlk_exp_negative(x, N);
    double worst = 0;
    for (int i = 0; i < N; i++) {
        double at = -720.0 * i / (N - 1);
        if (at > -708)
            worst = fmax(worst, fabs(x[i] / exp(at) - 1));
        else
            assert_true(x[i] == 0);
    }
    print_message("largest relative deviation %g\n", worst);
    assert_true(worst < 2e-15);
}

static void ends_are_exact(void **state)
{
    (void)state;
    double x[] = {0, -0.0, -INFINITY};
    mlk_exp_negative(x, 3);
    assert_true(x[0] == 1 && x[1] == 1 && x[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(ends_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

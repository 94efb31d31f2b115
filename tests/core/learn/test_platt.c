/* Sigmoids and coupled probabilities against scikit-learn's sigmoid and the linear system of Wu, Lin and Weng. */
#include "test.h"

#include "learn/platt.h"

#include <math.h>

/* sklearn.calibration._sigmoid_calibration(decisions, truths), polished by scipy's BFGS. */
static void the_likeliest_sigmoid_is_found(void **state)
{
    (void)state;
    const double decisions[] = {3.06, -3.83, 0.63, -0.85, -0.68, -0.32, -3.03, -0.35, -1.3, 4.98, 0.34, -0.53};
    const bool first[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0};
    double slope, intercept;
    mlk_platt_fit(decisions, first, 12, &slope, &intercept);
    assert_true(fabs(slope + 0.6141048185062905) < 1e-7);
    assert_true(fabs(intercept - 1.1819345841982902) < 1e-7);
}

static void decisions_that_never_err_stay_finite(void **state)
{
    (void)state;
    const double decisions[] = {1e6, 2e6, -1e6, -2e6};
    const bool first[] = {1, 1, 0, 0};
    double slope, intercept;
    mlk_platt_fit(decisions, first, 4, &slope, &intercept);
    assert_true(isfinite(slope) && isfinite(intercept) && slope < 0);
    assert_true(mlk_platt_probability(2e6, slope, intercept) > 0.75);
    assert_true(mlk_platt_probability(1e300, slope, intercept) == 1);
    assert_true(mlk_platt_probability(-1e300, slope, intercept) == 0);
}

/* Nothing to learn from: as probable as the counts with one more of each say. */
static void no_decisions_tell_nothing(void **state)
{
    (void)state;
    double slope = 1, intercept = 1;
    mlk_platt_fit(NULL, NULL, 0, &slope, &intercept);
    assert_true(slope == 0 && intercept == 0);
    const double decisions[] = {0, 0, 0};
    const bool first[] = {1, 1, 0};
    mlk_platt_fit(decisions, first, 3, &slope, &intercept);
    assert_true(fabs(mlk_platt_probability(0, slope, intercept) - (2 * 0.75 + 1.0 / 3) / 3) < 1e-7);
}

/* numpy.linalg.solve of [Q 1; 1 0] [p; b] = [0; 1]. */
static void pairs_are_coupled(void **state)
{
    (void)state;
    enum { K = 4 };
    const double upper[K][K] = {{0, 0.853, 0.577, 0.474}, {0, 0, 0.746, 0.077}, {0, 0, 0, 0.686}};
    const double expected[K] = {0.39065727210096146, 0.09723996110415063, 0.22587123389632685, 0.28623153289856107};
    double pairs[K * K] = {0}, q[K * K], qp[K], p[K];
    for (int a = 0; a < K; a++)
        for (int b = a + 1; b < K; b++)
            pairs[a * K + b] = upper[a][b], pairs[b * K + a] = 1 - upper[a][b];
    mlk_platt_couple(pairs, K, q, qp, p);
    for (int a = 0; a < K; a++)
        assert_true(fabs(p[a] - expected[a]) < 1e-8);
}

static void two_classes_share_as_their_pair_does(void **state)
{
    (void)state;
    const double pairs[] = {0, 0.8, 0.2, 0};
    double q[4], qp[2], p[2];
    mlk_platt_couple(pairs, 2, q, qp, p);
    assert_true(fabs(p[0] - 0.8) < 1e-9 && fabs(p[1] - 0.2) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_likeliest_sigmoid_is_found),
        cmocka_unit_test(decisions_that_never_err_stay_finite),
        cmocka_unit_test(no_decisions_tell_nothing),
        cmocka_unit_test(pairs_are_coupled),
        cmocka_unit_test(two_classes_share_as_their_pair_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

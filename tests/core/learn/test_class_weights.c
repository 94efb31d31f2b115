/* A class that counts twice is a class whose rows are there twice; and what trees say of their columns. */
#include "test.h"

#include "learn/logistic.h"
#include "learn/svm.h"
#include "learn/trees.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 90, D = 3, K = 3, TWICE = 1, MOST = 2 * N };

static float x[MOST * D];
static int64_t y[MOST], rows;
static const double weights[K] = {1, 2, 1};

/* Three clouds in the first two columns; the third is the same everywhere. The rows of class TWICE come again at the
 * end. */
static int make_samples(void **state)
{
    (void)state;
    mlk_random random = mlk_random_seeded(3);
    rows = N;
    for (int i = 0; i < N; i++) {
        y[i] = i % K;
        for (int j = 0; j < D; j++)
            x[i * D + j] = j == 2 ? 5 : (float)(2 * mlk_random_uniform(&random) + (double)(y[i] * (j + 1)) / 2);
    }
    for (int i = 0; i < N; i++)
        if (y[i] == TWICE) {
            memcpy(x + rows * D, x + i * D, sizeof(float) * D);
            y[rows++] = TWICE;
        }
    return 0;
}

static void logistic_regression(void **state)
{
    (void)state;
    mlk_status status;
    int iterations;
    double slopes[2][K * D], intercepts[2][K];
    mlk_logistic_options options = {.C = 1, .tol = 1e-10, .max_iter = 1000, .class_weights = weights};
    assert_int_equal(mlk_logistic_fit((mlk_samples){x, N, D}, y, K, &options, slopes[0], intercepts[0], &iterations,
                                      &status), 0);
    options.class_weights = NULL;
    assert_int_equal(mlk_logistic_fit((mlk_samples){x, rows, D}, y, K, &options, slopes[1], intercepts[1], &iterations,
                                      &status), 0);
    for (int i = 0; i < K * D; i++)
        assert_true(fabs(slopes[0][i] - slopes[1][i]) < 1e-5);
}

static void support_vectors(void **state)
{
    (void)state;
    mlk_status status;
    mlk_svm weighted, doubled;
    mlk_svm_options options = {.C = 1, .gamma = 0.5, .tol = 1e-6, .class_weights = weights};
    assert_int_equal(mlk_svm_fit((mlk_samples){x, N, D}, y, K, &options, &weighted, &status), 0);
    options.class_weights = NULL;
    assert_int_equal(mlk_svm_fit((mlk_samples){x, rows, D}, y, K, &options, &doubled, &status), 0);
    static double decisions[2][N * K];
    int64_t labels[N];
    mlk_samples samples = {x, N, D};
    assert_int_equal(mlk_svm_predict(samples, &weighted, decisions[0], labels, &status), 0);
    assert_int_equal(mlk_svm_predict(samples, &doubled, decisions[1], labels, &status), 0);
    for (int i = 0; i < N * K; i++)
        assert_true(fabs(decisions[0][i] - decisions[1][i]) < 1e-4);
    mlk_svm_free(&weighted), mlk_svm_free(&doubled);
}

static void trees(void **state)
{
    (void)state;
    mlk_status status;
    mlk_trees ensemble;
    mlk_trees_options options = mlk_boosted_trees;
    options.rounds = 5, options.max_depth = 3, options.learning_rate = 0.3, options.subsample = 1;
    options.colsample = 1, options.lambda = 1, options.min_child_weight = 1, options.max_bin = 256;
    static double proba[2][N * K];
    mlk_samples samples = {x, N, D};
    options.class_weights = weights;
    assert_int_equal(mlk_trees_fit(samples, y, K, &options, &ensemble, &status), 0);
    assert_int_equal(mlk_trees_proba(samples, &ensemble, K, proba[0], &status), 0);
    double gain[D], total[D], count[D];
    assert_int_equal(mlk_trees_importance(&ensemble, "gain", D, gain, &status), 0);
    assert_int_equal(mlk_trees_importance(&ensemble, "total_gain", D, total, &status), 0);
    assert_int_equal(mlk_trees_importance(&ensemble, "weight", D, count, &status), 0);
    assert_true(count[0] > 0 && count[1] > 0 && count[2] == 0 && gain[2] == 0);
    assert_true(fabs(gain[1] * count[1] - total[1]) < 1e-3 * total[1]);
    assert_int_not_equal(mlk_trees_importance(&ensemble, "gain", 1, gain, &status), 0); /* it has more columns */
    assert_int_not_equal(mlk_trees_importance(&ensemble, "no such", D, gain, &status), 0);
    free(ensemble.bytes);
    options.class_weights = NULL;
    assert_int_equal(mlk_trees_fit((mlk_samples){x, rows, D}, y, K, &options, &ensemble, &status), 0);
    assert_int_equal(mlk_trees_proba(samples, &ensemble, K, proba[1], &status), 0);
    for (int i = 0; i < N * K; i++)
        assert_true(fabs(proba[0][i] - proba[1][i]) < 1e-3);
    free(ensemble.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logistic_regression), cmocka_unit_test(support_vectors), cmocka_unit_test(trees),
    };
    return cmocka_run_group_tests(tests, make_samples, NULL);
}

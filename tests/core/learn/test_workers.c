/* What is learnt does not depend on how many cores there are, to the bit. */
#include "test.h"

#include "blas/blas.h"
#include "learn/gmm.h"
#include "learn/kmeans.h"
#include "learn/logistic.h"
#include "learn/knn.h"
#include "learn/pca.h"
#include "learn/ridge.h"
#include "learn/svr.h"
#include "learn/trees.h"
#include "random.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { N = 5000, D = 7, K = 4 };
enum { ROWS = 2000, COLUMNS = 150 }; /* wide enough for OpenBLAS and LAPACK to want threads of their own */

static float x[N * D], wide[ROWS * COLUMNS];
static int64_t y[ROWS];

static void make_samples(void)
{
    mlk_random random = mlk_random_seeded(1);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            x[i * D + j] = (float)(mlk_random_uniform(&random) + mlk_random_uniform(&random) + (i % K) * (j % 3));
    for (int i = 0; i < ROWS; i++) {
        y[i] = i % K;
        for (int j = 0; j < COLUMNS; j++)
            wide[i * COLUMNS + j] = (float)(mlk_random_uniform(&random) * (j + 1) / 9 + i % K);
    }
}

typedef struct learnt {
    double mean[D], components[D * D], variance[D], total;
    double centers[K * D], inertia;
    int64_t labels[N];
    double weights[K], means[K * D], covariances[K * D * D], likelihood;
    double wide_mean[COLUMNS], wide_components[COLUMNS * COLUMNS], wide_variance[COLUMNS];
    double slopes[K * COLUMNS], intercepts[K];
    double ridge[2 * COLUMNS], constants[2], lines[2 * ROWS], margins[ROWS], trees[ROWS], near[2 * ROWS];
} learnt;

/* Models of numbers: two targets for each row of the wide table. */
static void learn_values(learnt *all)
{
    static double values[2 * ROWS], first[ROWS];
    mlk_samples table = {wide, ROWS, COLUMNS}, few = {wide, 300, COLUMNS};
    mlk_status status;
    for (int i = 0; i < ROWS; i++) {
        values[2 * i] = first[i] = wide[i * COLUMNS] + 2 * wide[i * COLUMNS + 9];
        values[2 * i + 1] = wide[i * COLUMNS + 1] * wide[i * COLUMNS + 2];
    }
    mlk_ridge_options ridge = {.alpha = 1, .fit_intercept = true};
    assert_int_equal(mlk_ridge_fit(table, values, 2, &ridge, all->ridge, all->constants, &status), 0);
    assert_int_equal(mlk_ridge_predict(table, all->ridge, all->constants, 2, all->lines, &status), 0);

    mlk_svr_options options = {.C = 1, .epsilon = 0.1, .gamma = 0.001, .tol = 1e-3};
    mlk_svr svr;
    assert_int_equal(mlk_svr_fit(few, first, &options, &svr, &status), 0);
    assert_int_equal(mlk_svr_predict(table, &svr, all->margins, &status), 0);
    mlk_svr_free(&svr);

    mlk_trees_options growing = mlk_boosted_trees;
    mlk_parameters_defaults(mlk_boosted_trees_parameters, mlk_parameters_count(mlk_boosted_trees_parameters), &growing);
    growing.rounds = 5;
    mlk_trees trees;
    assert_int_equal(mlk_trees_fit_values(table, first, &growing, &trees, &status), 0);
    assert_int_equal(mlk_trees_values(table, &trees, all->trees, &status), 0);
    free(trees.bytes);

    assert_int_equal(mlk_knn_values(few, values, 2, table, 3, true, all->near, &status), 0);
}

static void learn(learnt *all)
{
    mlk_samples samples = {x, N, D};
    mlk_status status;
    memset(all, 0, sizeof *all);
    assert_int_equal(mlk_pca_fit(samples, D, all->mean, all->components, all->variance, &all->total, &status), 0);

    mlk_kmeans_options kmeans = {.k = K, .max_iter = 50, .tol = 1e-4, .n_init = 2, .seed = 3};
    mlk_kmeans_result found;
    assert_int_equal(mlk_kmeans_fit(samples, &kmeans, all->centers, all->labels, &found, &status), 0);
    all->inertia = found.inertia;

    mlk_gmm_options options = {.k = K, .covariance = MLK_FULL, .tol = 1e-3, .reg_covar = 1e-6, .max_iter = 20,
                               .n_init = 1, .seed = 3};
    mlk_gmm gmm = {.k = K, .d = D, .covariance = MLK_FULL, .weights = all->weights, .means = all->means,
                   .covariances = all->covariances};
    mlk_gmm_result mixture;
    assert_int_equal(mlk_gmm_fit(samples, &options, &gmm, &mixture, &status), 0);
    all->likelihood = mixture.mean_log_likelihood;

    double total;
    int iterations;
    mlk_samples table = {wide, ROWS, COLUMNS};
    assert_int_equal(mlk_pca_fit(table, COLUMNS, all->wide_mean, all->wide_components, all->wide_variance, &total,
                                 &status), 0);
    mlk_logistic_options logistic = {.C = 1, .tol = 1e-5, .max_iter = 20};
    assert_int_equal(mlk_logistic_fit(table, y, K, &logistic, all->slopes, all->intercepts, &iterations, &status), 0);
    learn_values(all);
}

static void one_core_and_all_give_the_same_bits(void **state)
{
    (void)state;
    static learnt alone, together;
    cpu_set_t all, one;
    make_samples();
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    if (CPU_COUNT(&all) < 2)
        skip();
    mlk_blas_restore(2);
    learn(&together);
    assert_int_equal(mlk_blas_describe().threads, 2); /* as it was found */
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    mlk_blas_restore(1); /* what OpenBLAS takes when it starts on one core */
    learn(&alone);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_memory_equal(&alone, &together, sizeof alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_core_and_all_give_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

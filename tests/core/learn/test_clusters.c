/* Trees, density, spectra, factors and discriminants: the same to the bit for any number of cores, and what they make
 * of tables that have a row too few, or rows that are all the same. */
#include "test.h"

#include "blas/blas.h"
#include "learn/cohesion.h"
#include "learn/dbscan.h"
#include "learn/discriminant.h"
#include "learn/eigen.h"
#include "learn/gap.h"
#include "learn/hdbscan.h"
#include "learn/linkage.h"
#include "learn/metrics.h"
#include "learn/nmf.h"
#include "learn/spectral.h"
#include "random.h"

#include <sched.h>
#include <string.h>

enum { N = 700, D = 9, K = 4 }; /* more rows than a matrix of eigenvectors that LAPACK solves as a whole has */

static float x[N * D];
static int64_t y[N];

static void make_samples(void)
{
    mlk_random random = mlk_random_seeded(1);
    for (int i = 0; i < N; i++) {
        y[i] = i % K;
        for (int j = 0; j < D; j++)
            x[i * D + j] = (float)(mlk_random_uniform(&random) + mlk_random_uniform(&random) + (i % K) * (j % 3));
    }
}

typedef struct learnt {
    mlk_merge ward[N - 1], single[N - 1];
    int64_t cut[N], dense[N], spectral[N], nearest[N], noise[N];
    bool is_dense[N];
    double probabilities[N], core[N], limits[N], eigenvalues[2 * K];
    double W[N * K], H[K * D], transformed[N * K], error;
    double plain[K * D], mean[D], means[K * D], scalings[K * D], ratio[K], weights[K * D], intercepts[K];
    double silhouettes[N], silhouette, calinski_harabasz, davies_bouldin;
} learnt;

static void learn_clusters(learnt *all, mlk_samples samples)
{
    mlk_status status;
    bool converged;
    assert_int_equal(mlk_linkage_fit(samples, MLK_WARD, all->ward, &status), 0);
    assert_int_equal(mlk_linkage_fit(samples, MLK_SINGLE, all->single, &status), 0);
    assert_int_equal(mlk_linkage_cut(all->ward, N, K, all->cut, &status), 0);
    mlk_hdbscan_options hdbscan = {.min_cluster_size = 5, .min_samples = -1};
    mlk_hdbscan found = {all->noise, all->probabilities, all->core, all->limits};
    assert_int_equal(mlk_hdbscan_fit(samples, &hdbscan, &found, &status), 0);
    assert_int_equal(mlk_hdbscan_predict(samples, &found, 5, samples, all->nearest, &status), 0);
    assert_memory_equal(all->nearest, all->noise, sizeof all->noise);
    mlk_dbscan_options dbscan = {.eps = 1, .min_samples = 5};
    assert_int_equal(mlk_dbscan_fit(samples, &dbscan, all->dense, all->is_dense, &status), 0);
    mlk_spectral_options spectral = {.n_clusters = K, .affinity = MLK_AFFINITY_RBF, .gamma = 0.5, .n_init = 3};
    assert_int_equal(mlk_spectral_fit(samples, &spectral, all->spectral, all->eigenvalues, &converged, &status), 0);
    assert_true(converged);
    spectral.affinity = MLK_AFFINITY_NEIGHBORS;
    spectral.n_neighbors = 7;
    assert_int_equal(mlk_spectral_fit(samples, &spectral, all->spectral, all->eigenvalues + K, &converged, &status), 0);
    assert_true(converged);
}

static void learn(learnt *all)
{
    mlk_samples samples = {x, N, D};
    mlk_status status;
    mlk_nmf_result result;
    mlk_cohesion cohesion;
    memset(all, 0, sizeof *all);
    learn_clusters(all, samples);
    mlk_nmf_options nmf = {.n_components = K, .tol = 1e-4, .max_iter = 40, .alpha_H = NAN};
    assert_int_equal(mlk_nmf_fit(samples, &nmf, false, all->W, all->H, &result, &status), 0);
    all->error = result.error;
    assert_int_equal(mlk_nmf_transform(samples, &nmf, all->H, all->transformed, &status), 0);
    mlk_discriminant lda = {.mean = all->mean, .means = all->means, .scalings = all->scalings, .ratio = all->ratio,
                            .weights = all->weights, .intercepts = all->intercepts};
    assert_int_equal(mlk_discriminant_fit(samples, y, K, 1e-4, &lda, &status), 0);
    memcpy(all->plain, all->weights, sizeof all->plain);
    assert_int_equal(mlk_discriminant_fit_shrunk(samples, y, K, NAN, &lda, &status), 0);
    assert_int_equal(mlk_silhouette(samples, all->cut, all->silhouettes, &all->silhouette, &status), 0);
    assert_int_equal(mlk_cohesion_of(samples, all->cut, &cohesion, &status), 0);
    all->calinski_harabasz = cohesion.calinski_harabasz;
    all->davies_bouldin = cohesion.davies_bouldin;
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
    mlk_blas_restore(1);
    learn(&alone);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_memory_equal(&alone, &together, sizeof alone);
}

static void tables_that_are_too_small_are_refused(void **state)
{
    (void)state;
    static learnt all;
    mlk_status status;
    bool converged;
    mlk_nmf_result result;
    make_samples();
    mlk_samples one = {x, 1, D}, three = {x, 3, D};
    assert_int_equal(mlk_linkage_fit(one, MLK_WARD, all.ward, &status), MLK_INVALID);
    assert_int_equal(mlk_linkage_fit(one, MLK_SINGLE, all.single, &status), MLK_INVALID);
    mlk_hdbscan_options hdbscan = {.min_cluster_size = 5, .min_samples = -1};
    mlk_hdbscan found = {all.noise, all.probabilities, all.core, all.limits};
    assert_int_equal(mlk_hdbscan_fit(three, &hdbscan, &found, &status), MLK_INVALID);
    assert_string_equal(status.message, "x must have at least min_samples (5) rows, got 3");
    mlk_spectral_options spectral = {.n_clusters = K, .affinity = MLK_AFFINITY_NEIGHBORS, .n_neighbors = 2,
                                     .n_init = 1};
    assert_int_equal(mlk_spectral_fit(three, &spectral, all.spectral, all.eigenvalues, &converged, &status),
                     MLK_INVALID);
    spectral.n_clusters = 2;
    spectral.n_neighbors = 4;
    assert_int_equal(mlk_spectral_fit(three, &spectral, all.spectral, all.eigenvalues, &converged, &status),
                     MLK_INVALID);
    mlk_nmf_options nmf = {.n_components = K, .tol = 1e-4, .max_iter = 40};
    assert_int_equal(mlk_nmf_fit(three, &nmf, false, all.W, all.H, &result, &status), MLK_INVALID);
    mlk_discriminant lda = {.mean = all.mean, .means = all.means, .scalings = all.scalings, .ratio = all.ratio,
                            .weights = all.weights, .intercepts = all.intercepts};
    assert_int_equal(mlk_discriminant_fit(three, y, 3, 1e-4, &lda, &status), MLK_INVALID);
    assert_int_equal(mlk_discriminant_fit_shrunk(three, y, 3, NAN, &lda, &status), MLK_INVALID);
    assert_string_equal(status.message, "the covariance within classes cannot be inverted: take more shrinkage");
}

static void rows_that_are_all_the_same(void **state)
{
    (void)state;
    static learnt all;
    mlk_status status;
    bool converged;
    mlk_nmf_result result;
    for (int i = 0; i < N * D; i++)
        x[i] = 2;
    mlk_samples same = {x, 40, D};
    assert_int_equal(mlk_linkage_fit(same, MLK_AVERAGE, all.ward, &status), 0);
    assert_true(all.ward[38].distance == 0 && all.ward[38].size == 40);
    assert_int_equal(mlk_linkage_cut(all.ward, 40, 40, all.cut, &status), 0);
    for (int i = 0; i < 40; i++)
        assert_int_equal(all.cut[i], i);
    mlk_hdbscan_options hdbscan = {.min_cluster_size = 5, .min_samples = 2, .selection = MLK_SELECTION_LEAF};
    mlk_hdbscan found = {all.noise, all.probabilities, all.core, all.limits};
    assert_int_equal(mlk_hdbscan_fit(same, &hdbscan, &found, &status), 0);
    mlk_dbscan_options dbscan = {.eps = 1e-9, .min_samples = 40};
    assert_int_equal(mlk_dbscan_fit(same, &dbscan, all.dense, all.is_dense, &status), 0);
    assert_true(all.dense[0] == 0 && all.dense[39] == 0 && all.is_dense[39]);
    mlk_spectral_options spectral = {.n_clusters = 2, .gamma = 1, .n_init = 2};
    assert_int_equal(mlk_spectral_fit(same, &spectral, all.spectral, all.eigenvalues, &converged, &status), 0);
    mlk_nmf_options nmf = {.n_components = 2, .tol = 1e-4, .max_iter = 40, .alpha_H = NAN};
    assert_int_equal(mlk_nmf_fit(same, &nmf, false, all.W, all.H, &result, &status), 0);
    assert_true(result.error < 1e-2);
    for (int i = 0; i < 40 * D; i++)
        x[i] = 0;
    assert_int_equal(mlk_nmf_fit(same, &nmf, false, all.W, all.H, &result, &status), 0);
    assert_true(result.error == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_core_and_all_give_the_same_bits),
        cmocka_unit_test(tables_that_are_too_small_are_refused),
        cmocka_unit_test(rows_that_are_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

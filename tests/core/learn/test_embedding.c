/* What t-SNE and UMAP are made of: graphs, the widths of neighbourhoods, the curve of the embedding; small tables, one
 * core and all. */
#include "test.h"

#include "blas/blas.h"
#include "learn/affinity.h"
#include "learn/curve.h"
#include "learn/fuzzy.h"
#include "learn/spectrum.h"
#include "learn/trustworthiness.h"
#include "learn/tsne.h"
#include "learn/umap.h"
#include "random.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { N = 400, D = 6 };

static mlk_status status;
static float x[N * D];

static mlk_samples clouds(int groups)
{
    mlk_random random = mlk_random_seeded(1);
    for (int i = 0; i < N * D; i++)
        x[i] = (float)(mlk_random_normal(&random) + 20 * (double)(i / D % groups * (i % D + 1) % 5));
    return (mlk_samples){x, N, D};
}

static mlk_tsne_options tsne_options(void)
{
    mlk_tsne_options options = {0};
    mlk_parameters_defaults(mlk_tsne_parameters, mlk_parameters_count(mlk_tsne_parameters), &options);
    return options;
}

static mlk_umap_options umap_options(void)
{
    mlk_umap_options options = {0};
    mlk_parameters_defaults(mlk_umap_parameters, mlk_parameters_count(mlk_umap_parameters), &options);
    return options;
}

static float sum_of(float there, float back)
{
    return there + 10 * back;
}

static void a_union_has_each_edge_from_both_ends(void **state)
{
    (void)state;
    int32_t targets[] = {2, 1, 3, 0, 0, 3, 2, 1}; /* not sorted */
    float weights[] = {1, 2, 3, 4, 5, 6, 0, 7};
    mlk_graph graph;
    assert_int_equal(mlk_graph_union(4, 2, targets, weights, sum_of, &graph, &status), MLK_OK);
    int64_t starts[] = {0, 2, 4, 6, 8};
    int32_t wanted[] = {1, 2, 0, 3, 0, 3, 1, 2};
    float wanted_weights[] = {42, 51, 24, 73, 15, 6, 37, 60};
    assert_memory_equal(graph.starts, starts, sizeof starts);
    assert_memory_equal(graph.targets, wanted, sizeof wanted);
    assert_memory_equal(graph.weights, wanted_weights, sizeof wanted_weights);
    mlk_graph_prune(&graph, 37);
    int64_t fewer[] = {0, 2, 3, 3, 5};
    int32_t left[] = {1, 2, 3, 1, 2};
    assert_memory_equal(graph.starts, fewer, sizeof fewer);
    assert_memory_equal(graph.targets, left, sizeof left);
    mlk_graph_free(&graph);
}

/* The entropy of each row is the perplexity's. */
static void affinities_have_their_perplexity(void **state)
{
    (void)state;
    enum { K = 30 };
    mlk_neighbors neighbors;
    float *p = malloc(sizeof(float) * N * K);
    assert_int_equal(mlk_neighbors_of(clouds(3), K, MLK_ROWS_EUCLIDEAN, 0, &neighbors, &status), MLK_OK);
    for (double perplexity = 2; perplexity < K; perplexity *= 1.9) {
        assert_int_equal(mlk_affinities(&neighbors, perplexity, p, &status), MLK_OK);
        for (int i = 0; i < N; i++) {
            double sum = 0, entropy = 0;
            for (int j = 0; j < K; j++) {
                sum += p[i * K + j];
                entropy -= p[i * K + j] > 0 ? p[i * K + j] * log(p[i * K + j]) : 0;
            }
            assert_true(fabs(sum - 1) < 1e-5 && fabs(exp(entropy) - perplexity) < 1e-3 * perplexity);
        }
    }
    free(p);
    mlk_neighbors_free(&neighbors);
}

/* Each row's memberships add up to log2 of its neighbours; the nearest is sure. */
static void memberships_add_up(void **state)
{
    (void)state;
    enum { K = 14 };
    mlk_neighbors neighbors;
    mlk_graph graph;
    float *w = malloc(sizeof(float) * N * K);
    assert_int_equal(mlk_neighbors_of(clouds(3), K, MLK_ROWS_EUCLIDEAN, 0, &neighbors, &status), MLK_OK);
    assert_int_equal(mlk_fuzzy_weights(&neighbors, w, &status), MLK_OK);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 1; j < K; j++)
            sum += w[i * K + j];
        assert_true(fabs(sum - log2(K)) < 2e-5);
    }
    assert_int_equal(mlk_fuzzy_graph(&neighbors, &graph, &status), MLK_OK);
    for (int i = 0; i < N; i++) {
        float most = 0;
        for (int64_t e = graph.starts[i]; e < graph.starts[i + 1]; e++) {
            assert_true(graph.weights[e] > 0 && graph.weights[e] <= 1 && graph.targets[e] != i);
            most = fmaxf(most, graph.weights[e]);
        }
        assert_true(most > 0.999999f);
    }
    mlk_graph_free(&graph);
    mlk_neighbors_free(&neighbors);
    free(w);
}

/* As umap-learn 0.5.12's find_ab_params(1, 0.1) and (1, 0.5). */
static void curves_are_umap_learns(void **state)
{
    (void)state;
    mlk_curve curve;
    mlk_curve_fit(0.1, 1, 1, &curve);
    assert_true(fabs(curve.a - 1.5769434602697652) < 1e-5 && fabs(curve.b - 0.8950608778515733) < 1e-5);
    for (double squared = 1e-8; squared < 1e5; squared *= 1.37) {
        double power = pow(squared, curve.b), a = curve.a, b = curve.b;
        double pull = -2 * a * b * power / squared / (1 + a * power);
        double push = 2 * b / ((.001 + squared) * (1 + a * power));
        assert_true(fabs(mlk_curve_at(curve.pull, (float)squared) / pull - 1) < 1e-3);
        assert_true(fabs(mlk_curve_at(curve.push, (float)squared) / push - 1) < 1e-3);
    }
    assert_true(isfinite(mlk_curve_at(curve.pull, 0)) && mlk_curve_at(curve.push, 3e38f) < 1e-9f);
}

/* Two rings, far apart: within each, coordinates go round. */
static void a_ring_becomes_a_circle(void **state)
{
    (void)state;
    enum { RING = N / 2 };
    int32_t targets[N * 2];
    float weights[N * 2], y[N * 2];
    mlk_graph graph;
    for (int i = 0; i < N; i++) {
        int ring = i / RING * RING;
        targets[2 * i] = ring + (i - ring + 1) % RING;
        targets[2 * i + 1] = ring + (i - ring + RING - 1) % RING;
        weights[2 * i] = weights[2 * i + 1] = 1;
    }
    clouds(1);
    for (int i = RING; i < N; i++)
        x[i * D] += 1000;
    assert_int_equal(mlk_graph_union(N, 2, targets, weights, fmaxf, &graph, &status), MLK_OK);
    assert_int_equal(mlk_start_spectral(&graph, (mlk_samples){x, N, D}, 2, 0, y, &status), MLK_OK);
    for (int ring = 0; ring < 2; ring++) {
        double center[2] = {0}, least = INFINITY, most = 0;
        for (int i = ring * RING; i < (ring + 1) * RING; i++)
            for (int a = 0; a < 2; a++)
                center[a] += y[i * 2 + a] / (double)RING;
        for (int i = ring * RING; i < (ring + 1) * RING; i++) {
            double radius = hypot(y[2 * i] - center[0], y[2 * i + 1] - center[1]);
            least = fmin(least, radius);
            most = fmax(most, radius);
        }
        assert_true(most > 0 && least > 0.99 * most);
    }
    mlk_graph_free(&graph);
}

typedef struct embedded {
    float tsne[N * 2], umap[N * 2], more_tsne[20 * 2], more_umap[20 * 2];
    double divergence, trust;
} embedded;

static void embed(embedded *all)
{
    mlk_samples samples = clouds(5), more = {x + 3, 20, D};
    mlk_tsne_options tsne = tsne_options();
    mlk_umap_options umap = umap_options();
    memset(all, 0, sizeof *all);
    assert_int_equal(mlk_tsne_fit(samples, &tsne, all->tsne, &all->divergence, &status), MLK_OK);
    assert_int_equal(mlk_tsne_transform(samples, all->tsne, more, &tsne, all->more_tsne, &status), MLK_OK);
    assert_int_equal(mlk_umap_fit(samples, NULL, &umap, all->umap, &status), MLK_OK);
    assert_int_equal(mlk_umap_transform(samples, all->umap, more, &umap, all->more_umap, &status), MLK_OK);
    assert_int_equal(mlk_trustworthiness(samples, (mlk_samples){all->umap, N, 2}, 7, &all->trust, &status), MLK_OK);
}

static void one_core_and_all_give_the_same_bits(void **state)
{
    (void)state;
    static embedded together, alone;
    cpu_set_t all, one;
    embed(&together);
    print_message("divergence %.3f, trustworthiness of UMAP %.3f\n", together.divergence, together.trust);
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    embed(&alone);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_memory_equal(&alone, &together, sizeof alone);
}

static void tables_of_few_or_equal_rows_have_places(void **state)
{
    (void)state;
    float y[60 * 3];
    double divergence;
    memset(x, 0, sizeof x);
    for (int equal = 0; equal < 2; equal++) {
        for (int64_t n = 2; n <= 60; n += n < 10 ? 1 : 25)
            for (int dims = 1; dims <= 3; dims++) {
                mlk_tsne_options tsne = tsne_options();
                mlk_umap_options umap = umap_options();
                umap.dims = tsne.dims = dims;
                tsne.n_iter = tsne.early_exaggeration_iter = umap.epochs = 60;
                mlk_samples few = {x, n, D};
                assert_int_equal(mlk_tsne_fit(few, &tsne, y, &divergence, &status), MLK_OK);
                assert_true(isfinite(divergence) && divergence > -1e-6);
                for (int i = 0; i < n * dims; i++)
                    assert_true(isfinite(y[i]));
                for (int init = MLK_UMAP_SPECTRAL; init <= MLK_UMAP_RANDOM; init++) {
                    umap.init = init;
                    assert_int_equal(mlk_umap_fit(few, NULL, &umap, y, &status), MLK_OK);
                    for (int i = 0; i < n * dims; i++)
                        assert_true(isfinite(y[i]));
                }
            }
        clouds(3);
    }
}

static void labels_draw_rows_together(void **state)
{
    (void)state;
    enum { K = 10 };
    static float y[N * 2];
    int64_t labels[N];
    int together[2] = {0};
    mlk_umap_options options = umap_options();
    mlk_samples samples = clouds(1);
    for (int i = 0; i < N; i++)
        labels[i] = i % 3 == 2 ? -1 : i % 3;
    options.target_weight = 0.95;
    for (int told = 0; told < 2; told++) {
        mlk_neighbors near;
        assert_int_equal(mlk_umap_fit(samples, told ? labels : NULL, &options, y, &status), MLK_OK);
        assert_int_equal(mlk_neighbors_of((mlk_samples){y, N, 2}, K, MLK_ROWS_EUCLIDEAN, 0, &near, &status), MLK_OK);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < K && labels[i] >= 0; j++)
                together[told] += labels[near.indices[i * K + j]] == labels[i];
        mlk_neighbors_free(&near);
    }
    print_message("neighbours of one label: %d without labels, %d with\n", together[0], together[1]);
    assert_true(together[1] > 1.3 * together[0]);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    float y[8], bad[] = {1, 2, NAN, 4};
    double value;
    mlk_tsne_options tsne = tsne_options();
    mlk_umap_options umap = umap_options();
    assert_int_equal(mlk_tsne_fit((mlk_samples){bad, 4, 1}, &tsne, y, &value, &status), MLK_INVALID);
    assert_int_equal(mlk_umap_fit((mlk_samples){bad, 4, 1}, NULL, &umap, y, &status), MLK_INVALID);
    assert_int_equal(mlk_tsne_fit((mlk_samples){bad, 1, 1}, &tsne, y, &value, &status), MLK_INVALID);
    umap.min_dist = 3;
    assert_int_equal(mlk_umap_fit((mlk_samples){bad, 2, 1}, NULL, &umap, y, &status), MLK_INVALID);
    assert_string_equal(status.message, "min_dist must be at most spread (1), got 3");
    mlk_samples fine = {x, 10, D};
    assert_int_equal(mlk_trustworthiness(fine, fine, 5, &value, &status), MLK_INVALID);
    assert_int_equal(mlk_trustworthiness(fine, fine, 4, &value, &status), MLK_OK);
    assert_true(value == 1);
    assert_int_equal(mlk_trustworthiness(fine, (mlk_samples){x, 9, D}, 4, &value, &status), MLK_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_union_has_each_edge_from_both_ends),
        cmocka_unit_test(affinities_have_their_perplexity),
        cmocka_unit_test(memberships_add_up),
        cmocka_unit_test(curves_are_umap_learns),
        cmocka_unit_test(a_ring_becomes_a_circle),
        cmocka_unit_test(one_core_and_all_give_the_same_bits),
        cmocka_unit_test(tables_of_few_or_equal_rows_have_places),
        cmocka_unit_test(labels_draw_rows_together),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Nearest rows beside plain loops in double: exact search, forest, metrics, ties and what is hard on floats. */
#include "test.h"

#include "blas/blas.h"
#include "learn/forest.h"
#include "learn/keys.h"
#include "learn/neighbors.h"
#include "random.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static mlk_status status;

static float *clouds(int64_t n, int64_t d, int64_t groups, double width, double offset, uint64_t seed)
{
    float *x = malloc(sizeof(float) * (size_t)(n * d)), *centers = malloc(sizeof(float) * (size_t)(groups * d));
    mlk_random random = mlk_random_seeded(seed);
    mlk_random_normals(&random, 1, groups * d, centers);
    for (int64_t i = 0; i < n; i++) {
        int64_t group = mlk_random_below(&random, groups);
        for (int64_t j = 0; j < d; j++)
            x[i * d + j] = (float)(offset + centers[group * d + j] + width * mlk_random_normal(&random));
    }
    free(centers);
    return x;
}

static double plainly(mlk_samples a, int64_t i, mlk_samples b, int64_t j, mlk_row_metric metric)
{
    double squares = 0, absolutes = 0, dot = 0, length_a = 0, length_b = 0;
    for (int64_t c = 0; c < a.d; c++) {
        double x = a.x[i * a.d + c], y = b.x[j * b.d + c];
        squares += (x - y) * (x - y);
        absolutes += fabs(x - y);
        dot += x * y;
        length_a += x * x;
        length_b += y * y;
    }
    if (metric == MLK_ROWS_EUCLIDEAN)
        return sqrt(squares);
    if (metric == MLK_ROWS_MANHATTAN)
        return absolutes;
    return length_a > 0 && length_b > 0 ? 1 - dot / sqrt(length_a * length_b) : (length_a > 0) != (length_b > 0);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every `step`th row has the distances that plain loops give; `own`: the tables are the same. */
static void check(mlk_samples train, mlk_samples rows, const mlk_neighbors *found, mlk_row_metric metric, bool own,
                  int64_t step, double tolerance)
{
    double *truth = malloc(sizeof(double) * (size_t)train.n);
    for (int64_t i = 0; i < rows.n; i += step) {
        int64_t count = 0;
        for (int64_t j = 0; j < train.n; j++)
            if (!own || j != i)
                truth[count++] = plainly(rows, i, train, j, metric);
        qsort(truth, (size_t)count, sizeof(double), ascending);
        for (int64_t j = 0; j < found->k; j++) {
            int32_t index = found->indices[i * found->k + j];
            double distance = found->distances[i * found->k + j];
            assert_true(index >= 0 && index < train.n && (!own || index != i));
            assert_true(fabs(distance - truth[j]) <= tolerance * (1 + truth[j]));
            assert_true(fabs(distance - plainly(rows, i, train, index, metric)) <= tolerance * (1 + truth[j]));
        }
    }
    free(truth);
}

static void exact_search_finds_what_plain_loops_find(void **state)
{
    (void)state;
    for (int metric = 0; mlk_row_metric_names[metric]; metric++)
        for (int64_t d = 1; d <= 33; d += 16) {
            float *x = clouds(1500, d, 5, 0.5, 3, 1);
            mlk_samples samples = {x, 1500, d}, few = {x + 7 * d, 90, d};
            mlk_neighbors found;
            assert_int_equal(mlk_neighbors_of(samples, 20, metric, 0, &found, &status), MLK_OK);
            check(samples, samples, &found, metric, true, 3, 2e-6);
            mlk_neighbors_free(&found);
            assert_int_equal(mlk_neighbors_among(samples, few, 20, metric, &found, &status), MLK_OK);
            check(samples, few, &found, metric, false, 1, 2e-6);
            assert_true(found.distances[0] <= 1e-6);
            mlk_neighbors_free(&found);
            free(x);
        }
}

/* Tight groups far from each other: products of float32 cannot tell the members apart. */
static void groups_far_apart_are_told_from_within(void **state)
{
    (void)state;
    float *x = clouds(900, 40, 3, 1e-5, 0, 2);
    mlk_samples samples = {x, 900, 40};
    mlk_neighbors found;
    assert_int_equal(mlk_neighbors_of(samples, 10, MLK_ROWS_EUCLIDEAN, 0, &found, &status), MLK_OK);
    check(samples, samples, &found, MLK_ROWS_EUCLIDEAN, true, 7, 1e-7);
    mlk_neighbors_free(&found);
    free(x);
}

static void extremes_do_not_overflow(void **state)
{
    (void)state;
    float *x = clouds(60, 5, 2, 1, 0, 3);
    double scales[] = {1e30, 1e-30};
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < 300; i++)
            x[i] *= (float)scales[s];
        mlk_samples samples = {x, 60, 5};
        for (int metric = 0; mlk_row_metric_names[metric]; metric++) {
            mlk_neighbors found;
            assert_int_equal(mlk_neighbors_of(samples, 5, metric, 0, &found, &status), MLK_OK);
            for (int64_t i = 0; i < 300; i++) {
                double truth = plainly(samples, i / 5, samples, found.indices[i], metric);
                assert_true(fabs(found.distances[i] - truth) <= 1e-5 * truth + 1e-7 * (metric == MLK_ROWS_COSINE));
            }
            mlk_neighbors_free(&found);
        }
        for (int i = 0; i < 300; i++)
            x[i] /= (float)scales[s];
    }
    free(x);
}

static void duplicates_and_zeros_have_an_order(void **state)
{
    (void)state;
    float x[12 * 2] = {0};
    for (int i = 6; i < 12; i++)
        x[2 * i] = 1;
    for (int metric = 0; mlk_row_metric_names[metric]; metric++) {
        mlk_neighbors found;
        assert_int_equal(mlk_neighbors_of((mlk_samples){x, 12, 2}, 7, metric, 0, &found, &status), MLK_OK);
        int32_t first[] = {1, 2, 3, 4, 5, 6, 7}, last[] = {6, 7, 8, 9, 10, 0, 1};
        float far = 1, distances[] = {0, 0, 0, 0, 0, far, far};
        assert_memory_equal(found.indices, first, sizeof first);
        assert_memory_equal(found.indices + 11 * 7, last, sizeof last);
        assert_memory_equal(found.distances, distances, sizeof distances);
        mlk_neighbors_free(&found);
    }
}

static void forest_reaches_its_recall(void **state)
{
    (void)state;
    enum { N = 6000, D = 20, K = 15 };
    float *x = clouds(N, D, 8, 0.7, 0, 4);
    for (int i = 0; i < 40 * D; i++) /* some rows are the same */
        x[i] = x[i % D];
    mlk_row_table table;
    double recall = 0;
    uint64_t *keys = malloc(sizeof(uint64_t) * N * K), *again = malloc(sizeof(uint64_t) * N * K);
    int threads = mlk_blas_single();
    for (int metric = 0; mlk_row_metric_names[metric]; metric++) {
        assert_int_equal(mlk_row_table_new((mlk_samples){x, N, D}, metric, NULL, &table, &status), MLK_OK);
        assert_int_equal(mlk_forest_search(&table, K, 5, keys, &recall, &status), MLK_OK);
        print_message("%s: recall of the sample %.3f\n", mlk_row_metric_names[metric], recall);
        mlk_neighbors truth;
        assert_int_equal(mlk_neighbors_of((mlk_samples){x, N, D}, K, metric, 0, &truth, &status), MLK_OK);
        int64_t right = 0;
        for (int64_t i = 0; i < N * K; i++) {
            assert_true(i % K == 0 || keys[i] > keys[i - 1]);
            assert_true(mlk_key_row(keys[i]) != i / K);
            right += mlk_rows_distance(&table, mlk_key_apart(keys[i])) <= truth.distances[i / K * K + K - 1];
        }
        print_message("%s: recall of all %.3f\n", mlk_row_metric_names[metric], (double)right / (N * K));
        assert_true(right >= 0.95 * N * K);
        cpu_set_t all, one;
        assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
        CPU_ZERO(&one);
        CPU_SET(sched_getcpu(), &one);
        assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
        assert_int_equal(mlk_forest_search(&table, K, 5, again, &recall, &status), MLK_OK);
        assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
        assert_memory_equal(again, keys, sizeof(uint64_t) * N * K);
        mlk_neighbors_free(&truth);
        mlk_row_table_free(&table);
    }
    mlk_blas_restore(threads);
    free(keys), free(again), free(x);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    float x[] = {1, 2, 3, NAN};
    mlk_neighbors found;
    assert_int_equal(mlk_neighbors_of((mlk_samples){x, 3, 1}, 3, 0, 0, &found, &status), MLK_INVALID);
    assert_string_equal(status.message, "n_neighbors must be 1..2 (the other rows), got 3");
    assert_int_equal(mlk_neighbors_of((mlk_samples){x, 1, 1}, 1, 0, 0, &found, &status), MLK_INVALID);
    assert_int_equal(mlk_neighbors_of((mlk_samples){x, 4, 1}, 1, 0, 0, &found, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "row 3, column 0 is NaN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_search_finds_what_plain_loops_find),
        cmocka_unit_test(groups_far_apart_are_told_from_within),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(duplicates_and_zeros_have_an_order),
        cmocka_unit_test(forest_reaches_its_recall),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

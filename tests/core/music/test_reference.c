/* Recurrence matrices and alignments against librosa's, frozen by tests/reference/music/generate.py. */
#include "test.h"

#include "music/dtw.h"
#include "music/recurrence.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mlk_tensors reference;

static mlk_frames frames_named(const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "frames/%s", name);
    const mlk_array *array = mlk_tensors_find(&reference, full);
    assert_non_null(array);
    return (mlk_frames){array->data, array->shape[0], array->shape[1]};
}

static mlk_metric metric_named(const char *name)
{
    return strcmp(name, "cosine") == 0 ? MLK_COSINE : MLK_EUCLIDEAN;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Each frame's links in order of their size: which of equally near frames are linked does not show. */
static float *sorted_columns(const float *matrix, int64_t n)
{
    float *sorted = malloc(sizeof *sorted * (size_t)(n * n));
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++)
            sorted[i * n + j] = matrix[j * n + i];
        qsort(sorted + i * n, (size_t)n, sizeof *sorted, ascending);
    }
    return sorted;
}

static void recurrence_matrices(void **state)
{
    (void)state;
    int cases = 0, failed = 0;
    for (int i = 0; i < reference.count; i++) {
        char name[32], mode[32], metric[32];
        int k, width, sym, self, full;
        if (sscanf(reference.items[i].name, "recurrence/%31[^/]/%31[^/]/%31[^/]/%d/%d/%d/%d/%d", name, mode, metric, &k,
                   &width, &sym, &self, &full) != 8)
            continue;
        mlk_frames frames = frames_named(name);
        mlk_recurrence_options options = {
            .metric = metric_named(metric), .k = k, .width = width, .sym = sym, .self = self, .full = full,
            .mode = mode[0] == 'c' ? MLK_CONNECTIVITY : mode[0] == 'd' ? MLK_LINK_DISTANCE : MLK_AFFINITY,
        };
        bool tied = strcmp(name, "repeated") == 0;
        const float *wanted = reference.items[i].array.data;
        float *made = malloc(sizeof *made * (size_t)(frames.n * frames.n));
        mlk_status status = {0};
        if (mlk_recurrence(frames, &options, made, &status))
            fail_msg("%s: %s", reference.items[i].name, status.message);
        if (tied) {
            float *unsorted = made;
            made = sorted_columns(unsorted, frames.n);
            wanted = sorted_columns(wanted, frames.n);
            free(unsorted);
        }
        double worst = 0;
        for (int64_t j = 0; j < frames.n * frames.n; j++)
            worst = fmax(worst, fabs(made[j] - wanted[j]) / fmax(1, fabs(wanted[j])));
        if (!(worst <= 1e-5)) {
            printf("%s: off by %g\n", reference.items[i].name, worst);
            failed++;
        }
        free(made);
        if (tied)
            free((float *)wanted);
        cases++;
    }
    assert_true(cases >= 60);
    assert_int_equal(failed, 0);
}

static void alignments(void **state)
{
    (void)state;
    int cases = 0;
    for (int i = 0; i < reference.count; i++) {
        char x_name[32], y_name[32], metric[32], path_name[128];
        int subseq, steps;
        double radius;
        if (sscanf(reference.items[i].name, "cost/%31[^/]/%31[^/]/%31[^/]/%d/%lf/%d", x_name, y_name, metric, &subseq,
                   &radius, &steps) != 6)
            continue;
        mlk_frames x = frames_named(x_name), y = frames_named(y_name);
        bool swapped = subseq && x.n > y.n; /* done by the public function */
        mlk_dtw_options options = {
            .metric = metric_named(metric), .subseq = subseq, .band = radius >= 0, .radius = radius,
            .n_steps = steps ? 3 : 0, .steps = {{1, 1, 0, 1}, {1, 2, 0.5, 2}, {2, 1, 0.25, 1.5}},
        };
        snprintf(path_name, sizeof path_name, "path/%s", reference.items[i].name + 5);
        const mlk_array *path = mlk_tensors_find(&reference, path_name);
        const double *wanted = reference.items[i].array.data;
        double *cost = malloc(sizeof *cost * (size_t)(x.n * y.n));
        int64_t *walked = malloc(sizeof *walked * 2 * (size_t)(x.n + y.n)), length;
        mlk_status status = {0};
        if (mlk_dtw(swapped ? y : x, swapped ? x : y, &options, cost, walked, &length, &status))
            fail_msg("%s: %s", reference.items[i].name, status.message);
        for (int64_t j = 0; j < x.n * y.n; j++)
            if (isinf(wanted[j]) ? !isinf(cost[j]) : !(fabs(cost[j] - wanted[j]) <= 1e-9 * fmax(1, wanted[j])))
                fail_msg("%s: cell %lld is %.12g, should be %.12g", reference.items[i].name, (long long)j, cost[j],
                         wanted[j]);
        assert_int_equal(length, path->shape[0]);
        for (int64_t j = 0; j < 2 * length; j++)
            assert_int_equal(walked[j ^ swapped], ((const int64_t *)path->data)[j]);
        free(cost);
        free(walked);
        cases++;
    }
    assert_int_equal(cases, 8);
}

static void equal_frames_are_exactly_as_near(void **state)
{
    (void)state;
    enum { N = 45 };
    double all[N * N];
    mlk_status status;
    mlk_frames frames = frames_named("repeated"); /* three times the same 15 frames */
    for (int metric = MLK_EUCLIDEAN; metric <= MLK_COSINE; metric++) {
        assert_int_equal(mlk_distances((mlk_metric)metric, frames, frames, all, &status), MLK_OK);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                assert_true(all[i * N + j] == all[j * N + i]);
                assert_true(all[i * N + j] == all[i * N + (j + 15) % N]);
            }
    }
    float made[N * N];
    for (int k = 1; k <= 3; k++) { /* the nearest other frame comes three times, as far each time: the earlier first */
        mlk_recurrence_options options = {.mode = MLK_LINK_DISTANCE, .k = k, .width = 1};
        assert_int_equal(mlk_recurrence(frames, &options, made, &status), MLK_OK);
        for (int i = 0; i < N; i++) {
            int links = 0, first = -1;
            for (int j = 0; j < N; j++) {
                if (made[j * N + i] == 0)
                    continue;
                first = first < 0 ? j : first;
                assert_true(j == first + 15 * links && first < 15);
                links++;
            }
            assert_int_equal(links, k);
        }
    }
}

static int load(void **state)
{
    (void)state;
    mlk_status status;
    return mlk_safetensors_read("tests/reference/music/music.safetensors", &reference, &status);
}

static int unload(void **state)
{
    (void)state;
    mlk_tensors_free(&reference);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recurrence_matrices),
        cmocka_unit_test(alignments),
        cmocka_unit_test(equal_frames_are_exactly_as_near),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

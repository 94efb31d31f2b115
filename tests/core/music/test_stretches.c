/* How far stretches lie apart, beside each shift tried by itself. */
#include "test.h"

#include "music/stretches.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 3, FRAMES = 60 };

static float x[ROWS * FRAMES];

static int fill(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int i = 0; i < ROWS * FRAMES; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)seed / (float)UINT32_MAX;
    }
    return 0;
}

static double between(int64_t a, int64_t b)
{
    double sum = 0;
    for (int row = 0; row < ROWS; row++)
        sum += pow((double)x[row * FRAMES + a] - (double)x[row * FRAMES + b], 2);
    return sqrt(sum);
}

static double apart(int64_t a, int64_t a_end, int64_t b, int64_t b_end)
{
    if (a_end - a > b_end - b)
        return apart(b, b_end, a, a_end);
    double best = INFINITY;
    for (int64_t at = b; at + a_end - a <= b_end; at++) {
        double sum = 0;
        for (int64_t k = 0; k < a_end - a; k++)
            sum += between(a + k, at + k);
        best = fmin(best, sum / (double)(a_end - a));
    }
    return best;
}

static void stretches_of_many_lengths(void **state)
{
    (void)state;
    enum { N = 6 };
    const int64_t edges[N + 1] = {2, 3, 10, 17, 30, 55, 60};
    mlk_status status;
    double made[N * N];
    assert_true(mlk_stretches_fit(edges, N, FRAMES));
    assert_int_equal(mlk_stretch_distances((mlk_frames){x, ROWS, FRAMES}, edges, N, made, &status), MLK_OK);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double wanted = i == j ? 0 : apart(edges[i], edges[i + 1], edges[j], edges[j + 1]);
            assert_true(fabs(made[i * N + j] - wanted) < 1e-12);
        }
}

static void a_stretch_that_is_there_again(void **state)
{
    (void)state;
    const int64_t edges[] = {0, 20, 26, FRAMES};
    mlk_status status;
    double made[9];
    for (int row = 0; row < ROWS; row++)
        for (int k = 0; k < 6; k++)
            x[row * FRAMES + 20 + k] = x[row * FRAMES + 5 + k];
    assert_int_equal(mlk_stretch_distances((mlk_frames){x, ROWS, FRAMES}, edges, 3, made, &status), MLK_OK);
    assert_true(made[1] == 0 && made[3] == 0);
    assert_true(made[2] > 0.1 && made[5] > 0.1);
}

static void edges_that_do_not_fit(void **state)
{
    (void)state;
    assert_false(mlk_stretches_fit((int64_t[]){-1, 5}, 1, FRAMES));
    assert_false(mlk_stretches_fit((int64_t[]){0, 5, 5}, 2, FRAMES));
    assert_false(mlk_stretches_fit((int64_t[]){0, FRAMES + 1}, 1, FRAMES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stretches_of_many_lengths, fill), cmocka_unit_test_setup(a_stretch_that_is_there_again, fill),
        cmocka_unit_test(edges_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Exponents of noise and of its sums, which are known; curves that are too short, and one that does not move. */
#include "test.h"

#include "music/fluctuation.h"
#include "random.h"

#include <stdlib.h>

enum { LONG = 60000 };

static float curve[LONG];

static double mean_of(int64_t n, int64_t *count)
{
    mlk_status status;
    double exponents[MLK_FLUCTUATION_MOST], sum = 0;
    assert_int_equal(mlk_fluctuation(curve, n, 100, exponents, count, &status), MLK_OK);
    for (int64_t i = 0; i < *count; i++)
        sum += exponents[i];
    return *count > 0 ? sum / (double)*count : 0;
}

static void fill(void)
{
    mlk_random random = mlk_random_seeded(4);
    mlk_random_normals(&random, 1, LONG, curve);
}

/* Peng and others (1994): 1/2 of white noise, 1 more of its sums. */
static void noise_and_its_sums(void **state)
{
    (void)state;
    int64_t count;
    fill();
    assert_float_equal(mean_of(LONG, &count), 0.5, 0.03);
    assert_int_equal(count, 35);
    double sum = 0;
    for (int i = 0; i < LONG; i++)
        curve[i] = (float)(sum += curve[i]);
    assert_float_equal(mean_of(LONG, &count), 1.5, 0.05);
}

/* The level that a curve wavers around, in a curve of several parts. */
static void a_level_does_not_matter(void **state)
{
    (void)state;
    int64_t count;
    fill();
    double before = mean_of(LONG, &count);
    for (int i = 0; i < LONG; i++)
        curve[i] += 1000;
    assert_float_equal(mean_of(LONG, &count), before, 1e-3);
}

static void short_and_constant(void **state)
{
    (void)state;
    int64_t count;
    fill();
    for (int64_t n = 0; n <= 31; n++) {
        mean_of(n, &count);
        assert_int_equal(count, 0);
    }
    mean_of(40, &count);
    assert_int_equal(count, 2);
    for (int i = 0; i < LONG; i++)
        curve[i] = 0.25f;
    mean_of(LONG, &count);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_and_its_sums), cmocka_unit_test(a_level_does_not_matter),
        cmocka_unit_test(short_and_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

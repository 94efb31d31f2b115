/* Arrays are reduced to pixels without losing peaks, levels or gaps. */
#include "test.h"

#include "picture.h"

#include <math.h>

static void range_leaves_out_what_is_not_finite(void **state)
{
    (void)state;
    float low = 7, high = 7;
    const float data[] = {NAN, 3, -INFINITY, -2, INFINITY};
    assert_int_equal(mlk_picture_range(data, 5, &low, &high), 2);
    assert_float_equal(low, -2, 0);
    assert_float_equal(high, 3, 0);
    assert_int_equal(mlk_picture_range(data, 1, &low, &high), 0);
    assert_float_equal(low, -2, 0);
}

static void image_pools_and_repeats(void **state)
{
    (void)state;
    const float data[] = {1, 2, 3, 4, 5, 6, 7, 9}; /* 2 × 4 */
    float out[8];
    mlk_picture_image(data, 2, 4, NULL, MLK_POOL_MAX, 1, 2, out);
    assert_float_equal(out[0], 6, 0);
    assert_float_equal(out[1], 9, 0);
    mlk_picture_image(data, 2, 4, NULL, MLK_POOL_MEAN, 1, 2, out);
    assert_float_equal(out[0], 3.5, 1e-6);
    assert_float_equal(out[1], 5.75, 1e-6);
    mlk_picture_image(data, 2, 2, NULL, MLK_POOL_MEAN, 4, 2, out); /* rows 1 2 and 3 4, each twice */
    const float repeated[] = {1, 2, 1, 2, 3, 4, 3, 4};
    assert_memory_equal(out, repeated, sizeof repeated);
}

/* Every number is seen by some pixel, whatever the sizes: the largest survives pooling by maximum. */
static void no_peak_is_lost(void **state)
{
    (void)state;
    const double uneven[] = {0, 1, 1.1, 1.2, 5, 9, 9.5, 9.6};
    float data[7 * 11], out[7 * 11];
    for (int peak = 0; peak < 7 * 11; peak++) {
        for (int i = 0; i < 7 * 11; i++)
            data[i] = i == peak;
        for (int rows = 1; rows <= 14; rows++)
            for (int columns = 1; columns <= 11; columns++) {
                float low, high = 0;
                mlk_picture_image(data, 7, 11, rows <= 7 ? NULL : uneven, MLK_POOL_MAX, (rows - 1) % 7 + 1, columns, out);
                mlk_picture_range(out, ((rows - 1) % 7 + 1) * columns, &low, &high);
                assert_float_equal(high, 1, 0);
            }
    }
}

static void image_follows_the_edges(void **state)
{
    (void)state;
    const float data[] = {1, 2, 3};
    const double edges[] = {0, 1, 2, 8}; /* the last row takes three quarters of the axis */
    float out[8];
    mlk_picture_image(data, 3, 1, edges, MLK_POOL_MAX, 8, 1, out);
    const float expected[] = {1, 2, 3, 3, 3, 3, 3, 3};
    assert_memory_equal(out, expected, sizeof expected);
}

static void gaps_stay_gaps(void **state)
{
    (void)state;
    const float data[] = {NAN, NAN, 4, INFINITY};
    float out[2];
    mlk_picture_image(data, 1, 4, NULL, MLK_POOL_MEAN, 1, 2, out);
    assert_true(isnan(out[0]));
    assert_float_equal(out[1], 4, 0);
}

static void envelope_holds_extremes(void **state)
{
    (void)state;
    const float samples[] = {1, -1, 3, -4, 0};
    float out[6];
    mlk_picture_envelope(samples, 5, 2, out);
    const float expected[] = {-1, 1, 1, -4, 3, sqrtf(25.0f / 3)};
    for (int i = 0; i < 6; i++)
        assert_float_equal(out[i], expected[i], 1e-6);
}

static void histogram_counts(void **state)
{
    (void)state;
    const float data[] = {0, 0.49f, 0.5f, 1, NAN, 2, -1};
    int64_t counts[2];
    mlk_picture_histogram(data, 7, 0, 1, 2, counts);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 2);
    mlk_picture_histogram(data, 1, 0, 0, 2, counts); /* all numbers equal */
    assert_int_equal(counts[0], 1);
}

static void decibels_are_relative_to_the_largest(void **state)
{
    (void)state;
    float data[] = {100, 1, 0, 1e-20f, NAN};
    mlk_picture_decibels(data, 5, 10, 80);
    assert_float_equal(data[0], 0, 1e-6);
    assert_float_equal(data[1], -20, 1e-5);
    assert_float_equal(data[2], -80, 0);
    assert_float_equal(data[3], -80, 0);
    assert_true(isnan(data[4]));
    float silent[] = {0, 0};
    mlk_picture_decibels(silent, 2, 10, 80);
    assert_float_equal(silent[0], -80, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_leaves_out_what_is_not_finite),
        cmocka_unit_test(image_pools_and_repeats),
        cmocka_unit_test(no_peak_is_lost),
        cmocka_unit_test(image_follows_the_edges),
        cmocka_unit_test(gaps_stay_gaps),
        cmocka_unit_test(envelope_holds_extremes),
        cmocka_unit_test(histogram_counts),
        cmocka_unit_test(decibels_are_relative_to_the_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Exponentials of rows of every length beside libm's, masks, and rows that have none. */
#include "test.h"

#include "kernels/softmax.h"

#include <math.h>
#include <stdlib.h>

static void fill(float *row, size_t n, float scale)
{
    for (size_t i = 0; i < n; i++)
        row[i] = ((float)rand() / (float)RAND_MAX - 0.5f) * scale;
}

/* Compares with exp in double; the row and the mask are what a call of `n` numbers reads. */
static void compare(size_t n, float spread, const float *mask)
{
    float *row = malloc(n * sizeof *row);
    double *wanted = malloc(n * sizeof *wanted), most = -INFINITY, sum = 0;
    const float scale = 0.125f;
    fill(row, n, spread);
    for (size_t i = 0; i < n; i++) {
        wanted[i] = (double)scale * row[i] + (mask ? mask[i] : 0);
        most = fmax(most, wanted[i]);
    }
    for (size_t i = 0; i < n; i++)
        sum += wanted[i] = exp(wanted[i] - most);
    float got = mlk_softmax_numerators(row, mask, n, scale);
    assert_true(fabs(got - sum) <= 2e-6 * sum);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs(row[i] - wanted[i]) <= 4e-6 * wanted[i] + 2e-38);
    free(row);
    free(wanted);
}

static void numbers_are_those_of_exp(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 70; n++)
        compare(n, 20, NULL);
    compare(1500, 200, NULL);
    compare(1500, 2000, NULL); /* most are below what float32 holds */
}

static void masks_are_added(void **state)
{
    (void)state;
    float mask[100];
    fill(mask, 100, 10);
    compare(100, 20, mask);
    for (int i = 10; i < 90; i++)
        mask[i] = -INFINITY;
    compare(100, 20, mask);
}

static void rows_without_a_number_give_none(void **state)
{
    (void)state;
    float row[40];
    for (int i = 0; i < 40; i++)
        row[i] = -INFINITY;
    assert_true(isnan(mlk_softmax_numerators(row, NULL, 40, 1)));
    fill(row, 40, 1);
    row[37] = NAN;
    assert_true(isnan(mlk_softmax_numerators(row, NULL, 40, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_exp),
        cmocka_unit_test(masks_are_added),
        cmocka_unit_test(rows_without_a_number_give_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

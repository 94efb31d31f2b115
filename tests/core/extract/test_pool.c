/* Pooling against numpy (tests/reference/extract/generate.py), and the names it is asked for by. */
#include "test.h"

#include "extract/pool.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"mean", "std", "min", "max", "median", "p0", "p10", "p25", "p90", "p97.5", "p100"};
enum { POOLS = sizeof names / sizeof *names };

static void pools_as_numpy(void **state)
{
    (void)state;
    mlk_tensors reference;
    mlk_status status;
    if (mlk_safetensors_read("tests/reference/extract/pool.safetensors", &reference, &status))
        fail_msg("%s", status.message);
    mlk_pool pools[POOLS];
    for (int i = 0; i < POOLS; i++)
        assert_int_equal(mlk_pool_parse(names[i], &pools[i], &status), MLK_OK);

    int rows = 0;
    double largest = 0;
    for (int i = 0; i < reference.count; i++) {
        char name[64];
        if (sscanf(reference.items[i].name, "%63[a-z].row", name) != 1 || !strstr(reference.items[i].name, ".row"))
            continue;
        strcat(name, ".pooled");
        const double *expected = mlk_tensors_find(&reference, name)->data;
        const mlk_array *row = &reference.items[i].array;
        float pooled[POOLS];
        assert_int_equal(mlk_pool_row(pools, POOLS, row->data, row->shape[0], pooled, &status), MLK_OK);
        for (int p = 0; p < POOLS; p++) {
            double deviation = fabs(pooled[p] - expected[p]) / fmax(1, fabs(expected[p]));
            largest = fmax(largest, deviation);
            if (!(deviation <= 1e-6))
                fail_msg("%s of %s: %.9g, numpy has %.9g", names[p], name, pooled[p], expected[p]);
        }
        rows++;
    }
    mlk_tensors_free(&reference);
    assert_int_equal(rows, 7);
    print_message("largest deviation from numpy: %.2g\n", largest);
}

static void a_nan_pools_to_nan(void **state)
{
    (void)state;
    mlk_pool pools[POOLS];
    for (int i = 0; i < POOLS; i++)
        mlk_pool_parse(names[i], &pools[i], NULL);
    float row[] = {1, NAN, 3}, pooled[POOLS];
    assert_int_equal(mlk_pool_row(pools, POOLS, row, 3, pooled, NULL), MLK_OK);
    for (int i = 0; i < POOLS; i++)
        assert_true(isnan(pooled[i]));
}

static void other_names_are_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"average", "p", "p101", "p-1", "pp", "p5x", "p1e1000", "", "p90 ", "pnan"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mlk_pool pool;
        mlk_status status;
        assert_int_equal(mlk_pool_parse(wrong[i], &pool, &status), MLK_INVALID);
        assert_non_null(strstr(status.message, "must be mean, std"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_as_numpy),
        cmocka_unit_test(a_nan_pools_to_nan),
        cmocka_unit_test(other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

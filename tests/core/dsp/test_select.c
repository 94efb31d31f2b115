/* Selection against sorting, on values with many ties. */
#include "fixtures.h"
#include "test.h"

#include "dsp/select.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 200 };

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void fill(float *values, int n, unsigned *seed)
{
    for (int i = 0; i < n; i++)
        values[i] = (float)(fixture_draw(seed) >> 24) - (i % 3 == 0 ? 128 : 0);
}

static void smallest_come_first(void **state)
{
    (void)state;
    unsigned seed = 5;
    for (int n = 1; n <= MOST; n++)
        for (int count = 1; count <= n; count += 1 + n / 7) {
            float values[MOST], sorted[MOST];
            fill(values, n, &seed);
            memcpy(sorted, values, sizeof sorted);
            qsort(sorted, (size_t)n, sizeof *sorted, ascending);
            mlk_select_smallest(values, n, count);
            qsort(values, (size_t)count, sizeof *values, ascending);
            assert_memory_equal(values, sorted, (size_t)count * sizeof *values);
        }
}

static void median_lies_in_the_middle(void **state)
{
    (void)state;
    unsigned seed = 9;
    for (int n = 1; n <= MOST; n++) {
        float values[MOST], sorted[MOST];
        fill(values, n, &seed);
        memcpy(sorted, values, sizeof sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, ascending);
        float expected = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
        assert_true(mlk_median(values, n) == expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_come_first),
        cmocka_unit_test(median_lies_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

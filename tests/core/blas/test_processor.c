/* Which kernels of OpenBLAS are asked for. */
#include "test.h"

#include "blas/processor.h"

enum {
    AVX = MLK_PROCESSOR_AVX,
    AVX2 = AVX | MLK_PROCESSOR_AVX2,
    AVX512 = AVX2 | MLK_PROCESSOR_AVX512,
    AMD = MLK_PROCESSOR_AMD,
};

static void kernels_follow_the_features_where_the_own_choice_is_older(void **state)
{
    (void)state;
    static const struct {
        unsigned features;
        const char *own, *wanted;
    } cases[] = {
        {AVX512, "Prescott", "SkylakeX"}, /* Sapphire Rapids with OpenBLAS 0.3.21 */
        {AVX512, "Haswell", "SkylakeX"},
        {AVX512 | AMD, "Zen", "SkylakeX"},
        {AVX512, "SkylakeX", NULL},
        {AVX512, "Cooperlake", NULL},
        {AVX512, "SapphireRapids", NULL}, /* a newer OpenBLAS knows better */
        {AVX512, "WhoKnows", NULL},
        {AVX2, "Prescott", "Haswell"},
        {AVX2, "Sandybridge", "Haswell"},
        {AVX2, "Haswell", NULL},
        {AVX2, "Zen", NULL},
        {AVX2 | AMD, "Barcelona", "Zen"},
        {AVX2 | AMD, "Excavator", NULL},
        {AVX, "Nehalem", "Sandybridge"},
        {AVX, "Sandybridge", NULL},
        {0, "Prescott", NULL},
        {0, "ARMV8", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = mlk_processor_kernels(cases[i].features, cases[i].own);
        if (cases[i].wanted)
            assert_string_equal(found, cases[i].wanted);
        else
            assert_null(found);
    }
}

static void features_stand_on_each_other(void **state)
{
    (void)state;
    unsigned features = mlk_processor_features();
    if (features & MLK_PROCESSOR_AVX512)
        assert_true(features & MLK_PROCESSOR_AVX2);
    if (features & MLK_PROCESSOR_AVX2)
        assert_true(features & MLK_PROCESSOR_AVX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_follow_the_features_where_the_own_choice_is_older),
        cmocka_unit_test(features_stand_on_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

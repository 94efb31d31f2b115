/* Onsets, tempograms and pitch against librosa 0.11.0: tests/reference/pitch/generate.py says of what and how it
 * is frozen. Prints the largest deviation of each feature; those above the tolerance fail. */
#include "reference.h"

static tolerance tolerances[] = {
    {.name = "onset_strength", .allowed = 1e-5},
    {.name = "onset_strength_multi", .allowed = 1e-5},
    {.name = "tempogram", .allowed = 1e-5},
    {.name = "fourier_tempogram", .allowed = 1e-5},
    {.name = "yin", .allowed = 1e-5},
    {.name = "pyin", .allowed = 1e-7},
    {.name = "voiced_flag", .allowed = 0},
    {.name = "voiced_probability", .allowed = 1e-6},
};

static void features_agree_with_librosa(void **state)
{
    (void)state;
    mlk_tensors reference;
    reference_open("pitch", &reference);
    for (int i = 0; i < reference.count; i++)
        if (strncmp(reference.items[i].name, "case/", 5) == 0)
            reference_try(&reference, reference.items[i].name, &reference.items[i].array, REFERENCE_TABLE(tolerances));
    mlk_tensors_free(&reference);
    reference_report(REFERENCE_TABLE(tolerances));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_agree_with_librosa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pre-emphasis and its inverse, on both channels of a sound that librosa 0.11.0 worked on
 * (tests/reference/effects/generate_cuts_and_inverses.py). */
#include "test.h"

#include "dsp/emphasis.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdlib.h>

static mlk_tensors reference;

static void compare(void apply(const float *, int64_t, double, float *), const char *wanted_name, double allowed)
{
    const mlk_array *sound = mlk_tensors_find(&reference, "speech"), *wanted = mlk_tensors_find(&reference, wanted_name);
    assert_true(sound && wanted && sound->shape[0] == 2 && wanted->shape[1] == sound->shape[1]);
    int64_t n = sound->shape[1];
    float *out = malloc((size_t)n * sizeof *out);
    assert_non_null(out);
    for (int channel = 0; channel < 2; channel++) {
        apply((const float *)sound->data + channel * n, n, 0.97, out);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabs(out[i] - (double)((const float *)wanted->data)[channel * n + i]) <= allowed);
    }
    free(out);
}

static void as_the_reference(void **state)
{
    (void)state;
    compare(mlk_preemphasis, "speech.pre", 2e-7);
    compare(mlk_deemphasis, "speech.de", 1e-5);
}

static void two_samples(void **state)
{
    (void)state;
    const float in[2] = {0.5f, 0.25f};
    float out[2], back[2];
    mlk_preemphasis(in, 2, 0.5, out);
    assert_true(out[0] == 1.25f && out[1] == 0);
    mlk_deemphasis(out, 2, 0.5, back);
    assert_true(back[0] == in[0] && back[1] == in[1]);
}

int main(void)
{
    mlk_status status;
    if (mlk_safetensors_read("tests/reference/effects/cuts_and_inverses.safetensors", &reference, &status))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_reference), cmocka_unit_test(two_samples)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mlk_tensors_free(&reference);
    return failed;
}

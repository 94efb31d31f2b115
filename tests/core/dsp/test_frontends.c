/* The inputs of pretrained models against their formulas: tests/reference/frontends/generate.py says how they are
 * frozen. The largest absolute deviation of each is printed. */
#include "reference.h"

enum { RATE = 16000 };

static tolerance tolerances[] = {
    {.name = "whisper_mel", .allowed = 1e-5, .absolute = true},
    {.name = "vggish_mel", .allowed = 1e-5, .absolute = true},
    {.name = "kaldi_fbank", .allowed = 1e-5, .absolute = true},
    {.name = "maest_mel", .allowed = 1e-5, .absolute = true},
};

static void front_ends_follow_their_formulas(void **state)
{
    (void)state;
    mlk_tensors reference;
    reference_open("frontends", &reference);
    for (int i = 0; i < reference.count; i++) {
        char signal[60], name[60], parameters[200] = "";
        const char *key = reference.items[i].name;
        if (sscanf(key, "case/%59[^/]/%59[^/]/%199s", signal, name, parameters) < 2)
            continue;
        int64_t n;
        float *samples = reference_signal(&reference, signal, &n);
        mlk_settings settings = reference_settings(name, parameters, NULL);
        mlk_feature_shape shape;
        float *made = reference_compute(&settings, samples, n, RATE, &shape);
        reference_compare(reference_tolerance(REFERENCE_TABLE(tolerances), name), key, made, &shape,
                          &reference.items[i].array);
        free(made);
        free(samples);
    }
    mlk_tensors_free(&reference);
    reference_report(REFERENCE_TABLE(tolerances));
}

static void other_rates_are_refused_in_words(void **state)
{
    (void)state;
    mlk_status status;
    mlk_feature_shape shape;
    mlk_settings settings = reference_settings("whisper_mel", "", NULL);
    assert_int_equal(mlk_feature_measure(&settings, 16000, 22050, &shape, &status), MLK_INVALID);
    assert_string_equal(status.message,
                        "whisper_mel needs a waveform of 16000 Hz, got 22050 Hz: load it with rate = 16000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(front_ends_follow_their_formulas),
        cmocka_unit_test(other_rates_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

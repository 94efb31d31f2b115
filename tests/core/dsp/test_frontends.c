/* The inputs of pretrained models against their formulas: tests/reference/frontends/generate.py says how they are
 * frozen. The largest absolute deviation of each is printed. */
#include "test.h"

#include "dsp/feature.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRIDE = 104729, RATE = 16000 };

static double spoken(const mlk_feature *feature, const char *name, const char *value)
{
    for (int i = 0; i < feature->n_parameters; i++) {
        const mlk_parameter *p = &feature->parameters[i];
        for (int c = 0; strcmp(p->name, name) == 0 && p->kind == MLK_PARAMETER_CHOICE && p->choices[c]; c++)
            if (strcmp(p->choices[c], value) == 0)
                return c;
    }
    return strcmp(value, "nil") == 0 ? NAN : value[0] == 't' ? 1 : atof(value);
}

static mlk_settings settings_of(const char *name, const char *text)
{
    mlk_settings settings;
    char key[60], value[60];
    int used;
    assert_non_null(mlk_feature_find(name));
    mlk_settings_init(&settings, mlk_feature_find(name));
    for (; sscanf(text, "%59[^=]=%59[^,]%n", key, value, &used) == 2; text += used + (text[used] == ',')) {
        mlk_status status;
        if (mlk_settings_set(&settings, key, spoken(settings.feature, key, value), &status))
            fail_msg("%s", status.message);
    }
    return settings;
}

static double try_case(const mlk_tensors *reference, const char *key, const char *signal, const char *name,
                       const char *parameters, const float *wanted, int64_t n_wanted)
{
    char place[100];
    snprintf(place, sizeof place, "signal/%s", signal);
    const mlk_array *stored = mlk_tensors_find(reference, place);
    int64_t n = stored->shape[0];
    float *samples = malloc((size_t)n * sizeof *samples);
    for (int64_t i = 0; i < n; i++)
        samples[i] = (float)((const int16_t *)stored->data)[i] / 32768;
    mlk_settings settings = settings_of(name, parameters);
    mlk_feature_shape shape;
    mlk_status status;
    double worst = 0;
    mlk_code code = mlk_feature_measure(&settings, n, RATE, &shape, &status);
    if ((code != 0) != (wanted[0] < 0))
        fail_msg("%s: refused is %d, wanted %d", key, code != 0, wanted[0] < 0);
    if (!code) {
        assert_int_equal(shape.rows, wanted[0]);
        assert_int_equal(shape.frames, wanted[1]);
        int64_t total = shape.rows * shape.frames;
        float *made = malloc((size_t)total * sizeof *made);
        mlk_analysis *analysis = mlk_analysis_new(samples, n, RATE, &status);
        if (mlk_feature_compute(&settings, analysis, made, &status))
            fail_msg("%s: %s", key, status.message);
        for (int64_t i = 0; i < n_wanted - 2; i++)
            worst = fmax(worst, fabs(made[n_wanted - 2 < total ? i * STRIDE % total : i] - wanted[2 + i]));
        mlk_analysis_free(analysis);
        free(made);
    }
    free(samples);
    return worst;
}

static void front_ends_follow_their_formulas(void **state)
{
    (void)state;
    mlk_tensors reference;
    mlk_status status;
    if (mlk_safetensors_read("tests/reference/frontends/frontends.safetensors", &reference, &status))
        fail_msg("%s", status.message);
    double worst = 0;
    int cases = 0;
    for (int i = 0; i < reference.count; i++) {
        char signal[60], name[60], parameters[200] = "";
        const char *key = reference.items[i].name;
        if (sscanf(key, "case/%59[^/]/%59[^/]/%199s", signal, name, parameters) < 2)
            continue;
        const mlk_array *frozen = &reference.items[i].array;
        double distance = try_case(&reference, key, signal, name, parameters, frozen->data, frozen->shape[0]);
        if (!(distance <= 1e-5))
            fail_msg("%s lies %.2g from its formula", key, distance);
        worst = fmax(worst, distance);
        cases++;
    }
    print_message("%d cases, largest absolute deviation %.2g\n", cases, worst);
    assert_int_equal(cases, 63);
    mlk_tensors_free(&reference);
}

static void other_rates_are_refused_in_words(void **state)
{
    (void)state;
    mlk_status status;
    mlk_feature_shape shape;
    mlk_settings settings = settings_of("whisper_mel", "");
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

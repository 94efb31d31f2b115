/* Onsets, tempograms and pitch against librosa 0.11.0: tests/reference/pitch/generate.py says of what and how it
 * is frozen. Prints the largest deviation of each feature; those above the tolerance fail. */
#include "test.h"

#include "dsp/feature.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRIDE = 104729 };

/* How far a feature may lie from the reference, relative to its norm. */
static struct tolerance {
    const char *feature;
    double allowed, worst;
    char where[200];
    int cases;
} tolerances[] = {
    {.feature = "onset_strength", .allowed = 1e-5},
    {.feature = "onset_strength_multi", .allowed = 1e-5},
    {.feature = "tempogram", .allowed = 1e-5},
    {.feature = "fourier_tempogram", .allowed = 1e-5},
    {.feature = "yin", .allowed = 1e-5},
    {.feature = "pyin", .allowed = 1e-7},
    {.feature = "voiced_flag", .allowed = 0},
    {.feature = "voiced_probability", .allowed = 1e-6},
};

static struct tolerance *tolerance_of(const char *feature)
{
    for (size_t i = 0; i < sizeof tolerances / sizeof *tolerances; i++)
        if (strcmp(tolerances[i].feature, feature) == 0)
            return &tolerances[i];
    fail_msg("no tolerance for %s", feature);
    return NULL;
}

static float *read_signal(const mlk_tensors *reference, const char *name, int64_t *n)
{
    char key[220];
    snprintf(key, sizeof key, "signal/%s", name);
    const mlk_array *stored = mlk_tensors_find(reference, key);
    assert_non_null(stored);
    *n = stored->shape[0];
    float *samples = malloc((size_t)*n * sizeof *samples);
    assert_non_null(samples);
    for (int64_t i = 0; i < *n; i++)
        samples[i] = (float)((const int16_t *)stored->data)[i] / 32768;
    return samples;
}

static double spoken(const mlk_feature *feature, const char *name, const char *value)
{
    if (strcmp(value, "nil") == 0)
        return NAN;
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return value[0] == 't';
    for (int i = 0; i < feature->n_parameters; i++) {
        const mlk_parameter *p = &feature->parameters[i];
        for (int c = 0; strcmp(p->name, name) == 0 && p->kind == MLK_PARAMETER_CHOICE && p->choices[c]; c++)
            if (strcmp(p->choices[c], value) == 0)
                return c;
    }
    return atof(value);
}

/* Sets "name=value,name=value". */
static void read_settings(mlk_settings *settings, const char *text)
{
    char name[60], value[60];
    int used;
    for (; sscanf(text, "%59[^=]=%59[^,]%n", name, value, &used) == 2; text += used + (text[used] == ',')) {
        mlk_status status;
        if (mlk_settings_set(settings, name, spoken(settings->feature, name, value), &status))
            fail_msg("%s", status.message);
    }
}

/* The feature's values; NULL where it is refused. */
static float *compute(const char *name, const char *parameters, const float *samples, int64_t n, double rate,
                      mlk_feature_shape *shape)
{
    mlk_settings settings;
    mlk_status status;
    const mlk_feature *feature = mlk_feature_find(name);
    assert_non_null(feature);
    mlk_settings_init(&settings, feature);
    read_settings(&settings, parameters);
    if (mlk_feature_measure(&settings, n, rate, shape, &status))
        return NULL;
    mlk_analysis *analysis = mlk_analysis_new(samples, n, rate, &status);
    assert_non_null(analysis);
    float *out = malloc((size_t)(shape->rows * shape->frames) * mlk_dtype_size(shape->dtype));
    assert_non_null(out);
    if (mlk_feature_compute(&settings, analysis, out, &status)) {
        free(out);
        out = NULL;
    }
    mlk_analysis_free(analysis);
    return out;
}

static double deviation(const float *made, const mlk_feature_shape *shape, const float *wanted, int64_t n_wanted)
{
    int width = shape->dtype == MLK_COMPLEX64 ? 2 : 1;
    int64_t total = shape->rows * shape->frames, kept = n_wanted / width;
    double distance = 0, size = 0;
    for (int64_t i = 0; i < kept; i++) {
        int64_t at = kept < total ? i * STRIDE % total : i;
        for (int part = 0; part < width; part++) {
            double a = made[at * width + part], b = wanted[i * width + part];
            if (isnan(a) && isnan(b))
                continue;
            distance += (a - b) * (a - b);
            size += b * b;
        }
    }
    return sqrt(distance) / fmax(sqrt(size), 1e-30);
}

static void try_case(const mlk_tensors *reference, const char *key, const mlk_array *frozen)
{
    char name[200], feature[60], parameters[200] = "";
    double rate;
    assert_true(sscanf(key, "case/%199[^/]/%lf/%59[^/]/%199s", name, &rate, feature, parameters) >= 3);
    int64_t n;
    float *samples = read_signal(reference, name, &n);
    struct tolerance *t = tolerance_of(feature);
    const float *wanted = frozen->data;
    mlk_feature_shape shape;
    float *made = compute(feature, parameters, samples, n, rate, &shape);
    t->cases++;
    if (wanted[0] < 0) {
        if (made)
            fail_msg("%s: librosa refuses this, we do not", key);
    } else {
        if (!made)
            fail_msg("%s: librosa does this, we refuse", key);
        assert_int_equal(shape.rows, (int64_t)wanted[0]);
        assert_int_equal(shape.frames, (int64_t)wanted[1]);
        double d = deviation(made, &shape, wanted + 2, frozen->shape[0] - 2);
        if (!(d <= t->worst)) { /* NaN counts as the worst */
            t->worst = d;
            snprintf(t->where, sizeof t->where, "%s", key + 5);
        }
    }
    free(made);
    free(samples);
}

static void features_agree_with_librosa(void **state)
{
    (void)state;
    mlk_tensors reference;
    mlk_status status;
    if (mlk_safetensors_read("tests/reference/pitch/pitch.safetensors", &reference, &status))
        fail_msg("%s", status.message);
    int failed = 0;
    for (int i = 0; i < reference.count; i++)
        if (strncmp(reference.items[i].name, "case/", 5) == 0)
            try_case(&reference, reference.items[i].name, &reference.items[i].array);
    mlk_tensors_free(&reference);
    printf("%-20s %6s %10s %10s  worst at\n", "feature", "cases", "allowed", "largest");
    for (size_t i = 0; i < sizeof tolerances / sizeof *tolerances; i++) {
        const struct tolerance *t = &tolerances[i];
        bool wrong = !(t->worst <= t->allowed) || t->cases == 0;
        printf("%-20s %6d %10.0e %10.1e  %s%s\n", t->feature, t->cases, t->allowed, t->worst, t->where,
               wrong ? "  FAILED" : "");
        failed += wrong;
    }
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_agree_with_librosa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

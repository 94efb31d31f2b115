/* A recipe over a source of samples gives the bits that it gives over the same samples in memory. */
#include "fixtures.h"
#include "test.h"

#include "extract/extraction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 22050 };

/* Samples handed out in pieces of odd lengths. */
typedef struct tap {
    const float *samples;
    int64_t n, given;
    unsigned state;
    int restarts;
} tap;

static mlk_code tap_read(void *context, float *out, int64_t count, int64_t *got, mlk_status *status)
{
    (void)status;
    tap *t = context;
    int64_t piece = 1 + (fixture_draw(&t->state) >> 8) % 20000;
    *got = piece < count ? piece : count;
    *got = *got < t->n - t->given ? *got : t->n - t->given;
    memcpy(out, t->samples + t->given, (size_t)*got * sizeof *out);
    t->given += *got;
    return MLK_OK;
}

static mlk_code tap_restart(void *context, mlk_status *status)
{
    (void)status;
    tap *t = context;
    t->given = 0;
    t->restarts++;
    return MLK_OK;
}

static float *sound(int64_t n)
{
    float *made = malloc(((size_t)n + 1) * sizeof *made);
    unsigned state = 7;
    for (int64_t i = 0; i < n; i++) {
        double tone = sin(2 * M_PI * 220 * (double)(i / 9000 + 1) * (double)i / RATE);
        made[i] = (float)(0.5 * tone * (double)(i % 9000) / 9000) + 1e-3f * (fixture_uniform(&state) - 0.5f);
    }
    return made;
}

static mlk_recipe *recipe_of(const char *const *features, const char *const *pools)
{
    mlk_status status;
    mlk_recipe *recipe = mlk_recipe_new(&status);
    recipe->rate = RATE;
    for (; *features; features++)
        if (!mlk_recipe_add(recipe, *features, &status))
            fail_msg("%s", status.message);
    for (; *pools; pools++)
        assert_int_equal(mlk_recipe_pool(recipe, *pools, &status), MLK_OK);
    assert_int_equal(mlk_recipe_compile(recipe, &status), MLK_OK);
    return recipe;
}

static void same_from_source(const char *const *features, const char *const *pools, int64_t n)
{
    mlk_status status;
    mlk_recipe *recipe = recipe_of(features, pools);
    float *samples = sound(n);
    tap t = {.samples = samples, .n = n, .state = (unsigned)n};
    mlk_waveform *streamed = mlk_waveform_from((mlk_stream){&t, tap_read, tap_restart, NULL}, RATE, &status);
    assert_non_null(streamed);
    mlk_bundle *expected = mlk_extraction_analyse(recipe, samples, n, RATE, &status);
    if (!expected)
        fail_msg("%s", status.message);
    mlk_bundle *made = mlk_extraction_sweep(recipe, streamed, &status);
    if (!made)
        fail_msg("%s", status.message);
    assert_int_equal(made->size, expected->size);
    for (int i = 0; recipe->n_pools > 0 && i < recipe->n_columns; i++) {
        float wanted = ((const float *)expected->data[0])[i], got = ((const float *)made->data[0])[i];
        char name[128];
        mlk_recipe_column(recipe, i, name, sizeof name);
        if (memcmp(&wanted, &got, sizeof got) != 0)
            fail_msg("%lld samples: %s is %.9g from a source, %.9g from memory", (long long)n, name, got, wanted);
    }
    assert_memory_equal(made->memory, expected->memory, made->size);
    assert_true(t.restarts <= 3);
    mlk_bundle_free(made);
    mlk_bundle_free(expected);
    mlk_waveform_free(streamed);
    mlk_recipe_free(recipe);
    free(samples);
}

static const char *const features[] = {"mel",    "mfcc", "chroma_stft",       "spectral_contrast",  "spectral_rolloff",
                                       "stft",   "rms",  "chroma_cqt",        "zero_crossing_rate", "spectrogram",
                                       "tonnetz", "onset_strength", NULL};
static const char *const pools[] = {"mean", "std", "min", "max", "p10", NULL};
static const char *const no_pools[] = {NULL};
static const int64_t lengths[] = {1, 700, 32767, 32768, 32769, 300001, 1500007};

static void pooled_from_a_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        same_from_source(features, pools, lengths[i]);
}

static void frames_from_a_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        same_from_source(features, no_pools, lengths[i] < 400000 ? lengths[i] : 400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooled_from_a_source),
        cmocka_unit_test(frames_from_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

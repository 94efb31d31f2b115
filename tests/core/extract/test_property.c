/* The extraction engine against the single functions: random recipes over random sounds. What a recipe makes of a
 * clip (shared transforms, blocks of frames, pooling on the way) is, bit for bit, what each of its features makes
 * of the whole clip alone, pooled row by row; where a feature refuses the clip, so does the recipe, in its words.
 *
 * Each case follows from its number, which a failure names. MOONLARK_PROPERTY_CASE=N runs case N alone and prints
 * its recipe; MOONLARK_PROPERTY_CASES=N runs that many. */
#include "test.h"

#include "extract/extraction.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CASES = 60 };
#else
enum { CASES = 220 };
#endif

enum { MAX_LENGTH = 300000, MAX_FRAMES = 1500, DRAWS = 20 };

/* --- chance: splitmix64 --- */

typedef struct chance {
    uint64_t state;
} chance;

static uint64_t next(chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double uniform(chance *c, double low, double high)
{
    return low + (high - low) * (double)(next(c) >> 11) * 0x1p-53;
}

static int below(chance *c, int n)
{
    return (int)(next(c) % (uint64_t)n);
}

static bool likely(chance *c, double probability)
{
    return uniform(c, 0, 1) < probability;
}

#define ONE_OF(c, list) ((list)[below(c, (int)(sizeof(list) / sizeof *(list)))])

/* --- sounds --- */

typedef float sound(chance *c, int64_t i, double seconds, double pitch);

static float silence(chance *c, int64_t i, double seconds, double pitch)
{
    (void)c, (void)i, (void)seconds, (void)pitch;
    return 0;
}

static float constant(chance *c, int64_t i, double seconds, double pitch)
{
    (void)c, (void)i, (void)seconds, (void)pitch;
    return 0.25f;
}

static float noise(chance *c, int64_t i, double seconds, double pitch)
{
    (void)i, (void)seconds, (void)pitch;
    return (float)uniform(c, -1, 1);
}

static float faint_noise(chance *c, int64_t i, double seconds, double pitch)
{
    return 1e-6f * noise(c, i, seconds, pitch);
}

static float loud_noise(chance *c, int64_t i, double seconds, double pitch)
{
    return 32768 * noise(c, i, seconds, pitch);
}

static float tone(chance *c, int64_t i, double seconds, double pitch)
{
    (void)c, (void)i;
    return (float)(0.5 * sin(2 * M_PI * pitch * seconds));
}

/* A new note four times a second, decaying, with overtones and a little noise. */
static float notes(chance *c, int64_t i, double seconds, double pitch)
{
    double beat = floor(4 * seconds), hz = pitch * exp2(fmod(7 * beat, 12) / 12), sum = 0;
    for (int k = 1; k < 5; k++)
        sum += sin(2 * M_PI * k * hz * seconds) / (k * k);
    return (float)(0.4 * sum * exp(-6 * (seconds - beat / 4))) + 1e-3f * noise(c, i, seconds, pitch);
}

static float clicks(chance *c, int64_t i, double seconds, double pitch)
{
    (void)seconds, (void)pitch;
    return i % 3001 == 17 ? (float)uniform(c, -1, 1) : 0;
}

static float bursts(chance *c, int64_t i, double seconds, double pitch)
{
    return fmod(seconds, 0.4) < 0.15 ? noise(c, i, seconds, pitch) : 0;
}

static const struct {
    const char *name;
    sound *at;
} sounds[] = {
    {"notes", notes},   {"noise", noise},       {"bursts", bursts},   {"tone", tone},
    {"clicks", clicks}, {"constant", constant}, {"silence", silence}, {"faint noise", faint_noise},
    {"loud noise", loud_noise},
};

typedef struct clip {
    const char *kind;
    int rate;
    int64_t n;
    float *samples;
} clip;

static clip draw_clip(chance *c)
{
    static const int rates[] = {8000, 11025, 16000, 22050, 22050, 24000, 32000, 44100, 48000};
    clip made = {.rate = likely(c, 0.85) ? ONE_OF(c, rates) : 8000 + below(c, 40001)};
    made.n = (int64_t)exp(uniform(c, likely(c, 0.8) ? log(3000) : 0, log(MAX_LENGTH)));
    if (likely(c, 0.1)) /* where frames and blocks of frames end */
        made.n = 512 * (1 + below(c, 256)) + below(c, 3) - 1;
    int kind = below(c, sizeof sounds / sizeof *sounds);
    made.kind = sounds[kind].name;
    made.samples = malloc((size_t)made.n * sizeof *made.samples);
    assert_non_null(made.samples);
    double pitch = 55 * exp2(uniform(c, 0, 5));
    for (int64_t i = 0; i < made.n; i++)
        made.samples[i] = sounds[kind].at(c, i, (double)i / made.rate, pitch);
    return made;
}

/* --- settings --- */

/* What features of one recipe have in common, so that they share transforms. */
typedef struct frame {
    int length, hop;
} frame;

static frame draw_frame(chance *c, const clip *clip)
{
    static const int lengths[] = {2048, 2048, 2048, 1024, 512, 4096, 400, 256, 441, 1000, 33, 16};
    static const int hops[] = {512, 512, 512, 256, 1024, 128, 160, 441, 300, 2048, 5000};
    frame made = {ONE_OF(c, lengths), ONE_OF(c, hops)};
    while (clip->n / made.hop > MAX_FRAMES)
        made.hop *= 2;
    return made;
}

static double draw_integer(chance *c, const mlk_parameter *p)
{
    double value = isnan(p->standard) ? NAN : floor(uniform(c, p->standard / 2, 2 * p->standard + 2));
    return isnan(value) ? value : fmin(fmax(value, p->min), p->max);
}

static double draw_real(chance *c, const mlk_parameter *p, const clip *clip)
{
    if (strcmp(p->name, "fmin") == 0)
        return p->standard == 0 ? uniform(c, 0, clip->rate / 4.0) : 55 * exp2(uniform(c, -1, 2));
    if (strcmp(p->name, "fmax") == 0)
        return uniform(c, clip->rate / 4.0, clip->rate / 2.0);
    if (strcmp(p->name, "tuning") == 0)
        return uniform(c, -0.5, 0.5);
    if (isnan(p->standard))
        return NAN;
    double value = p->standard == 0 ? uniform(c, 0, 1) : p->standard * exp2(uniform(c, -1, 1));
    return fmin(fmax(value, p->min), p->max);
}

static double draw_value(chance *c, const mlk_parameter *p, const clip *clip, frame frame)
{
    if (strcmp(p->name, "n_fft") == 0 || strcmp(p->name, "frame_length") == 0)
        return frame.length;
    if (strcmp(p->name, "hop_length") == 0)
        return frame.hop;
    if (likely(c, 0.5))
        return p->standard;
    if (strcmp(p->name, "win_length") == 0)
        return 1 + below(c, frame.length);
    if (p->optional && likely(c, 0.3))
        return NAN;
    if (p->kind == MLK_PARAMETER_BOOLEAN)
        return below(c, 2);
    if (p->kind == MLK_PARAMETER_CHOICE) {
        int n = 0;
        while (p->choices[n])
            n++;
        return below(c, n);
    }
    return p->kind == MLK_PARAMETER_INTEGER ? draw_integer(c, p) : draw_real(c, p, clip);
}

/* Settings that the feature takes for this clip; now and then those that it refuses. False: it takes none. */
static bool draw_settings(chance *c, mlk_settings *settings, const clip *clip, frame shared)
{
    mlk_status status;
    mlk_feature_shape shape;
    bool any = likely(c, 0.15);
    for (int draw = 0; draw < DRAWS; draw++) {
        frame own = likely(c, 0.7) ? shared : draw_frame(c, clip);
        mlk_settings_init(settings, settings->feature);
        for (int i = 0; i < settings->feature->n_parameters; i++) {
            const mlk_parameter *p = &settings->feature->parameters[i];
            mlk_settings_set(settings, p->name, draw_value(c, p, clip, own), &status);
        }
        if (!mlk_feature_measure(settings, 60 * (int64_t)clip->rate, clip->rate, &shape, &status) &&
            (any || !mlk_feature_measure(settings, clip->n, clip->rate, &shape, &status)))
            return true;
    }
    return false;
}

static mlk_recipe *draw_recipe(chance *c, const clip *clip)
{
    static const char *const pools[] = {"mean", "std", "min", "max", "median", "p5", "p97.5", "p0", "p100"};
    mlk_status status;
    mlk_recipe *recipe = mlk_recipe_new(&status);
    assert_non_null(recipe);
    recipe->rate = clip->rate;
    frame shared = draw_frame(c, clip);
    for (int wanted = 1 + below(c, 7), tries = 0; recipe->n_features < wanted && tries < 3 * DRAWS; tries++) {
        const mlk_feature *feature = mlk_feature_at(below(c, mlk_feature_count()));
        mlk_settings *settings = mlk_recipe_add(recipe, feature->name, &status);
        if (settings && !draw_settings(c, settings, clip, shared))
            recipe->n_features--;
    }
    if (likely(c, 0.75))
        for (int wanted = 1 + below(c, 4); recipe->n_pools < wanted;)
            mlk_recipe_pool(recipe, ONE_OF(c, pools), &status);
    return recipe;
}

/* --- the single functions --- */

/* A feature of the whole clip by itself; complex values are pooled by magnitude. NULL: see status. */
static float *compute_alone(const mlk_settings *settings, const clip *clip, mlk_feature_shape *shape,
                            mlk_status *status)
{
    if (mlk_feature_measure(settings, clip->n, clip->rate, shape, status))
        return NULL;
    mlk_analysis *analysis = mlk_analysis_new(clip->samples, clip->n, clip->rate, status);
    assert_non_null(analysis);
    float *out = malloc((size_t)(shape->rows * shape->frames) * mlk_dtype_size(shape->dtype));
    assert_non_null(out);
    if (mlk_feature_compute(settings, analysis, out, status)) {
        free(out);
        out = NULL;
    }
    mlk_analysis_free(analysis);
    return out;
}

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static void describe(uint64_t number, const clip *clip, const mlk_recipe *recipe)
{
    print_message("case %llu: %s, %lld samples at %d Hz\n%s", (unsigned long long)number, clip->kind,
                  (long long)clip->n, clip->rate, recipe->text ? recipe->text : "");
}

/* `pooled` is the feature's part of the recipe's row: pool by pool, each rows long. */
static void check_pooled(uint64_t number, const clip *clip, const mlk_recipe *recipe, const mlk_settings *settings,
                         const mlk_feature_shape *shape, float *alone, const float *pooled)
{
    if (shape->dtype == MLK_COMPLEX64)
        for (int64_t i = 0; i < shape->rows * shape->frames; i++)
            alone[i] = hypotf(alone[2 * i], alone[2 * i + 1]);
    float wanted[MLK_MAX_POOLS];
    for (int64_t row = 0; row < shape->rows; row++) {
        assert_int_equal(mlk_pool_row(recipe->pools, recipe->n_pools, alone + row * shape->frames, shape->frames, wanted,
                                      NULL), MLK_OK);
        for (int p = 0; p < recipe->n_pools; p++)
            if (!same(wanted[p], pooled[p * shape->rows + row])) {
                describe(number, clip, recipe);
                fail_msg("case %llu: %s of %s, row %lld: %.9g alone, %.9g in the recipe", (unsigned long long)number,
                         recipe->pools[p].name, settings->feature->name, (long long)row, wanted[p],
                         pooled[p * shape->rows + row]);
            }
    }
}

static void check_frames(uint64_t number, const clip *clip, const mlk_recipe *recipe, const mlk_settings *settings,
                         const mlk_feature_shape *shape, const float *alone, const mlk_bundle *bundle, int feature)
{
    const mlk_feature_shape *kept = &bundle->shapes[feature];
    assert_int_equal(kept->rows, shape->rows);
    assert_int_equal(kept->frames, shape->frames);
    assert_int_equal(kept->dtype, shape->dtype);
    int64_t numbers = shape->rows * shape->frames * (shape->dtype == MLK_COMPLEX64 ? 2 : 1);
    const float *values = bundle->data[feature];
    for (int64_t i = 0; i < numbers; i++)
        if (!same(alone[i], values[i])) {
            describe(number, clip, recipe);
            fail_msg("case %llu: %s, number %lld of %lld x %lld: %.9g alone, %.9g in the recipe",
                     (unsigned long long)number, settings->feature->name, (long long)i, (long long)shape->rows,
                     (long long)shape->frames, alone[i], values[i]);
        }
}

/* --- a case --- */

static struct {
    int compared, refused, pooled, as_complex;
} seen;

static void check_refused(uint64_t number, const clip *clip, const mlk_recipe *recipe, const mlk_bundle *bundle,
                          const char *reason, bool named)
{
    seen.refused++;
    if (!bundle && named)
        return;
    describe(number, clip, recipe);
    if (bundle)
        fail_msg("case %llu: a feature refuses the clip, the recipe does not", (unsigned long long)number);
    fail_msg("case %llu: the recipe failed with \"%s\", none of its features does", (unsigned long long)number, reason);
}

static void check_recipe(uint64_t number, const clip *clip, const mlk_recipe *recipe)
{
    mlk_status refusal = {0}, status;
    mlk_bundle *bundle = mlk_extraction_analyse(recipe, clip->samples, clip->n, clip->rate, &refusal);
    bool any_refused = false, named = false;
    const float *pooled = bundle ? bundle->data[0] : NULL;
    for (int i = 0; i < recipe->n_features; i++) {
        const mlk_settings *settings = &recipe->features[i];
        mlk_feature_shape shape;
        float *alone = compute_alone(settings, clip, &shape, &status);
        if (!alone) {
            any_refused = true;
            named |= !bundle && strstr(refusal.message, status.message) != NULL;
        } else if (bundle && recipe->n_pools > 0) {
            check_pooled(number, clip, recipe, settings, &shape, alone, pooled);
            pooled += shape.rows * recipe->n_pools;
        } else if (bundle) {
            check_frames(number, clip, recipe, settings, &shape, alone, bundle, i);
        }
        seen.compared += alone && bundle;
        seen.pooled += alone && bundle && recipe->n_pools > 0;
        seen.as_complex += alone && bundle && shape.dtype == MLK_COMPLEX64;
        free(alone);
    }
    if (any_refused || !bundle)
        check_refused(number, clip, recipe, bundle, refusal.message, named);
    mlk_bundle_free(bundle);
}

static void run_case(uint64_t number, bool loud)
{
    chance c = {.state = number * 0x2545f4914f6cdd1du};
    clip clip = draw_clip(&c);
    mlk_recipe *recipe = draw_recipe(&c, &clip);
    mlk_status status;
    if (recipe->n_features > 0) { /* no feature takes a clip that short: nothing to compare */
        if (mlk_recipe_compile(recipe, &status))
            fail_msg("case %llu: %s", (unsigned long long)number, status.message);
        if (loud)
            describe(number, &clip, recipe);
        check_recipe(number, &clip, recipe);
    }
    mlk_recipe_free(recipe);
    free(clip.samples);
}

static void a_recipe_gives_the_bits_of_the_single_functions(void **state)
{
    (void)state;
    const char *one = getenv("MOONLARK_PROPERTY_CASE"), *many = getenv("MOONLARK_PROPERTY_CASES");
    if (one) {
        run_case(strtoull(one, NULL, 10), true);
        return;
    }
    int cases = many ? atoi(many) : CASES;
    for (int number = 0; number < cases; number++)
        run_case((uint64_t)number, false);
    print_message("%d recipes: %d results compared (%d pooled, %d complex), %d recipes refused\n", cases, seen.compared,
                  seen.pooled, seen.as_complex, seen.refused);
    if (cases >= CASES) /* else this test tests little */
        assert_true(seen.compared > 2 * cases && seen.refused < cases / 5);
    if (cases >= 200) /* refusals are rare */
        assert_true(seen.refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_recipe_gives_the_bits_of_the_single_functions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

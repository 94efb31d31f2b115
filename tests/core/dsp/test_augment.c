/* Augmentations against scipy and librosa where they have them, against their definitions elsewhere. */
#include "test.h"

#include "dsp/augment.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 22050, DRAWS = 40000 };

static mlk_tensors frozen;

static const float *reference(const char *name, int64_t *n)
{
    const mlk_array *array = mlk_tensors_find(&frozen, name);
    if (!array)
        fail_msg("no %s in the references", name);
    *n = array->shape[0];
    return array->data;
}

static int read_reference(void **state)
{
    (void)state;
    mlk_status status;
    return mlk_safetensors_read("tests/reference/augment/augment.safetensors", &frozen, &status);
}

static int free_reference(void **state)
{
    (void)state;
    mlk_tensors_free(&frozen);
    return 0;
}

static mlk_sound copy_of_sound(void)
{
    int64_t n;
    const float *from = reference("sound", &n);
    mlk_sound sound = {malloc((size_t)n * sizeof(float)), n, RATE};
    memcpy(sound.samples, from, (size_t)n * sizeof(float));
    return sound;
}

/* A change that happens, drawn under a seed. */
static mlk_change drawn(const mlk_augment *augment, uint64_t seed)
{
    mlk_change change;
    assert_true(mlk_augment_draw(augment, seed, &change));
    return change;
}

static mlk_sound changed(const mlk_augment *augment, uint64_t seed)
{
    mlk_sound sound = copy_of_sound();
    mlk_change change = drawn(augment, seed);
    mlk_status status;
    if (mlk_change_sound(&change, &sound, &status))
        fail_msg("%s", status.message);
    return sound;
}

/* The distance of two arrays by the norm of the second. */
static double deviation(const float *a, const float *b, int64_t n)
{
    double apart = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        apart += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return sqrt(apart / size);
}

/* --- distributions --- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest gap between the share of draws up to a quantile and its probability (Kolmogorov and Smirnov). */
static double gap(double *draws, int n, const char *name)
{
    int64_t count;
    const float *p = reference("probabilities", &count), *quantiles = reference(name, &count);
    qsort(draws, (size_t)n, sizeof *draws, compare);
    double worst = 0;
    int64_t below = 0;
    for (int64_t i = 0; i < count; i++) {
        if (name[0] == 'b' && quantiles[i] > 0.99999f)
            break; /* too near 1 for single precision */
        while (below < n && draws[below] <= quantiles[i])
            below++;
        worst = fmax(worst, fabs((double)below / n - p[i]));
    }
    return worst;
}

static void test_distributions(void **state)
{
    (void)state;
    static double draws[DRAWS];
    double allowed = 1.63 / sqrt(DRAWS); /* exceeded once in a hundred seeds: this one is fixed */
    mlk_random random = mlk_random_seeded(3);
    for (int i = 0; i < DRAWS; i++)
        draws[i] = mlk_random_normal(&random);
    assert_true(gap(draws, DRAWS, "normal") < allowed);
    static float many[DRAWS];
    mlk_random_normals(&random, 1, DRAWS - 1, many);
    assert_true(many[DRAWS - 1] == 0);
    mlk_random_normals(&random, 2, DRAWS, many);
    for (int i = 0; i < DRAWS; i++)
        draws[i] = many[i] / 2;
    assert_true(gap(draws, DRAWS, "normal") < allowed);
    static const char *const alphas[] = {"0.1", "0.2", "0.5", "1.0", "4.0"};
    for (int a = 0; a < 5; a++) {
        double mean = 0, square = 0, alpha = atof(alphas[a]);
        char name[16];
        snprintf(name, sizeof name, "beta_%s", alphas[a]);
        for (int i = 0; i < DRAWS; i++) {
            draws[i] = mlk_random_beta(&random, alpha);
            assert_true(draws[i] >= 0 && draws[i] <= 1);
            mean += draws[i] / DRAWS;
            square += draws[i] * draws[i] / DRAWS;
        }
        double variance = 1 / (4 * (2 * alpha + 1));
        assert_true(fabs(mean - 0.5) < 4 * sqrt(variance / DRAWS));
        assert_true(fabs(square - mean * mean - variance) < 0.03 * variance);
        double worst = gap(draws, DRAWS, name);
        if (worst >= allowed)
            fail_msg("Beta(%g, %g): %g", alpha, alpha, worst);
    }
}

/* Beyond the last rectangle of the ziggurat: P(|x| > 3.5) = 4.653e-4, P(|x| > 4.5) = 6.8e-6. */
static void test_tail(void **state)
{
    (void)state;
    int far = 0, farther = 0, below = 0;
    mlk_random random = mlk_random_seeded(9);
    for (int i = 0; i < 2000000; i++) {
        double x = mlk_random_normal(&random);
        far += fabs(x) > 3.5;
        farther += fabs(x) > 4.5;
        below += x < -3.5;
    }
    assert_in_range(far, 931 - 120, 931 + 120);
    assert_in_range(below, 465 - 85, 465 + 85);
    assert_in_range(farther, 3, 30);
}

static void test_tiny_alpha_is_one_of_the_two(void **state)
{
    (void)state;
    mlk_random random = mlk_random_seeded(1);
    int ones = 0;
    for (int i = 0; i < 1000; i++) {
        double share = mlk_random_beta(&random, 1e-3);
        assert_true(share >= 0 && share <= 1);
        ones += share > 0.5;
    }
    assert_in_range(ones, 440, 560);
}

static void test_how_often_and_how_far(void **state)
{
    (void)state;
    mlk_augment gain = {.kind = MLK_AUGMENT_GAIN, .p = 0.3, .low = -6, .high = 2};
    int times = 0;
    double sum = 0, least = 9, most = -9;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        mlk_change change;
        times += mlk_augment_draw(&gain, seed, &change);
        sum += change.value;
        least = fmin(least, change.value);
        most = fmax(most, change.value);
    }
    assert_true(fabs(times / (double)DRAWS - 0.3) < 0.01);
    assert_true(fabs(sum / DRAWS + 2) < 0.05 && least >= -6 && least < -5.99 && most < 2 && most > 1.99);
    gain.p = 0;
    mlk_change change;
    assert_false(mlk_augment_draw(&gain, 1, &change));
}

/* --- sounds --- */

static void test_noise_reaches_its_ratio(void **state)
{
    (void)state;
    for (int db = -10; db <= 60; db += 10) {
        mlk_augment noise = {.kind = MLK_AUGMENT_NOISE, .p = 1, .low = db, .high = db};
        mlk_sound before = copy_of_sound(), after = changed(&noise, 7);
        double signal = 0, added = 0, across = 0;
        for (int64_t i = 0; i < before.n; i++) {
            double difference = (double)after.samples[i] - before.samples[i];
            signal += (double)before.samples[i] * before.samples[i];
            added += difference * difference;
            across += difference * before.samples[i];
        }
        assert_true(fabs(10 * log10(signal / added) - db) < 0.1);
        assert_true(fabs(across / sqrt(signal * added)) < 0.02);
        free(before.samples);
        free(after.samples);
    }
}

static void test_gain_and_polarity(void **state)
{
    (void)state;
    mlk_augment gain = {.kind = MLK_AUGMENT_GAIN, .p = 1, .low = -6.5, .high = -6.5};
    mlk_augment polarity = {.kind = MLK_AUGMENT_POLARITY, .p = 1};
    mlk_sound before = copy_of_sound(), softer = changed(&gain, 1), turned = changed(&polarity, 1);
    for (int64_t i = 0; i < before.n; i++) {
        assert_true(fabs(softer.samples[i] - before.samples[i] * pow(10, -6.5 / 20)) < 1e-7);
        assert_true(turned.samples[i] == -before.samples[i]);
    }
    free(before.samples);
    free(softer.samples);
    free(turned.samples);
}

static void test_shift(void **state)
{
    (void)state;
    static const struct {
        double by;
        bool relative, wrap;
        int64_t later;
    } cases[] = {{0.25, true, true, 7500},   {-0.25, true, true, -7500}, {0.25, true, false, 7500},
                 {-0.1, false, false, -2205}, {1, true, false, 30000},    {-1, true, false, -30000},
                 {1, true, true, 0},          {5, false, true, 20250},    {5, false, false, 30000}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        mlk_augment shift = {.kind = MLK_AUGMENT_SHIFT, .p = 1, .low = cases[c].by, .high = cases[c].by,
                             .relative = cases[c].relative, .wrap = cases[c].wrap};
        mlk_sound before = copy_of_sound(), after = changed(&shift, 1);
        int64_t n = before.n;
        for (int64_t i = 0; i < n; i++) {
            int64_t from = i - cases[c].later;
            float wanted = from >= 0 && from < n ? before.samples[from] : 0;
            if (cases[c].wrap)
                wanted = before.samples[(from + n) % n];
            assert_true(after.samples[i] == wanted);
        }
        free(before.samples);
        free(after.samples);
    }
}

static void test_equalizer_is_scipys(void **state)
{
    (void)state;
    int64_t n, bands;
    const float *gains = reference("equalize.db", &bands), *wanted = reference("equalize.out", &n);
    double db[MLK_MAX_BANDS];
    for (int64_t i = 0; i < bands; i++)
        db[i] = gains[i];
    mlk_sound sound = copy_of_sound();
    mlk_equalize(sound.samples, n, RATE, db, (int)bands);
    double far = deviation(sound.samples, wanted, n);
    printf("equalizer: %.1e\n", far);
    assert_true(far < 1e-6);
    free(sound.samples);
}

/* At its centre a band has its gain, far away none; the random one stays within the bands' sum. */
static void test_equalizer_response(void **state)
{
    (void)state;
    enum { N = 1 << 15 };
    static float impulse[N];
    for (int band = 0; band < 4; band++) {
        double db[4] = {0}, low = 50, octaves = log2(0.45 * RATE / low) / 4, real = 0, imaginary = 0;
        db[band] = 8;
        memset(impulse, 0, sizeof impulse);
        impulse[0] = 1;
        mlk_equalize(impulse, N, RATE, db, 4);
        double hz = low * exp2((band + 0.5) * octaves);
        for (int i = 0; i < N; i++) {
            real += impulse[i] * cos(2 * M_PI * hz * i / RATE);
            imaginary -= impulse[i] * sin(2 * M_PI * hz * i / RATE);
        }
        assert_true(fabs(10 * log10(real * real + imaginary * imaginary) - 8) < 1e-3);
    }
    mlk_augment equalizer = {.kind = MLK_AUGMENT_EQUALIZER, .p = 1, .low = -6, .high = 6, .count = 4};
    mlk_sound before = copy_of_sound(), after = changed(&equalizer, 5), again = changed(&equalizer, 5);
    double change = deviation(after.samples, before.samples, before.n);
    assert_true(change > 0.05 && change < 1);
    assert_memory_equal(after.samples, again.samples, (size_t)after.n * sizeof(float));
    free(before.samples);
    free(after.samples);
    free(again.samples);
}

static void test_stretch_and_pitch_are_librosas(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mlk_augment_kind kind;
        double value, allowed;
    } cases[] = {
        {"stretch_080", MLK_AUGMENT_TIME_STRETCH, 0.8, 1e-5},
        {"stretch_125", MLK_AUGMENT_TIME_STRETCH, 1.25, 1e-5},
        {"pitch_3", MLK_AUGMENT_PITCH_SHIFT, 3, 1e-4},
        {"pitch_-4", MLK_AUGMENT_PITCH_SHIFT, -4, 1e-4},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int64_t n;
        const float *wanted = reference(cases[c].name, &n);
        mlk_augment augment = {.kind = cases[c].kind, .p = 1, .low = cases[c].value, .high = cases[c].value};
        mlk_sound sound = changed(&augment, 1);
        assert_int_equal(sound.n, n);
        double far = deviation(sound.samples, wanted, n);
        printf("%s: %.1e\n", cases[c].name, far);
        assert_true(far < cases[c].allowed);
        free(sound.samples);
    }
}

static void test_a_stretch_knows_what_it_needs(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        mlk_augment stretch = {.kind = MLK_AUGMENT_TIME_STRETCH, .p = 1, .low = 0.1, .high = 10};
        mlk_change change = drawn(&stretch, seed);
        for (int64_t n = 1; n < 200000; n = n * 7 + (int64_t)(seed % 5)) {
            int64_t needs = mlk_change_needs(&change, n);
            assert_true(rint((double)needs / change.value) >= (double)n);
            assert_true((double)needs < (double)n * change.value + 1);
        }
    }
}

static void test_silence_and_a_single_sample(void **state)
{
    (void)state;
    for (int kind = MLK_AUGMENT_NOISE; kind <= MLK_AUGMENT_EQUALIZER; kind++)
        for (int64_t n = 1; n < 3000; n = 3 * n + 1) {
            mlk_augment augment = {.kind = (mlk_augment_kind)kind, .p = 1, .low = 1.1, .high = 1.1, .count = 3};
            mlk_sound sound = {calloc((size_t)n, sizeof(float)), n, RATE};
            mlk_change change = drawn(&augment, 1);
            mlk_status status;
            assert_int_equal(mlk_change_sound(&change, &sound, &status), MLK_OK);
            for (int64_t i = 0; i < sound.n; i++)
                assert_true(sound.samples[i] == 0);
            free(sound.samples);
        }
}

/* --- features --- */

enum { ROWS = 12, FRAMES = 50 };

static const mlk_band bands[] = {{0, 8, true}, {8, 4, false}};
static float values[ROWS * FRAMES], fill[ROWS];

/* Every place another value; fill is -1 - row. */
static mlk_sheet sheet(bool filled)
{
    for (int i = 0; i < ROWS * FRAMES; i++)
        values[i] = (float)i;
    for (int row = 0; row < ROWS; row++)
        fill[row] = (float)(-1 - row);
    return (mlk_sheet){values, ROWS, FRAMES, 10, bands, 2, filled ? fill : NULL};
}

static void test_gain_and_equalizer_of_features(void **state)
{
    (void)state;
    mlk_augment gain = {.kind = MLK_AUGMENT_GAIN, .on_features = true, .p = 1, .low = 3, .high = 3};
    mlk_sheet s = sheet(true);
    mlk_change change = drawn(&gain, 1);
    mlk_change_features(&change, &s);
    for (int i = 0; i < ROWS * FRAMES; i++)
        assert_true(values[i] == (float)i + (i < 8 * FRAMES ? 3 : 0));

    mlk_augment equalizer = {.kind = MLK_AUGMENT_EQUALIZER, .on_features = true, .p = 1, .low = -5, .high = 5, .count = 3};
    s = sheet(true);
    change = drawn(&equalizer, 2);
    mlk_change_features(&change, &s);
    float steps[8];
    for (int row = 0; row < ROWS; row++)
        for (int t = 0; t < FRAMES; t++) {
            float added = values[row * FRAMES + t] - (float)(row * FRAMES + t);
            if (row >= 8)
                assert_true(added == 0);
            else if (t == 0)
                steps[row] = added;
            else
                assert_true(fabsf(added - steps[row]) < 1e-4f);
        }
    /* Straight from row 0 to 3.5 to 7. */
    assert_true(fabsf(steps[2] - 2 * steps[1] + steps[0]) < 1e-3f && fabsf(steps[3] - 2 * steps[2] + steps[1]) < 1e-3f);
    assert_true(fabsf(steps[7] - 2 * steps[6] + steps[5]) < 1e-3f && fabsf(steps[6] - 2 * steps[5] + steps[4]) < 1e-3f);
    assert_true(steps[0] != steps[1] && fabsf(steps[0]) <= 5 && fabsf(steps[7]) <= 5);
}

static void test_shifts_of_features(void **state)
{
    (void)state;
    for (int by = -20; by <= 20; by += 4)
        for (int wrap = 0; wrap < 2; wrap++) {
            mlk_augment shift = {.kind = MLK_AUGMENT_SHIFT, .on_features = true, .p = 1, .low = by / 10.0,
                                 .high = by / 10.0, .wrap = wrap};
            mlk_sheet s = sheet(true);
            mlk_change change = drawn(&shift, 1);
            mlk_change_features(&change, &s);
            for (int row = 0; row < ROWS; row++)
                for (int t = 0; t < FRAMES; t++) {
                    int from = t - by;
                    bool inside = from >= 0 && from < FRAMES;
                    float wanted = inside || wrap ? (float)(row * FRAMES + (from + FRAMES) % FRAMES) : fill[row];
                    assert_true(values[row * FRAMES + t] == wanted);
                }
        }
    for (int by = -12; by <= 12; by++) {
        mlk_augment shift = {.kind = MLK_AUGMENT_FREQUENCY_SHIFT, .on_features = true, .p = 1, .low = by, .high = by};
        mlk_sheet s = sheet(true);
        mlk_change change = drawn(&shift, 1);
        mlk_change_features(&change, &s);
        for (int b = 0; b < 2; b++)
            for (int row = 0; row < bands[b].rows; row++) {
                int most = (int)bands[b].rows - 1, moved = by > most ? most : by < -most ? -most : by;
                int from = row - moved;
                from = from < 0 ? 0 : from > most ? most : from;
                for (int t = 0; t < FRAMES; t++)
                    assert_true(values[(bands[b].first + row) * FRAMES + t] ==
                                (float)((bands[b].first + from) * FRAMES + t));
            }
    }
}

/* Widths are uniform in low..high, and a stretch lies anywhere with equal chance. */
static void test_masks(void **state)
{
    (void)state;
    enum { MOST = 6, TRIES = 20000 };
    int widths[MOST + 1] = {0}, first_free = 0, last_free = 0;
    mlk_augment mask = {.kind = MLK_AUGMENT_FREQUENCY_MASK, .on_features = true, .p = 1, .low = 0, .high = MOST, .count = 1};
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        mlk_sheet s = sheet(true);
        mlk_change change = drawn(&mask, seed);
        mlk_change_features(&change, &s);
        int width = 0, last = -1;
        for (int row = 0; row < ROWS; row++) {
            bool hidden = values[row * FRAMES] == fill[row];
            for (int t = 1; t < FRAMES; t++)
                assert_true(values[row * FRAMES + t] == (hidden ? fill[row] : (float)(row * FRAMES + t)));
            assert_true(!hidden || width == 0 || last == row - 1);
            width += hidden;
            last = hidden ? row : last;
        }
        assert_in_range(width, 0, MOST);
        widths[width]++;
        if (width == MOST) {
            first_free += last == MOST - 1;
            last_free += last == ROWS - 1;
        }
    }
    for (int w = 0; w <= MOST; w++)
        assert_true(fabs(widths[w] - TRIES / 7.0) < 5 * sqrt(TRIES / 7.0));
    assert_true(fabs(first_free - widths[MOST] / 7.0) < 5 * sqrt(widths[MOST] / 7.0));
    assert_true(fabs(last_free - widths[MOST] / 7.0) < 5 * sqrt(widths[MOST] / 7.0));

    mask = (mlk_augment){.kind = MLK_AUGMENT_TIME_MASK, .on_features = true, .p = 1, .low = 0.2, .high = 0.2, .count = 2,
                         .relative = true};
    for (uint64_t seed = 0; seed < 500; seed++) {
        mlk_sheet s = sheet(false); /* without a fill: the row's mean */
        mlk_change change = drawn(&mask, seed);
        mlk_change_features(&change, &s);
        int hidden = 0;
        for (int t = 0; t < FRAMES; t++) {
            bool here = values[t] == (FRAMES - 1) / 2.0f;
            hidden += here;
            for (int row = 1; row < ROWS; row++)
                assert_true((values[row * FRAMES + t] == (float)(row * FRAMES) + (FRAMES - 1) / 2.0f) == here);
        }
        assert_in_range(hidden, FRAMES / 5, 2 * FRAMES / 5);
    }
}

static void test_masks_wider_than_all(void **state)
{
    (void)state;
    for (int kind = MLK_AUGMENT_TIME_MASK; kind <= MLK_AUGMENT_FREQUENCY_MASK; kind++) {
        mlk_augment mask = {.kind = (mlk_augment_kind)kind, .on_features = true, .p = 1, .low = 500, .high = 600, .count = 3};
        mlk_sheet s = sheet(true);
        mlk_change change = drawn(&mask, 1);
        mlk_change_features(&change, &s);
        for (int i = 0; i < ROWS * FRAMES; i++)
            assert_true(values[i] == fill[i / FRAMES]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_tiny_alpha_is_one_of_the_two),
        cmocka_unit_test(test_how_often_and_how_far),
        cmocka_unit_test(test_noise_reaches_its_ratio),
        cmocka_unit_test(test_gain_and_polarity),
        cmocka_unit_test(test_shift),
        cmocka_unit_test(test_equalizer_is_scipys),
        cmocka_unit_test(test_equalizer_response),
        cmocka_unit_test(test_stretch_and_pitch_are_librosas),
        cmocka_unit_test(test_a_stretch_knows_what_it_needs),
        cmocka_unit_test(test_silence_and_a_single_sample),
        cmocka_unit_test(test_gain_and_equalizer_of_features),
        cmocka_unit_test(test_shifts_of_features),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_masks_wider_than_all),
    };
    return cmocka_run_group_tests(tests, read_reference, free_reference);
}

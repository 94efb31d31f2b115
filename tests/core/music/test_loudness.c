/* Loudness of the test signals that EBU Tech 3341 and 3342 define, and beside libebur128. */
#include "test.h"

#include "music/loudness.h"

#include <math.h>
#ifdef HAVE_EBUR128
#include <ebur128.h>
#endif
#include <stdlib.h>

enum { RATE = 48000, MOST_PARTS = 5 };

static const double PI = 3.14159265358979323846;

#define assert_near(made, wanted, tolerance) assert_true(fabs((double)(made) - (wanted)) <= (tolerance))

typedef struct part {
    double seconds, dbfs;
} part;

/* A stereo sine of 1 kHz whose level changes from part to part. Odd pieces: nothing may hang on their size. */
static void hear(mlk_loudness *meter, const part *parts, int64_t piece)
{
    mlk_status status;
    float *sound = malloc(sizeof *sound * 2 * (size_t)piece);
    int64_t t = 0;
    for (int p = 0; p < MOST_PARTS && parts[p].seconds > 0; p++) {
        double amplitude = pow(10, parts[p].dbfs / 20);
        for (int64_t left = (int64_t)(parts[p].seconds * RATE), n; left > 0; left -= n) {
            n = left < piece ? left : piece;
            for (int64_t i = 0; i < n; i++, t++)
                sound[i] = sound[n + i] = (float)(amplitude * sin(2 * PI * 1000 / RATE * (double)(t % RATE)));
            assert_int_equal(mlk_loudness_add(meter, sound, n, &status), MLK_OK);
        }
    }
    free(sound);
}

static mlk_loudness *new_meter(void)
{
    mlk_loudness *meter = NULL;
    mlk_status status;
    assert_int_equal(mlk_loudness_new(2, RATE, &meter, &status), MLK_OK);
    return meter;
}

static mlk_loudness_result measure(mlk_loudness *meter)
{
    mlk_loudness_result result;
    mlk_status status;
    assert_int_equal(mlk_loudness_get(meter, &result, &status), MLK_OK);
    return result;
}

static void integrated_loudness_by_tech_3341(void **state)
{
    (void)state;
    static const struct {
        part parts[MOST_PARTS];
        double lufs;
    } cases[] = {
        {{{20, -23}}, -23},
        {{{20, -33}}, -33},
        {{{10, -36}, {60, -23}, {10, -36}}, -23},
        {{{10, -72}, {10, -36}, {60, -23}, {10, -36}, {10, -72}}, -23},
        {{{20, -26}, {20.1, -20}, {20, -26}}, -23},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlk_loudness *meter = new_meter();
        hear(meter, cases[i].parts, 7919);
        mlk_loudness_result result = measure(meter);
        assert_near(result.integrated_lufs, cases[i].lufs, 0.1);
        if (i < 2) { /* steady: every moment is as loud */
            assert_int_equal(result.n_momentary, 200 - 3);
            assert_int_equal(result.n_short_term, 200 - 29);
            assert_near(result.momentary_lufs[5], cases[i].lufs, 0.1);
            assert_near(result.short_term_lufs[result.n_short_term - 1], cases[i].lufs, 0.1);
        }
        mlk_loudness_free(meter);
    }
}

static void loudness_range_by_tech_3342(void **state)
{
    (void)state;
    static const struct {
        part parts[MOST_PARTS];
        double lu;
    } cases[] = {
        {{{20, -20}, {20, -30}}, 10},
        {{{20, -20}, {20, -15}}, 5},
        {{{20, -40}, {20, -20}}, 20},
        {{{20, -50}, {20, -35}, {20, -20}, {20, -35}, {20, -50}}, 15},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlk_loudness *meter = new_meter();
        hear(meter, cases[i].parts, 48000);
        assert_near(measure(meter).range_lu, cases[i].lu, 1);
        mlk_loudness_free(meter);
    }
}

/* Tech 3341, case 16: a quarter of the rate, samples 45 degrees from the peaks. */
static void peaks_between_samples_are_seen(void **state)
{
    (void)state;
    static float sound[2 * RATE];
    mlk_loudness *meter = new_meter();
    mlk_status status;
    for (int i = 0; i < RATE; i++)
        sound[i] = sound[RATE + i] = (float)(0.5 * sin(PI / 2 * i + PI / 4));
    assert_int_equal(mlk_loudness_add(meter, sound, RATE, &status), MLK_OK);
    mlk_loudness_result result = measure(meter);
    assert_true(result.true_peak_dbtp > -6 - 0.4 && result.true_peak_dbtp < -6 + 0.2);
    assert_near(result.sample_peak_dbfs, 20 * log10(0.5 * sqrt(0.5)), 1e-3);
    mlk_loudness_free(meter);
}

static void odd_sound(void **state)
{
    (void)state;
    mlk_status status;
    mlk_loudness *meter = new_meter();
    mlk_loudness_result result = measure(meter); /* nothing heard */
    assert_true(isinf(result.integrated_lufs) && isinf(result.true_peak_dbtp));
    assert_int_equal(result.n_momentary, 0);
    float bad[4] = {0, NAN, 0, 0};
    assert_int_equal(mlk_loudness_add(meter, bad, 2, &status), MLK_INVALID);
    mlk_loudness_free(meter);
    assert_int_equal(mlk_loudness_new(0, RATE, &meter, &status), MLK_INVALID);
    assert_int_equal(mlk_loudness_new(65, RATE, &meter, &status), MLK_INVALID);
    assert_int_equal(mlk_loudness_new(2, 1, &meter, &status), MLK_INVALID);
}

#ifdef HAVE_EBUR128

/* Noise that swells and fades, low in some channels, with silence in between; channel after channel. */
static void fill(float *sound, int channels, int64_t frames)
{
    uint32_t seed = 7;
    for (int c = 0; c < channels; c++) {
        double low = 0;
        for (int64_t i = 0; i < frames; i++) {
            seed = seed * 1664525u + 1013904223u;
            double swell = sin(PI * 5 * (double)i / (double)frames), noise = (double)seed / UINT32_MAX - 0.5;
            low += 0.01 * (c + 1) * (noise - low);
            sound[c * frames + i] = (float)(swell > 0.2 ? swell * swell * (0.4 * noise + low) : 0);
        }
    }
}

static void check_beside_libebur128(int channels, int64_t rate_hz)
{
    mlk_status status;
    mlk_loudness *meter;
    int64_t frames = 20 * rate_hz + 17;
    float *sound = malloc(sizeof *sound * (size_t)(channels * frames));
    ebur128_state *state = ebur128_init((unsigned)channels, (unsigned long)rate_hz,
                                        EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
    double integrated, range, peak, sample_peak = 0, true_peak = 0;
    float frame[8];
    fill(sound, channels, frames);
    for (int64_t i = 0; i < frames; i++) {
        for (int c = 0; c < channels; c++)
            frame[c] = sound[c * frames + i];
        ebur128_add_frames_float(state, frame, 1);
    }
    for (unsigned c = 0; c < (unsigned)channels; c++) {
        ebur128_sample_peak(state, c, &peak);
        sample_peak = fmax(sample_peak, peak);
        ebur128_true_peak(state, c, &peak);
        true_peak = fmax(true_peak, peak);
    }
    ebur128_loudness_global(state, &integrated);
    ebur128_loudness_range(state, &range);
    ebur128_destroy(&state);

    assert_int_equal(mlk_loudness_new(channels, rate_hz, &meter, &status), MLK_OK);
    assert_int_equal(mlk_loudness_add(meter, sound, frames, &status), MLK_OK);
    mlk_loudness_result result = measure(meter);
    assert_near(result.integrated_lufs, integrated, 1e-9);
    assert_near(result.range_lu, range, 1e-9);
    assert_true(range > 1);
    assert_near(result.sample_peak_dbfs, 20 * log10(sample_peak), 1e-9);
    assert_near(result.true_peak_dbtp, 20 * log10(true_peak), 1e-4);
    mlk_loudness_free(meter);
    free(sound);
}

static void beside_libebur128(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 6; channels++)
        check_beside_libebur128(channels, 8000);
    check_beside_libebur128(2, 44100);
    check_beside_libebur128(2, 48000);
    check_beside_libebur128(1, 96000);
    check_beside_libebur128(1, 11027);
}

#else

static void beside_libebur128(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integrated_loudness_by_tech_3341), cmocka_unit_test(loudness_range_by_tech_3342),
        cmocka_unit_test(peaks_between_samples_are_seen), cmocka_unit_test(odd_sound),
        cmocka_unit_test(beside_libebur128),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

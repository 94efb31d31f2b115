/* What must hold of sound that Rubber Band stretched or shifted: its length, its pitch, where things happen, and how
 * the channels lie to each other. Skipped where the library is not there. */
#include "test.h"

#include "dsp/rubberband.h"
#include "dsp/stretch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 22050, N = 2 * RATE };

static float *stretched(const float *samples, int channels, int64_t n, double rate, double pitch)
{
    float *out = malloc((size_t)(mlk_stretched_length(n, rate) * channels + 1) * sizeof *out);
    mlk_status status;
    assert_non_null(out);
    if (mlk_rubberband_stretch(samples, channels, n, RATE, rate, pitch, out, &status))
        fail_msg("%s", status.message);
    return out;
}

/* By upward zero crossings, in the middle of the sound. */
static double pitch_hz(const float *samples, int64_t n)
{
    double first = -1, last = -1;
    int periods = -1;
    for (int64_t i = n / 4; i < 3 * n / 4; i++)
        if (samples[i - 1] < 0 && samples[i] >= 0) {
            double at = (double)i - samples[i] / (samples[i] - samples[i - 1]);
            if (first < 0)
                first = at;
            last = at;
            periods++;
        }
    return periods * RATE / (last - first);
}

static double level(const float *samples, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)samples[i] * samples[i];
    return sqrt(sum / (double)n);
}

static void tone(float *samples, int64_t n, double hz, double phase)
{
    for (int64_t i = 0; i < n; i++)
        samples[i] = (float)(0.5 * sin(2 * acos(-1) * hz * (double)i / RATE + phase));
}

static void a_tone_keeps_its_pitch_to_the_end(void **state)
{
    (void)state;
    static float in[N];
    static const double rates[] = {0.05, 0.25, 0.8, 1, 1.3, 3};
    tone(in, N, 440, 0);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        float *out = stretched(in, 1, N, rates[i], 1);
        int64_t n = mlk_stretched_length(N, rates[i]);
        double hz = pitch_hz(out, n), start = level(out, n / 10), end = level(out + n - n / 10, n / 10);
        printf("rate %4.2f: %.2f Hz, level at the ends %.3f, %.3f\n", rates[i], hz, start, end);
        assert_true(fabs(hz - 440) < 2);
        assert_true(fabs(start - 0.354) < 0.05 && fabs(end - 0.354) < 0.09); /* nothing dropped */
        free(out);
    }
}

static void a_shift_moves_the_pitch(void **state)
{
    (void)state;
    static float in[N];
    static const double shifts[] = {0.25, 0.7, 1.5, 4};
    tone(in, N, 440, 0);
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        float *out = stretched(in, 1, N, 1, shifts[i]);
        double hz = pitch_hz(out, N);
        printf("shift %4.2f: %.2f Hz\n", shifts[i], hz);
        assert_true(fabs(hz / (440 * shifts[i]) - 1) < 0.005);
        free(out);
    }
}

static void a_click_lies_where_it_belongs(void **state)
{
    (void)state;
    static float in[N];
    memset(in, 0, sizeof in);
    for (int i = 0; i < 40; i++)
        in[N / 4 + i] = (float)(i % 2 ? -0.8 : 0.8);
    for (double rate = 0.5; rate <= 2; rate *= 2) {
        float *out = stretched(in, 1, N, rate, 1);
        int64_t n = mlk_stretched_length(N, rate), loudest = 0;
        for (int64_t i = 0; i < n; i++)
            if (fabsf(out[i]) > fabsf(out[loudest]))
                loudest = i;
        double late_s = ((double)loudest - N / 4 / rate) / RATE;
        printf("rate %.1f: the click is %.1f ms late\n", rate, 1000 * late_s);
        assert_true(fabs(late_s) < 0.01);
        free(out);
    }
}

/* The right channel is the left one, a quarter of a period later: so it must stay. */
static void channels_stay_together(void **state)
{
    (void)state;
    static float in[2 * N];
    tone(in, N, 300, 0);
    tone(in + N, N, 300, -acos(0));
    float *out = stretched(in, 2, N, 0.7, 1);
    int64_t n = mlk_stretched_length(N, 0.7);
    double same = 0, quarter = 0, size = 0;
    for (int64_t i = n / 4; i < 3 * n / 4; i++) {
        same += (double)out[i] * out[n + i];
        quarter += (double)out[i] * out[n + i + 18]; /* 22050 / 300 / 4 = 18.4 samples */
        size += (double)out[i] * out[i];
    }
    printf("likeness: %.3f, a quarter later %.3f\n", same / size, quarter / size);
    assert_true(fabs(same / size) < 0.1 && quarter / size > 0.95);
    free(out);
}

static void short_sounds_and_twice_the_same(void **state)
{
    (void)state;
    static float in[3000];
    tone(in, 3000, 440, 1);
    for (int64_t n = 0; n <= 3000; n = 3 * n + 1) {
        float *a = stretched(in, 1, n, 0.5, 1), *b = stretched(in, 1, n, 0.5, 1);
        assert_memory_equal(a, b, (size_t)mlk_stretched_length(n, 0.5) * sizeof *a);
        assert_true(n < 100 || level(a, 2 * n) > 0.1);
        free(a);
        free(b);
    }
}

static void errors(void **state)
{
    (void)state;
    float in[200] = {0}, out[200];
    mlk_status status;
    in[103] = NAN;
    assert_int_equal(mlk_rubberband_stretch(in, 2, 100, RATE, 1, 1, out, &status), MLK_INVALID);
    assert_string_equal(status.message, "song must be finite, got nan at sample 3 of channel 1");
    assert_int_equal(mlk_rubberband_stretch(in, 65, 1, RATE, 1, 1, out, &status), MLK_INVALID);
}

int main(void)
{
    mlk_status status;
    if (mlk_rubberband_load(&status)) {
        printf("skipped: %s\n", status.message);
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_keeps_its_pitch_to_the_end), cmocka_unit_test(a_shift_moves_the_pitch),
        cmocka_unit_test(a_click_lies_where_it_belongs),     cmocka_unit_test(channels_stay_together),
        cmocka_unit_test(short_sounds_and_twice_the_same),   cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

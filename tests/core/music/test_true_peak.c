/* True peaks beside those of sound that is oversampled sample by sample in double precision, and of sines whose tops lie
 * between their samples. */
#include "test.h"

#include "music/true_peak.h"

#include <math.h>
#include <stdlib.h>

enum { N = 3001 };

static const double pi = 3.14159265358979323846;

/* Zeros between the samples, then the sinc that annex 2 of BS.1770 asks for, under a Hann window. */
static double oversampled(const float *x, int n, int factor)
{
    double peak = 0;
    for (int at = 0; at < n * factor; at++) {
        double sum = 0;
        for (int j = 0; j < MLK_TRUE_PEAK_TAPS; j++) {
            double m = j - (MLK_TRUE_PEAK_TAPS - 1) / 2.0, t = m / factor;
            double sinc = m == 0 ? 1 : sin(pi * t) / (pi * t), hann = pow(sin(pi * j / (MLK_TRUE_PEAK_TAPS - 1)), 2);
            if (at - j >= 0 && (at - j) % factor == 0)
                sum += sinc * hann * x[(at - j) / factor];
        }
        peak = fmax(peak, fabs(sum));
    }
    for (int i = 0; i < n; i++)
        peak = fmax(peak, fabs((double)x[i]));
    return peak;
}

static mlk_true_peak heard(const float *x, int n, int rate, int piece)
{
    mlk_true_peak meter;
    mlk_true_peak_start(&meter, rate);
    for (int at = 0; at < n; at += piece)
        mlk_true_peak_add(&meter, x + at, n - at < piece ? n - at : piece);
    return meter;
}

/* Noise with bursts, so that some of it lies too low to be looked at. */
static void fill(float *x, uint32_t seed)
{
    for (int i = 0; i < N; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)((seed / 2147483648.0 - 1) * (i / 100 % 7 == 3 ? 0.9 : 0.3));
    }
}

static void noise_at_each_rate(void **state)
{
    static const int rates[] = {8000, 44100, 95999, 96000, 191999, 192000}, factors[] = {4, 4, 4, 2, 2, 1};
    float x[N];
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        fill(x, seed);
        for (int i = 0; i < 6; i++) {
            double peak = heard(x, N, rates[i], N).peak;
            assert_true(fabs(peak - oversampled(x, N, factors[i])) < 1e-5);
            for (int piece = 1; piece < N; piece = 5 * piece + 2)
                assert_true(heard(x, N, rates[i], piece).peak == (float)peak);
        }
    }
}

/* A sine at a quarter of the rate, an eighth of a turn late: its samples stay 3 dB under its tops. */
static void tops_between_samples(void **state)
{
    float x[N];
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = (float)(0.5 * sin(pi / 2 * i + pi / 4) * fmin(1, i / 200.0) * fmin(1, (N - i) / 200.0));
    mlk_true_peak found = heard(x, N, 48000, N);
    assert_true(fabs(found.sample_peak - 0.5 * sqrt(0.5)) < 1e-6);
    assert_true(fabs(20 * log10(found.peak / 0.5)) < 0.1);
}

static void silence_and_single_samples(void **state)
{
    float x[N] = {0};
    (void)state;
    assert_true(heard(x, N, 44100, N).peak == 0);
    assert_true(heard(x, 0, 44100, 1).peak == 0);
    x[0] = -0.75f;
    assert_true(heard(x, 1, 44100, 1).peak == 0.75f);
    assert_true(heard(x, N, 44100, N).sample_peak == 0.75f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_at_each_rate), cmocka_unit_test(tops_between_samples),
        cmocka_unit_test(silence_and_single_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

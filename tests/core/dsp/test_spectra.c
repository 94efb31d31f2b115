/* Levels of each frequency beside those of a Fourier transform by its definition, from silence to far over full scale. */
#include "test.h"

#include "dsp/spectra.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

enum { FRAMES = 3, SAMPLES = MLK_SPECTRA_FFT * (FRAMES + 1) / 2 };

static const double PI = 3.14159265358979323846;

/* Noise, the same each time. */
static void fill(float *sound, double amplitude)
{
    uint32_t seed = 1;
    for (int i = 0; i < SAMPLES; i++) {
        seed = seed * 1664525u + 1013904223u;
        sound[i] = (float)(amplitude * ((double)seed / UINT32_MAX - 0.5));
    }
}

/* By the definition: the power of one bin of one frame under a Hann window, over the window's power. */
static double power_of(const float *frame, int bin)
{
    double complex sum = 0;
    for (int i = 0; i < MLK_SPECTRA_FFT; i++) {
        double window = 0.5 - 0.5 * cos(2 * PI * i / MLK_SPECTRA_FFT);
        sum += window * frame[i] * cexp(-2 * PI * I * ((int64_t)bin * i % MLK_SPECTRA_FFT) / MLK_SPECTRA_FFT);
    }
    return (creal(sum) * creal(sum) + cimag(sum) * cimag(sum)) / (MLK_SPECTRA_FFT * 3.0 / 8);
}

static int level_of(double power)
{
    double level = (10 * log10(power) + 180) / 0.5; /* -infinity for silence */
    return level < 0 ? 0 : level >= MLK_SPECTRA_LEVELS ? MLK_SPECTRA_LEVELS - 1 : (int)level;
}

static int ascending(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void check(double amplitude)
{
    mlk_status status;
    float *sound = malloc(sizeof *sound * SAMPLES);
    double *sum = malloc(sizeof *sum * MLK_SPECTRA_BINS);
    int quietest[MLK_SPECTRA_BINS], middle[MLK_SPECTRA_BINS], loudest[MLK_SPECTRA_BINS];
    fill(sound, amplitude);
    mlk_spectra *spectra = mlk_spectra_new(&status);
    assert_non_null(spectra);
    int64_t first = SAMPLES / 3; /* frames lie alike however the sound is cut */
    assert_int_equal(mlk_spectra_add(spectra, sound, first, &status), MLK_OK);
    assert_int_equal(mlk_spectra_add(spectra, sound + first, SAMPLES - first, &status), MLK_OK);
    assert_int_equal(mlk_spectra_add(spectra, sound, MLK_SPECTRA_FFT / 2 - 1, &status), MLK_OK); /* for nothing */
    assert_int_equal(mlk_spectra_frames(spectra), FRAMES);
    mlk_spectra_sum(spectra, sum);
    mlk_spectra_quantile(spectra, 0.2, quietest);
    mlk_spectra_quantile(spectra, 0.5, middle);
    mlk_spectra_quantile(spectra, 1, loudest);
    for (int bin = 0; bin < MLK_SPECTRA_BINS; bin += 97) {
        double wanted = 0;
        int levels[FRAMES];
        for (int frame = 0; frame < FRAMES; frame++) {
            double power = power_of(sound + frame * MLK_SPECTRA_FFT / 2, bin);
            wanted += power;
            levels[frame] = level_of(power);
        }
        qsort(levels, FRAMES, sizeof *levels, ascending);
        assert_true(fabs(sum[bin] - wanted) <= 1e-5 * wanted);
        assert_int_equal(quietest[bin], levels[0]);
        assert_int_equal(middle[bin], levels[1]);
        assert_int_equal(loudest[bin], levels[2]);
    }
    mlk_spectra_free(spectra);
    free(sound);
    free(sum);
}

static void noise_of_any_level(void **state)
{
    (void)state;
    for (double amplitude = 1e-10; amplitude < 2e4; amplitude *= 10)
        check(amplitude);
}

static void silence(void **state)
{
    (void)state;
    check(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(noise_of_any_level), cmocka_unit_test(silence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

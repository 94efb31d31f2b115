/* Tuning of clips with more peaks than are kept: the sample does not depend on how the clip is cut, and tells the
 * same. */
#include "fixtures.h"
#include "test.h"

#include "dsp/tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_FFT = 1024, ROWS = N_FFT / 2 + 1, FRAMES = 24000, PEAK = 12 }; /* PEAK: bytes of one */

static const double rate = 8000;

/* Noise, and in it peaks a fifth of a semitone above A. */
static mlk_tiles *make_spectrum(int64_t first, int64_t frames)
{
    mlk_tiles *made = mlk_tiles_new(ROWS, frames, NULL);
    assert_non_null(made);
    double bin = 440 * pow(2, 0.2 / 12) * N_FFT / rate;
    for (int64_t t = 0; t < frames; t++) {
        uint32_t seed = (uint32_t)(first + t) * 7919;
        float *tile = mlk_tile(made, t / MLK_TILE) + t % MLK_TILE;
        for (int k = 0; k < ROWS; k++) {
            double distance = (k - bin) / 2;
            double hump = fabs(distance) < 1 ? 40 * (1 - distance * distance) : 0; /* a parabola: placed exactly */
            tile[k * MLK_TILE] = hump > 0 ? (float)(1 + hump) : 5 + fixture_uniform(&seed);
        }
    }
    return made;
}

static void gather(mlk_peaks *peaks, int64_t first, int64_t frames)
{
    mlk_status status;
    mlk_tiles *spectrum = make_spectrum(first, frames);
    assert_int_equal(mlk_peaks_add(peaks, spectrum, first, rate, N_FFT, &status), MLK_OK);
    mlk_tiles_free(spectrum);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, PEAK);
}

static void a_sample_of_many_peaks_tells_the_same(void **state)
{
    (void)state;
    mlk_peaks whole = {0}, cut = {0};
    mlk_status status;
    gather(&whole, 0, FRAMES);
    for (int64_t first = 0, part = 1; first < FRAMES; first += part, part = part % 700 + 37)
        gather(&cut, first, first + part < FRAMES ? part : FRAMES - first);
    assert_true(whole.halvings > 0);
    assert_true(whole.count <= 1 << 21 && whole.count > 1 << 19);
    assert_int_equal(whole.halvings, cut.halvings);
    assert_int_equal(whole.count, cut.count);
    double tuning, again;
    assert_int_equal(mlk_peaks_tuning(&whole, 12, 0.01, &tuning, &status), MLK_OK);
    assert_int_equal(mlk_peaks_tuning(&cut, 12, 0.01, &again, &status), MLK_OK);
    assert_true(tuning == again);
    qsort(whole.list, whole.count, PEAK, by_bytes);
    qsort(cut.list, cut.count, PEAK, by_bytes);
    assert_memory_equal(whole.list, cut.list, whole.count * PEAK);

    mlk_peaks few = {0};
    gather(&few, 0, 200);
    assert_int_equal(few.halvings, 0);
    assert_int_equal(mlk_peaks_tuning(&few, 12, 0.01, &again, &status), MLK_OK);
    assert_float_equal(tuning, again, 0.0101);
    assert_float_equal(tuning, 0.2, 0.0101);
    mlk_peaks_clear(&whole);
    mlk_peaks_clear(&cut);
    mlk_peaks_clear(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_sample_of_many_peaks_tells_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Levels beside those of plain loops by their definitions, of sound with flat tops, gaps and silence, however it is cut. */
#include "test.h"

#include "music/levels.h"

#include <math.h>
#include <stdlib.h>

enum { FRAMES = 30011, RATE = 5000, CHANNELS = 2 };

static const double silence = 1e-3;

static uint32_t next(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

/* Waves of two channels, cut at ±0.7, with gaps of several lengths, one longer than all others, and silence at both ends. */
static void fill(float *sound)
{
    uint32_t seed = 3;
    for (int i = 0; i < FRAMES; i++) {
        double noise = (double)next(&seed) / UINT32_MAX - 0.5, wave = 0.9 * sin(i * 0.05) + 0.02 * noise;
        int quiet = i < 777 || i > FRAMES - 555 || (i > 9000 && i < 9300) || i % 1000 < i / 1000;
        sound[i] = quiet ? 0 : (float)fmin(fmax(wave, -0.7), 0.7);
        sound[FRAMES + i] = quiet ? 0 : (float)(0.3 * sin(i * 0.031) + 0.1 * noise);
    }
}

/* Samples in runs of three and more within 0.05 % of the run's first, which lies within 0.2 % of the highest of all. */
static int64_t clipped(const float *x, double sign)
{
    double highest = 0;
    int64_t count = 0;
    for (int i = 0; i < FRAMES; i++)
        highest = fmax(highest, sign * x[i]);
    for (int i = 0, end; i < FRAMES; i = end) {
        double first = sign * x[i];
        for (end = i + 1; end < FRAMES && first > 0 && fabs(sign * x[end] - first) <= 5e-4 * first;)
            end++;
        count += end - i >= 3 && first >= highest * (1 - 0.002) ? end - i : 0;
    }
    return count;
}

static void check_channel(mlk_levels *levels, const float *x, int channel)
{
    mlk_status status;
    mlk_channel_levels found;
    double peak = 0, sum = 0, square = 0;
    for (int i = 0; i < FRAMES; i++) {
        peak = fmax(peak, fabs((double)x[i]));
        sum += x[i];
        square += (double)x[i] * x[i];
    }
    assert_int_equal(mlk_levels_channel(levels, channel, &found, &status), MLK_OK);
    assert_true(found.peak == peak);
    assert_true(fabs(found.dc - sum / FRAMES) < 1e-12);
    assert_true(fabs(found.rms - sqrt(square / FRAMES)) < 1e-12);
    assert_int_equal(found.clipped, clipped(x, 1) + clipped(x, -1));
    assert_true(channel == 1 || found.clipped > 1000);
}

static void check_together(mlk_levels *levels, const float *x)
{
    mlk_level_summary found;
    int64_t first = -1, last = -1, gap = 0;
    double squares[CHANNELS] = {0}, product = 0, difference = 0;
    for (int i = 0; i < FRAMES; i++) {
        double a = x[i], b = x[FRAMES + i];
        if (fmax(fabs(a), fabs(b)) > silence) {
            first = first < 0 ? i : first;
            gap = last >= 0 && i - last - 1 > gap ? i - last - 1 : gap;
            last = i;
        }
        squares[0] += a * a;
        squares[1] += b * b;
        product += a * b;
        difference += 0.25 * (a - b) * (a - b);
    }
    mlk_levels_summary(levels, &found);
    assert_int_equal(found.frames, FRAMES);
    assert_int_equal(found.first_sound, first);
    assert_int_equal(found.last_sound, last);
    assert_int_equal(found.longest_gap, gap);
    assert_true(fabs(found.correlation - product / sqrt(squares[0] * squares[1])) < 1e-12);
    assert_true(fabs(found.difference_rms - sqrt(difference / FRAMES)) < 1e-12);
}

/* Pieces of `piece` frames, channel after channel. */
static void check_pieces(const float *sound, int piece)
{
    mlk_status status;
    mlk_levels *levels = mlk_levels_new(CHANNELS, RATE, silence, &status);
    float *part = malloc(sizeof *part * CHANNELS * (size_t)piece);
    assert_non_null(levels);
    for (int at = 0; at < FRAMES; at += piece) {
        int n = FRAMES - at < piece ? FRAMES - at : piece;
        for (int c = 0; c < CHANNELS; c++)
            for (int i = 0; i < n; i++)
                part[c * n + i] = sound[c * FRAMES + at + i];
        assert_int_equal(mlk_levels_add(levels, part, n, &status), MLK_OK);
    }
    for (int c = 0; c < CHANNELS; c++)
        check_channel(levels, sound + c * FRAMES, c);
    check_together(levels, sound);
    free(part);
    mlk_levels_free(levels);
}

static void however_it_is_cut(void **state)
{
    float *sound = malloc(sizeof *sound * CHANNELS * FRAMES);
    (void)state;
    fill(sound);
    for (int piece = 1; piece <= FRAMES; piece = 7 * piece + 3)
        check_pieces(sound, piece);
    check_pieces(sound, FRAMES);
    free(sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(however_it_is_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The banded search for the likeliest path against Viterbi's algorithm over the whole matrix of moves. */
#include "fixtures.h"
#include "test.h"

#include "dsp/pitch_path.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 40, LONG = 3000, MOST = 2 * 61 };

static double moves[MOST * MOST], voiced[LONG][MOST / 2], unvoiced[LONG];

static unsigned seed;

static double draw(void)
{
    return fixture_uniform(&seed);
}

/* Whether bin `from` reaches bin `to`, and with which weight: a triangle of `width` bins around `from`. */
static double weight(int bins, int width, int from, int to)
{
    int middle = (bins - width) / 2; /* where the window starts, once it is centred among the bins ... */
    int place = ((to - from - bins / 2 - 1 - middle) % bins + 2 * bins) % bins; /* ... and rolled to `from` */
    if (place >= width || abs(to - from) > width / 2)
        return 0;
    double n = place < width - 1 - place ? place + 1 : width - place;
    return width % 2 ? 2 * n / (width + 1) : (2 * n - 1) / width;
}

/* log of the probability to move between all states. */
static void fill_moves(int bins, int width, double switch_prob)
{
    double stay = 1 - switch_prob, cross = 1 - stay;
    for (int from = 0; from < bins; from++) {
        double sum = 0;
        for (int to = 0; to < bins; to++)
            sum += weight(bins, width, from, to);
        for (int to = 0; to < bins; to++)
            for (int kinds = 0; kinds < 4; kinds++) {
                double share = weight(bins, width, from, to) / sum * (kinds / 2 == kinds % 2 ? stay : cross);
                moves[(from + kinds / 2 * bins) * 2 * bins + to + kinds % 2 * bins] = log(share + DBL_MIN);
            }
    }
}

static int first_maximum(const double *values, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

static void decode_whole(int bins, int frames, uint16_t *states)
{
    static int from[LONG][MOST];
    static double score[LONG][MOST];
    int count = 2 * bins;
    for (int t = 0; t < frames; t++)
        for (int to = 0; to < count; to++) {
            double seen = log((to < bins ? voiced[t][to] : unvoiced[t]) + DBL_MIN);
            double reached[MOST];
            for (int k = 0; k < count && t > 0; k++)
                reached[k] = score[t - 1][k] + moves[k * count + to];
            from[t][to] = t > 0 ? first_maximum(reached, count) : 0;
            score[t][to] = seen + (t > 0 ? reached[from[t][to]] : log(1.0 / count + DBL_MIN));
        }
    states[frames - 1] = (uint16_t)first_maximum(score[frames - 1], count);
    for (int t = frames - 1; t > 0; t--)
        states[t - 1] = (uint16_t)from[t][states[t]];
}

/* A few pitches in each frame, which leap now and then; some frames surely voiced, some not at all. */
static void make_frames(int bins, int frames)
{
    for (int t = 0; t < frames; t++) {
        memset(voiced[t], 0, sizeof voiced[t]);
        double left = 1;
        for (int c = (int)(3 * draw()); c > 0; c--) {
            double p = left * draw();
            voiced[t][(int)(bins * draw())] = p;
            left -= p;
        }
        if (draw() < 0.3) {
            voiced[t][(int)(bins * draw())] = 1;
            left = 0;
        }
        unvoiced[t] = left / bins;
    }
}

/* Fails unless both ways find the same path through the frames made; gives the moves in it that leave the band. */
static int compare(int bins, int width, double switch_prob, int frames)
{
    static uint16_t wanted[LONG];
    mlk_status status;
    fill_moves(bins, width, switch_prob);
    decode_whole(bins, frames, wanted);
    mlk_pitch_path *path = mlk_pitch_path_new(bins, width, switch_prob, frames, &status);
    assert_non_null(path);
    for (int t = 0; t < frames; t++)
        assert_int_equal(mlk_pitch_path_step(path, voiced[t], unvoiced[t], &status), 0);
    const uint16_t *made = mlk_pitch_path_decode(path);
    int leaps = 0;
    for (int t = 0; t < frames; t++) {
        if (made[t] != wanted[t])
            fail_msg("%d bins, width %d, switch %g: frame %d is in state %d instead of %d", bins, width, switch_prob, t,
                     made[t], wanted[t]);
        leaps += t > 0 && abs(made[t] % bins - made[t - 1] % bins) > width / 2;
    }
    mlk_pitch_path_free(path);
    return leaps;
}

static void the_band_loses_no_path(void **state)
{
    (void)state;
    static const int sizes[] = {2, 3, 7, 8, 30, 61};
    static const double switches[] = {0, 0.01, 0.4, 1};
    int leaps = 0, tried = 0;
    for (int i = 0; i < 6; i++)
        for (int width = 1; width <= sizes[i]; width = width < 4 ? width + 1 : 2 * width - 3)
            for (int s = 0; s < 4; s++) {
                if (width == sizes[i] && width % 2 == 0)
                    continue; /* the reference's window then goes round: its last weight lands at the other end */
                seed = (unsigned)(1000 * i + 10 * width + s);
                make_frames(sizes[i], SHORT);
                leaps += compare(sizes[i], width, switches[s], SHORT);
                tried++;
            }
    printf("%d paths, %d leaps beyond the band\n", tried, leaps);
    assert_true(leaps > 10);
}

/* Longer than the memory that a path starts with: it lets go of what is certain, or grows. */
static void long_paths_are_the_same(void **state)
{
    (void)state;
    seed = 5;
    make_frames(20, LONG);
    compare(20, 7, 0.01, LONG);
    for (int t = 300; t < 2500; t++) { /* nothing sounds: paths part for long */
        memset(voiced[t], 0, sizeof voiced[t]);
        unvoiced[t] = 1.0 / 20;
    }
    compare(20, 7, 0.01, LONG);
    compare(20, 1, 0.01, LONG); /* nor do they ever meet */
    compare(20, 1, 0.01, 2400);
}

static void no_frames_are_no_path(void **state)
{
    (void)state;
    mlk_status status;
    mlk_pitch_path *path = mlk_pitch_path_new(5, 3, 0.01, 0, &status);
    assert_non_null(path);
    assert_non_null(mlk_pitch_path_decode(path));
    mlk_pitch_path_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_band_loses_no_path),
        cmocka_unit_test(long_paths_are_the_same),
        cmocka_unit_test(no_frames_are_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

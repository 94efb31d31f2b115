/* Beats beside librosa's (tests/reference/music/beat_track.py), and curves that have none. */
#include "test.h"

#include "music/beat_track.h"

#include <stdlib.h>

enum { MOST = 400 };

/* Noise, with a click every `clicks` frames from the third last of them on. */
static void fill(float *curve, int frames, uint32_t seed, int clicks)
{
    for (int i = 0; i < frames; i++) {
        seed = seed * 1664525u + 1013904223u;
        curve[i] = (float)(0.3 * seed / 4294967296.0 + ((i + 3) % clicks == 0));
    }
}

static void check(const float *curve, int frames, int period, const int *expected, int count)
{
    mlk_status status;
    int64_t beats[MOST], n;
    assert_int_equal(mlk_beat_track(curve, frames, period, beats, &n, &status), MLK_OK);
    assert_int_equal(n, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(beats[i], expected[i]);
}

static void clicks_at_the_tempo(void **state)
{
    float curve[MOST];
    int expected[20];
    (void)state;
    for (int i = 0; i < 20; i++)
        expected[i] = 17 + 20 * i;
    fill(curve, 400, 1, 20);
    check(curve, 400, 20, expected, 20);
}

/* Clicks at half the tempo: every other beat lies in noise, and the one before the first click is too weak. */
static void clicks_at_half_the_tempo(void **state)
{
    float curve[MOST];
    int expected[41];
    (void)state;
    for (int i = 0; i < 41; i++)
        expected[i] = 11 + 7 * i;
    fill(curve, 300, 2, 14);
    check(curve, 300, 7, expected, 41);
}

static void noise_alone(void **state)
{
    static const int expected[] = {14, 44, 77, 107, 137, 166, 197, 227, 255};
    float curve[MOST];
    (void)state;
    fill(curve, 257, 3, 1000);
    check(curve, 257, 31, expected, 9);
}

static void no_change_no_beat(void **state)
{
    float curve[MOST] = {0};
    (void)state;
    check(curve, 1, 2, NULL, 0);
    check(curve, 100, 20, NULL, 0);
    for (int i = 0; i < MOST; i++)
        curve[i] = 0.25f;
    check(curve, MOST, 20, NULL, 0);
}

/* Shorter than an interval: one beat at most, and it lies inside. */
static void shorter_than_a_beat(void **state)
{
    (void)state;
    for (int frames = 2; frames < 12; frames++) {
        mlk_status status;
        float curve[12] = {0};
        int64_t beats[12], n;
        curve[frames / 2] = 1;
        assert_int_equal(mlk_beat_track(curve, frames, 40, beats, &n, &status), MLK_OK);
        assert_true(n <= 1);
        assert_true(n == 0 || (beats[0] >= 0 && beats[0] < frames));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clicks_at_the_tempo), cmocka_unit_test(clicks_at_half_the_tempo), cmocka_unit_test(noise_alone),
        cmocka_unit_test(no_change_no_beat), cmocka_unit_test(shorter_than_a_beat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

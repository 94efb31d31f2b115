/* Windows of tracks: all of them, in order, with the samples of the file, for any number of threads; what fails is told
 * of in its turn; freeing in the middle. */
#include "fixtures.h"
#include "test.h"

#include "extract/slicer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE = 8000, TRACKS = 12 };

static char folder[] = "/tmp/moonlark-slicer-XXXXXX";
static char paths[TRACKS][64];
static int16_t *sounds[TRACKS];
static uint32_t lengths[TRACKS] = {1, 99, 100, 101, 150, 199, 200, 1234, 40, 5000, 260, 7};
static mlk_track tracks[TRACKS];

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    uint32_t seed = 5;
    for (int i = 0; i < TRACKS; i++) {
        sounds[i] = malloc(lengths[i] * sizeof **sounds);
        for (uint32_t k = 0; k < lengths[i]; k++)
            sounds[i][k] = (int16_t)(fixture_draw(&seed) >> 16);
        snprintf(paths[i], sizeof paths[i], "%s/%d.wav", folder, i);
        fixture_write_wav(paths[i], RATE, sounds[i], lengths[i]);
        tracks[i] = (mlk_track){.path = paths[i]};
    }
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (int i = 0; i < TRACKS; i++)
        free(sounds[i]);
    return fixture_remove(folder);
}

static void check_samples(const mlk_slice *slice)
{
    for (int64_t k = 0; k < slice->frames; k++) {
        float wanted = k < slice->count ? (float)sounds[slice->track][slice->start + k] / 32768 : 0;
        assert_true(slice->data[k] == wanted);
    }
}

/* Takes a track's windows; how many there were. The slice that ends it is left in *slice. */
static int take_track(mlk_slicer *slicer, int track, const mlk_cut *cut, mlk_slice *slice)
{
    mlk_status status;
    for (int n = 0;; n++) {
        assert_int_equal(mlk_slicer_next(slicer, slice, &status), MLK_OK);
        assert_int_equal(slice->track, track);
        assert_int_equal(slice->rate, RATE);
        if (!slice->data)
            return n;
        assert_int_equal(slice->start, n * cut->hop);
        assert_int_equal(slice->rows, 1);
        check_samples(slice);
        if (cut->fixed)
            assert_int_equal(slice->frames, cut->length);
    }
}

/* Windows that a track has: the whole ones, and one for what is left. */
static int expected(const mlk_cut *cut, int64_t n)
{
    int64_t whole = n >= cut->length ? (n - cut->length) / cut->hop + 1 : 0;
    int64_t covered = whole ? (whole - 1) * cut->hop + cut->length : 0, left = n - whole * cut->hop;
    if (n < cut->least)
        return 0;
    return (int)whole + (covered < n && left > 0 && (whole == 0 || (!cut->drop && (cut->fixed || left >= cut->least))));
}

static void cuts_all_tracks_in_order(void **state)
{
    (void)state;
    static const mlk_cut cuts[] = {{100, 100, 1, true, false}, {100, 40, 1, true, false}, {100, 40, 1, true, true}, {100, 170, 1, true, false},
                                   {100, 100, 30, false, false}, {100, 60, 30, false, false}, {6000, 6000, 1, false, false}};
    mlk_recipe recipe = {.rate = RATE, .channel = MLK_CHANNELS_MIXED};
    mlk_status status;
    for (int workers = 1; workers < 6; workers++)
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            mlk_slice slice;
            mlk_slicer *slicer = mlk_slicer_start(&recipe, &cuts[c], tracks, TRACKS, workers, &status);
            assert_non_null(slicer);
            for (int i = 0; i < TRACKS; i++) {
                assert_int_equal(take_track(slicer, i, &cuts[c], &slice), expected(&cuts[c], lengths[i]));
                if (lengths[i] < cuts[c].least)
                    assert_non_null(strstr(slice.failure, "the model needs"));
                else
                    assert_null(slice.failure);
            }
            assert_int_equal(mlk_slicer_next(slicer, &slice, &status), MLK_OK);
            assert_int_equal(slice.track, -1);
            mlk_slicer_free(slicer);
        }
}

static void tells_of_failures_in_their_turn(void **state)
{
    (void)state;
    mlk_track mixed[] = {tracks[9], {.path = "/nowhere/a.wav"}, tracks[3], {.path = paths[9], .start_s = 100}};
    mlk_recipe recipe = {.rate = RATE, .channel = MLK_CHANNELS_MIXED};
    mlk_cut cut = {1000, 1000, 1, true, false};
    mlk_status status;
    mlk_slice slice;
    mlk_slicer *slicer = mlk_slicer_start(&recipe, &cut, mixed, 4, 3, &status);
    static const int windows[] = {5, 0, 1, 0};
    for (int i = 0; i < 4; i++) {
        int n = 0;
        while (mlk_slicer_next(slicer, &slice, &status) == MLK_OK && slice.data)
            n++;
        assert_int_equal(slice.track, i);
        assert_int_equal(n, windows[i]);
        assert_true((slice.failure != NULL) == (windows[i] == 0));
    }
    mlk_slicer_free(slicer);
}

static void computes_a_feature_of_each_window(void **state)
{
    (void)state;
    mlk_status status;
    mlk_recipe *recipe = mlk_recipe_new(&status);
    recipe->rate = RATE;
    assert_non_null(mlk_recipe_add(recipe, "mel", &status));
    mlk_cut cut = {2000, 2000, 1, true, false};
    mlk_slice slice;
    mlk_slicer *slicer = mlk_slicer_start(recipe, &cut, &tracks[9], 1, 1, &status);
    assert_int_equal(mlk_slicer_next(slicer, &slice, &status), MLK_OK);
    assert_int_equal(slice.rows, 128);
    float samples[2000];
    for (int i = 0; i < 2000; i++)
        samples[i] = (float)sounds[9][i] / 32768;
    mlk_recipe_compile(recipe, &status);
    mlk_bundle *bundle = mlk_extraction_analyse(recipe, samples, 2000, RATE, &status);
    assert_int_equal(bundle->shapes[0].frames, slice.frames);
    assert_memory_equal(bundle->data[0], slice.data, (size_t)(slice.rows * slice.frames) * sizeof(float));
    mlk_bundle_free(bundle);
    mlk_slicer_free(slicer);
    mlk_recipe_free(recipe);
}

static void is_freed_in_the_middle(void **state)
{
    (void)state;
    mlk_recipe recipe = {.rate = RATE, .channel = MLK_CHANNELS_MIXED};
    mlk_cut cut = {100, 1, 1, true, false};
    mlk_status status;
    for (int taken = 0; taken < 40; taken += 13) {
        mlk_slice slice;
        mlk_slicer *slicer = mlk_slicer_start(&recipe, &cut, tracks, TRACKS, 4, &status);
        for (int i = 0; i < taken; i++)
            assert_int_equal(mlk_slicer_next(slicer, &slice, &status), MLK_OK);
        mlk_slicer_free(slicer);
    }
    mlk_slicer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_all_tracks_in_order), cmocka_unit_test(tells_of_failures_in_their_turn),
        cmocka_unit_test(computes_a_feature_of_each_window), cmocka_unit_test(is_freed_in_the_middle),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

/* Fingerprints beside plain loops of their definition, comparisons at known offsets, and pairs among many. */
#include "test.h"

#include "music/fingerprint.h"
#include "random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static mlk_status status;

static uint32_t word(mlk_random *random)
{
    return (uint32_t)mlk_random_below(random, (int64_t)1 << 32);
}

static uint32_t few_bits(mlk_random *random)
{
    return word(random) & word(random) & word(random); /* one of eight */
}

/* A recording: bits that change slowly, as those of sound do. */
static mlk_print *made_up(int64_t n, uint64_t seed)
{
    mlk_print *frames = malloc(sizeof *frames * (size_t)n);
    mlk_random random = mlk_random_seeded(seed);
    uint32_t now = word(&random);
    for (int64_t i = 0; i < n; i++) {
        now ^= few_bits(&random);
        frames[i] = (mlk_print){now, 0x55555555u << (word(&random) & 1)};
    }
    return frames;
}

/* The same from frame `first` on, with one bit of eight turned round. */
static mlk_print *encoded_anew(const mlk_print *frames, int64_t n, int64_t first, uint64_t seed)
{
    mlk_print *anew = malloc(sizeof *anew * (size_t)(n - first));
    mlk_random random = mlk_random_seeded(seed);
    for (int64_t i = first; i < n; i++)
        anew[i - first] = (mlk_print){frames[i].signs ^ few_bits(&random), frames[i].strong};
    return anew;
}

static void signs_are_those_of_the_definition(void **state)
{
    (void)state;
    enum { FRAMES = 40 };
    static float spectrum[MLK_PRINT_SPECTRUM * FRAMES], bands[MLK_PRINT_BANDS * FRAMES];
    mlk_print prints[FRAMES];
    mlk_random random = mlk_random_seeded(1);
    for (int i = 0; i < MLK_PRINT_SPECTRUM * FRAMES; i++)
        spectrum[i] = (float)mlk_random_uniform(&random);
    mlk_print_bands(spectrum, FRAMES, bands);
    mlk_print_of(bands, FRAMES, prints);
    for (int t = 0; t + MLK_PRINT_LAG < FRAMES; t++) {
        double sizes[32], energy[2][33] = {{0}};
        int strong = 0;
        for (int moment = 0; moment < 2; moment++)
            for (int row = 0; row < 99; row++)
                energy[moment][row / 3] += pow(spectrum[(86 + row) * FRAMES + t + MLK_PRINT_LAG * moment], 2);
        for (int m = 0; m < 32; m++) {
            double grown = energy[1][m] - energy[1][m + 1] - energy[0][m] + energy[0][m + 1];
            assert_int_equal(prints[t].signs >> m & 1, grown > 0);
            sizes[m] = fabs(grown);
        }
        for (int m = 0; m < 32; m++)
            for (int other = 0; other < 32; other++)
                if ((prints[t].strong >> m & 1) && !(prints[t].strong >> other & 1))
                    assert_true(sizes[m] >= sizes[other] - 1e-5);
        for (int m = 0; m < 32; m++)
            strong += prints[t].strong >> m & 1;
        assert_int_equal(strong, 16);
    }
}

static void silence_has_no_signs(void **state)
{
    (void)state;
    enum { FRAMES = 9 };
    static float bands[MLK_PRINT_BANDS * FRAMES];
    mlk_print prints[FRAMES];
    mlk_agreement agreement;
    mlk_print_of(bands, FRAMES, prints);
    for (int t = 0; t < FRAMES - MLK_PRINT_LAG; t++)
        assert_true(prints[t].signs == 0 && prints[t].strong == 0);
    mlk_print *silent = calloc(1000, sizeof *silent);
    mlk_prints silence = {silent, 1000}, nothing = {NULL, 0};
    assert_int_equal(mlk_print_compare(silence, silence, &agreement, &status), MLK_OK);
    assert_int_equal(agreement.heard, 0);
    assert_int_equal(mlk_print_compare(silence, nothing, &agreement, &status), MLK_OK);
    assert_int_equal(agreement.heard, 0);
    free(silent);
}

static void offsets_are_found_on_both_sides(void **state)
{
    (void)state;
    mlk_agreement agreement;
    mlk_print *song = made_up(2000, 3), *other = made_up(2000, 4), *cut = encoded_anew(song, 2000, 300, 5);
    mlk_prints a = {song, 2000}, b = {cut, 1700}, c = {other, 2000};
    assert_int_equal(mlk_print_compare(a, b, &agreement, &status), MLK_OK);
    assert_int_equal(agreement.offset, 300);
    assert_int_equal(agreement.heard, 1700);
    assert_true(fabs(agreement.wrong - 0.125) < 0.01 && fabs(agreement.wrong_strong - 0.125) < 0.01);
    assert_true(agreement.worst_time >= agreement.wrong_strong && agreement.worst_time < 0.25);
    assert_true(agreement.worst_bands >= agreement.wrong_strong && agreement.worst_bands < 0.25);
    assert_int_equal(mlk_print_compare(b, a, &agreement, &status), MLK_OK);
    assert_int_equal(agreement.offset, -300);
    assert_int_equal(mlk_print_compare(a, c, &agreement, &status), MLK_OK);
    assert_true(agreement.wrong > 0.4);
    free(song), free(other), free(cut);
}

static void what_differs_in_a_part_is_told(void **state)
{
    (void)state;
    mlk_agreement agreement;
    mlk_print *song = made_up(1000, 6), *changed = encoded_anew(song, 1000, 0, 7);
    for (int i = 400; i < 500; i++)
        changed[i].signs = ~song[i].signs;
    for (int i = 0; i < 1000; i++)
        changed[i].signs ^= 1u << 9;
    assert_int_equal(mlk_print_compare((mlk_prints){song, 1000}, (mlk_prints){changed, 1000}, &agreement, &status), MLK_OK);
    assert_true(agreement.worst_time > 0.95);
    assert_true(agreement.worst_bands > 0.3);
    assert_true(agreement.wrong < 0.25);
    free(song), free(changed);
}

enum { SONGS = 200, COPIES = 20, LENGTH = 400 };

static void copies_are_found_among_many(void **state)
{
    (void)state;
    mlk_prints recordings[SONGS + COPIES];
    mlk_print_pair *pairs;
    int64_t count;
    for (int i = 0; i < SONGS; i++)
        recordings[i] = (mlk_prints){made_up(LENGTH, (uint64_t)i + 10), LENGTH};
    for (int i = 0; i < COPIES; i++)
        recordings[SONGS + i] = (mlk_prints){encoded_anew(recordings[7 * i].frames, LENGTH, 5 * i, (uint64_t)i), LENGTH - 5 * i};
    assert_int_equal(mlk_print_pairs(recordings, SONGS + COPIES, &pairs, &count, &status), MLK_OK);
    assert_int_equal(count, COPIES);
    for (int i = 0; i < COPIES; i++) {
        assert_int_equal(pairs[i].a, 7 * i);
        assert_int_equal(pairs[i].b, SONGS + i);
        assert_int_equal(pairs[i].agreement.offset, 5 * i);
    }
    free(pairs);
    for (int i = 0; i < SONGS + COPIES; i++)
        free((void *)recordings[i].frames);
}

/* A hundred copies, and a hundred recordings of one loop: buckets are full, and all hang together by their neighbours. */
static void many_copies_hang_together(void **state)
{
    (void)state;
    mlk_prints recordings[100];
    mlk_print_pair *pairs;
    int64_t count;
    bool linked[100] = {true};
    mlk_print *loop = made_up(40, 1), *song = malloc(sizeof *song * LENGTH);
    for (int i = 0; i < LENGTH; i++)
        song[i] = loop[i % 40];
    for (int i = 0; i < 100; i++)
        recordings[i] = (mlk_prints){encoded_anew(song, LENGTH, 0, (uint64_t)i), LENGTH};
    assert_int_equal(mlk_print_pairs(recordings, 100, &pairs, &count, &status), MLK_OK);
    for (int round = 0; round < 100; round++)
        for (int64_t i = 0; i < count; i++)
            linked[pairs[i].a] = linked[pairs[i].b] = linked[pairs[i].a] || linked[pairs[i].b];
    for (int i = 0; i < 100; i++) {
        assert_true(linked[i]);
        free((void *)recordings[i].frames);
    }
    free(pairs), free(loop), free(song);
}

static void nothing_to_find(void **state)
{
    (void)state;
    mlk_print_pair *pairs;
    int64_t count;
    mlk_prints few[] = {{NULL, 0}, {NULL, 0}};
    assert_int_equal(mlk_print_pairs(few, 0, &pairs, &count, &status), MLK_OK);
    assert_int_equal(count, 0);
    free(pairs);
    assert_int_equal(mlk_print_pairs(few, 2, &pairs, &count, &status), MLK_OK);
    assert_int_equal(count, 0);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_are_those_of_the_definition),
        cmocka_unit_test(silence_has_no_signs),
        cmocka_unit_test(offsets_are_found_on_both_sides),
        cmocka_unit_test(what_differs_in_a_part_is_told),
        cmocka_unit_test(copies_are_found_among_many),
        cmocka_unit_test(many_copies_hang_together),
        cmocka_unit_test(nothing_to_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

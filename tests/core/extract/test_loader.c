/* Batches: the grid of segments, the same bits for any number of workers and any memory, padding, mixup's shares,
 * stopping at any moment, interrupts, and files that go away. */
#include "fixtures.h"
#include "test.h"

#include "extract/loader.h"
#include "interrupt.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 7, RATE = 8000 };

static char place[64];

static char *path_of(int i)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%02d.wav", place, i) > 0);
    return path;
}

/* Longer from file to file; the first is shorter than a segment. */
static int length_of(int i)
{
    return 3000 + 2999 * i;
}

static void write_wav(int number)
{
    char *path = path_of(number);
    uint32_t n = (uint32_t)length_of(number), seed = (uint32_t)number;
    int16_t *samples = malloc(n * sizeof *samples);
    assert_non_null(samples);
    for (uint32_t i = 0; i < n; i++) {
        int noise = (int)(fixture_draw(&seed) >> 22) - 512;
        bool clipped = number == 6 && i % 97 == 0;
        samples[i] = clipped ? INT16_MIN : (int16_t)(8000 * sin(0.05 * i * (1 + number)) + noise);
    }
    fixture_write_wav(path, RATE, samples, n);
    free(samples);
    free(path);
}

static int make_place(void **state)
{
    (void)state;
    strcpy(place, "/tmp/moonlark-loader-XXXXXX");
    assert_non_null(mkdtemp(place));
    for (int i = 0; i < FILES; i++)
        write_wav(i);
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    return fixture_remove(place);
}

static void run(mlk_material *material, mlk_job_work *work, int workers)
{
    mlk_status status;
    mlk_job *job = mlk_job_start(FILES, workers, work, material, &status);
    assert_non_null(job);
    while (!mlk_job_wait(job, 1))
        ;
    for (int i = 0; i < FILES; i++)
        if (mlk_job_state(job, i) != MLK_JOB_DONE)
            fail_msg("track %d: %s", i, mlk_job_reason(job, i));
    mlk_job_free(job);
}

/* mel in decibels and zero crossings, loaded and measured. */
static mlk_material *make_material(bool sound, size_t memory, const char *cache, int workers)
{
    mlk_status status;
    mlk_recipe *recipe = mlk_recipe_new(&status);
    recipe->rate = RATE;
    mlk_settings *mel = mlk_recipe_add(recipe, "mel", &status);
    assert_non_null(mlk_recipe_add(recipe, "zero_crossing_rate", &status));
    assert_int_equal(mlk_settings_set(mel, "n_mels", 20, &status), MLK_OK);
    assert_int_equal(mlk_recipe_compile(recipe, &status), MLK_OK);
    mlk_track *tracks = calloc(FILES, sizeof *tracks);
    for (int i = 0; i < FILES; i++)
        tracks[i].path = path_of(i);
    mlk_extraction *extraction = mlk_extraction_new(recipe, tracks, FILES, cache, &status);
    assert_non_null(extraction);
    mlk_material_settings settings = {.sound = sound, .powers = {2, 0}, .amin = 1e-10, .memory = memory};
    mlk_material *material = mlk_material_new(extraction, FILES, settings, &status);
    assert_non_null(material);
    run(material, mlk_material_load, workers);
    run(material, mlk_material_measure, workers);
    return material;
}

static const int tracks[FILES] = {0, 1, 2, 3, 4, 5, 6};
static const int64_t labels[FILES] = {0, 1, 2, 0, 1, 2, 0};

static const mlk_augment changes[] = {
    {.kind = MLK_AUGMENT_NOISE, .p = 0.5, .low = 10, .high = 30},
    {.kind = MLK_AUGMENT_TIME_STRETCH, .p = 0.5, .low = 0.8, .high = 1.25},
    {.kind = MLK_AUGMENT_EQUALIZER, .p = 0.5, .low = -6, .high = 6, .count = 4},
    {.kind = MLK_AUGMENT_MIXUP, .p = 0.7, .low = 0.4, .high = 0.4},
    {.kind = MLK_AUGMENT_GAIN, .on_features = true, .p = 1, .low = -6, .high = 6},
    {.kind = MLK_AUGMENT_TIME_MASK, .on_features = true, .p = 1, .low = 0, .high = 4, .count = 2},
};

static const mlk_augment feature_changes[] = {
    {.kind = MLK_AUGMENT_TIME_STRETCH, .on_features = true, .p = 0.5, .low = 0.5, .high = 2},
    {.kind = MLK_AUGMENT_SHIFT, .on_features = true, .p = 0.5, .low = -0.5, .high = 0.5, .relative = true, .wrap = true},
    {.kind = MLK_AUGMENT_MIXUP, .on_features = true, .p = 0.7, .low = 0.4, .high = 0.4},
    {.kind = MLK_AUGMENT_FREQUENCY_MASK, .on_features = true, .p = 1, .low = 0, .high = 4, .count = 2},
};

static mlk_plan make_plan(mlk_material *material)
{
    return (mlk_plan){.material = material, .tracks = tracks, .n_tracks = FILES, .labels = labels, .n_classes = 3,
                      .segment_s = 0.5, .hop_s = 0.25, .crop = true, .batch_size = 5, .shuffle = true, .seed = 11,
                      .top_db = NAN};
}

static void compile(mlk_plan *plan)
{
    mlk_status status;
    if (mlk_plan_compile(plan, &status))
        fail_msg("%s", status.message);
}

/* All of an epoch one after another, as long as it is. */
typedef struct record {
    float *values;
    int64_t n, batches;
} record;

static void append(record *r, const float *values, int64_t n)
{
    r->values = realloc(r->values, (size_t)(r->n + n) * sizeof(float));
    memcpy(r->values + r->n, values, (size_t)n * sizeof(float));
    r->n += n;
}

static record play_on(mlk_loader *loader)
{
    mlk_status status;
    record r = {0};
    mlk_batch batch;
    for (;;) {
        if (mlk_loader_next(loader, &batch, &status))
            fail_msg("%s", status.message);
        if (batch.n == 0)
            break;
        append(&r, batch.x, batch.n * batch.rows * batch.frames);
        for (int64_t i = 0; i < batch.n; i++) {
            mlk_batch_entry e = mlk_loader_entry(loader, i);
            float about[] = {(float)e.track, (float)e.start_s, (float)e.blend.frames, (float)e.blend.share,
                             (float)e.blend.other};
            append(&r, about, 5);
        }
        r.batches++;
    }
    mlk_loader_free(loader);
    return r;
}

static record play(const mlk_plan *plan, int64_t epoch, int workers)
{
    mlk_status status;
    mlk_loader *loader = mlk_loader_start(plan, epoch, workers, &status);
    assert_non_null(loader);
    return play_on(loader);
}

static bool same(record a, record b)
{
    bool equal = a.n == b.n && memcmp(a.values, b.values, (size_t)a.n * sizeof(float)) == 0;
    free(b.values);
    return equal;
}

/* --- the grid --- */

static void test_grid(void **state)
{
    (void)state;
    static const struct {
        int64_t length;
        double hop;
        int64_t total, count, last;
    } cases[] = {
        {10, 10, 30, 3, 20}, {10, 10, 34, 3, 20}, {10, 10, 35, 4, 25},      {10, 10, 5, 1, 0},       {10, 10, 10, 1, 0},
        {10, 5, 30, 5, 20},  {10, 5, 33, 6, 23},  {10, 5, 32, 5, 20},       {10, 20, 31, 2, 20},     {10, 20, 45, 3, 35},
        {0, 0, 99, 1, 0},    {130, 66150 / 512.0, 1292, 10, 1162},          {66150, 66150, 661500, 10, 595350},
        {1, 1, 7, 7, 6},     {66150, 66150, 660000, 10, 593850},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        mlk_grid grid = {cases[c].length, cases[c].hop};
        int64_t n = mlk_grid_count(&grid, cases[c].total);
        assert_int_equal(n, cases[c].count);
        assert_int_equal(mlk_grid_start(&grid, cases[c].total, n - 1), cases[c].last);
    }
    for (int64_t length = 1; length < 12; length++) /* within the track, in order, and no large gap at its end */
        for (double hop = 1; hop < 15; hop += 0.7)
            for (int64_t total = 1; total < 80; total++) {
                mlk_grid grid = {length, hop};
                int64_t n = mlk_grid_count(&grid, total), used = mlk_grid_length(&grid, total), before = -1;
                for (int64_t i = 0; i < n; i++) {
                    int64_t start = mlk_grid_start(&grid, total, i);
                    assert_true(start > before && start + used <= total);
                    before = start;
                }
                assert_true(total <= length || 2.0 * (double)(total - before - used) < fmin(hop, (double)length));
            }
}

/* --- sameness --- */

static void check_sameness(bool sound, const mlk_augment *augments, int n)
{
    char cache[80];
    snprintf(cache, sizeof cache, "%s/cache", place);
    mlk_material *kept = make_material(sound, 1 << 30, NULL, 1), *read = make_material(sound, 0, NULL, 3),
                 *cached = make_material(sound, 200000, cache, 2);
    mlk_plan plan = make_plan(kept);
    plan.augments = augments;
    plan.n_augments = n;
    float mean[2][21], std[2][21];
    mlk_material_statistics(kept, tracks, FILES, mean[0], std[0]);
    mlk_material_statistics(read, tracks, FILES, mean[1], std[1]);
    assert_memory_equal(mean[0], mean[1], sizeof mean[0]);
    assert_memory_equal(std[0], std[1], sizeof std[0]);
    plan.mean = mean[0];
    plan.scale = std[0];
    compile(&plan);
    mlk_plan others[] = {plan, plan};
    others[0].material = read;
    others[1].material = cached;
    record r = play(&plan, 2, 1);
    assert_int_equal(r.batches, mlk_plan_batches(&plan));
    assert_true(same(r, play(&plan, 2, 6)));
    assert_true(same(r, play(&others[0], 2, 3)));
    assert_true(same(r, play(&others[1], 2, 2)));
    assert_false(same(r, play(&plan, 3, 1)));
    free(r.values);
    mlk_plan_clear(&plan);
    mlk_material_free(kept);
    mlk_material_free(read);
    mlk_material_free(cached);
}

static void test_the_same_bits_from_frames(void **state)
{
    (void)state;
    check_sameness(false, NULL, 0);
    check_sameness(false, feature_changes, 4);
}

static void test_the_same_bits_from_sound(void **state)
{
    (void)state;
    check_sameness(true, changes, sizeof changes / sizeof *changes);
}

/* An item's numbers do not depend on who else is in the epoch's order or its batch. */
static void test_an_example_is_its_own(void **state)
{
    (void)state;
    mlk_material *material = make_material(false, 1 << 30, NULL, 2);
    mlk_plan small = make_plan(material), large = make_plan(material);
    large.batch_size = 64;
    large.shuffle = false;
    compile(&small);
    compile(&large);
    mlk_status status;
    int64_t *order = mlk_plan_order(&small, 4, &status), n = mlk_plan_examples(&small);
    bool *seen = calloc((size_t)n, sizeof *seen);
    for (int64_t i = 0; i < n; i++) {
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        mlk_example a = mlk_plan_example(&small, 4, order[i]), b = mlk_plan_example(&large, 4, order[i]);
        assert_true(a.seed == b.seed && a.start == b.start && a.track == b.track);
    }
    free(seen);
    free(order);
    mlk_plan_clear(&small);
    mlk_plan_clear(&large);
    mlk_material_free(material);
}

/* Both ways to the same segment: cut from the track's frames, and analysed of its samples. Away from the edges they
 * see the same samples. */
static void test_sound_and_frames_agree(void **state)
{
    (void)state;
    mlk_material *frames = make_material(false, 1 << 30, NULL, 2), *sound = make_material(true, 1 << 30, NULL, 2);
    mlk_plan plan = make_plan(frames), other = make_plan(sound);
    plan.crop = other.crop = false;
    plan.segment_s = other.segment_s = 0.64; /* ten hops of 512 samples */
    plan.hop_s = other.hop_s = 0.32;
    compile(&plan);
    compile(&other);
    assert_int_equal(plan.frames, other.frames);
    mlk_status status;
    for (int64_t number = plan.first[5]; number < plan.first[6] - 1; number++) {
        float *a = malloc(21 * (size_t)plan.frames * sizeof *a), *b = malloc(21 * (size_t)plan.frames * sizeof *b);
        mlk_blend blend;
        mlk_example one = mlk_plan_example(&plan, 1, number),
                    two = mlk_plan_example(&other, 1, other.first[5] + number - plan.first[5]);
        assert_int_equal(one.start * 512, two.start);
        assert_int_equal(mlk_example_make(&plan, &one, plan.frames, a, &blend, &status), MLK_OK);
        assert_int_equal(mlk_example_make(&other, &two, plan.frames, b, &blend, &status), MLK_OK);
        for (int64_t row = 0; row < 21; row++)
            for (int64_t t = 2; t < plan.frames - 2; t++)
                assert_true(fabsf(a[row * plan.frames + t] - b[row * plan.frames + t]) < 1e-3f);
        free(a);
        free(b);
    }
    mlk_plan_clear(&plan);
    mlk_plan_clear(&other);
    mlk_material_free(frames);
    mlk_material_free(sound);
}

/* --- mixup and padding --- */

static void test_mixup_is_the_sum_of_both(void **state)
{
    (void)state;
    mlk_material *material = make_material(false, 1 << 30, NULL, 2);
    mlk_plan plan = make_plan(material), plain = make_plan(material);
    mlk_augment mixup = {.kind = MLK_AUGMENT_MIXUP, .on_features = true, .p = 1, .low = 1, .high = 1};
    plan.augments = &mixup;
    plan.n_augments = 1;
    compile(&plan);
    compile(&plain);
    assert_true(plan.soft);
    mlk_status status;
    size_t size = 21 * (size_t)plan.frames;
    float *mixed = malloc(size * sizeof *mixed), *own = malloc(size * sizeof *own), *other = malloc(size * sizeof *other);
    double shares = 0;
    int64_t n = mlk_plan_examples(&plan);
    for (int64_t number = 1; number < n; number++) { /* the first track is short */
        mlk_blend blend, unused;
        mlk_change change;
        mlk_example example = mlk_plan_example(&plan, 1, number);
        assert_true(mlk_plan_change(&plan, &example, 0, &change));
        mlk_example partner = mlk_plan_partner(&plan, &example, &change);
        assert_int_equal(mlk_example_make(&plan, &example, plan.frames, mixed, &blend, &status), MLK_OK);
        assert_int_equal(mlk_example_make(&plain, &example, plan.frames, own, &unused, &status), MLK_OK);
        assert_int_equal(mlk_example_make(&plain, &partner, plan.frames, other, &unused, &status), MLK_OK);
        assert_int_equal(blend.other, partner.track);
        shares += blend.share / (double)(n - 1);
        for (size_t i = 0; partner.track > 0 && i < size; i++)
            assert_true(fabs(mixed[i] - (blend.share * own[i] + (1 - blend.share) * other[i])) < 1e-4);
    }
    assert_true(shares > 0.3 && shares < 0.7);
    free(mixed);
    free(own);
    free(other);
    mlk_plan_clear(&plan);
    mlk_plan_clear(&plain);

    mlk_augment two[] = {mixup, mixup};
    plan = make_plan(material);
    plan.augments = two;
    plan.n_augments = 2;
    assert_int_equal(mlk_plan_compile(&plan, &status), MLK_INVALID);
    mlk_plan_clear(&plan);
    mlk_material_free(material);
}

static void test_short_and_whole_tracks_are_padded_with_nothing(void **state)
{
    (void)state;
    for (int sound = 0; sound < 2; sound++)
        for (int whole = 0; whole < 2; whole++) {
            mlk_material *material = make_material(sound, 1 << 30, NULL, 2);
            float mean[21], std[21];
            mlk_material_statistics(material, tracks, FILES, mean, std);
            mlk_plan plan = make_plan(material);
            plan.mean = mean;
            plan.scale = std;
            plan.augments = changes;
            plan.n_augments = sound ? 3 : 0;
            plan.segment_s = whole ? 0 : 0.5;
            plan.crop = !whole;
            compile(&plan);
            mlk_status status;
            mlk_loader *loader = mlk_loader_start(&plan, 1, 2, &status);
            mlk_batch batch;
            int padded = 0;
            while (mlk_loader_next(loader, &batch, &status) == MLK_OK && batch.n > 0)
                for (int64_t i = 0; i < batch.n; i++) {
                    int64_t frames = mlk_loader_entry(loader, i).blend.frames;
                    assert_true(frames >= 1 && frames <= batch.frames);
                    padded += frames < batch.frames;
                    for (int64_t row = 0; row < batch.rows; row++)
                        for (int64_t t = frames; t < batch.frames; t++)
                            assert_true(batch.x[(i * batch.rows + row) * batch.frames + t] == 0);
                }
            assert_true(padded >= 1);
            mlk_loader_free(loader);
            mlk_plan_clear(&plan);
            mlk_material_free(material);
        }
}

/* --- stopping --- */

static void test_stopping_at_any_moment(void **state)
{
    (void)state;
    mlk_material *material = make_material(true, 1 << 30, NULL, 2);
    mlk_plan plan = make_plan(material);
    plan.augments = changes;
    plan.n_augments = sizeof changes / sizeof *changes;
    plan.per_track = 30;
    compile(&plan);
    mlk_status status;
    for (int batches = 0; batches < 8; batches++) {
        mlk_loader *loader = mlk_loader_start(&plan, 1, 1 + batches % 4, &status);
        mlk_batch batch;
        for (int i = 0; i < batches; i++)
            assert_int_equal(mlk_loader_next(loader, &batch, &status), MLK_OK);
        if (batches % 2)
            usleep(3000); /* let them run into the end of the ring */
        mlk_loader_free(loader);
    }
    mlk_loader_free(NULL);
    mlk_plan_clear(&plan);
    mlk_material_free(material);
}

static void test_an_interrupt_ends_the_epoch(void **state)
{
    (void)state;
    static atomic_int flag;
    mlk_material *material = make_material(false, 1 << 30, NULL, 2);
    mlk_plan plan = make_plan(material);
    plan.per_track = 100;
    compile(&plan);
    mlk_status status;
    mlk_loader *loader = mlk_loader_start(&plan, 1, 2, &status);
    mlk_batch batch;
    assert_int_equal(mlk_loader_next(loader, &batch, &status), MLK_OK);
    mlk_interrupt_watch(&flag);
    atomic_store(&flag, 1);
    mlk_code code = MLK_OK;
    for (int i = 0; i < 10 && !code; i++)
        code = mlk_loader_next(loader, &batch, &status);
    assert_int_equal(code, MLK_INTERRUPTED);
    atomic_store(&flag, 0);
    assert_int_equal(mlk_loader_next(loader, &batch, &status), MLK_INTERRUPTED);
    mlk_loader_free(loader);

    loader = mlk_loader_start(&plan, 1, 2, &status); /* idle meanwhile: the threads are gone, nobody waits for them */
    atomic_store(&flag, 1);
    usleep(200000);
    atomic_store(&flag, 0);
    code = MLK_OK;
    for (int i = 0; i < 10 && !code; i++)
        code = mlk_loader_next(loader, &batch, &status);
    assert_int_equal(code, MLK_INTERRUPTED);
    mlk_interrupt_watch(NULL);
    mlk_loader_free(loader);
    mlk_plan_clear(&plan);
    mlk_material_free(material);
}

static void test_a_material_that_is_let_go_of_lives_as_long_as_its_plans(void **state)
{
    (void)state;
    mlk_material *material = make_material(true, 200000, NULL, 2);
    mlk_plan plan = make_plan(material), other = make_plan(material);
    compile(&plan);
    compile(&other);
    record whole = play(&plan, 1, 2);
    mlk_status status;
    mlk_loader *loader = mlk_loader_start(&plan, 1, 3, &status);
    assert_non_null(loader);
    mlk_plan_clear(&other);
    mlk_material_free(material);
    assert_true(same(whole, play_on(loader)));
    assert_true(same(whole, play(&plan, 1, 1)));
    free(whole.values);
    mlk_plan_clear(&plan);
    mlk_plan_clear(&plan); /* again is allowed */
}

static void test_a_file_that_goes_away_is_named(void **state)
{
    (void)state;
    mlk_material *material = make_material(true, 0, NULL, 2);
    mlk_plan plan = make_plan(material);
    plan.crop = plan.shuffle = false;
    compile(&plan);
    char *path = path_of(4);
    assert_int_equal(remove(path), 0);
    for (int workers = 1; workers < 5; workers += 3) {
        mlk_status status;
        mlk_loader *loader = mlk_loader_start(&plan, 1, workers, &status);
        mlk_batch batch;
        int64_t good = 0;
        while (mlk_loader_next(loader, &batch, &status) == MLK_OK)
            good++;
        assert_int_equal(good, plan.first[4] / plan.batch_size);
        assert_non_null(strstr(status.message, path));
        mlk_loader_free(loader);
    }
    write_wav(4);
    free(path);
    mlk_plan_clear(&plan);
    mlk_material_free(material);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_the_same_bits_from_frames),
        cmocka_unit_test(test_the_same_bits_from_sound),
        cmocka_unit_test(test_an_example_is_its_own),
        cmocka_unit_test(test_sound_and_frames_agree),
        cmocka_unit_test(test_mixup_is_the_sum_of_both),
        cmocka_unit_test(test_short_and_whole_tracks_are_padded_with_nothing),
        cmocka_unit_test(test_stopping_at_any_moment),
        cmocka_unit_test(test_an_interrupt_ends_the_epoch),
        cmocka_unit_test(test_a_material_that_is_let_go_of_lives_as_long_as_its_plans),
        cmocka_unit_test(test_a_file_that_goes_away_is_named),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}

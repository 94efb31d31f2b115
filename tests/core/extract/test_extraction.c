/* Extraction over files: the same bits for any number of workers and with or without a cache, whatever has
 * happened to the cache; interrupted work is kept; frames reach files as they are. */
#include "fixtures.h"
#include "test.h"

#include "extract/extraction.h"
#include "extract/inspection.h"
#include "extract/output.h"
#include "interrupt.h"
#include "store/npy.h"
#include "store/npz.h"
#include "store/safetensors.h"

#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 12, RATE = 22050 };

static char place[64];

static char *in_place(const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", place, name) > 0);
    return path;
}

/* A 16-bit mono WAV of a tone with noise; `seed` and length make each another. */
static void write_wav(const char *path, unsigned seed, int n)
{
    int16_t *samples = malloc((size_t)n * sizeof *samples);
    assert_non_null(samples);
    for (int i = 0; i < n; i++) {
        fixture_draw(&seed);
        samples[i] = (int16_t)(8000 * sin(0.05 * i * (1 + seed % 3)) + (int)(seed >> 22) - 512);
    }
    fixture_write_wav(path, RATE, samples, (uint32_t)n);
    free(samples);
}

static int make_place(void **state)
{
    (void)state;
    strcpy(place, "/tmp/moonlark-extraction-XXXXXX");
    assert_non_null(mkdtemp(place));
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d.wav", i);
        char *path = in_place(name);
        write_wav(path, (unsigned)i, 4000 + 3571 * i);
        free(path);
    }
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    return fixture_remove(place);
}

static mlk_recipe *make_recipe(const char *const *features, const char *const *pools)
{
    mlk_status status;
    mlk_recipe *recipe = mlk_recipe_new(&status);
    assert_non_null(recipe);
    recipe->rate = RATE;
    for (; *features; features++)
        assert_non_null(mlk_recipe_add(recipe, *features, &status));
    for (; pools && *pools; pools++)
        assert_int_equal(mlk_recipe_pool(recipe, *pools, &status), MLK_OK);
    if (mlk_recipe_compile(recipe, &status))
        fail_msg("%s", status.message);
    return recipe;
}

static const char *const both[] = {"mel", "zero_crossing_rate", NULL};
static const char *const pools[] = {"mean", "std", "p90", NULL};

static mlk_track *make_tracks(void)
{
    mlk_track *tracks = calloc(FILES, sizeof *tracks);
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d.wav", i);
        tracks[i].path = in_place(name);
    }
    return tracks;
}

/* A run over all files, to its end. */
typedef struct outcome {
    mlk_extraction *extraction;
    mlk_job *job;
} outcome;

static outcome extract(mlk_recipe *recipe, mlk_track *tracks, int workers, const char *cache)
{
    mlk_status status;
    outcome o = {.extraction = mlk_extraction_new(recipe, tracks, FILES, cache, &status)};
    if (!o.extraction)
        fail_msg("%s", status.message);
    o.job = mlk_job_start(FILES, workers, mlk_extraction_work, o.extraction, &status);
    assert_non_null(o.job);
    while (!mlk_job_wait(o.job, 1))
        ;
    return o;
}

static void release(outcome o)
{
    mlk_job_free(o.job);
    mlk_extraction_free(o.extraction);
}

static void assert_same_rows(outcome a, outcome b)
{
    size_t bytes = (size_t)mlk_extraction_recipe(a.extraction)->n_columns * sizeof(float);
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(mlk_job_state(a.job, i), MLK_JOB_DONE);
        assert_int_equal(mlk_job_state(b.job, i), MLK_JOB_DONE);
        assert_memory_equal(mlk_extraction_row(a.extraction, i), mlk_extraction_row(b.extraction, i), bytes);
    }
}

static void any_number_of_workers_gives_the_same_bits(void **state)
{
    (void)state;
    outcome one = extract(make_recipe(both, pools), make_tracks(), 1, NULL);
    for (int workers = 2; workers <= 8; workers += 3) {
        outcome many = extract(make_recipe(both, pools), make_tracks(), workers, NULL);
        assert_same_rows(one, many);
        release(many);
    }
    release(one);
}

static void a_feature_is_the_same_alone_and_among_others(void **state)
{
    (void)state;
    const char *const alone[] = {"zero_crossing_rate", NULL};
    outcome many = extract(make_recipe(both, pools), make_tracks(), 2, NULL);
    outcome one = extract(make_recipe(alone, pools), make_tracks(), 2, NULL);
    const mlk_recipe *recipe = mlk_extraction_recipe(many.extraction);
    char name[64];
    mlk_recipe_column(recipe, 0, name, sizeof name);
    assert_string_equal(name, "mel_0_mean");
    mlk_recipe_column(recipe, 128, name, sizeof name);
    assert_string_equal(name, "mel_0_std");
    mlk_recipe_column(recipe, recipe->n_columns - 1, name, sizeof name);
    assert_string_equal(name, "zero_crossing_rate_p90");
    for (int i = 0; i < FILES; i++)
        assert_memory_equal(mlk_extraction_row(many.extraction, i) + 128 * 3, mlk_extraction_row(one.extraction, i),
                            3 * sizeof(float));
    release(many);
    release(one);
}

static void bad_files_have_a_reason_and_the_rest_goes_on(void **state)
{
    (void)state;
    mlk_track *tracks = make_tracks();
    free(tracks[3].path);
    tracks[3].path = in_place("missing.wav");
    free(tracks[5].path);
    tracks[5].path = in_place("text.wav");
    FILE *text = fopen(tracks[5].path, "w");
    fputs("no sound", text);
    fclose(text);
    outcome o = extract(make_recipe(both, pools), tracks, 2, NULL);
    mlk_job_counts counts = mlk_job_progress(o.job);
    assert_int_equal(counts.done, FILES - 2);
    assert_int_equal(counts.failed, 2);
    assert_non_null(strstr(mlk_job_reason(o.job, 3), "missing.wav"));
    assert_non_null(strstr(mlk_job_reason(o.job, 5), "text.wav"));
    release(o);
}

/* libsndfile has one error for all threads. */
static void the_reason_is_the_file_s_own(void **state)
{
    (void)state;
    enum { MANY = 600 };
    char *text = in_place("text.wav");
    FILE *file = fopen(text, "w");
    fputs("no sound", file);
    fclose(file);
    char **paths = calloc(MANY, sizeof *paths);
    for (int i = 0; i < MANY; i++)
        paths[i] = i % 2 ? strdup(text) : in_place("00.wav");
    mlk_status status;
    mlk_inspection *inspection = mlk_inspection_new(paths, MANY, MLK_INSPECT_HEADER, &status);
    mlk_job *job = mlk_job_start(MANY, 4, mlk_inspection_work, inspection, &status);
    while (!mlk_job_wait(job, 1))
        ;
    for (int i = 0; i < MANY; i++)
        if (i % 2)
            assert_string_equal(mlk_job_reason(job, i), mlk_job_reason(job, 1));
        else
            assert_int_equal(mlk_job_state(job, i), MLK_JOB_DONE);
    assert_non_null(strstr(mlk_job_reason(job, 1), "is not a sound file of a known format"));
    mlk_job_free(job);
    mlk_inspection_free(inspection);
    free(text);
}

/* --- cache --- */

static char *entry; /* one entry of the cache, found by the walk below */

static int find_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)walk;
    if (kind == FTW_F && !entry)
        entry = strdup(path);
    return 0;
}

static void any_entry(const char *cache)
{
    free(entry);
    entry = NULL;
    char *features = NULL;
    assert_true(asprintf(&features, "%s/features", cache) > 0);
    nftw(features, find_entry, 16, FTW_PHYS);
    free(features);
    assert_non_null(entry);
}

typedef void damage(FILE *file, long size);

static void flip_a_byte(FILE *file, long size)
{
    fseek(file, size / 2, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, size / 2, SEEK_SET);
    fputc(byte ^ 0x10, file);
}

static void flip_the_last_byte(FILE *file, long size)
{
    fseek(file, size - 1, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, size - 1, SEEK_SET);
    fputc(byte ^ 1, file);
}

static void cut_it(FILE *file, long size)
{
    assert_int_equal(ftruncate(fileno(file), size - 3), 0);
}

static void empty_it(FILE *file, long size)
{
    (void)size;
    assert_int_equal(ftruncate(fileno(file), 0), 0);
}

static void lengthen_it(FILE *file, long size)
{
    fseek(file, size, SEEK_SET);
    fputs("more", file);
}

static void cached_results_are_the_same_bits(void **state)
{
    (void)state;
    char *cache = in_place("deep/er/cache");
    outcome plain = extract(make_recipe(both, pools), make_tracks(), 2, NULL);
    outcome cold = extract(make_recipe(both, pools), make_tracks(), 2, cache);
    outcome warm = extract(make_recipe(both, pools), make_tracks(), 3, cache);
    assert_int_equal(mlk_extraction_cached(cold.extraction), 0);
    assert_int_equal(mlk_extraction_cached(warm.extraction), FILES);
    assert_same_rows(plain, cold);
    assert_same_rows(plain, warm);
    release(cold);
    release(warm);

    damage *const damages[] = {flip_a_byte, flip_the_last_byte, cut_it, empty_it, lengthen_it};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        any_entry(cache);
        FILE *file = fopen(entry, "r+b");
        fseek(file, 0, SEEK_END);
        damages[i](file, ftell(file));
        fclose(file);
        outcome mended = extract(make_recipe(both, pools), make_tracks(), 2, cache);
        assert_int_equal(mlk_extraction_cached(mended.extraction), FILES - 1);
        assert_same_rows(plain, mended);
        release(mended);
    }
    outcome last = extract(make_recipe(both, pools), make_tracks(), 2, cache);
    assert_int_equal(mlk_extraction_cached(last.extraction), FILES);
    release(last);
    release(plain);
    free(entry);
    entry = NULL;
    free(cache);
}

static int cached_with(mlk_recipe *recipe, mlk_track *tracks, const char *cache)
{
    outcome o = extract(recipe, tracks, 2, cache);
    int cached = mlk_extraction_cached(o.extraction);
    release(o);
    return cached;
}

static void the_key_is_content_recipe_and_part(void **state)
{
    (void)state;
    char *cache = in_place("cache");
    mlk_track *tracks = make_tracks();
    cached_with(make_recipe(both, pools), make_tracks(), cache);

    rename(tracks[0].path, tracks[1].path); /* 01.wav now has another's content, 00.wav is gone */
    free(tracks[0].path);
    tracks[0].path = strdup(tracks[1].path);
    write_wav(tracks[2].path, 99, 5000);
    assert_int_equal(cached_with(make_recipe(both, pools), tracks, cache), FILES - 1);
    char first[sizeof place];
    strcpy(first, place);
    make_place(state); /* a cache knows content, not places */
    assert_int_equal(cached_with(make_recipe(both, pools), make_tracks(), cache), FILES);

    const char *const other_pools[] = {"mean", "std", "p91", NULL};
    assert_int_equal(cached_with(make_recipe(both, other_pools), make_tracks(), cache), 0);
    mlk_recipe *shorter = make_recipe(both, pools);
    shorter->duration_s = 0.1;
    assert_int_equal(mlk_recipe_compile(shorter, NULL), MLK_OK);
    assert_int_equal(cached_with(shorter, make_tracks(), cache), 0);
    mlk_recipe *fewer = make_recipe(both, pools);
    assert_int_equal(mlk_settings_set(&fewer->features[0], "n_mels", 127, NULL), MLK_OK);
    assert_int_equal(mlk_recipe_compile(fewer, NULL), MLK_OK);
    assert_int_equal(cached_with(fewer, make_tracks(), cache), 0);
    mlk_track *parts = make_tracks();
    for (int i = 0; i < FILES; i++)
        parts[i].duration_s = 0.1;
    assert_int_equal(cached_with(make_recipe(both, pools), parts, cache), 0);

    fixture_remove(first);
    free(cache);
}

static void a_killed_run_leaves_a_usable_cache(void **state)
{
    (void)state;
    char *cache = in_place("cache");
    outcome plain = extract(make_recipe(both, pools), make_tracks(), 2, NULL);
    for (int milliseconds = 1; milliseconds < 40; milliseconds += 6) {
        pid_t child = fork();
        if (child == 0) {
            extract(make_recipe(both, pools), make_tracks(), 2, cache);
            _exit(0);
        }
        nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000L}, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        outcome after = extract(make_recipe(both, pools), make_tracks(), 2, cache);
        assert_same_rows(plain, after);
        release(after);
        fixture_remove(cache);
    }
    release(plain);
    free(cache);
}

static atomic_int flag;

static mlk_code raise_flag_at_the_fifth(void *extraction, int index, mlk_status *status)
{
    if (index == 5)
        flag = 1;
    return mlk_extraction_work(extraction, index, status);
}

static void an_interrupted_run_keeps_what_is_done(void **state)
{
    (void)state;
    char *cache = in_place("cache");
    mlk_status status;
    flag = 0;
    mlk_interrupt_watch(&flag);
    mlk_extraction *extraction = mlk_extraction_new(make_recipe(both, pools), make_tracks(), FILES, cache, &status);
    mlk_job *job = mlk_job_start(FILES, 1, raise_flag_at_the_fifth, extraction, &status);
    while (!mlk_job_wait(job, 1))
        ;
    mlk_job_counts counts = mlk_job_progress(job);
    mlk_interrupt_watch(NULL);
    assert_int_equal(counts.done, 5); /* the one in work gives up, the rest is not begun */
    assert_int_equal(counts.failed, 0);
    assert_int_equal(mlk_job_state(job, 5), MLK_JOB_OPEN);
    mlk_job_free(job);
    mlk_extraction_free(extraction);
    assert_int_equal(cached_with(make_recipe(both, pools), make_tracks(), cache), 5);
    free(cache);
}

static void a_cache_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    char *path = in_place("00.wav");
    mlk_status status;
    assert_null(mlk_extraction_new(make_recipe(both, pools), make_tracks(), FILES, path, &status));
    assert_non_null(strstr(status.message, "cannot make the cache folder"));
    free(path);
}

/* --- frames --- */

static void assert_same_bundle(const mlk_bundle *a, const mlk_bundle *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->memory, b->memory, a->size);
}

static void frames_from_memory_cache_and_made_again(void **state)
{
    (void)state;
    char *cache = in_place("cache");
    outcome kept = extract(make_recipe(both, NULL), make_tracks(), 2, NULL);
    outcome stored = extract(make_recipe(both, NULL), make_tracks(), 2, cache);
    mlk_status status;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < FILES; i++) {
            mlk_bundle *made, *none;
            const mlk_bundle *a = mlk_extraction_frames(kept.extraction, i, &none, &status);
            const mlk_bundle *b = mlk_extraction_frames(stored.extraction, i, &made, &status);
            assert_null(none);
            assert_non_null(made);
            assert_int_equal(a->shapes[0].rows, 128);
            assert_int_equal(a->shapes[0].frames, 1 + (4000 + 3571 * i) / 512);
            assert_int_equal(a->shapes[1].rows, 1);
            assert_same_bundle(a, b);
            mlk_bundle_free(made);
        }
        fixture_remove(cache);
    }
    release(kept);
    release(stored);
    free(cache);
}

static void segments_are_parts_of_the_file(void **state)
{
    (void)state;
    mlk_track *tracks = make_tracks();
    for (int i = 0; i < FILES; i++) {
        free(tracks[i].path);
        tracks[i].path = in_place("11.wav");
        tracks[i].start_s = 0.1 * i;
        tracks[i].duration_s = 0.25;
    }
    const char *const rms[] = {"rms", NULL};
    outcome o = extract(make_recipe(rms, NULL), tracks, 2, NULL);
    for (int i = 0; i < FILES; i++) {
        mlk_bundle *none;
        const mlk_bundle *frames = mlk_extraction_frames(o.extraction, i, &none, NULL);
        assert_int_equal(frames->shapes[0].frames, 1 + (int)(0.25 * RATE) / 512);
    }
    release(o);
}

static void frames_reach_files(void **state)
{
    (void)state;
    const char *const endings[] = {"safetensors", "npz", "npy", "csv"};
    mlk_track *tracks = make_tracks();
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.%s", i, endings[i % 4]);
        tracks[i].output = in_place(name);
    }
    outcome o = extract(make_recipe(both, NULL), tracks, 2, NULL);
    outcome kept = extract(make_recipe(both, NULL), make_tracks(), 2, NULL);
    assert_int_equal(mlk_job_progress(o.job).done, FILES);
    mlk_status status;
    for (int i = 0; i < FILES; i++) {
        mlk_bundle *none;
        const mlk_bundle *frames = mlk_extraction_frames(kept.extraction, i, &none, &status);
        size_t bytes = (size_t)(frames->shapes[0].rows * frames->shapes[0].frames) * sizeof(float);
        const char *path = mlk_extraction_track(o.extraction, i)->output;
        mlk_tensors tensors = {0};
        if (i % 4 < 2) {
            mlk_code code = i % 4 ? mlk_npz_read(path, &tensors, &status)
                                  : mlk_safetensors_read(path, &tensors, &status);
            assert_int_equal(code, MLK_OK);
            assert_memory_equal(mlk_tensors_find(&tensors, "mel")->data, frames->data[0], bytes);
            assert_non_null(mlk_tensors_find(&tensors, "zero_crossing_rate"));
            mlk_tensors_free(&tensors);
        } else if (i % 4 == 2) {
            char name[32];
            snprintf(name, sizeof name, "%d.mel.npy", i);
            char *own = in_place(name);
            mlk_array array;
            assert_int_equal(mlk_npy_read(own, &array, &status), MLK_OK);
            assert_memory_equal(array.data, frames->data[0], bytes);
            free(array.data);
            free(own);
        } else {
            FILE *file = fopen(path, "r");
            char *line = NULL;
            size_t size;
            assert_true(getline(&line, &size, file) > 0);
            assert_non_null(strstr(line, "time_s,mel_0,mel_1,"));
            assert_non_null(strstr(line, "mel_127,zero_crossing_rate\n"));
            for (int64_t frame = 0; frame < frames->shapes[0].frames; frame++) {
                double time;
                float value;
                assert_true(getline(&line, &size, file) > 0);
                assert_int_equal(sscanf(line, "%lf,%f,", &time, &value), 2);
                assert_true(fabs(time - (double)frame * 512 / RATE) < 1e-6);
                assert_true(value == ((float *)frames->data[0])[frame]);
            }
            assert_true(getline(&line, &size, file) < 0);
            free(line);
            fclose(file);
        }
    }
    release(o);
    release(kept);
}

/* Tracks whose frames go to NUMBER.npy, of which there are two for each. */
static mlk_track *tracks_to_files(void)
{
    mlk_track *tracks = make_tracks();
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.npy", i);
        tracks[i].output = in_place(name);
    }
    return tracks;
}

static void files_that_are_there_are_not_made_again(void **state)
{
    (void)state;
    char *cache = in_place("cache"), *gone = in_place("3.mel.npy"), *changed = in_place("5.zero_crossing_rate.npy");
    struct stat before, after;
    assert_int_equal(cached_with(make_recipe(both, NULL), tracks_to_files(), cache), 0);
    char *kept = in_place("4.mel.npy");
    assert_int_equal(stat(kept, &before), 0);
    assert_int_equal(cached_with(make_recipe(both, NULL), tracks_to_files(), cache), FILES);
    assert_int_equal(stat(kept, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);

    assert_int_equal(remove(gone), 0);
    FILE *file = fopen(changed, "ab");
    fputc(0, file);
    fclose(file);
    assert_int_equal(cached_with(make_recipe(both, NULL), tracks_to_files(), cache), FILES - 2);
    assert_int_equal(stat(gone, &after), 0);
    mlk_recipe *other = make_recipe(both, NULL);
    assert_int_equal(mlk_settings_set(&other->features[0], "n_mels", 64, NULL), MLK_OK);
    assert_int_equal(mlk_recipe_compile(other, NULL), MLK_OK);
    assert_int_equal(cached_with(other, tracks_to_files(), cache), 0);
    assert_int_equal(cached_with(make_recipe(both, NULL), tracks_to_files(), cache), 0); /* overwritten meanwhile */
    free(cache), free(gone), free(changed), free(kept);
}

static void recipes_that_cannot_be(void **state)
{
    (void)state;
    mlk_status status;
    mlk_recipe *recipe = mlk_recipe_new(&status);
    assert_int_equal(mlk_recipe_compile(recipe, &status), MLK_INVALID);
    assert_null(mlk_recipe_add(recipe, "mell", &status));
    assert_non_null(strstr(status.message, "no feature 'mell'"));
    mlk_settings *mel = mlk_recipe_add(recipe, "mel", &status);
    assert_non_null(mel);
    assert_null(mlk_recipe_add(recipe, "mel", &status));
    assert_int_equal(mlk_recipe_pool(recipe, "mean", &status), MLK_OK);
    assert_int_equal(mlk_recipe_pool(recipe, "mean", &status), MLK_INVALID);
    recipe->rate = RATE;
    mlk_settings_set(mel, "fmax", 16000, &status);
    assert_int_equal(mlk_recipe_compile(recipe, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "mel: fmax"));
    mlk_recipe_free(recipe);
    mlk_recipe_free(NULL);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(any_number_of_workers_gives_the_same_bits),
        IN_PLACE(a_feature_is_the_same_alone_and_among_others),
        IN_PLACE(bad_files_have_a_reason_and_the_rest_goes_on),
        IN_PLACE(the_reason_is_the_file_s_own),
        IN_PLACE(cached_results_are_the_same_bits),
        IN_PLACE(the_key_is_content_recipe_and_part),
        IN_PLACE(a_killed_run_leaves_a_usable_cache),
        IN_PLACE(an_interrupted_run_keeps_what_is_done),
        IN_PLACE(a_cache_that_cannot_be_is_an_error),
        IN_PLACE(frames_from_memory_cache_and_made_again),
        IN_PLACE(segments_are_parts_of_the_file),
        IN_PLACE(frames_reach_files),
        IN_PLACE(files_that_are_there_are_not_made_again),
        cmocka_unit_test(recipes_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

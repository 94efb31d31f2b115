/* A cache folder: its limit, what goes first, what other processes and killed ones do to it. */
#include "fixtures.h"
#include "test.h"

#include "extract/cache.h"
#include "extract/cache_care.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char place[64];

static int make_place(void **state)
{
    (void)state;
    strcpy(place, "/tmp/moonlark-cache-XXXXXX");
    assert_non_null(mkdtemp(place));
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    return fixture_remove(place);
}

static mlk_cache *open_cache(void)
{
    mlk_status status;
    mlk_cache *cache = mlk_cache_open(place, &status);
    if (!cache)
        fail_msg("%s", status.message);
    return cache;
}

static void key_of(int number, char key[MLK_HASH_SIZE])
{
    mlk_hash_bytes(&number, sizeof number, key);
}

/* `numbers` float32, all equal to `number`. */
static mlk_bundle *make_bundle(int number, int64_t numbers)
{
    mlk_feature_shape shape = {.rows = 1, .frames = numbers, .dtype = MLK_FLOAT32};
    mlk_bundle *bundle = mlk_bundle_new(1, &shape, NULL);
    for (int64_t i = 0; i < numbers; i++)
        ((float *)bundle->data[0])[i] = (float)number;
    return bundle;
}

static mlk_code write_one(mlk_cache *cache, int number, int64_t numbers)
{
    char key[MLK_HASH_SIZE];
    mlk_status status;
    key_of(number, key);
    mlk_bundle *bundle = make_bundle(number, numbers);
    mlk_code code = mlk_cache_write(cache, key, bundle, &status);
    mlk_bundle_free(bundle);
    return code;
}

/* Whether the entry is there; what is there must be right. */
static bool has(mlk_cache *cache, int number)
{
    char key[MLK_HASH_SIZE];
    key_of(number, key);
    mlk_bundle *found = mlk_cache_read(cache, key);
    if (!found)
        return false;
    for (int64_t i = 0; i < found->shapes[0].frames; i++)
        assert_true(((float *)found->data[0])[i] == (float)number);
    mlk_bundle_free(found);
    return true;
}

static char *entry_path(int number)
{
    char key[MLK_HASH_SIZE], *path = NULL;
    key_of(number, key);
    assert_true(asprintf(&path, "%s/features/%.2s/%s", place, key, key + 2) > 0);
    return path;
}

/* Makes an entry look as if it was used so many seconds ago. */
static void age(int number, int seconds)
{
    char *path = entry_path(number);
    struct timespec used = {.tv_sec = time(NULL) - seconds};
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){used, used}, 0), 0);
    free(path);
}

static mlk_cache_usage measure(void)
{
    mlk_cache_usage usage;
    mlk_status status;
    if (mlk_cache_measure(place, &usage, &status))
        fail_msg("%s", status.message);
    return usage;
}

static void an_empty_folder_holds_nothing(void **state)
{
    (void)state;
    mlk_cache_usage usage = measure(), removed;
    assert_int_equal(usage.entries, 0);
    assert_int_equal(usage.limit, MLK_CACHE_LIMIT);
    assert_int_equal(mlk_cache_clear("/tmp/moonlark-no-such-folder", &removed, NULL), MLK_OK);
    assert_int_equal(removed.entries, 0);
}

static void the_folder_stays_below_its_limit(void **state)
{
    (void)state;
    enum { LIMIT = 4 << 20, ENTRY = 5000 }; /* numbers: 20 kB, six blocks of 4096 */
    mlk_status status;
    assert_int_equal(mlk_cache_set_limit(place, LIMIT, &status), MLK_OK);
    mlk_cache *cache = open_cache();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(write_one(cache, i, ENTRY), MLK_OK);
        if (i % 50 == 0)
            assert_true(measure().bytes <= LIMIT);
    }
    mlk_cache_usage usage = measure();
    assert_true(usage.bytes <= LIMIT);
    assert_true(usage.bytes > LIMIT * 3 / 4); /* no more than needed was lost */
    assert_true(has(cache, 999));
    assert_int_equal(write_one(cache, 1000, LIMIT / 16), MLK_INVALID); /* four times what an entry may be */
    assert_int_equal(measure().entries, usage.entries);
    mlk_cache_close(cache);
}

static void many_short_runs_stay_below_the_limit(void **state)
{
    (void)state;
    enum { LIMIT = 1 << 20 };
    mlk_status status;
    assert_int_equal(mlk_cache_set_limit(place, LIMIT, &status), MLK_OK);
    for (int i = 0; i < 400; i++) { /* each writes far less than is counted at once */
        mlk_cache *cache = open_cache();
        assert_int_equal(write_one(cache, i, 100), MLK_OK);
        mlk_cache_close(cache);
    }
    assert_true(measure().bytes <= LIMIT);
}

static void what_was_used_longest_ago_goes_first(void **state)
{
    (void)state;
    enum { N = 40, ENTRY = 5000 };
    mlk_status status;
    mlk_cache *cache = open_cache();
    for (int i = 0; i < N; i++) {
        assert_int_equal(write_one(cache, i, ENTRY), MLK_OK);
        age(i, 100000 - i * 1000);
    }
    assert_true(has(cache, 3)); /* a use */
    int64_t each = measure().bytes / N;
    assert_int_equal(mlk_cache_set_limit(place, 20 * each * 8 / 7 + 8, &status), MLK_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(has(cache, i), i == 3 || i > 20);
    mlk_cache_close(cache);
}

static void leftovers_of_killed_processes_go(void **state)
{
    (void)state;
    mlk_cache *cache = open_cache();
    assert_int_equal(write_one(cache, 1, 10), MLK_OK);
    char *path = entry_path(1), *old = NULL, *young = NULL;
    assert_true(asprintf(&old, "%s.123-4.tmp", path) > 0 && asprintf(&young, "%s.124-4.tmp", path) > 0);
    close(open(old, O_CREAT | O_WRONLY, 0666));
    close(open(young, O_CREAT | O_WRONLY, 0666));
    struct timespec used = {.tv_sec = time(NULL) - 7200};
    utimensat(AT_FDCWD, old, (struct timespec[]){used, used}, 0);
    assert_int_equal(measure().entries, 1);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(young, F_OK), 0); /* somebody may still write it */
    mlk_cache_close(cache);
    free(path), free(old), free(young);
}

static void damage_is_found_and_removed(void **state)
{
    (void)state;
    mlk_cache *cache = open_cache();
    for (int i = 0; i < 30; i++)
        assert_int_equal(write_one(cache, i, 1000), MLK_OK);
    char *path = entry_path(7);
    FILE *file = fopen(path, "r+b");
    fseek(file, 500, SEEK_SET);
    fputc(1, file);
    fclose(file);
    free(path);
    path = entry_path(9);
    assert_int_equal(truncate(path, 100), 0);
    free(path);
    mlk_cache_usage usage;
    int64_t damaged;
    assert_int_equal(mlk_cache_verify(place, &usage, &damaged, NULL), MLK_OK);
    assert_int_equal(usage.entries, 30);
    assert_int_equal(damaged, 2);
    assert_int_equal(mlk_cache_verify(place, &usage, &damaged, NULL), MLK_OK);
    assert_int_equal(usage.entries, 28);
    assert_int_equal(damaged, 0);
    assert_int_equal(mlk_cache_clear(place, &usage, NULL), MLK_OK);
    assert_int_equal(usage.entries, 28);
    assert_int_equal(measure().entries, 0);
    mlk_cache_close(cache);
}

static void nobody_waits_for_a_lock(void **state)
{
    (void)state;
    mlk_status status;
    assert_int_equal(mlk_cache_set_limit(place, 1 << 20, &status), MLK_OK);
    char *path = NULL;
    assert_true(asprintf(&path, "%s/lock", place) > 0);
    int lock = open(path, O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(lock, LOCK_EX), 0); /* as a process would that hangs */
    mlk_cache *cache = open_cache();
    for (int i = 0; i < 200; i++)
        assert_int_equal(write_one(cache, i, 2000), MLK_OK);
    assert_true(has(cache, 0));
    close(lock);
    for (int i = 200; i < 210; i++) /* what was written meanwhile counts now */
        assert_int_equal(write_one(cache, i, 2000), MLK_OK);
    mlk_cache_close(cache);
    assert_true(measure().bytes <= 1 << 20);
    free(path);
}

/* Writes and reads entries that others write and evict at the same time. */
static void hammer(unsigned seed)
{
    mlk_cache *cache = open_cache();
    for (int i = 0; i < 1500; i++) {
        int number = (int)(fixture_draw(&seed) >> 24);
        if (!has(cache, number))
            assert_int_equal(write_one(cache, number, 3000), MLK_OK);
    }
    mlk_cache_close(cache);
}

static void processes_share_a_folder(void **state)
{
    (void)state;
    enum { PROCESSES = 4, LIMIT = 1 << 20 };
    mlk_status status;
    assert_int_equal(mlk_cache_set_limit(place, LIMIT, &status), MLK_OK);
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            hammer((unsigned)i);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int ended;
        assert_int_equal(waitpid(children[i], &ended, 0), children[i]);
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    }
    /* What a process wrote while another held the lock counts when the entries are counted the next time. */
    hammer(PROCESSES);
    mlk_cache_usage usage;
    int64_t damaged;
    assert_int_equal(mlk_cache_verify(place, &usage, &damaged, NULL), MLK_OK);
    assert_int_equal(damaged, 0);
    assert_true(usage.bytes <= LIMIT + LIMIT / 256); /* as much may be held back */
    assert_true(usage.entries > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_folder_holds_nothing, make_place, remove_place),
        cmocka_unit_test_setup_teardown(the_folder_stays_below_its_limit, make_place, remove_place),
        cmocka_unit_test_setup_teardown(many_short_runs_stay_below_the_limit, make_place, remove_place),
        cmocka_unit_test_setup_teardown(what_was_used_longest_ago_goes_first, make_place, remove_place),
        cmocka_unit_test_setup_teardown(leftovers_of_killed_processes_go, make_place, remove_place),
        cmocka_unit_test_setup_teardown(damage_is_found_and_removed, make_place, remove_place),
        cmocka_unit_test_setup_teardown(nobody_waits_for_a_lock, make_place, remove_place),
        cmocka_unit_test_setup_teardown(processes_share_a_folder, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

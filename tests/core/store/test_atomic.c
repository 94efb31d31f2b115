/* A file's place holds the old content or the whole new one; hashes are XXH3's published values. */
#include "test.h"

#include "store/append.h"
#include "store/atomic.h"
#include "store/hash.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/moonlark-test-XXXXXX";
static char place[sizeof folder + 16], elsewhere[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(place, sizeof place, "%s/place", folder);
    snprintf(elsewhere, sizeof elsewhere, "%s/link", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    remove(place);
    remove(elsewhere);
    return rmdir(folder); /* fails when a temporary was left behind */
}

static int files_in_folder(void)
{
    int n = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    while (readdir(listing))
        n++;
    closedir(listing);
    return n - 2;
}

static void assert_content(const char *wanted)
{
    char text[64] = {0};
    FILE *in = fopen(place, "rb");
    assert_non_null(in);
    assert_int_equal(fread(text, 1, sizeof text - 1, in), strlen(wanted));
    fclose(in);
    assert_string_equal(text, wanted);
}

static void put(const char *path, const char *text)
{
    mlk_atomic file;
    mlk_status status;
    assert_int_equal(mlk_atomic_open(path, &file, &status), 0);
    assert_int_equal(mlk_atomic_write(&file, text, strlen(text), &status), 0);
    assert_int_equal(mlk_atomic_commit(&file, &status), 0);
}

static void old_content_stays_until_commit(void **state)
{
    (void)state;
    mlk_atomic file;
    mlk_status status;
    put(place, "old");
    assert_int_equal(mlk_atomic_open(place, &file, &status), 0);
    assert_int_equal(mlk_atomic_write(&file, "new", 3, &status), 0);
    fflush(file.stream);
    assert_content("old");
    mlk_atomic_abort(&file);
    assert_content("old");
    assert_int_equal(files_in_folder(), 1);
    put(place, "new");
    assert_content("new");
    assert_int_equal(files_in_folder(), 1);
}

static void modes_are_kept(void **state)
{
    (void)state;
    struct stat info;
    put(place, "one");
    assert_int_equal(chmod(place, 0640), 0);
    put(place, "two");
    assert_content("two");
    assert_int_equal(stat(place, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

/* Whoever leaves a link in a folder does not choose what is written elsewhere. */
static void links_are_replaced(void **state)
{
    (void)state;
    struct stat info;
    put(place, "one");
    assert_int_equal(symlink(place, elsewhere), 0);
    put(elsewhere, "two");
    assert_content("one");
    assert_int_equal(lstat(elsewhere, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_int_equal(unlink(elsewhere), 0);

    assert_int_equal(symlink(folder, elsewhere), 0);
    put(elsewhere, "three");
    assert_int_equal(lstat(elsewhere, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_int_equal(unlink(elsewhere), 0);
}

static void links_to_what_is_open_are_followed(void **state)
{
    (void)state;
    struct stat info;
    put(place, "old");
    FILE *held = fopen(place, "r+");
    assert_non_null(held);
    char by_number[64];
    snprintf(by_number, sizeof by_number, "/proc/self/fd/%d", fileno(held));
    put(by_number, "new");
    fclose(held);
    assert_content("new");
    assert_int_equal(symlink("/dev/null", elsewhere), 0);
    put(elsewhere, "nothing");
    assert_int_equal(lstat(elsewhere, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(unlink(elsewhere), 0);
}

static void lines_are_added_to_files_only(void **state)
{
    (void)state;
    mlk_status status;
    put(place, "one\n");
    assert_int_equal(mlk_append(place, "two\n", 4, &status), 0);
    assert_content("one\ntwo\n");
    assert_int_equal(symlink(place, elsewhere), 0);
    assert_int_equal(mlk_append(elsewhere, "three\n", 6, &status), MLK_IO);
    assert_non_null(strstr(status.message, "it is a link"));
    assert_content("one\ntwo\n");
    assert_int_equal(unlink(elsewhere), 0);
    assert_int_equal(mkfifo(elsewhere, 0600), 0);
    assert_int_equal(mlk_append(elsewhere, "three\n", 6, &status), MLK_IO);
    assert_int_equal(mlk_hash_file(elsewhere, (char[MLK_HASH_SIZE]){0}, &status), MLK_IO); /* and does not wait */
    assert_int_equal(mlk_append("/dev/null", "x", 1, &status), MLK_IO);
    assert_int_equal(unlink(elsewhere), 0);
}

static void failures_are_told(void **state)
{
    (void)state;
    mlk_atomic file;
    mlk_status status;
    assert_int_equal(mlk_atomic_open("/nowhere/at/all", &file, &status), MLK_IO);
    assert_string_equal(status.message, "cannot write /nowhere/at/all: No such file or directory");
    assert_int_equal(mlk_atomic_open(folder, &file, &status), MLK_IO);
    /* A full disk shows at the latest when it is flushed. */
    assert_int_equal(mlk_atomic_open("/dev/full", &file, &status), 0);
    assert_int_equal(mlk_atomic_write(&file, "text", 4, &status), 0);
    assert_int_equal(mlk_atomic_commit(&file, &status), MLK_DISK);
    assert_string_equal(status.message, "no room left on the device: cannot write /dev/full");
}

static void hashes(void **state)
{
    (void)state;
    char hex[MLK_HASH_SIZE];
    mlk_status status;
    mlk_hash_bytes("", 0, hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f"); /* of the reference implementation's tests */
    mlk_hash_bytes("new", 3, hex);
    char of_bytes[MLK_HASH_SIZE];
    memcpy(of_bytes, hex, sizeof hex);
    put(place, "new");
    assert_int_equal(mlk_hash_file(place, hex, &status), 0);
    assert_string_equal(hex, of_bytes);
    assert_int_equal(mlk_hash_file("/nowhere", hex, &status), MLK_IO);
    assert_int_equal(mlk_hash_file(folder, hex, &status), MLK_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_content_stays_until_commit),
        cmocka_unit_test(modes_are_kept),
        cmocka_unit_test(links_are_replaced),
        cmocka_unit_test(links_to_what_is_open_are_followed),
        cmocka_unit_test(lines_are_added_to_files_only),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* What happens in folders that are watched is told, by name, and nothing else. */
#include "test.h"

#include "store/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/moonlark-watch-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *inside(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* The events in one line: "a b/ ?" */
static void note(void *context, const char *name, bool is_folder)
{
    char *line = context;
    snprintf(line + strlen(line), 256 - strlen(line), "%s%s ", name ? name : "?", is_folder ? "/" : "");
}

static const char *told(mlk_watch *watch, double seconds)
{
    static char line[256];
    mlk_status status;
    line[0] = 0;
    assert_int_equal(mlk_watch_wait(watch, seconds, note, line, &status), 0);
    return line;
}

static void put(const char *name)
{
    int file = open(inside(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(file, "x", 1), 1);
    close(file);
}

static void files_and_folders_that_come_go_and_change(void **state)
{
    (void)state;
    mlk_watch *watch;
    mlk_status status;
    assert_int_equal(mlk_watch_new(&watch, &status), 0);
    assert_int_equal(mlk_watch_folder(watch, folder, &status), 0);
    assert_int_equal(mlk_watch_folder(watch, folder, &status), 0); /* once more is the same */
    put("a");
    assert_string_equal(told(watch, 5), "a a "); /* it came, and it was closed */
    put("a");
    assert_string_equal(told(watch, 5), "a ");
    assert_int_equal(rename(inside("a"), inside("b")), 0);
    assert_string_equal(told(watch, 5), "a b ");
    assert_int_equal(mkdir(inside("sub"), 0700), 0);
    assert_string_equal(told(watch, 5), "sub/ ");
    put("sub/unseen"); /* a folder within is watched by itself */
    assert_string_equal(told(watch, 0), "");
    unlink(inside("sub/unseen"));
    rmdir(inside("sub"));
    unlink(inside("b"));
    assert_string_equal(told(watch, 5), "sub/ b ");
    mlk_watch_free(watch);
}

static void a_watched_folder_that_goes_is_told_without_a_name(void **state)
{
    (void)state;
    mlk_watch *watch;
    mlk_status status;
    assert_int_equal(mkdir(inside("sub"), 0700), 0);
    assert_int_equal(mlk_watch_new(&watch, &status), 0);
    assert_int_equal(mlk_watch_folder(watch, inside("sub"), &status), 0);
    rmdir(inside("sub"));
    assert_string_equal(told(watch, 5), "? ");
    assert_string_equal(told(watch, 0), "");
    mlk_watch_free(watch);
}

static void what_cannot_be_watched_is_said(void **state)
{
    (void)state;
    mlk_watch *watch;
    mlk_status status;
    assert_int_equal(mlk_watch_new(&watch, &status), 0);
    assert_int_equal(mlk_watch_folder(watch, inside("nothing"), &status), MLK_IO);
    assert_non_null(strstr(status.message, "cannot watch"));
    put("file");
    assert_int_equal(mlk_watch_folder(watch, inside("file"), &status), MLK_IO);
    unlink(inside("file"));
    mlk_watch_free(watch);
    mlk_watch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_folders_that_come_go_and_change),
        cmocka_unit_test(a_watched_folder_that_goes_is_told_without_a_name),
        cmocka_unit_test(what_cannot_be_watched_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

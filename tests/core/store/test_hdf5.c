/* A disk that is full while HDF5 writes is an error, and the program still ends in order. */
#include "test.h"

#include "store/hdf5.h"
#include "store/hdf5_library.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process of its own, which may write files of so many bytes only: as on a full disk, writing fails. */
static int write_within(rlim_t bytes, const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static float ramp[5000];
        mlk_array array = {MLK_FLOAT32, 1, {5000}, ramp};
        mlk_status status = {0};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, bytes});
        mlk_hdf5 *file = mlk_hdf5_create(path, &status);
        if (!file)
            exit(2);
        mlk_hdf5_array(file, "ramp", &array);
        exit(mlk_hdf5_commit(file, &status) && strstr(status.message, path) ? 1 : 0);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (!WIFEXITED(ended))
        fail_msg("ended by signal %d", WTERMSIG(ended));
    return WEXITSTATUS(ended);
}

static void a_full_disk_is_an_error_and_no_crash(void **state)
{
    (void)state;
    char folder[] = "/tmp/moonlark-test-XXXXXX", path[sizeof folder + 8];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.h5", folder);
    for (rlim_t bytes = 0; bytes <= 16384; bytes = bytes ? bytes * 4 : 64) {
        assert_int_equal(write_within(bytes, path), 1);
        assert_int_not_equal(access(path, F_OK), 0);
    }
    assert_int_equal(write_within(1 << 20, path), 0);
    remove(path);
    assert_int_equal(rmdir(folder), 0); /* and nothing lies beside it */
}

int main(void)
{
    mlk_status status;
    if (mlk_hdf5_available(&status)) {
        printf("skipped: %s\n", status.message);
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_full_disk_is_an_error_and_no_crash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

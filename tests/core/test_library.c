/* Libraries that are loaded when needed: what the machine lacked then is no reason to do without them later. */
#include "test.h"

#include "audio/ffmpeg.h"
#include "dsp/rubberband.h"
#include "library.h"
#include "store/hdf5_library.h"

#include <string.h>
#include <sys/resource.h>

/* So that not one file more can be opened. Returns the limit as it was. */
static struct rlimit open_nothing(void)
{
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

static void too_many_open_files_pass(void **state)
{
    (void)state;
    mlk_code (*const loads[])(mlk_status *) = {mlk_ffmpeg_load, mlk_rubberband_load, mlk_hdf5_available};
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        mlk_status status = {0};
        struct rlimit before = open_nothing();
        mlk_code lacking = loads[i](&status);
        mlk_code again = loads[i](NULL);
        setrlimit(RLIMIT_NOFILE, &before);
        assert_int_equal(lacking, MLK_EXHAUSTED);
        assert_int_equal(again, MLK_EXHAUSTED);
        assert_non_null(strstr(status.message, "too many open files for this process"));
        assert_non_null(strstr(status.message, "cannot load lib"));
        mlk_code later = loads[i](&status);
        assert_true(later == MLK_OK || later == MLK_UNSUPPORTED);
        struct rlimit same = open_nothing();
        assert_int_equal(loads[i](&status), later); /* settled */
        setrlimit(RLIMIT_NOFILE, &same);
    }
}

static int calls;

static mlk_code missing(mlk_status *status)
{
    void *handle;
    calls++;
    return mlk_library_open("libmoonlark-that-is-nowhere.so.1", &handle, status);
}

static void what_is_not_there_is_asked_for_once(void **state)
{
    (void)state;
    static mlk_library library = MLK_LIBRARY;
    mlk_status status;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mlk_library_load(&library, missing, &status), MLK_UNSUPPORTED);
        assert_non_null(strstr(status.message, "libmoonlark-that-is-nowhere"));
    }
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_open_files_pass),
        cmocka_unit_test(what_is_not_there_is_asked_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

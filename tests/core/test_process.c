/* Programs are run, their ends told apart, and a time limit ends all that they started. */
#include "test.h"

#include "interrupt.h"
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mlk_process_result run(const char *script, mlk_process_options options)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    mlk_process_result result;
    mlk_status status;
    assert_int_equal(mlk_process_run(argv, &options, &result, &status), MLK_OK);
    return result;
}

static void captures_both_streams(void **state)
{
    (void)state;
    mlk_process_result result = run("echo hello; echo trouble >&2; exit 7", (mlk_process_options){0});
    assert_int_equal(result.exit_code, 7);
    assert_int_equal(result.signal, 0);
    assert_false(result.timed_out);
    assert_string_equal(result.out, "hello\n");
    assert_string_equal(result.err, "trouble\n");
    mlk_process_result_clear(&result);
}

static void tells_a_signal_from_an_exit(void **state)
{
    (void)state;
    mlk_process_result result = run("kill -USR1 $$", (mlk_process_options){0});
    assert_int_equal(result.exit_code, -1);
    assert_int_equal(result.signal, SIGUSR1);
    mlk_process_result_clear(&result);
}

static void silence_is_an_empty_string(void **state)
{
    (void)state;
    mlk_process_result result = run("exec >&- 2>&-; sleep 0.1; exit 3", (mlk_process_options){0});
    assert_int_equal(result.exit_code, 3);
    assert_string_equal(result.out, "");
    assert_string_equal(result.err, "");
    mlk_process_result_clear(&result);
}

/* Much more than a pipe holds, on both streams at once. */
static void large_output_does_not_block(void **state)
{
    (void)state;
    mlk_process_result result =
        run("head -c 3000000 /dev/zero & head -c 2000000 /dev/zero >&2; wait", (mlk_process_options){0});
    assert_int_equal(result.exit_code, 0);
    assert_int_equal(result.out_size, 3000000);
    assert_int_equal(result.err_size, 2000000);
    mlk_process_result_clear(&result);

    result = run("head -c 3000000 /dev/zero", (mlk_process_options){.capture_bytes = 1000});
    assert_int_equal(result.exit_code, 0);
    assert_int_equal(result.out_size, 1000);
    mlk_process_result_clear(&result);
}

static void a_missing_program_is_named(void **state)
{
    (void)state;
    const char *argv[] = {"no-such-program-here", NULL};
    mlk_process_options options = {0};
    mlk_process_result result;
    mlk_status status;
    assert_int_equal(mlk_process_run(argv, &options, &result, &status), MLK_UNSUPPORTED);
    assert_string_equal(status.message, "there is no program named no-such-program-here");

    const char *folder[] = {"/", NULL};
    assert_int_equal(mlk_process_run(folder, &options, &result, &status), MLK_IO);
    options.directory = "/no/such/folder";
    const char *fine[] = {"true", NULL};
    assert_int_equal(mlk_process_run(fine, &options, &result, &status), MLK_IO);
    assert_non_null(strstr(status.message, "/no/such/folder"));
}

/* True while the process runs: it exists and is no zombie that awaits its parent. */
static bool alive(int pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool read = fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    fclose(file);
    return read && state != 'Z';
}

static void timeout_kills_the_group(void **state)
{
    (void)state;
    mlk_process_result result = run("sleep 60 & echo $!; wait", (mlk_process_options){.timeout_s = 0.5});
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGKILL);
    int child = atoi(result.out);
    assert_true(child > 0);
    for (int tries = 0; tries < 100 && alive(child); tries++)
        usleep(10000); /* a kill takes effect soon, not at once */
    assert_false(alive(child));
    mlk_process_result_clear(&result);
}

/* A window that a program leaves behind holds the pipes open; that is not waited for. */
static void a_grandchild_is_not_waited_for(void **state)
{
    (void)state;
    mlk_process_result result = run("sleep 60 & echo $!", (mlk_process_options){0});
    assert_int_equal(result.exit_code, 0);
    int child = atoi(result.out);
    assert_true(alive(child));
    kill(child, SIGKILL);
    mlk_process_result_clear(&result);
}

static atomic_int flag;

static void raise_flag(int number)
{
    (void)number;
    flag = 1;
}

static void interruption_kills_it(void **state)
{
    (void)state;
    signal(SIGALRM, raise_flag);
    flag = 0;
    mlk_interrupt_watch(&flag);
    alarm(1);
    const char *argv[] = {"sleep", "60", NULL};
    mlk_process_options options = {0};
    mlk_process_result result;
    mlk_status status;
    assert_int_equal(mlk_process_run(argv, &options, &result, &status), MLK_INTERRUPTED);
    mlk_interrupt_watch(NULL);
}

static void directory_environment_and_files(void **state)
{
    (void)state;
    setenv("MOONLARK_KEPT", "kept", 1);
    setenv("MOONLARK_CHANGED", "old", 1);
    const char *const environment[] = {"MOONLARK_CHANGED=new", "MOONLARK_ADDED=a b", NULL};
    int open_file = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    mlk_process_result result = run("pwd; echo $MOONLARK_KEPT $MOONLARK_CHANGED $MOONLARK_ADDED; cat; ls /proc/$$/fd",
                                    (mlk_process_options){.directory = "/", .environment = environment});
    assert_string_equal(result.out, "/\nkept new a b\n0\n1\n2\n");
    mlk_process_result_clear(&result);
    close(open_file);
}

/* What a child sees of its locale when the caller's is this; NULL: not set. */
static void expect_locale(const char *lc_all, const char *lc_ctype, const char *lang, const char *seen)
{
    const char *const variables[][2] = {{"LC_ALL", lc_all}, {"LC_CTYPE", lc_ctype}, {"LANG", lang}};
    for (int i = 0; i < 3; i++) {
        if (variables[i][1])
            setenv(variables[i][0], variables[i][1], 1);
        else
            unsetenv(variables[i][0]);
    }
    setenv("LC_NUMERIC", "C", 1);
    mlk_process_result result = run("echo ${LC_ALL-none} ${LC_CTYPE-none} ${LANG-none} ${LC_NUMERIC-none}",
                                    (mlk_process_options){0});
    assert_string_equal(result.out, seen);
    mlk_process_result_clear(&result);
}

static void text_is_utf8_whatever_the_locale(void **state)
{
    (void)state;
    expect_locale(NULL, NULL, NULL, "none C.UTF-8 none C\n");
    expect_locale(NULL, NULL, "C", "none C.UTF-8 C C\n");
    expect_locale(NULL, "POSIX", "C.UTF-8", "none C.UTF-8 C.UTF-8 C\n");
    expect_locale("", "", "xx_XX.UTF-8", "C.UTF-8 xx_XX.UTF-8 C\n"); /* a locale that the system lacks */
    expect_locale("C", "C.UTF-8", "de_DE", "none C.UTF-8 C none\n"); /* LC_ALL overrides the others */

    expect_locale(NULL, NULL, "C.UTF-8", "none none C.UTF-8 C\n"); /* what is right stays */
    expect_locale("C.UTF-8", "C", "C", "C.UTF-8 C C C\n");
    for (int i = 0; i < 4; i++)
        unsetenv((const char *[]){"LC_ALL", "LC_CTYPE", "LANG", "LC_NUMERIC"}[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_both_streams),
        cmocka_unit_test(tells_a_signal_from_an_exit),
        cmocka_unit_test(silence_is_an_empty_string),
        cmocka_unit_test(large_output_does_not_block),
        cmocka_unit_test(a_missing_program_is_named),
        cmocka_unit_test(timeout_kills_the_group),
        cmocka_unit_test(a_grandchild_is_not_waited_for),
        cmocka_unit_test(interruption_kills_it),
        cmocka_unit_test(directory_environment_and_files),
        cmocka_unit_test(text_is_utf8_whatever_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

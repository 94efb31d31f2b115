/* What a process can no longer do once its sandbox is closed. Each case is a child of its own. */
#include "test.h"

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FINE = 0, HELD = 3, NOT_CLOSED = 4, MEGABYTE = 1 << 20 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool watched = true;
#else
static const bool watched = false;
#endif

/* Runs it within the sandbox; how that ended. */
static int within(void (*act)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool calls = false;
        mlk_status status;
        mlk_sandbox_limits limits = {.memory_bytes = 64 * MEGABYTE, .file_bytes = 4096, .processor_s = 1};
        if (mlk_sandbox_close(&limits, &calls, &status))
            _exit(NOT_CLOSED);
        act();
        _exit(FINE);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    return ended;
}

static bool has_seccomp(void)
{
    return !watched && prctl(PR_GET_SECCOMP) >= 0;
}

static void expect_exit(void (*act)(void), int code)
{
    int ended = within(act);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), code);
}

static void expect_signal(void (*act)(void), int signal_number)
{
    int ended = within(act);
    assert_true(WIFSIGNALED(ended));
    assert_int_equal(WTERMSIG(ended), signal_number);
}

/* --- what goes on --- */

static void work(void)
{
    char bytes[4096];
    char *memory = malloc(16 * MEGABYTE);
    if (!memory)
        _exit(HELD);
    memset(memory, 1, 16 * MEGABYTE);
    free(memory);
    if (pread(STDIN_FILENO, bytes, sizeof bytes, 0) < 0 && errno != ESPIPE)
        _exit(HELD);
}

static void decoding_goes_on(void **state)
{
    (void)state;
    expect_exit(work, FINE);
}

/* --- what does not --- */

static void open_file(void)
{
    _exit(open("/etc/passwd", O_RDONLY) < 0 && (errno == EACCES || errno == EMFILE) ? HELD : FINE);
}

static void connect_out(void)
{
    if (socket(AF_INET, SOCK_STREAM, 0) < 0)
        _exit(HELD);
}

static void start_program(void)
{
    execl("/bin/true", "true", NULL);
}

static void start_process(void)
{
    if (fork() < 0)
        _exit(HELD);
}

static void map_code(void)
{
    mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void kill_parent(void)
{
    kill(getppid(), 0);
}

static void no_file_can_be_opened(void **state)
{
    (void)state;
    expect_exit(open_file, HELD);
}

static void other_calls_end_it(void **state)
{
    (void)state;
    if (!has_seccomp())
        skip();
    expect_signal(connect_out, SIGSYS);
    expect_signal(start_program, SIGSYS);
    expect_signal(start_process, SIGSYS);
    expect_signal(map_code, SIGSYS);
    expect_signal(kill_parent, SIGSYS);
}

/* --- limits --- */

static void take_memory(void)
{
    _exit(malloc((size_t)128 * MEGABYTE) ? FINE : HELD);
}

static void compute(void)
{
    for (volatile unsigned i = 0;; i++)
        continue;
}

static int output;

static void write_file(void)
{
    char bytes[3000] = "";
    if (write(output, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
        _exit(NOT_CLOSED);
    if (write(output, bytes, sizeof bytes) != 1096)
        _exit(NOT_CLOSED);
    _exit(write(output, bytes, sizeof bytes) < 0 && errno == EFBIG ? HELD : FINE);
}

static void memory_has_an_end(void **state)
{
    (void)state;
    if (watched)
        skip();
    expect_exit(take_memory, HELD);
}

static void computing_has_an_end(void **state)
{
    (void)state;
    expect_signal(compute, SIGXCPU);
}

static void files_have_an_end(void **state)
{
    (void)state;
    char path[] = "/tmp/moonlark-sandbox-XXXXXX";
    output = mkstemp(path);
    assert_true(output >= 0);
    unlink(path);
    expect_exit(write_file, HELD);
    close(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_goes_on),
        cmocka_unit_test(no_file_can_be_opened),
        cmocka_unit_test(other_calls_end_it),
        cmocka_unit_test(memory_has_an_end),
        cmocka_unit_test(computing_has_an_end),
        cmocka_unit_test(files_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

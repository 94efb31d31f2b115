/* The terminal is asked what it can do; a pseudo-terminal plays its part. */
#include "pseudo_terminal.h"
#include "test.h"

#include "terminal.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct emulator {
    int master;
    const char *answer; /* NULL: silent */
} emulator;

/* Waits for the question and answers it. */
static void *answer(void *argument)
{
    emulator *self = argument;
    char question[16] = "";
    size_t length = 0;
    while (length < 3) {
        ssize_t count = read(self->master, question + length, sizeof question - 1 - length);
        if (count <= 0)
            return NULL;
        length += (size_t)count;
    }
    if (strcmp(question, "\033[c") == 0 && self->answer)
        (void)!write(self->master, self->answer, strlen(self->answer));
    return NULL;
}

/* Asks in a child whose controlling terminal is the pseudo-terminal: 1 yes, 0 no. */
static int ask(const char *reply)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    const char *name = ptsname(master);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setsid();
        int slave = open(name, O_RDWR);
        _exit(mlk_terminal_sixel(slave, reply ? 10 : 0.2));
    }
    emulator emulator = {master, reply};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, answer, &emulator), 0);
    int ended;
    waitpid(child, &ended, 0);
    pthread_join(thread, NULL);
    close(master);
    return WEXITSTATUS(ended);
}

static void sixel_is_attribute_four(void **state)
{
    (void)state;
    if (!pseudo_terminal_is_there())
        skip();
    assert_int_equal(ask("\033[?62;4;22c"), 1);
    assert_int_equal(ask("\033[?64;1;2;4c"), 1);
    assert_int_equal(ask("\033[?4;1c"), 0); /* the first number is the terminal's class */
    assert_int_equal(ask("\033[?62;14;40c"), 0);
    assert_int_equal(ask("nonsense c"), 0);
    assert_int_equal(ask(NULL), 0);
}

static void what_is_no_terminal_can_nothing(void **state)
{
    (void)state;
    mlk_terminal_size size;
    int file = open("/dev/null", O_RDWR);
    assert_false(mlk_terminal_sixel(file, 1));
    assert_false(mlk_terminal_measure(file, &size));
    close(file);
}

static void size_is_the_window_s(void **state)
{
    (void)state;
    if (!pseudo_terminal_is_there())
        skip();
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct winsize window = {.ws_col = 100, .ws_row = 30};
    assert_int_equal(ioctl(master, TIOCSWINSZ, &window), 0);
    mlk_terminal_size size;
    assert_true(mlk_terminal_measure(master, &size));
    assert_int_equal(size.columns, 100);
    assert_int_equal(size.rows, 30);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixel_is_attribute_four),
        cmocka_unit_test(what_is_no_terminal_can_nothing),
        cmocka_unit_test(size_is_the_window_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

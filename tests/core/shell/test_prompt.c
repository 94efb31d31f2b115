/* The prompt as a person has it: moonlark in a pseudo-terminal, keys sent, answers waited for. */
#include "../pseudo_terminal.h"
#include "test.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60 }; /* the machine may be busy; what is awaited normally comes at once */

#define CTRL_C "\003"
#define CTRL_D "\004"
#define UP "\033[A"

typedef struct session {
    pid_t child;
    int terminal;
    char heard[65536]; /* since the last expect */
    size_t length;
} session;

static char program[PATH_MAX]; /* moonlark lies beside this test */
static char state_home[] = "/tmp/moonlark-prompt-XXXXXX";
static const char *history_home = state_home;

static void start(session *self, const char *first_argument)
{
    struct winsize size = {.ws_row = 24, .ws_col = 100};
    memset(self, 0, sizeof *self);
    self->child = forkpty(&self->terminal, NULL, NULL, &size);
    assert_true(self->child >= 0);
    if (self->child == 0) {
        setenv("TERM", "xterm", 1);
        setenv("INPUTRC", "/dev/null", 1);
        setenv("XDG_STATE_HOME", history_home, 1);
        unsetenv("MOONLARK_TRACE");
        execl(program, "moonlark", first_argument, (char *)NULL);
        _exit(127);
    }
}

static void type(session *self, const char *keys)
{
    size_t length = strlen(keys);
    assert_int_equal(write(self->terminal, keys, length), (ssize_t)length);
}

/* Takes in what comes within the time; false at the end of the session. */
static bool hear(session *self, int milliseconds)
{
    struct pollfd ready = {.fd = self->terminal, .events = POLLIN};
    if (poll(&ready, 1, milliseconds) <= 0)
        return true;
    if (self->length > sizeof self->heard - 4097) { /* keep the newer half */
        size_t half = self->length / 2;
        memmove(self->heard, self->heard + half, self->length - half);
        self->length -= half;
    }
    ssize_t got = read(self->terminal, self->heard + self->length, 4096);
    if (got <= 0)
        return false;
    for (ssize_t i = 0; i < got; i++) /* zeros would hide the rest */
        if (self->heard[self->length + (size_t)i] == '\0')
            self->heard[self->length + (size_t)i] = ' ';
    self->length += (size_t)got;
    self->heard[self->length] = '\0';
    return true;
}

/* Waits until `text` has been printed; what came up to it is forgotten. */
static void expect(session *self, const char *text)
{
    time_t end = time(NULL) + PATIENCE_S;
    char *found;
    while (!(found = strstr(self->heard, text))) {
        if (hear(self, 100) && time(NULL) <= end)
            continue;
        kill(self->child, SIGKILL);
        fail_msg("waited for \"%s\", heard:\n%s", text, self->heard);
    }
    found += strlen(text);
    self->length -= (size_t)(found - self->heard);
    memmove(self->heard, found, self->length + 1);
}

static void expect_prompt(session *self)
{
    expect(self, "> ");
}

/* Lets the program reach what it was told to do. */
static void pause_ms(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000}, NULL);
}

static int exit_code(session *self)
{
    int status = 0;
    time_t end = time(NULL) + PATIENCE_S;
    while (waitpid(self->child, &status, WNOHANG) == 0) {
        if (time(NULL) > end) {
            kill(self->child, SIGKILL);
            fail_msg("the program does not end; heard:\n%s", self->heard);
        }
        if (!hear(self, 50))
            pause_ms(10);
    }
    close(self->terminal);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Only at a prompt: between two lines the terminal itself would swallow the Ctrl-D. */
static void leave(session *self)
{
    type(self, CTRL_D);
    assert_int_equal(exit_code(self), 0);
}

/* Each stops what runs; afterwards the session must still know its variables. */
static void interrupt(session *self, const char *code)
{
    type(self, code);
    pause_ms(300);
    type(self, CTRL_C);
    expect(self, "interrupted");
    expect_prompt(self);
    type(self, "'kept' .. 20 + kept\n");
    expect(self, "\"kept42\"");
    expect_prompt(self);
}

static void values_errors_and_more_lines(void **state)
{
    (void)state;
    session self;
    start(&self, NULL);
    expect_prompt(&self);
    type(&self, "6 * 7, 'a\\nb', {1, x = {true}}\n");
    expect(&self, "42\r\n\"a\\nb\"\r\n{1, x = {true}}");
    expect_prompt(&self);

    type(&self, "prnt('x')\n"); /* a slip of the finger: the line, the name, and the session goes on */
    expect(&self, "prompt:1: attempt to call a nil value (global 'prnt')");
    expect_prompt(&self);
    type(&self, "x = = 2\n");
    expect(&self, "prompt:1: unexpected symbol near '='");
    expect_prompt(&self);
    type(&self, "audio.load 'no such file.wav'\n");
    expect(&self, "prompt:1: ");
    expect(&self, "no such file.wav");
    expect_prompt(&self);

    type(&self, "function twice(n)\n");
    expect(&self, ">> ");
    type(&self, "return 2 * n\n");
    expect(&self, ">> ");
    type(&self, "end\n");
    expect_prompt(&self);
    type(&self, "twice(21.5)\n");
    expect(&self, "43.0");
    expect_prompt(&self);

    type(&self, "local here = 'stays'\n");
    expect_prompt(&self);
    type(&self, "here:upper()\n");
    expect(&self, "\"STAYS\"");
    expect_prompt(&self);

    type(&self, "\033[200~for i = 7, 8 do\n\tprint('row', i)\nend\033[201~\n"); /* a bracketed paste is one entry */
    expect(&self, "row\t7\r\nrow\t8");
    expect_prompt(&self);
    leave(&self);
}

static void ctrl_c_stops_everything_and_loses_nothing(void **state)
{
    (void)state;
    session self;
    start(&self, NULL);
    expect_prompt(&self);
    type(&self, "kept = 22\n");
    expect_prompt(&self);
    interrupt(&self, "while true do end\n");
    interrupt(&self, "coroutine.wrap(function() while true do end end)()\n");
    interrupt(&self, "while true do pcall(function() while true do end end) end\n");
    interrupt(&self, "while true do xpcall(error, function() return 1 end) end\n");
    interrupt(&self, "co = coroutine.create(function() while true do pcall(coroutine.yield) end end) "
                     "while true do coroutine.resume(co) end\n");

    type(&self, "half a line");
    pause_ms(200);
    type(&self, CTRL_C);
    expect(&self, "^C");
    expect_prompt(&self);
    type(&self, "function unfinished()\n");
    expect(&self, ">> ");
    type(&self, CTRL_C);
    expect(&self, "^C");
    expect_prompt(&self);
    type(&self, CTRL_C CTRL_C CTRL_C);
    expect(&self, "^C");
    type(&self, "kept + 1\n");
    expect(&self, "23\r\n");
    expect_prompt(&self);
    leave(&self);
}

static void ctrl_c_stops_loops_in_c(void **state)
{
    (void)state;
    session self;
    start(&self, NULL);
    expect_prompt(&self);
    type(&self, "kept = 22\n");
    expect_prompt(&self);
    /* An engine's loop polls the flag: it returns, and the pcall around it catches nothing. */
    interrupt(&self, "pcall(function() local s = require('moonlark_core').system repeat until s.sleep(30) end) "
                     "print 'not stopped'\n");
    leave(&self);
}

static void tab_completes(void **state)
{
    (void)state;
    session self;
    start(&self, NULL);
    expect_prompt(&self);
    type(&self, "string.rev\t('abc')\n");
    expect(&self, "\"cba\"");
    expect_prompt(&self);
    type(&self, "person = {full_name = 'Ada', greet = function(self) return 'hello ' .. self.full_name end}\n");
    expect_prompt(&self);
    type(&self, "pers\t:gr\t()\n");
    expect(&self, "\"hello Ada\"");
    expect_prompt(&self);
    type(&self, "io.open('tests/core/t\t.h'):close()\n"); /* several files begin with "test" */
    expect(&self, "true");
    expect_prompt(&self);
    type(&self, "io.open('tests/core/test.\t):close()\n"); /* one file: the quote is closed too */
    expect(&self, "true");
    expect_prompt(&self);
    type(&self, "string.\t");
    expect(&self, "byte");
    expect(&self, "upper");
    expect(&self, "> string."); /* the line again, below the list */
    type(&self, CTRL_C);
    expect(&self, "^C");
    expect_prompt(&self);
    leave(&self);
}

static void help_explains_names(void **state)
{
    (void)state;
    session self;
    start(&self, NULL);
    expect_prompt(&self);
    type(&self, "audio.load?\n");
    expect(&self, "audio.load(path, given)");
    expect(&self, "Reads a sound file");
    expect_prompt(&self);
    type(&self, "audio?\n");
    expect(&self, ".blocks(");
    expect_prompt(&self);
    type(&self, "?\n");
    expect(&self, "dataset");
    expect_prompt(&self);
    leave(&self);
}

static void history_survives(void **state)
{
    (void)state;
    session self;
    start(&self, NULL);
    expect_prompt(&self);
    type(&self, "for i = 1, 1 do\n");
    expect(&self, ">> ");
    type(&self, "print('loop' .. 100 + i) end\n");
    expect(&self, "loop101");
    expect_prompt(&self);
    type(&self, "'first' .. 1\n");
    expect(&self, "\"first1\"");
    expect_prompt(&self);
    kill(self.child, SIGKILL); /* even so */
    waitpid(self.child, NULL, 0);
    close(self.terminal);

    start(&self, NULL);
    expect_prompt(&self);
    type(&self, UP "\n");
    expect(&self, "\"first1\"");
    expect_prompt(&self);
    type(&self, UP UP "\n"); /* the loop comes back whole, both of its lines */
    expect(&self, "loop101");
    expect_prompt(&self);
    leave(&self);
}

/* There is no place for a file: the session itself remembers. */
static void history_needs_no_file(void **state)
{
    (void)state;
    session self;
    history_home = "/dev/null/nowhere";
    start(&self, NULL);
    history_home = state_home;
    expect_prompt(&self);
    type(&self, "'first' .. 1\n");
    expect(&self, "\"first1\"");
    expect_prompt(&self);
    type(&self, UP "\n");
    expect(&self, "\"first1\"");
    expect_prompt(&self);
    leave(&self);
}

/* A backspace takes a whole character, whatever the locale. */
static void lines_are_utf8(void **state)
{
    (void)state;
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++)
        unsetenv(names[i]);
    for (int i = 0; i < 3; i++) {
        session self;
        setenv(names[i], "C", 1);
        start(&self, NULL);
        unsetenv(names[i]);
        expect_prompt(&self);
        type(&self, "'one\u00e4\u266f\177two'\n");
        expect(&self, "\"one\u00e4two\"");
        expect_prompt(&self);
        leave(&self);
    }
}

static void a_script_is_interrupted_with_130(void **state)
{
    (void)state;
    session self;
    start(&self, "-eprint 'running' while true do pcall(coroutine.wrap(function() while true do end end)) end");
    expect(&self, "running");
    type(&self, CTRL_C);
    expect(&self, "interrupted at -e:1");
    assert_int_equal(exit_code(&self), 130);
}

/* At the prompt, and while something runs; also when the terminal goes away. */
static void other_signals_end_the_session(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP};
    for (int i = 0; i < 4; i++) {
        session self;
        int ended = 0;
        start(&self, NULL);
        expect_prompt(&self);
        if (i >= 2) {
            type(&self, "while true do end\n");
            pause_ms(300);
        }
        kill(self.child, signals[i % 2]);
        time_t end = time(NULL) + PATIENCE_S;
        while (waitpid(self.child, &ended, WNOHANG) == 0) {
            assert_true(time(NULL) < end);
            hear(&self, 50);
        }
        close(self.terminal);
        assert_true(WIFSIGNALED(ended));
        assert_int_equal(WTERMSIG(ended), signals[i % 2]);
    }
    session self;
    int ended = 0;
    start(&self, NULL);
    expect_prompt(&self);
    close(self.terminal);
    time_t end = time(NULL) + PATIENCE_S;
    while (waitpid(self.child, &ended, WNOHANG) == 0) {
        assert_true(time(NULL) < end);
        pause_ms(20);
    }
    assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGHUP);
}

static int make_state_home(void **state)
{
    (void)state;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 16);
    if (length < 0 || !mkdtemp(state_home))
        return -1;
    program[length] = '\0';
    strcpy(strrchr(program, '/') + 1, "moonlark");
    return 0;
}

static int remove_state_home(void **state)
{
    (void)state;
    char path[sizeof state_home + 32];
    snprintf(path, sizeof path, "%s/moonlark/history", state_home);
    unlink(path);
    snprintf(path, sizeof path, "%s/moonlark", state_home);
    rmdir(path);
    return rmdir(state_home);
}

int main(void)
{
    if (!pseudo_terminal_is_there())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_errors_and_more_lines),
        cmocka_unit_test(ctrl_c_stops_everything_and_loses_nothing),
        cmocka_unit_test(ctrl_c_stops_loops_in_c),
        cmocka_unit_test(tab_completes),
        cmocka_unit_test(help_explains_names),
        cmocka_unit_test(history_survives),
        cmocka_unit_test(history_needs_no_file),
        cmocka_unit_test(lines_are_utf8),
        cmocka_unit_test(a_script_is_interrupted_with_130),
        cmocka_unit_test(other_signals_end_the_session),
    };
    return cmocka_run_group_tests(tests, make_state_home, remove_state_home);
}

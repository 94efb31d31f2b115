#include "process.h"

#include "clock.h"
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    DEFAULT_CAPTURE = 16 << 20,
    TICK_MS = 20, /* how often the child, the clock and Ctrl-C are looked at while nothing is written */
};

/* One captured stream: the reading end of its pipe (-1 once it is closed) and what came. */
typedef struct capture {
    int fd;
    char *data;
    size_t size, room, limit;
} capture;

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Appends up to the limit; the rest is dropped. False: no memory. */
static bool keep(capture *stream, const char *bytes, size_t count)
{
    if (count > stream->limit - stream->size)
        count = stream->limit - stream->size;
    if (stream->size + count + 1 > stream->room) {
        size_t room = 2 * stream->room + count + 1;
        char *data = realloc(stream->data, room);
        if (!data)
            return false;
        stream->data = data;
        stream->room = room;
    }
    memcpy(stream->data + stream->size, bytes, count);
    stream->size += count;
    stream->data[stream->size] = '\0';
    return true;
}

/* Reads what is there now, without waiting. False: no memory. */
static bool drain(capture *stream)
{
    char bytes[65536];
    while (stream->fd >= 0) {
        ssize_t count = read(stream->fd, bytes, sizeof bytes);
        if (count > 0) {
            if (!keep(stream, bytes, (size_t)count))
                return false;
        } else if (count == 0) {
            close_end(&stream->fd);
        } else if (errno != EINTR) {
            if (errno != EAGAIN)
                close_end(&stream->fd);
            break;
        }
    }
    return true;
}

/* --- the environment --- */

/* The locale that decides how a program reads and writes text; NULL when none is set. */
static const char *text_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return value;
    }
    return NULL;
}

/* A name that ends in UTF-8 is not enough: the system must have that locale. */
static bool is_utf8(const char *name)
{
    locale_t locale = name ? newlocale(LC_CTYPE_MASK, name, (locale_t)0) : (locale_t)0;
    if (!locale)
        return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

static bool names_same(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* An environment under construction. The strings are the caller's, except the one that `own` holds. */
typedef struct variables {
    char **all; /* NULL-terminated */
    size_t count;
    char *own;
} variables;

static void set(variables *self, const char *text)
{
    size_t i = 0;
    while (i < self->count && !names_same(text, self->all[i]))
        i++;
    self->all[i] = (char *)text;
    self->count += i == self->count;
}

/* Removes those whose names begin so. */
static void drop(variables *self, const char *prefix)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++)
        if (strncmp(self->all[i], prefix, strlen(prefix)) != 0)
            self->all[kept++] = self->all[i];
    self->count = kept;
}

/* Text goes to programs and comes from them in UTF-8, whatever the locale (none in containers and under cron).
 * LC_ALL would override LC_CTYPE: LANG takes its place, with nothing between them. */
static mlk_code speak_utf8(variables *self, mlk_status *status)
{
    if (is_utf8(text_locale()))
        return MLK_OK;
    const char *everything = getenv("LC_ALL");
    if (everything && everything[0]) {
        if (asprintf(&self->own, "LANG=%s", everything) < 0) {
            self->own = NULL;
            return mlk_fail_memory(status, "a program's environment");
        }
        drop(self, "LC_");
        set(self, self->own);
    }
    set(self, "LC_CTYPE=C.UTF-8");
    return MLK_OK;
}

static void free_environment(variables *self)
{
    free(self->all);
    free(self->own);
}

/* The caller's environment, in UTF-8, with `changes` applied. */
static mlk_code make_environment(const char *const *changes, variables *made, mlk_status *status)
{
    enum { ADDED = 2 }; /* LANG and LC_CTYPE */
    size_t inherited = 0, changed = 0;
    while (environ[inherited])
        inherited++;
    while (changes && changes[changed])
        changed++;
    *made = (variables){.all = malloc((inherited + changed + ADDED + 1) * sizeof *made->all), .count = inherited};
    if (!made->all)
        return mlk_fail_memory(status, "a program's environment");
    memcpy(made->all, environ, inherited * sizeof *made->all);
    mlk_code code = speak_utf8(made, status);
    for (size_t i = 0; i < changed && !code; i++)
        set(made, changes[i]);
    made->all[made->count] = NULL;
    if (code)
        free_environment(made);
    return code;
}

/* --- running --- */

/* One of a program's streams: a descriptor of ours, or nothing. */
static int plumb(posix_spawn_file_actions_t *files, int given, int stream)
{
    return given >= 0 ? posix_spawn_file_actions_adddup2(files, given, stream)
                      : posix_spawn_file_actions_addopen(files, stream, "/dev/null", stream ? O_WRONLY : O_RDONLY, 0);
}

/* Starts the program. Returns an errno value. */
static int spawn(const char *const argv[], const mlk_process_options *options, mlk_process_streams given,
                 char **environment, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed) {
        posix_spawn_file_actions_destroy(&files);
        return failed;
    }

    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    failed = plumb(&files, given.in, 0);
    if (!failed)
        failed = plumb(&files, given.out, 1);
    if (!failed)
        failed = plumb(&files, given.err, 2);
    if (!failed && given.talk >= 0)
        failed = posix_spawn_file_actions_adddup2(&files, given.talk, 3);
    if (!failed) /* no open file of ours leaks into it */
        failed = posix_spawn_file_actions_addclosefrom_np(&files, given.talk >= 0 ? 4 : 3);
    if (!failed && options->directory)
        failed = posix_spawn_file_actions_addchdir_np(&files, options->directory);
    if (!failed)
        failed = posix_spawnp(pid, argv[0], &files, &attributes, (char *const *)argv, environment);

    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static mlk_code explain(int failed, const char *program, const mlk_process_options *options, mlk_status *status)
{
    if (options->directory && access(options->directory, X_OK) != 0)
        return mlk_fail(status, MLK_IO, "cannot run %s in %s: %s", program, options->directory, strerror(errno));
    if (failed == ENOENT)
        return mlk_fail(status, MLK_UNSUPPORTED, "there is no program named %s", program);
    return mlk_fail_system(status, failed, "cannot run", program);
}

/* Kills the whole group and takes the program's end, so that no zombie stays. */
static int kill_group(pid_t pid)
{
    int ended = 0;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        continue;
    return ended;
}

/* Reads both streams until the program has ended. */
static mlk_code wait_for(pid_t pid, const char *program, double timeout_s, capture streams[2],
                         mlk_process_result *result, mlk_status *status)
{
    double deadline = timeout_s > 0 ? mlk_now_s() + timeout_s : 0;
    int ended = 0;
    for (;;) {
        struct pollfd ends[2] = {{.fd = streams[0].fd, .events = POLLIN}, {.fd = streams[1].fd, .events = POLLIN}};
        bool silent = streams[0].fd < 0 && streams[1].fd < 0; /* most likely it is ending now: look again soon */
        poll(ends, 2, silent ? 1 : TICK_MS);

        pid_t gone = waitpid(pid, &ended, WNOHANG);
        if (!drain(&streams[0]) || !drain(&streams[1])) {
            if (gone == 0)
                kill_group(pid);
            return mlk_fail_memory(status, "what a program wrote");
        }
        if (gone == pid)
            break;
        if (gone < 0 && errno != EINTR)
            return mlk_fail(status, MLK_IO, "cannot wait for %s: %s", program, strerror(errno));
        if (mlk_interrupted()) {
            kill_group(pid);
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        }
        if (deadline > 0 && mlk_now_s() > deadline) {
            result->timed_out = true;
            ended = kill_group(pid);
            if (!drain(&streams[0]) || !drain(&streams[1]))
                return mlk_fail_memory(status, "what a program wrote");
            break;
        }
    }
    result->exit_code = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    result->signal = WIFSIGNALED(ended) ? WTERMSIG(ended) : 0;
    return MLK_OK;
}

mlk_code mlk_process_run(const char *const argv[], const mlk_process_options *options, mlk_process_result *result,
                         mlk_status *status)
{
    memset(result, 0, sizeof *result);
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    variables environment;
    capture streams[2] = {{.fd = -1}, {.fd = -1}};
    mlk_code code = make_environment(options->environment, &environment, status);
    if (code)
        return code;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        code = mlk_fail_system(status, errno, "cannot run", argv[0]);
    } else {
        pid_t pid;
        int failed = spawn(argv, options, (mlk_process_streams){-1, out[1], err[1], -1}, environment.all, &pid);
        close_end(&out[1]);
        close_end(&err[1]);
        if (failed) {
            code = explain(failed, argv[0], options, status);
        } else {
            size_t limit = options->capture_bytes ? options->capture_bytes : DEFAULT_CAPTURE;
            streams[0] = (capture){.fd = out[0], .limit = limit};
            streams[1] = (capture){.fd = err[0], .limit = limit};
            out[0] = err[0] = -1;
            fcntl(streams[0].fd, F_SETFL, O_NONBLOCK);
            fcntl(streams[1].fd, F_SETFL, O_NONBLOCK);
            code = wait_for(pid, argv[0], options->timeout_s, streams, result, status);
            if (!code && (!keep(&streams[0], "", 0) || !keep(&streams[1], "", 0)))
                code = mlk_fail_memory(status, "what a program wrote");
        }
    }
    free_environment(&environment);
    for (int end = 0; end < 2; end++) {
        close_end(&out[end]);
        close_end(&err[end]);
        close_end(&streams[end].fd);
    }
    if (code) {
        free(streams[0].data);
        free(streams[1].data);
        return code;
    }
    result->out = streams[0].data;
    result->out_size = streams[0].size;
    result->err = streams[1].data;
    result->err_size = streams[1].size;
    return MLK_OK;
}

/* A copy of a descriptor that is none of those which a program's streams become; -1 stays. */
static int out_of_the_way(int descriptor)
{
    enum { FIRST = 4 };
    return descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST);
}

mlk_code mlk_process_spawn(const char *const argv[], const mlk_process_streams *streams, pid_t *pid,
                           mlk_status *status)
{
    mlk_process_options options = {0};
    variables environment;
    mlk_code code = make_environment(NULL, &environment, status);
    if (code)
        return code;
    mlk_process_streams copies = {out_of_the_way(streams->in), out_of_the_way(streams->out),
                                  out_of_the_way(streams->err), out_of_the_way(streams->talk)};
    int failed = spawn(argv, &options, copies, environment.all, pid);
    if (failed)
        code = explain(failed, argv[0], &options, status);
    free_environment(&environment);
    close_end(&copies.in);
    close_end(&copies.out);
    close_end(&copies.err);
    close_end(&copies.talk);
    return code;
}

mlk_code mlk_process_start(const char *const argv[], int err, pid_t *pid, int *ours, mlk_status *status)
{
    int ends[2] = {-1, -1};
    mlk_code code = MLK_OK;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        code = mlk_fail_system(status, errno, "cannot run", argv[0]);
    else
        code = mlk_process_spawn(argv, &(mlk_process_streams){-1, -1, err, ends[1]}, pid, status);
    if (!code)
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    close_end(&ends[1]);
    if (code)
        close_end(&ends[0]);
    *ours = ends[0];
    return code;
}

int mlk_process_end(pid_t pid, double patience_s)
{
    int ended = 0;
    pid_t gone = waitpid(pid, &ended, WNOHANG);
    for (double until = mlk_now_s() + patience_s; gone == 0 && mlk_now_s() < until; gone = waitpid(pid, &ended, WNOHANG))
        usleep(500);
    return gone == pid ? ended : kill_group(pid);
}

void mlk_process_follow_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void mlk_process_result_clear(mlk_process_result *result)
{
    free(result->out);
    free(result->err);
    memset(result, 0, sizeof *result);
}

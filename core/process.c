#include "process.h"

#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

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

/* The caller's environment with `changes` applied; NULL when memory is short. The strings are shared. */
static char **changed_environment(const char *const *changes)
{
    size_t inherited = 0, changed = 0, count = 0;
    while (environ[inherited])
        inherited++;
    while (changes && changes[changed])
        changed++;
    char **all = malloc((inherited + changed + 1) * sizeof *all);
    if (!all)
        return NULL;
    for (size_t i = 0; i < inherited; i++) {
        bool replaced = false;
        size_t name = strcspn(environ[i], "=") + 1;
        for (size_t k = 0; k < changed; k++)
            replaced = replaced || strncmp(environ[i], changes[k], name) == 0;
        if (!replaced)
            all[count++] = environ[i];
    }
    for (size_t k = 0; k < changed; k++)
        all[count++] = (char *)changes[k];
    all[count] = NULL;
    return all;
}

/* Starts the program with its output on the two pipes' writing ends. Returns an errno value. */
static int spawn(const char *const argv[], const mlk_process_options *options, int out, int err, char **environment,
                 pid_t *pid)
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

    failed = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&files, out, 1);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&files, err, 2);
    if (!failed)
        failed = posix_spawn_file_actions_addclosefrom_np(&files, 3); /* no open file of ours leaks into it */
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
    return mlk_fail(status, MLK_IO, "cannot run %s: %s", program, strerror(failed));
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
    double deadline = timeout_s > 0 ? now_s() + timeout_s : 0;
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
        if (deadline > 0 && now_s() > deadline) {
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
    char **environment = changed_environment(options->environment);
    capture streams[2] = {{.fd = -1}, {.fd = -1}};
    mlk_code code = MLK_OK;
    if (!environment)
        return mlk_fail_memory(status, "a program's environment");

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        code = mlk_fail(status, MLK_IO, "cannot run %s: %s", argv[0], strerror(errno));
    } else {
        pid_t pid;
        int failed = spawn(argv, options, out[1], err[1], environment, &pid);
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
    free(environment);
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

void mlk_process_result_clear(mlk_process_result *result)
{
    free(result->out);
    free(result->err);
    memset(result, 0, sizeof *result);
}

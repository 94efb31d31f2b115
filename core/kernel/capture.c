#include "kernel/capture.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STREAMS = 2, PIECE = 1 << 18, PIPE = 1 << 20, EACH_MS = 25, LOOK_MS = 100 };

typedef struct stream {
    const char *name;
    int descriptor; /* 1 or 2 */
    int before;     /* what it was, or -1 */
    int pipe;       /* the end that is read, or -1 */
    char held[4];   /* the beginning of a character whose rest is to come */
    size_t held_size;
} stream;

struct mlk_capture {
    stream streams[STREAMS];
    mlk_capture_sink *sink;
    void *context;
    char *piece;
    pthread_mutex_t lock;
    pthread_t thread;
    bool running;
    atomic_bool stopping;
};

/* Bytes at the end that begin a character without ending it. */
static size_t unfinished(const char *text, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char c = (unsigned char)text[size - back];
        size_t wanted = c > 0xF4 ? 0 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 0;
        if (wanted)
            return wanted > back ? back : 0;
        if (c < 0x80)
            return 0;
    }
    return 0;
}

/* Hands on one piece of what is there; false when there was none. `all`: also a character without its end. */
static bool read_piece(mlk_capture *capture, stream *from, bool all)
{
    memcpy(capture->piece, from->held, from->held_size);
    ssize_t count = read(from->pipe, capture->piece + from->held_size, PIECE - sizeof from->held);
    size_t size = from->held_size + (count > 0 ? (size_t)count : 0);
    from->held_size = all && count <= 0 ? 0 : unfinished(capture->piece, size);
    size -= from->held_size;
    memcpy(from->held, capture->piece + size, from->held_size);
    if (size > 0)
        capture->sink(capture->context, from->name, (mlk_bytes){capture->piece, size});
    return count > 0;
}

void mlk_capture_flush(mlk_capture *capture)
{
    fflush(stdout);
    fflush(stderr);
    pthread_mutex_lock(&capture->lock);
    for (int i = 0; i < STREAMS; i++) {
        /* what a pipe can hold, and not for ever: another process may go on writing */
        for (int pieces = 0; pieces <= PIPE / PIECE && read_piece(capture, &capture->streams[i], true); pieces++) {
        }
    }
    pthread_mutex_unlock(&capture->lock);
}

static void *watch(void *argument)
{
    mlk_capture *capture = argument;
    struct pollfd items[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        items[i] = (struct pollfd){.fd = capture->streams[i].pipe, .events = POLLIN};
    while (!atomic_load(&capture->stopping)) {
        if (poll(items, STREAMS, LOOK_MS) <= 0)
            continue;
        nanosleep(&(struct timespec){.tv_nsec = EACH_MS * 1000000L}, NULL); /* more may come: one message for all */
        pthread_mutex_lock(&capture->lock);
        for (int i = 0; i < STREAMS; i++)
            if (items[i].revents & POLLIN)
                read_piece(capture, &capture->streams[i], false);
        pthread_mutex_unlock(&capture->lock);
    }
    return NULL;
}

static mlk_code redirect(stream *to, mlk_status *status)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return mlk_fail_system(status, errno, "cannot make", "a pipe");
    to->pipe = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETPIPE_SZ, PIPE); /* what the system allows; less does, too */
    to->before = fcntl(to->descriptor, F_DUPFD_CLOEXEC, 3);
    bool moved = dup2(ends[1], to->descriptor) >= 0;
    int error = errno;
    close(ends[1]);
    return moved ? MLK_OK : mlk_fail_system(status, error, "cannot redirect", to->name);
}

/* Nothing reads from a terminal behind the notebook's back. */
static void close_input(void)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing > 0) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
}

static void put_back(stream *from)
{
    if (from->before >= 0) {
        dup2(from->before, from->descriptor);
        close(from->before);
        from->before = -1;
    }
}

/* Signals are for the thread that runs Lua. */
static mlk_code start_thread(mlk_capture *capture, mlk_status *status)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&capture->thread, NULL, watch, capture);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    capture->running = error == 0;
    return error ? mlk_fail(status, MLK_EXHAUSTED, "cannot start a thread: %s", strerror(error)) : MLK_OK;
}

mlk_code mlk_capture_start(mlk_capture_sink *sink, void *context, mlk_capture **out, mlk_status *status)
{
    mlk_capture *capture = *out = calloc(1, sizeof *capture);
    char *piece = malloc(PIECE);
    if (!capture || !piece) {
        free(capture);
        free(piece);
        *out = NULL;
        return mlk_fail_memory(status, "what is printed");
    }
    *capture = (mlk_capture){.streams = {{.name = "stdout", .descriptor = 1, .before = -1, .pipe = -1},
                                         {.name = "stderr", .descriptor = 2, .before = -1, .pipe = -1}},
                             .sink = sink, .context = context, .piece = piece, .lock = PTHREAD_MUTEX_INITIALIZER};
    fflush(stdout);
    close_input();
    mlk_code code = redirect(&capture->streams[0], status);
    if (!code)
        code = redirect(&capture->streams[1], status);
    if (!code)
        code = start_thread(capture, status);
    setvbuf(stdout, NULL, _IOLBF, 0); /* as on a terminal: lines arrive as they are written */
    if (code) {
        mlk_capture_stop(capture);
        *out = NULL;
    }
    return code;
}

void mlk_capture_stop(mlk_capture *capture)
{
    if (!capture)
        return;
    if (capture->running)
        mlk_capture_flush(capture); /* while the thread reads, nothing written can wait for room */
    atomic_store(&capture->stopping, true);
    if (capture->running)
        pthread_join(capture->thread, NULL);
    if (capture->streams[0].pipe >= 0 && capture->streams[1].pipe >= 0)
        mlk_capture_flush(capture);
    for (int i = 0; i < STREAMS; i++) {
        put_back(&capture->streams[i]);
        if (capture->streams[i].pipe >= 0)
            close(capture->streams[i].pipe);
    }
    pthread_mutex_destroy(&capture->lock);
    free(capture->piece);
    free(capture);
}

#include "vamp/session.h"

#include "clock.h"
#include "interrupt.h"
#include "process.h"
#include "vamp/message.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 50 /* how often Ctrl-C is looked at */, CHUNK = 1 << 16, LAST_WORDS_S = 2 };

/* Bytes that grow. */
typedef struct heap {
    char *data;
    size_t size, room;
} heap;

struct mlk_vamp_session {
    pid_t pid; /* 0: it has ended */
    int socket;
    double timeout_s, moved_s; /* when something went in or came out */
    heap inbox;                /* messages that are not whole */
    heap times, durations, counts, values, labels, about;
    size_t most_bytes;         /* of these */
    mlk_vamp_heard heard;
    bool over;                 /* END came */
};

static bool put(heap *self, const void *data, size_t bytes)
{
    if (self->size + bytes > self->room) {
        size_t room = 2 * self->room + bytes;
        char *grown = realloc(self->data, room);
        if (!grown)
            return false;
        self->data = grown;
        self->room = room;
    }
    if (bytes > 0)
        memcpy(self->data + self->size, data, bytes);
    self->size += bytes;
    return true;
}

static mlk_code no_memory(mlk_status *status)
{
    return mlk_fail_memory(status, "the results of a plugin");
}

/* --- how it ends --- */

static int end_process(mlk_vamp_session *self, double patience_s)
{
    int ended = self->pid ? mlk_process_end(self->pid, patience_s) : 0;
    self->pid = 0;
    return ended;
}

static mlk_code fail(mlk_vamp_session *self, mlk_code code, mlk_status *status, const char *why)
{
    end_process(self, 0);
    return mlk_fail(status, code, "%s", why);
}

/* The socket was closed before all was told. */
static mlk_code explain_death(mlk_vamp_session *self, mlk_status *status)
{
    int ended = end_process(self, LAST_WORDS_S);
    if (WIFSIGNALED(ended))
        return mlk_fail(status, MLK_INVALID, "it crashed (%s)", strsignal(WTERMSIG(ended)));
    return mlk_fail(status, MLK_INVALID, "it ended its process (exit code %d)", WEXITSTATUS(ended));
}

/* --- messages --- */

static bool is_too_much(const mlk_vamp_session *self)
{
    return self->times.size + self->durations.size + self->counts.size + self->values.size + self->labels.size +
               self->about.size > self->most_bytes;
}

static mlk_code keep_result(mlk_vamp_session *self, const mlk_vamp_message *head, const char *body, mlk_status *status)
{
    double time_s = 1e-9 * (double)head->time_ns;
    double duration_s = head->duration_ns == MLK_VAMP_NO_DURATION ? NAN : 1e-9 * (double)head->duration_ns;
    int32_t count = (int32_t)head->n_values;
    size_t bytes = sizeof(float) * head->n_values;
    const char *label = body + bytes;
    size_t length = strnlen(label, head->text_size); /* a zero byte would look like two labels */
    if (!put(&self->times, &time_s, sizeof time_s) || !put(&self->durations, &duration_s, sizeof duration_s) ||
        !put(&self->counts, &count, sizeof count) || !put(&self->values, body, bytes) ||
        !put(&self->labels, label, length) || !put(&self->labels, "", 1))
        return no_memory(status);
    return MLK_OK;
}

static mlk_code take_message(mlk_vamp_session *self, const mlk_vamp_message *head, const char *body, mlk_status *status)
{
    switch (head->kind) {
    case MLK_VAMP_ABOUT:
        return put(&self->about, body, strnlen(body, head->text_size)) && put(&self->about, "", 1) ? MLK_OK
                                                                                                  : no_memory(status);
    case MLK_VAMP_RESULT:
        return keep_result(self, head, body, status);
    case MLK_VAMP_FAILURE:
        end_process(self, 0);
        return mlk_fail(status, MLK_INVALID, "%.*s", (int)head->text_size, body);
    case MLK_VAMP_END:
        self->over = true;
        return MLK_OK;
    default:
        return fail(self, MLK_INVALID, status, "it writes where it must not");
    }
}

/* Takes the messages that are whole out of the inbox. */
static mlk_code take_messages(mlk_vamp_session *self, mlk_status *status)
{
    size_t at = 0;
    mlk_vamp_message head;
    while (!self->over && self->inbox.size - at >= sizeof head) {
        memcpy(&head, self->inbox.data + at, sizeof head);
        if (head.n_values > MLK_VAMP_MOST_VALUES || head.text_size > MLK_VAMP_MOST_TEXT)
            return fail(self, MLK_INVALID, status, "it writes where it must not");
        size_t whole = sizeof head + sizeof(float) * head.n_values + head.text_size;
        if (self->inbox.size - at < whole)
            break;
        mlk_code code = take_message(self, &head, self->inbox.data + at + sizeof head, status);
        if (code)
            return code;
        if (is_too_much(self))
            return fail(self, MLK_INVALID, status, "it gave more results than its memory may hold");
        at += whole;
    }
    memmove(self->inbox.data, self->inbox.data + at, self->inbox.size - at);
    self->inbox.size -= at;
    return MLK_OK;
}

/* Reads what is there now. */
static mlk_code hear(mlk_vamp_session *self, mlk_status *status)
{
    char bytes[CHUNK];
    for (;;) {
        ssize_t count = recv(self->socket, bytes, sizeof bytes, 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            return MLK_OK;
        if (count <= 0)
            return self->over ? MLK_OK : explain_death(self, status);
        self->moved_s = mlk_now_s();
        if (!put(&self->inbox, bytes, (size_t)count))
            return no_memory(status);
        mlk_code code = take_messages(self, status);
        if (code || self->over)
            return code;
    }
}

/* Waits until the socket can be used as `events` say, hearing what comes. */
static mlk_code wait_for(mlk_vamp_session *self, short events, mlk_status *status)
{
    struct pollfd end = {.fd = self->socket, .events = events};
    poll(&end, 1, TICK_MS);
    if (mlk_interrupted())
        return fail(self, MLK_INTERRUPTED, status, "interrupted");
    if (mlk_now_s() - self->moved_s > self->timeout_s) {
        end_process(self, 0);
        return mlk_fail(status, MLK_INVALID, "it did nothing for %g s", self->timeout_s);
    }
    return hear(self, status);
}

/* --- the session --- */

mlk_code mlk_vamp_start(const char *const argv[], double timeout_s, size_t most_bytes, mlk_vamp_session **session,
                        mlk_status *status)
{
    mlk_vamp_session *self = calloc(1, sizeof *self);
    *session = self;
    if (!self)
        return no_memory(status);
    self->timeout_s = timeout_s;
    self->most_bytes = most_bytes;
    self->moved_s = mlk_now_s();
    self->socket = -1;
    return mlk_process_start(argv, -1, &self->pid, &self->socket, status);
}

static mlk_code check_alive(const mlk_vamp_session *self, mlk_status *status)
{
    return self->pid ? MLK_OK : mlk_fail(status, MLK_INVALID, "its process has ended");
}

mlk_code mlk_vamp_feed(mlk_vamp_session *self, const float *samples, int64_t n, mlk_status *status)
{
    const char *at = (const char *)samples, *end = at + sizeof *samples * (size_t)n;
    mlk_code code = check_alive(self, status);
    while (!code && at < end && !self->over) {
        ssize_t sent = send(self->socket, at, (size_t)(end - at), MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            self->moved_s = mlk_now_s();
            code = hear(self, status);
        } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            code = hear(self, status); /* its last words, or why there are none */
            if (!code)
                code = explain_death(self, status);
        } else {
            code = wait_for(self, POLLIN | POLLOUT, status);
        }
    }
    return code;
}

mlk_code mlk_vamp_finish(mlk_vamp_session *self, mlk_status *status)
{
    mlk_code code = check_alive(self, status);
    if (!code)
        shutdown(self->socket, SHUT_WR);
    while (!code && !self->over)
        code = wait_for(self, POLLIN, status);
    if (!code)
        end_process(self, 0);
    return code;
}

const mlk_vamp_heard *mlk_vamp_results_of(mlk_vamp_session *self)
{
    self->heard = (mlk_vamp_heard){
        .n = (int64_t)(self->counts.size / sizeof(int32_t)), .n_values = (int64_t)(self->values.size / sizeof(float)),
        .times_s = (double *)self->times.data, .durations_s = (double *)self->durations.data,
        .counts = (int32_t *)self->counts.data, .values = (float *)self->values.data, .labels = self->labels.data,
        .labels_size = self->labels.size, .about = self->about.data, .about_size = self->about.size,
    };
    return &self->heard;
}

void mlk_vamp_free(mlk_vamp_session *self)
{
    if (!self)
        return;
    end_process(self, 0);
    if (self->socket >= 0)
        close(self->socket);
    heap *heaps[] = {&self->inbox, &self->times, &self->durations, &self->counts, &self->values, &self->labels,
                     &self->about};
    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++)
        free(heaps[i]->data);
    free(self);
}

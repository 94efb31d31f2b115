#include "net/websocket.h"

#include "clock.h"
#include "net/wslay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_AT_ONCE = 1 << 16, /* bytes that a step reads: others want to be served, too */
    QUEUED_COST = 64,       /* of a frame that waits to be sent, beside its bytes */
    MOST_FRAGMENTS = 1024,  /* of a message: each costs a piece of memory, however few bytes it has */
    PROTOCOL_ERROR = WSLAY_CODE_PROTOCOL_ERROR,
};

struct mlk_websocket {
    int socket;
    mlk_websocket_limits limits;
    wslay_event_context_ptr frames;
    char *early; /* bytes that were read before it was opened */
    size_t early_at, early_size;
    size_t budget; /* bytes that may still be read in this step */
    int fragments; /* of the message that is coming */
    mlk_websocket_message *first, *last;
    size_t held;
    double heard_s, pinged_s, closing_s; /* 0: not */
    bool broken, hushed;                 /* the connection ended; we have said that nothing more comes from us */
    int fault, code;                     /* why we close, where the frame does not tell; how it ended */
};

/* --- what libwslay asks for ------------------------------------------------------------- */

static ssize_t read_early(mlk_websocket *self, uint8_t *bytes, size_t room)
{
    size_t left = self->early_size - self->early_at, n = left < room ? left : room;
    memcpy(bytes, self->early + self->early_at, n);
    self->early_at += n;
    return (ssize_t)n;
}

/* Reads without waiting. 0: there is nothing now; -1: nothing ever comes again. */
static ssize_t read_socket(mlk_websocket *self, uint8_t *bytes, size_t room)
{
    size_t most = room < self->budget ? room : self->budget;
    ssize_t n;
    if (most == 0)
        return 0;
    do
        n = recv(self->socket, bytes, most, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        self->budget -= (size_t)n;
        self->heard_s = mlk_now_s();
        return n;
    }
    self->broken = self->broken || n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return self->broken ? -1 : 0;
}

static ssize_t give_bytes(wslay_event_context_ptr frames, uint8_t *bytes, size_t room, int flags, void *user)
{
    (void)flags;
    mlk_websocket *self = user;
    ssize_t n = self->early_at < self->early_size ? read_early(self, bytes, room) : read_socket(self, bytes, room);
    if (n > 0)
        return n;
    mlk_wslay.set_error(frames, n < 0 ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t take_bytes(wslay_event_context_ptr frames, const uint8_t *bytes, size_t n, int flags, void *user)
{
    mlk_websocket *self = user;
    ssize_t sent;
    do
        sent = send(self->socket, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL | (flags & WSLAY_MSG_MORE ? MSG_MORE : 0));
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    bool later = errno == EAGAIN || errno == EWOULDBLOCK;
    self->broken = self->broken || !later;
    mlk_wslay.set_error(frames, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static bool is_control(uint8_t opcode)
{
    return opcode & 8;
}

/* Closes, and reads nothing more. */
static void refuse(mlk_websocket *self, int code)
{
    mlk_wslay.queue_close(self->frames, (uint16_t)code, NULL, 0);
    mlk_wslay.shutdown_read(self->frames);
}

static void count_fragment(wslay_event_context_ptr frames, const struct wslay_event_on_frame_recv_start_arg *frame,
                           void *user)
{
    (void)frames;
    mlk_websocket *self = user;
    if (is_control(frame->opcode))
        return;
    self->fragments = frame->opcode == WSLAY_CONTINUATION_FRAME ? self->fragments + 1 : 1;
    if (self->fragments > MOST_FRAGMENTS)
        refuse(self, MLK_WEBSOCKET_POLICY);
}

static void keep_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *came, void *user)
{
    (void)frames;
    mlk_websocket *self = user;
    if (is_control(came->opcode) || self->closing_s > 0)
        return;
    mlk_websocket_message *message = malloc(sizeof *message + came->msg_length);
    if (!message) {
        refuse(self, WSLAY_CODE_INTERNAL_SERVER_ERROR);
        return;
    }
    *message = (mlk_websocket_message){.binary = came->opcode == WSLAY_BINARY_FRAME, .size = came->msg_length};
    if (came->msg_length > 0)
        memcpy(message->bytes, came->msg, came->msg_length);
    *(self->last ? &self->last->next : &self->first) = message;
    self->last = message;
    self->held += sizeof *message + message->size;
}

/* --- its life --------------------------------------------------------------------------- */

static mlk_code start(mlk_websocket *self, const void *early, size_t n, mlk_status *status)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = give_bytes, .send_callback = take_bytes, .on_frame_recv_start_callback = count_fragment,
        .on_msg_recv_callback = keep_message,
    };
    const int yes = 1;
    mlk_code code = mlk_wslay_load(status);
    if (code)
        return code;
    self->early = malloc(n + 1);
    if (!self->early || mlk_wslay.context_server_init(&self->frames, &callbacks, self) != 0)
        return mlk_fail_memory(status, "a WebSocket");
    if (n > 0)
        memcpy(self->early, early, n);
    self->early_size = n;
    mlk_wslay.config_set_max_recv_msg_length(self->frames, self->limits.message_bytes);
    setsockopt(self->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* other sockets have no need of it */
    return MLK_OK;
}

mlk_code mlk_websocket_open(int socket, const void *early, size_t n, const mlk_websocket_limits *limits,
                            mlk_websocket **opened, mlk_status *status)
{
    mlk_websocket *self = calloc(1, sizeof *self);
    *opened = NULL;
    if (!self) {
        close(socket);
        return mlk_fail_memory(status, "a WebSocket");
    }
    *self = (mlk_websocket){.socket = socket, .limits = *limits, .heard_s = mlk_now_s()};
    mlk_code code = start(self, early, n, status);
    if (code)
        mlk_websocket_free(self);
    else
        *opened = self;
    return code;
}

void mlk_websocket_free(mlk_websocket *self)
{
    if (!self)
        return;
    if (self->socket >= 0)
        close(self->socket);
    if (self->frames)
        mlk_wslay.context_free(self->frames);
    for (mlk_websocket_message *message; (message = mlk_websocket_next(self));)
        free(message);
    free(self->early);
    free(self);
}

int mlk_websocket_descriptor(const mlk_websocket *self)
{
    return self->socket;
}

mlk_websocket_status mlk_websocket_state(const mlk_websocket *self)
{
    return self->socket < 0      ? MLK_WEBSOCKET_CLOSED
           : self->closing_s > 0 ? MLK_WEBSOCKET_CLOSING
                                 : MLK_WEBSOCKET_OPEN;
}

int mlk_websocket_code(const mlk_websocket *self)
{
    return self->code;
}

/* --- its end ---------------------------------------------------------------------------- */

static int code_of(const mlk_websocket *self)
{
    return mlk_wslay.get_close_received(self->frames) ? mlk_wslay.get_status_code_received(self->frames)
           : self->fault                              ? self->fault
           : mlk_wslay.get_close_sent(self->frames)   ? mlk_wslay.get_status_code_sent(self->frames)
                                                      : MLK_WEBSOCKET_BROKEN;
}

static void end(mlk_websocket *self)
{
    self->code = code_of(self);
    close(self->socket);
    self->socket = -1;
}

/* After a close of ours that nothing is understood after: says that nothing more comes, and waits for the other end to
 * leave. Closing at once would reset the connection, and it might never read why. */
static void hush(mlk_websocket *self)
{
    uint8_t dropped[4096];
    if (!self->hushed)
        shutdown(self->socket, SHUT_WR);
    self->hushed = true;
    while (read_socket(self, dropped, sizeof dropped) > 0)
        continue;
}

/* Notices what has become of it. */
static void settle(mlk_websocket *self, double now_s)
{
    bool sent = mlk_wslay.get_close_sent(self->frames), received = mlk_wslay.get_close_received(self->frames);
    bool deaf = !mlk_wslay.get_read_enabled(self->frames);
    if (self->closing_s == 0 && (sent || received || deaf))
        self->closing_s = now_s;
    if (sent && !received && deaf && !self->broken)
        hush(self);
    if (self->broken || (sent && received) || (self->closing_s > 0 && now_s > self->closing_s + self->limits.closing_s))
        end(self);
}

void mlk_websocket_close(mlk_websocket *self, int code, const char *reason)
{
    enum { LONGEST = 123 };
    if (mlk_websocket_state(self) != MLK_WEBSOCKET_OPEN)
        return;
    size_t length = strlen(reason);
    mlk_wslay.queue_close(self->frames, (uint16_t)code, (const uint8_t *)reason, length < LONGEST ? length : 0);
    self->closing_s = mlk_now_s();
    mlk_wslay.send(self->frames);
    settle(self, self->closing_s);
}

/* --- its work --------------------------------------------------------------------------- */

static bool is_slow(const mlk_websocket *self)
{
    size_t waiting = mlk_wslay.get_queued_msg_length(self->frames);
    return waiting + QUEUED_COST * mlk_wslay.get_queued_msg_count(self->frames) > self->limits.unsent_bytes;
}

static bool is_full(const mlk_websocket *self)
{
    return self->held >= self->limits.held_bytes;
}

short mlk_websocket_events(const mlk_websocket *self)
{
    if (self->socket < 0)
        return 0;
    int writes = mlk_wslay.want_write(self->frames) ? POLLOUT : 0;
    bool pauses = is_full(self) && self->closing_s == 0;
    return (short)((pauses ? 0 : POLLIN) | writes);
}

static void hear(mlk_websocket *self)
{
    self->budget = READ_AT_ONCE;
    if (!mlk_wslay.get_read_enabled(self->frames))
        return;
    if (mlk_wslay.recv(self->frames) != 0 && !self->broken)
        self->fault = PROTOCOL_ERROR;
    if (is_slow(self)) /* the answers to its pings */
        mlk_websocket_close(self, MLK_WEBSOCKET_POLICY, "it reads too slowly");
}

/* A silent end is asked whether it is there; one that does not answer is not. */
static void keep_alive(mlk_websocket *self, double now_s)
{
    if (is_full(self)) /* it is we who do not listen */
        self->heard_s = now_s;
    double silent_s = now_s - self->heard_s;
    if (self->heard_s > self->pinged_s && silent_s > self->limits.ping_s) {
        mlk_wslay.queue_msg(self->frames, &(struct wslay_event_msg){.opcode = WSLAY_PING});
        self->pinged_s = now_s;
    } else if (self->pinged_s > self->heard_s && now_s > self->pinged_s + self->limits.patience_s) {
        self->broken = true;
    }
}

void mlk_websocket_step(mlk_websocket *self, short revents)
{
    if (self->socket < 0)
        return;
    if ((revents & (POLLIN | POLLHUP | POLLERR)) || self->early_at < self->early_size)
        hear(self);
    if (self->socket < 0)
        return;
    double now_s = mlk_now_s();
    if (self->closing_s == 0)
        keep_alive(self, now_s);
    if (!self->broken)
        mlk_wslay.send(self->frames);
    settle(self, now_s);
}

mlk_websocket_message *mlk_websocket_next(mlk_websocket *self)
{
    mlk_websocket_message *message = self->first;
    if (!message)
        return NULL;
    self->first = message->next;
    if (!self->first)
        self->last = NULL;
    self->held -= sizeof *message + message->size;
    message->next = NULL;
    return message;
}

bool mlk_websocket_send(mlk_websocket *self, const void *bytes, size_t n, bool binary)
{
    if (mlk_websocket_state(self) != MLK_WEBSOCKET_OPEN)
        return false;
    struct wslay_event_msg message = {.opcode = binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME, .msg = bytes,
                                      .msg_length = n};
    if (is_slow(self) || mlk_wslay.queue_msg(self->frames, &message) != 0) {
        mlk_websocket_close(self, MLK_WEBSOCKET_POLICY, "it reads too slowly");
        return false;
    }
    mlk_wslay.send(self->frames);
    settle(self, mlk_now_s());
    return self->socket >= 0;
}

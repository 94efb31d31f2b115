#include "kernel/channels.h"

#include "clock.h"
#include "interrupt.h"
#include "kernel/capture.h"
#include "kernel/control.h"
#include "kernel/socket.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const mlk_channel_names[] = {"shell", "control", "stdin", "iopub", "heartbeat", NULL};

enum {
    WAITING = 4096,  /* messages that may wait for Lua; more wait in the sockets */
    LOOK_MS = 500,   /* how often the parent is looked for */
    SOON_MS = 50,    /* the same once the end has been asked for, or where something waits to be sent */
    PATIENCE_S = 2,  /* that Lua has to end by itself */
    LINGER_MS = 1000, /* that the last messages have to leave */
    CLIENT_LINGER_MS = 50, /* a kernel that has ended takes none */
};

struct mlk_channels {
    bool client;
    mlk_signer signer;
    mlk_sockets sockets;
    mlk_mailbox inbox[MLK_CHANNELS], outbox;
    mlk_control control;
    mlk_capture *capture;
    mlk_message *early;   /* see send_one */
    pthread_mutex_t lock; /* of `parent` */
    char *parent;         /* header of the message whose output comes, or NULL */
    pthread_t thread;
    bool running;
    atomic_bool closing;
};

/* --- the thread that owns the sockets ------------------------------------------------ */

/* A question to somebody whose connection does not stand yet waits for it; the next one takes its place. */
static void send_one(mlk_channels *self, mlk_message *message)
{
    mlk_message *before = message->channel == MLK_STDIN ? self->early : NULL;
    bool sent = mlk_sockets_send(&self->sockets, message);
    if (message->channel == MLK_STDIN)
        self->early = sent ? NULL : message;
    if (before != message)
        mlk_message_free(before);
    if (sent)
        mlk_message_free(message);
}

static void send_all(mlk_channels *self)
{
    if (self->early)
        send_one(self, self->early);
    for (mlk_message *message; (message = mlk_mailbox_take(&self->outbox));)
        send_one(self, message);
}

/* A message that control answers by itself is not for Lua. */
static void take_in(mlk_channels *self, mlk_message *message)
{
    mlk_status status;
    message->arrived_s = mlk_now_s();
    bool heart = message->channel == MLK_HEARTBEAT;
    if (heart && !self->client) {
        mlk_sockets_send(&self->sockets, message);
        mlk_message_free(message);
    } else if (!heart && mlk_wire_read(&self->signer, message, &status)) {
        mlk_message_free(message); /* of a stranger, or damaged */
    } else if (!self->client && mlk_control_answer(&self->control, message, &self->outbox)) {
        mlk_message_free(message);
    } else {
        mlk_mailbox_put(&self->inbox[message->channel], message);
    }
}

/* Jupyter's protocol from 5.4 on: who subscribes is welcomed. */
static void welcome(mlk_channels *self, mlk_message *subscription)
{
    const mlk_bytes *frame = subscription->frames;
    if (subscription->count == 1 && frame->size >= 1 && frame->at[0] == 1)
        mlk_control_welcome(&self->control, (mlk_bytes){frame->at + 1, frame->size - 1}, &self->outbox);
    mlk_message_free(subscription);
}

static void receive(mlk_channels *self, mlk_channel channel)
{
    enum { AT_ONCE = 64 };
    mlk_message *message;
    for (int i = 0; i < AT_ONCE && (message = mlk_sockets_receive(&self->sockets, channel)); i++) {
        if (channel == MLK_IOPUB && !self->client)
            welcome(self, message);
        else
            take_in(self, message);
    }
}

static void *serve(void *argument)
{
    mlk_channels *self = argument;
    while (!atomic_load(&self->closing)) {
        mlk_zmq_item items[MLK_CHANNELS + 1];
        for (int i = 0; i < MLK_CHANNELS; i++) {
            bool full = mlk_mailbox_count(&self->inbox[i]) >= WAITING;
            items[i] = (mlk_zmq_item){.socket = self->sockets.list[i], .events = full ? 0 : MLK_ZMQ_POLLIN};
        }
        items[MLK_CHANNELS] = (mlk_zmq_item){.fd = self->outbox.descriptor, .events = MLK_ZMQ_POLLIN};
        bool soon = self->early || mlk_control_ending(&self->control);
        int ready = mlk_zmq.zmq_poll(items, MLK_CHANNELS + 1, soon ? SOON_MS : LOOK_MS);
        for (int i = 0; i < MLK_CHANNELS && ready > 0; i++)
            if (items[i].revents & MLK_ZMQ_POLLIN)
                receive(self, (mlk_channel)i);
        send_all(self);
        if (!self->client && mlk_control_overdue(&self->control, PATIENCE_S)) {
            mlk_sockets_close(&self->sockets, LINGER_MS);
            _exit(0);
        }
    }
    send_all(self);
    return NULL;
}

static mlk_code start_thread(mlk_channels *self, mlk_status *status)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are for the thread that runs Lua */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&self->thread, NULL, serve, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    self->running = error == 0;
    return error ? mlk_fail(status, MLK_EXHAUSTED, "cannot start a thread: %s", strerror(error)) : MLK_OK;
}

/* --- what is printed ------------------------------------------------------------------- */

static void publish(void *context, const char *name, mlk_bytes text)
{
    mlk_channels *self = context;
    mlk_status status;
    pthread_mutex_lock(&self->lock);
    mlk_message *message = mlk_wire_write_stream(&self->signer, name, text, self->parent, &status);
    pthread_mutex_unlock(&self->lock);
    if (message)
        mlk_mailbox_put(&self->outbox, message);
}

mlk_code mlk_channels_output_of(mlk_channels *self, mlk_bytes header, mlk_status *status)
{
    char *copy = header.size ? strndup(header.at, header.size) : NULL;
    if (header.size && !copy)
        return mlk_fail_memory(status, "a message");
    mlk_channels_flush(self);
    pthread_mutex_lock(&self->lock);
    free(self->parent);
    self->parent = copy;
    pthread_mutex_unlock(&self->lock);
    return MLK_OK;
}

void mlk_channels_flush(mlk_channels *self)
{
    if (self->capture)
        mlk_capture_flush(self->capture);
}

/* --- opening and closing ---------------------------------------------------------------- */

static mlk_code open_boxes(mlk_channels *self, mlk_status *status)
{
    mlk_code code = mlk_mailbox_open(&self->outbox, status);
    for (int i = 0; i < MLK_CHANNELS && !code; i++)
        code = mlk_mailbox_open(&self->inbox[i], status);
    return code;
}

mlk_code mlk_channels_open(const mlk_connection *connection, mlk_channels **out, mlk_status *status)
{
    *out = NULL;
    mlk_code code = mlk_zmq_load(status);
    if (code)
        return code;
    mlk_channels *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a kernel");
    pthread_mutex_init(&self->lock, NULL);
    self->client = connection->client;
    mlk_signer_make(&self->signer, connection->key.at, connection->key.size);
    mlk_control_open(&self->control, &self->signer);
    code = open_boxes(self, status);
    if (!code)
        code = mlk_sockets_open(&self->sockets, connection->transport, connection->ip, connection->ports,
                                self->client ? self->signer.session : NULL, status);
    if (!code)
        code = start_thread(self, status);
    if (!code && !self->client)
        code = mlk_capture_start(publish, self, &self->capture, status);
    if (code)
        mlk_channels_close(self);
    else
        *out = self;
    return code;
}

void mlk_channels_close(mlk_channels *self)
{
    if (!self)
        return;
    mlk_capture_stop(self->capture);
    atomic_store(&self->closing, true);
    if (self->running) {
        mlk_message *nothing = mlk_message_new(MLK_CHANNELS, NULL);
        if (nothing)
            mlk_mailbox_put(&self->outbox, nothing); /* wakes it */
        pthread_join(self->thread, NULL);
    }
    mlk_sockets_close(&self->sockets, self->client ? CLIENT_LINGER_MS : LINGER_MS);
    mlk_control_close(&self->control);
    mlk_message_free(self->early);
    mlk_mailbox_close(&self->outbox);
    for (int i = 0; i < MLK_CHANNELS; i++)
        mlk_mailbox_close(&self->inbox[i]);
    pthread_mutex_destroy(&self->lock);
    free(self->parent);
    free(self);
}

/* --- for the thread that runs Lua --------------------------------------------------------- */

mlk_code mlk_channels_describe(mlk_channels *self, mlk_bytes kernel_info, mlk_status *status)
{
    return mlk_control_describe(&self->control, kernel_info, status);
}

bool mlk_channels_ending(mlk_channels *self)
{
    return mlk_control_ending(&self->control);
}

mlk_code mlk_channels_send(mlk_channels *self, const mlk_outgoing *outgoing, mlk_status *status)
{
    mlk_channels_flush(self);
    mlk_message *message = mlk_wire_write(&self->signer, outgoing, status);
    if (!message)
        return status->code;
    mlk_mailbox_put(&self->outbox, message);
    return MLK_OK;
}

mlk_code mlk_channels_send_frames(mlk_channels *self, mlk_channel channel, const mlk_bytes *frames, size_t n,
                                  mlk_status *status)
{
    mlk_message *message = mlk_message_new(channel, status);
    mlk_code code = message ? MLK_OK : status->code;
    for (size_t i = 0; i < n && !code; i++)
        code = mlk_message_add(message, frames[i].at, frames[i].size, status);
    if (code)
        mlk_message_free(message);
    else
        mlk_mailbox_put(&self->outbox, message);
    return code;
}

static mlk_message *take_any(mlk_channels *self, unsigned wanted)
{
    for (int i = 0; i < MLK_CHANNELS; i++) {
        mlk_message *message = wanted >> i & 1 ? mlk_mailbox_take(&self->inbox[i]) : NULL;
        if (message)
            return message;
    }
    return NULL;
}

mlk_message *mlk_channels_wait(mlk_channels *self, unsigned wanted, double seconds)
{
    enum { LOOK = 100 };
    struct pollfd items[MLK_CHANNELS];
    for (int i = 0; i < MLK_CHANNELS; i++) /* poll passes over descriptors below 0 */
        items[i] = (struct pollfd){.fd = wanted >> i & 1 ? self->inbox[i].descriptor : -1, .events = POLLIN};
    double until = mlk_now_s() + seconds;
    for (;;) {
        mlk_message *message = take_any(self, wanted);
        double left = until - mlk_now_s();
        if (message || left <= 0 || mlk_interrupted() || (!self->client && mlk_control_ending(&self->control)))
            return message;
        poll(items, MLK_CHANNELS, left < 1e-3 * LOOK ? (int)(left * 1e3) + 1 : LOOK);
    }
}

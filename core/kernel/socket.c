#include "kernel/socket.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 4096, READER_BEHIND = 10000 };
static const int64_t LARGEST = 64 << 20; /* bytes that a stranger may make us hold before his signature is seen */

static const int kernel_types[] = {MLK_ZMQ_ROUTER, MLK_ZMQ_ROUTER, MLK_ZMQ_ROUTER, MLK_ZMQ_XPUB, MLK_ZMQ_ROUTER};
static const int client_types[] = {MLK_ZMQ_DEALER, MLK_ZMQ_DEALER, MLK_ZMQ_DEALER, MLK_ZMQ_SUB, MLK_ZMQ_DEALER};

static void set(void *socket, int option, int value)
{
    mlk_zmq.zmq_setsockopt(socket, option, &value, sizeof value);
}

static void set_up(void *socket, int type, int channel)
{
    mlk_zmq.zmq_setsockopt(socket, MLK_ZMQ_MAX_MESSAGE, &LARGEST, sizeof LARGEST);
    set(socket, MLK_ZMQ_SEND_LIMIT, READER_BEHIND);
    if (type == MLK_ZMQ_XPUB)
        set(socket, MLK_ZMQ_XPUB_VERBOSE, 1);
    if (type == MLK_ZMQ_ROUTER)
        set(socket, MLK_ZMQ_ROUTER_HANDOVER, 1);
    if (type == MLK_ZMQ_ROUTER && channel == MLK_STDIN)
        set(socket, MLK_ZMQ_ROUTER_MANDATORY, 1);
    if (type == MLK_ZMQ_SUB)
        mlk_zmq.zmq_setsockopt(socket, MLK_ZMQ_SUBSCRIBE, "", 0);
}

static mlk_code open_one(mlk_sockets *sockets, int channel, const char *place, const char *client, mlk_status *status)
{
    int type = client ? client_types[channel] : kernel_types[channel];
    void *socket = sockets->list[channel] = mlk_zmq.zmq_socket(sockets->context, type);
    int failed = -1;
    if (socket) {
        set_up(socket, type, channel);
        if (client)
            mlk_zmq.zmq_setsockopt(socket, MLK_ZMQ_NAME, client, strlen(client));
        failed = client ? mlk_zmq.zmq_connect(socket, place) : mlk_zmq.zmq_bind(socket, place);
    }
    return failed ? mlk_fail(status, MLK_IO, "cannot %s %s: %s", client ? "connect to" : "listen at", place,
                             mlk_zmq.zmq_strerror(mlk_zmq.zmq_errno()))
                  : MLK_OK;
}

mlk_code mlk_sockets_open(mlk_sockets *sockets, const char *transport, const char *ip, const int ports[MLK_CHANNELS],
                          const char *client, mlk_status *status)
{
    mlk_code code = MLK_OK;
    sockets->context = mlk_zmq.zmq_ctx_new();
    if (!sockets->context)
        return mlk_fail_memory(status, "sockets");
    const char *form = strcmp(transport, "ipc") == 0 ? "%s://%s-%d" : "%s://%s:%d";
    for (int i = 0; i < MLK_CHANNELS && !code; i++) {
        char place[512];
        snprintf(place, sizeof place, form, transport, ip, ports[i]);
        code = open_one(sockets, i, place, client, status);
    }
    return code;
}

void mlk_sockets_close(mlk_sockets *sockets, int linger_ms)
{
    if (!sockets->context)
        return;
    for (int i = 0; i < MLK_CHANNELS; i++) {
        if (!sockets->list[i])
            continue;
        set(sockets->list[i], MLK_ZMQ_LINGER, linger_ms);
        mlk_zmq.zmq_close(sockets->list[i]);
    }
    mlk_zmq.zmq_ctx_term(sockets->context);
    *sockets = (mlk_sockets){0};
}

bool mlk_sockets_send(mlk_sockets *sockets, const mlk_message *message)
{
    if (message->channel >= MLK_CHANNELS)
        return true;
    for (size_t i = 0; i < message->count; i++) {
        int more = i + 1 < message->count ? MLK_ZMQ_MORE : 0;
        const mlk_bytes *frame = &message->frames[i];
        if (mlk_zmq.zmq_send(sockets->list[message->channel], frame->at, frame->size, MLK_ZMQ_DONT_WAIT | more) < 0)
            return mlk_zmq.zmq_errno() != EHOSTUNREACH;
    }
    return true;
}

mlk_message *mlk_sockets_receive(mlk_sockets *sockets, mlk_channel channel)
{
    mlk_status status;
    mlk_zmq_msg part;
    bool more = true, good = true;
    size_t total = 0;
    mlk_message *message = mlk_message_new(channel, &status);
    while (message && more) {
        mlk_zmq.zmq_msg_init(&part);
        if (mlk_zmq.zmq_msg_recv(&part, sockets->list[channel], MLK_ZMQ_DONT_WAIT) < 0) {
            good = more = false;
        } else {
            total += mlk_zmq.zmq_msg_size(&part);
            good = good && message->count < FRAMES && total <= (size_t)LARGEST &&
                   !mlk_message_add(message, mlk_zmq.zmq_msg_data(&part), mlk_zmq.zmq_msg_size(&part), &status);
            more = mlk_zmq.zmq_msg_more(&part);
        }
        mlk_zmq.zmq_msg_close(&part);
    }
    if (good)
        return message;
    mlk_message_free(message);
    return NULL;
}

/* socket.h: the five sockets of a kernel, or of its other end; for one thread at a time. */
#ifndef MLK_KERNEL_SOCKET_H
#define MLK_KERNEL_SOCKET_H

#include "kernel/message.h"
#include "kernel/zmq.h"

#include <stdbool.h>

typedef struct mlk_sockets {
    void *context, *list[MLK_CHANNELS];
} mlk_sockets;

/* transport, ip and ports as a connection file has them. `client`: NULL on the kernel's side; else the name by which
 * the kernel knows all sockets of this other end, which connect where it has bound. */
mlk_code mlk_sockets_open(mlk_sockets *sockets, const char *transport, const char *ip, const int ports[MLK_CHANNELS],
                          const char *client, mlk_status *status);

/* What was sent has so many milliseconds to leave. */
void mlk_sockets_close(mlk_sockets *sockets, int linger_ms);

/* Sends on the message's channel. It never waits: a reader that is gone or far behind loses it. False: it is for
 * somebody whose connection does not stand, which only the channel for input tells. */
bool mlk_sockets_send(mlk_sockets *sockets, const mlk_message *message);

/* The next message that has come on a channel; NULL: none, or one of too many frames or bytes, which is dropped. */
mlk_message *mlk_sockets_receive(mlk_sockets *sockets, mlk_channel channel);

#endif

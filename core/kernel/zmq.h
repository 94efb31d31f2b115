/* zmq.h: libzmq (ZeroMQ), opened when a kernel starts: Moonlark builds and runs without it. */
#ifndef MLK_KERNEL_ZMQ_H
#define MLK_KERNEL_ZMQ_H

#include "status.h"

#include <stddef.h>

/* What we use of its binary interface, which its soname ("5", since 2015) vouches for. */
typedef struct mlk_zmq_msg {
    _Alignas(void *) unsigned char bytes[64];
} mlk_zmq_msg;

typedef struct mlk_zmq_item {
    void *socket; /* NULL: the descriptor */
    int fd;
    short events, revents;
} mlk_zmq_item;

enum { MLK_ZMQ_SUB = 2, MLK_ZMQ_DEALER = 5, MLK_ZMQ_ROUTER = 6, MLK_ZMQ_XPUB = 9 };
enum {
    MLK_ZMQ_NAME = 5, MLK_ZMQ_SUBSCRIBE = 6, MLK_ZMQ_LINGER = 17, MLK_ZMQ_MAX_MESSAGE = 22, MLK_ZMQ_SEND_LIMIT = 23,
    MLK_ZMQ_ROUTER_MANDATORY = 33, MLK_ZMQ_ROUTER_HANDOVER = 56, MLK_ZMQ_XPUB_VERBOSE = 40,
};
enum { MLK_ZMQ_DONT_WAIT = 1, MLK_ZMQ_MORE = 2, MLK_ZMQ_POLLIN = 1 };

#define MLK_ZMQ_FUNCTIONS(X)                                                                                           \
    X(void *, ctx_new, (void))                                                                                         \
    X(int, ctx_term, (void *context))                                                                                  \
    X(void *, socket, (void *context, int type))                                                                       \
    X(int, close, (void *socket))                                                                                      \
    X(int, setsockopt, (void *socket, int option, const void *value, size_t size))                                     \
    X(int, bind, (void *socket, const char *place))                                                                    \
    X(int, connect, (void *socket, const char *place))                                                                 \
    X(int, send, (void *socket, const void *bytes, size_t size, int flags))                                            \
    X(int, msg_init, (mlk_zmq_msg *message))                                                                           \
    X(int, msg_recv, (mlk_zmq_msg *message, void *socket, int flags))                                                  \
    X(void *, msg_data, (mlk_zmq_msg *message))                                                                        \
    X(size_t, msg_size, (const mlk_zmq_msg *message))                                                                  \
    X(int, msg_more, (const mlk_zmq_msg *message))                                                                     \
    X(int, msg_close, (mlk_zmq_msg *message))                                                                          \
    X(int, poll, (mlk_zmq_item * items, int n, long milliseconds))                                                     \
    X(int, errno, (void))                                                                                              \
    X(const char *, strerror, (int error))                                                                             \
    X(void, version, (int *major, int *minor, int *patch))

#define MLK_ZMQ_FIELD(result, name, arguments) result(*zmq_##name) arguments;
typedef struct mlk_zmq_table {
    MLK_ZMQ_FUNCTIONS(MLK_ZMQ_FIELD)
} mlk_zmq_table;
#undef MLK_ZMQ_FIELD

extern mlk_zmq_table mlk_zmq;

/* Loads the library once a process, from any thread. MLK_UNSUPPORTED when it is not there: the message says how to get
 * it. */
mlk_code mlk_zmq_load(mlk_status *status);

#endif

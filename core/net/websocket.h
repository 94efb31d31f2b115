/* websocket.h: a WebSocket (RFC 6455) of a server, over a connection whose handshake is done.
 *
 * It never waits: whoever polls steps it with what poll said, and one thread can step
 * many. What the other end may cost is bounded on every side: the size of a message,
 * what is held until the caller takes it (then nothing more is read), what waits to be
 * sent (then it is closed with 1008), silence (pings, then 1006) and the time of a close.
 *
 *     mlk_websocket *socket;
 *     mlk_code code = mlk_websocket_open(descriptor, NULL, 0, &limits, &socket, &status);
 *     while (!code && mlk_websocket_state(socket) != MLK_WEBSOCKET_CLOSED) {
 *         struct pollfd at = {descriptor, mlk_websocket_events(socket), 0};
 *         poll(&at, 1, 1000);
 *         mlk_websocket_step(socket, at.revents);
 *         for (mlk_websocket_message *message; (message = mlk_websocket_next(socket)); free(message))
 *             mlk_websocket_send(socket, message->bytes, message->size, message->binary);
 *     }
 *     mlk_websocket_free(socket);
 */
#ifndef MLK_NET_WEBSOCKET_H
#define MLK_NET_WEBSOCKET_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct mlk_websocket_limits {
    size_t message_bytes; /* of a message that comes; a longer one closes it with 1009 */
    size_t held_bytes;    /* of messages that the caller has not taken; then nothing more is read */
    size_t unsent_bytes;  /* of messages that the other end has not read; then 1008 */
    double ping_s;        /* after so long a silence a ping is sent */
    double patience_s;    /* how long a pong may take */
    double closing_s;     /* and the answer to a close */
} mlk_websocket_limits;

typedef enum mlk_websocket_status {
    MLK_WEBSOCKET_OPEN,
    MLK_WEBSOCKET_CLOSING, /* one end has said so */
    MLK_WEBSOCKET_CLOSED,  /* nothing comes or goes any more; messages may still be held */
} mlk_websocket_status;

/* Codes of RFC 6455, section 7.4 that a caller may need. */
enum { MLK_WEBSOCKET_NORMAL = 1000, MLK_WEBSOCKET_LEAVING = 1001, MLK_WEBSOCKET_BROKEN = 1006, MLK_WEBSOCKET_POLICY = 1008 };

typedef struct mlk_websocket_message {
    struct mlk_websocket_message *next;
    bool binary; /* otherwise UTF-8 */
    size_t size;
    char bytes[];
} mlk_websocket_message;

typedef struct mlk_websocket mlk_websocket;

/* Takes a connected socket, in every case; `early`: n bytes that were read from it already, which are copied.
 * MLK_UNSUPPORTED: no libwslay. */
mlk_code mlk_websocket_open(int socket, const void *early, size_t n, const mlk_websocket_limits *limits,
                            mlk_websocket **opened, mlk_status *status);

/* NULL: nothing. Without a close before, the other end finds the connection broken. */
void mlk_websocket_free(mlk_websocket *self);

int mlk_websocket_descriptor(const mlk_websocket *self); /* -1 once it is closed */
mlk_websocket_status mlk_websocket_state(const mlk_websocket *self);

/* What to poll for: POLLIN, POLLOUT, both or nothing. */
short mlk_websocket_events(const mlk_websocket *self);

/* Reads and writes as far as that is possible now; with revents of 0 it only looks at the clock, which should happen
 * about once a second. */
void mlk_websocket_step(mlk_websocket *self, short revents);

/* The next message that has come, which the caller frees; NULL: none. */
mlk_websocket_message *mlk_websocket_next(mlk_websocket *self);

/* Sends what can be sent now and keeps the rest. False: it is closed or closing, or the other end reads too slowly and the
 * message is dropped. A text must be UTF-8. */
bool mlk_websocket_send(mlk_websocket *self, const void *bytes, size_t n, bool binary);

/* Begins to close: 1000..1011 and 3000..4999 are codes; what waits to be sent is dropped. */
void mlk_websocket_close(mlk_websocket *self, int code, const char *reason);

/* With which code it was closed: the other end's if it gave one, ours, or MLK_WEBSOCKET_BROKEN. 0: it is open. */
int mlk_websocket_code(const mlk_websocket *self);

#endif

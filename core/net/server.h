/* server.h: an HTTP server whose requests one thread answers when it likes.
 *
 * One thread of the server's owns the network. It judges who comes (gate.h), finds
 * the route (route.h), takes the body (body.h), and lays whole requests into a queue;
 * what is refused before costs the other thread nothing. The thread that runs
 * Lua takes requests, one by one, and answers each once, at once or minutes later:
 * its connection waits, and costs a descriptor and some memory.
 *
 *     mlk_server_open(&options, &server, &status);
 *     while (!done) {
 *         mlk_exchange *exchange = mlk_server_next(server, NULL, 0, 0.25);
 *         if (exchange) {
 *             mlk_exchange_answer(exchange, 200, NULL, "hello", 5, &status);
 *             mlk_exchange_release(exchange);
 *         }
 *     }
 *
 * Refusals are problems (RFC 9457): 400, 401, 403, 404, 405, 413, 415, 421, 422, 429, 501, 503, 507; 408 has no body. What is
 * no HTTP at all is refused by libmicrohttpd, in its own words.
 */
#ifndef MLK_NET_SERVER_H
#define MLK_NET_SERVER_H

#include "net/reception.h"

#include <poll.h>

typedef struct mlk_server mlk_server;

/* Listens, and answers from now on. MLK_UNSUPPORTED: no libmicrohttpd; MLK_IO: the port is taken. */
mlk_code mlk_server_open(const mlk_server_options *options, mlk_server **server, mlk_status *status);

/* The port that it listens on. */
int mlk_server_port(const mlk_server *server);

/* Listens no more; who is connected is still answered. */
void mlk_server_quiesce(mlk_server *server);

/* Ends all connections; requests that have no answer get 503. Exchanges that the caller holds stay valid, and are
 * released before the server is. */
void mlk_server_close(mlk_server *server);

/* Frees a closed server. NULL: nothing. */
void mlk_server_free(mlk_server *server);

/* The next request, which the caller gives back by mlk_exchange_release. NULL: none came within so many seconds, one of
 * the caller's n descriptors is ready (see their revents), a connection speaks another protocol now, or the user asked to
 * stop. Slow connections are closed
 * meanwhile. */
mlk_exchange *mlk_server_next(mlk_server *server, struct pollfd *others, size_t n, double seconds);

typedef struct mlk_server_state {
    int connections, waiting; /* open; requests in the queue */
} mlk_server_state;

mlk_server_state mlk_server_look(mlk_server *server);

/* What was counted of a route; MLK_ROUTE_UNKNOWN: of what fits none. */
mlk_tally mlk_server_tally(mlk_server *server, int route);

/* Whether a text is the server's token, in a time that does not depend on where it differs. */
bool mlk_server_knows(const mlk_server *server, const char *token, size_t length);

#endif

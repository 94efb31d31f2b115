/* reception.h: what a server's network thread does with who comes: judges, finds the route, takes the body, lays whole
 * requests into the queue, sends their answers.
 *
 * libmicrohttpd calls the four functions at the end. What both threads use is under
 * one lock.
 */
#ifndef MLK_NET_RECEPTION_H
#define MLK_NET_RECEPTION_H

#include "net/exchange.h"
#include "net/gate.h"
#include "net/route.h"
#include "net/tally.h"
#include "net/visits.h"

typedef struct mlk_server_options {
    const char *address;      /* "127.0.0.1", "::1", "0.0.0.0" */
    int port;                 /* 0: any free one */
    const char *const *hosts; /* names that it is called by, NULL at the end; the caller keeps them */
    const char *token;        /* NULL: none is needed */
    double rate;              /* requests a second of one address; 0: any */
    int connections;          /* 503 beyond these */
    int connections_of_one;   /* of an address; 429 beyond these */
    int queue;                /* requests that wait for Lua; 503 beyond these */
    double idle_s;            /* a connection without a request's headers is closed after so long */
    double body_s;            /* 408 when a body takes longer */
    const mlk_routes *routes; /* the caller keeps them */
    mlk_body_limits body;     /* the caller keeps its folder */
} mlk_server_options;

typedef struct mlk_reception {
    mlk_server_options options;
    mlk_gate gate;
    int bell; /* rings when a request is laid into the queue */

    pthread_mutex_t lock; /* of all that follows */
    mlk_visits visits;
    mlk_exchange *first, *last, *all; /* the queue; all that are not released by the network */
    int waiting;
    bool closing;
    mlk_tally *tallies; /* of each route, and of none */
} mlk_reception;

mlk_code mlk_reception_open(mlk_reception *self, const mlk_server_options *options, mlk_status *status);

/* The next of the queue; NULL: it is empty. */
mlk_exchange *mlk_reception_take(mlk_reception *self);

/* Shuts connections that are too slow. */
void mlk_reception_sweep(mlk_reception *self);

/* Answers all that wait, and ends streams and other protocols, so that no connection is suspended; within a second. */
void mlk_reception_dismiss(mlk_reception *self);

/* After the network's thread has ended. */
void mlk_reception_close(mlk_reception *self);

void *mlk_reception_address(void *self, const char *uri, struct MHD_Connection *connection);
enum MHD_Result mlk_reception_handle(void *self, struct MHD_Connection *connection, const char *path,
                                     const char *method, const char *version, const char *bytes, size_t *n,
                                     void **request);
void mlk_reception_complete(void *self, struct MHD_Connection *connection, void **request,
                            enum MHD_RequestTerminationCode why);
void mlk_reception_notice(void *self, struct MHD_Connection *connection, void **visit,
                          enum MHD_ConnectionNotificationCode what);

#endif

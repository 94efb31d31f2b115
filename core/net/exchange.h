/* exchange.h: a request to a server, and its answer.
 *
 * Two threads hold it: the network's, which takes the request and sends the answer,
 * and one that makes the answer. Between the two the connection waits. Whoever lets
 * go last frees it.
 *
 *     mlk_exchange_answer(exchange, 200, (const char *[]){"Content-Type", "text/plain", NULL}, "hello", 5, &status);
 */
#ifndef MLK_NET_EXCHANGE_H
#define MLK_NET_EXCHANGE_H

#include "net/body.h"

#include <pthread.h>

typedef struct mlk_exchange {
    /* what was asked: settled before a second thread sees it */
    char *method, *path;
    char peer[46];               /* the address that asks */
    int route;
    bool malformed;              /* the address holds a zero or no valid escape */
    bool unframed;               /* nobody can say where it ends */
    mlk_pairs query, headers;    /* names of headers in lower case */
    mlk_body body;
    double began_s;

    /* the rest under the lock, which all exchanges of a server share */
    pthread_mutex_t *lock;
    int holders;
    struct MHD_Connection *connection; /* NULL once it is gone */
    bool begun, waiting;               /* its headers are read; its connection is suspended */
    bool cut;                          /* it was answered before its body came */
    struct MHD_Response *response;     /* the answer; NULL: none yet */
    int status;                        /* of the answer; 0: none yet */
    bool is_stream, finished;
    char *unsent;                      /* of a stream */
    size_t unsent_size;
    struct MHD_UpgradeResponseHandle *upgraded; /* it speaks another protocol now; NULL: no, or no more */
    int socket;                        /* whose descriptor that is, until somebody takes it; -1: nobody's */
    char *early;                       /* what came with the request */
    size_t early_size;
    int bell;                          /* rings then: an eventfd of the server's */
    struct mlk_exchange *next;         /* in the server's queue */
    struct mlk_exchange *before, *after; /* among all of the server's */
} mlk_exchange;

/* One with one holder; NULL: no memory. */
mlk_exchange *mlk_exchange_new(pthread_mutex_t *lock, const char *uri);

/* Let go by a holder. */
void mlk_exchange_release(mlk_exchange *self);

/* Takes the uploaded file away: its path, which the caller frees and removes. NULL: there is none. */
char *mlk_exchange_take_upload(mlk_exchange *self);

/* Each answers a request, once; MLK_INVALID: it has been answered. Headers are name and value by turns, NULL at the end.
 * A client that has gone away is no error. */
mlk_code mlk_exchange_answer(mlk_exchange *self, int status_code, const char *const *headers, const char *body,
                             size_t size, mlk_status *status);
mlk_code mlk_exchange_answer_file(mlk_exchange *self, int status_code, const char *const *headers, const char *path,
                                  uint64_t offset, uint64_t length, mlk_status *status);
mlk_code mlk_exchange_answer_stream(mlk_exchange *self, int status_code, const char *const *headers,
                                    mlk_status *status);

/* The same with a problem (RFC 9457). */
mlk_code mlk_exchange_refuse(mlk_exchange *self, int status_code, const char *const *headers, const char *detail,
                             mlk_status *status);

/* Sends more of an answer that is a stream. False: the client is gone, or has not read the 4 MiB before. */
bool mlk_exchange_send(mlk_exchange *self, const char *bytes, size_t n);

/* Ends a stream; of others nothing. */
void mlk_exchange_finish(mlk_exchange *self);

/* Answers 101: the connection speaks another protocol as soon as the client has read that (the server's bell rings). */
mlk_code mlk_exchange_answer_upgrade(mlk_exchange *self, const char *const *headers, mlk_status *status);

enum { MLK_SOCKET_LATER = -1, MLK_SOCKET_GONE = -2 };

/* Takes the descriptor of such a connection, and n bytes that were read from it already; the caller closes and frees.
 * MLK_SOCKET_LATER: it is not there yet; MLK_SOCKET_GONE: the client left. */
int mlk_exchange_take_socket(mlk_exchange *self, char **early, size_t *n);

/* It is talked over: the server counts the connection no longer. */
void mlk_exchange_leave(mlk_exchange *self);

/* One more holder. */
void mlk_exchange_hold(mlk_exchange *self);

/* The name that goes with a status: "Not Found". */
const char *mlk_status_title(int status_code);

#endif

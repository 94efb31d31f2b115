/* http.h: one question to a server, by HTTP or HTTPS, and its answer.
 *
 * Any status is an answer: 404 is no failure here. Redirections are followed,
 * ten at most, never from https to http. A token goes to the host that was
 * asked and to no other. Ctrl-C ends a transfer within a second.
 *
 *     mlk_http_answer answer;
 *     mlk_http_request request = {.url = url, .token = token};
 *     mlk_code code = mlk_http_ask(&request, &sink, &answer, &status);
 *     … answer.status, mlk_http_header(&answer, "etag", text, sizeof text)
 */
#ifndef MLK_HTTP_H
#define MLK_HTTP_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MLK_HTTP_HEADERS = 1 << 15 };

typedef struct mlk_http_request {
    const char *url;
    const char *token;         /* "Authorization: Bearer …"; NULL: none */
    bool head;                 /* HEAD in place of GET: a redirection to another host is the answer */
    int64_t first;             /* GET from this byte on; 0: the whole */
    const char *etag;          /* with `first`: the whole if the content is no longer this; NULL: whatever it is */
    double connect_s, stall_s; /* a connection must stand after so long, and bring a byte; 0: 20 s and 60 s */
} mlk_http_request;

typedef struct mlk_http_answer {
    int status;                     /* 200, 404, …; 0: none came */
    bool passing;                   /* no whole answer came, and a second try may help: a cut connection */
    int used;                       /* bytes of `headers` */
    char headers[MLK_HTTP_HEADERS]; /* of the last answer, "name: value\n" each; what is too much is left out */
} mlk_http_answer;

/* Takes the body of an answer of status 200 or 206: `begin` once its headers are there, then `take` for each piece.
 * What they return other than MLK_OK ends the transfer. Bodies of other answers are dropped, and all where `begin` is
 * NULL. */
typedef struct mlk_http_sink {
    mlk_code (*begin)(void *context, const mlk_http_answer *answer, mlk_status *status);
    mlk_code (*take)(void *context, const char *bytes, size_t n, mlk_status *status);
    void *context;
} mlk_http_sink;

/* MLK_UNSUPPORTED: no libcurl. MLK_IO: no answer, or its body was cut; see `passing`. */
mlk_code mlk_http_ask(const mlk_http_request *request, const mlk_http_sink *sink, mlk_http_answer *answer,
                      mlk_status *status);

/* The value of a header (its name in any case) without blanks around it; false where there is none, or no room. */
bool mlk_http_header(const mlk_http_answer *answer, const char *name, char *text, size_t room);

/* The same as a whole number from 0 on; -1 where it is none. */
int64_t mlk_http_number(const mlk_http_answer *answer, const char *name);

#endif

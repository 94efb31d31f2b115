/* fetch.h: asking a server until it answers well, within bounds.
 *
 * Cut connections, status 429 and 5xx are passing troubles: after a pause, which
 * doubles each time or is what the server wishes (Retry-After), it is asked
 * again. Other refusals are told at once, in one line.
 *
 *     mlk_fetch_options options = {.tries = 5, .pause_s = 1, .longest_pause_s = 60};
 *     code = mlk_fetch(&request, &options, &sink, &answer, &status);       // MLK_OK: answer.status is 200, 206 or,
 *                                                                          // with request.head, of a redirection
 */
#ifndef MLK_FETCH_H
#define MLK_FETCH_H

#include "net/http.h"

typedef struct mlk_fetch_options {
    int tries;              /* in a row that bring nothing; 0: 5 */
    double pause_s;         /* after the first; 0: 1 s */
    double longest_pause_s; /* a server that wishes for a longer one is not asked again; 0: 60 s */
} mlk_fetch_options;

/* A sink that can go on where it was cut. `have` says how many bytes of the whole are there, and `etag` what content
 * they are of, or NULL; a sink without `have` starts anew each time. */
typedef struct mlk_fetch_sink {
    mlk_http_sink sink;
    int64_t (*have)(void *context, const char **etag);
} mlk_fetch_sink;

mlk_code mlk_fetch(const mlk_http_request *request, const mlk_fetch_options *options, const mlk_fetch_sink *sink,
                   mlk_http_answer *answer, mlk_status *status);

#endif

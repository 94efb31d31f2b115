/* gate.h: who may ask a server: judged by the request's headers, before its body is read.
 *
 * A browser sends what any page tells it to, so a service on the own machine is
 * open to every page that its owner looks at, unless it checks two things. Host: a
 * name that an attacker's DNS points to this machine (rebinding) is not ours; a
 * number is nobody's name, and localhost is. Origin and Sec-Fetch-Site: another
 * site's page may lead a person here, but not read or post.
 *
 * A token is compared in a time that does not depend on it. It comes as
 * "Authorization: Bearer TOKEN", or as the cookie "moonlark" that the page has.
 */
#ifndef MLK_NET_GATE_H
#define MLK_NET_GATE_H

#include "net/digest.h"
#include "status.h"

#include <stdbool.h>

enum { MLK_PEER_SIZE = 46 }; /* an address in text */

/* How often an address asked: as much as `left` requests more now, of which so many a second come back. */
typedef struct mlk_allowance {
    char peer[MLK_PEER_SIZE];
    double left, at_s;
} mlk_allowance;

typedef struct mlk_gate {
    const char *const *hosts;           /* names beside localhost that this machine is called by; NULL at the end */
    char token[MLK_DIGEST_SIZE];        /* SHA-256 of the token */
    bool needs_token;
    double rate;                        /* requests a second of one address; 0: any */
    mlk_allowance *allowances;          /* by the address's hash; an address that meets another's place takes it */
} mlk_gate;

/* What a request says of itself; NULL: nothing. */
typedef struct mlk_visitor {
    const char *peer, *method, *host, *origin, *fetch_site, *fetch_mode, *authorization, *cookie;
    bool public; /* what is asked for is there without a token */
} mlk_visitor;

/* A refusal: the status of the answer and a line for a person; 0: the visitor may come in. */
typedef struct mlk_refusal {
    int status;
    const char *detail;
} mlk_refusal;

mlk_code mlk_gate_open(mlk_gate *self, const char *const *hosts, const char *token, double rate, mlk_status *status);
void mlk_gate_close(mlk_gate *self);

/* Judges a request that comes at a time (clock.h). */
mlk_refusal mlk_gate_judge(mlk_gate *self, const mlk_visitor *visitor, double now_s);

/* Whether a text is the token, in a time that does not depend on where it differs. */
bool mlk_gate_knows(const mlk_gate *self, const char *token, size_t length);

#endif

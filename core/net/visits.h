/* visits.h: the connections of a server: how many there are, whose, and which of them dawdle.
 *
 * A connection may stay while a request of its own is worked on. One that sends the
 * headers of a request, or its body, more slowly than is allowed is shut.
 */
#ifndef MLK_NET_VISITS_H
#define MLK_NET_VISITS_H

#include "net/gate.h"

#include <netinet/in.h>
#include <stdbool.h>

typedef enum mlk_visit_state {
    MLK_VISIT_IDLE,  /* no request's headers are whole */
    MLK_VISIT_BODY,  /* a body is coming */
    MLK_VISIT_SERVED, /* a request is worked on, or its answer is on the way */
    MLK_VISIT_REFUSED /* its request was answered before its body came: nobody reads what is still sent */
} mlk_visit_state;

typedef struct mlk_visit {
    int socket;
    char peer[MLK_PEER_SIZE];
    mlk_visit_state state;
    double since_s;
    bool shut;
    struct mlk_visit *before, *after;
} mlk_visit;

typedef struct mlk_visits {
    mlk_visit *first;
    int count;
} mlk_visits;

/* One more, at a time (clock.h). NULL: no memory. */
mlk_visit *mlk_visits_add(mlk_visits *self, int socket, const struct sockaddr *address, double now_s);
void mlk_visits_remove(mlk_visits *self, mlk_visit *visit);

/* How many are of an address. */
int mlk_visits_of(const mlk_visits *self, const char *peer);

void mlk_visit_turn(mlk_visit *visit, mlk_visit_state state, double now_s);

/* Shuts those that have taken longer than is allowed; one whose body is too slow is told so, by 408. */
void mlk_visits_sweep(mlk_visits *self, double idle_s, double body_s, double now_s);

#endif

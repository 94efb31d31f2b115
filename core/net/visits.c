#include "net/visits.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An address as text; IPv4 within IPv6 as IPv4. */
static void name_peer(const struct sockaddr *address, char peer[MLK_PEER_SIZE])
{
    static const char mapped[] = "::ffff:";
    strcpy(peer, "unknown");
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, peer, MLK_PEER_SIZE);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, peer, MLK_PEER_SIZE);
    if (strncmp(peer, mapped, sizeof mapped - 1) == 0)
        memmove(peer, peer + sizeof mapped - 1, strlen(peer + sizeof mapped - 1) + 1);
}

mlk_visit *mlk_visits_add(mlk_visits *self, int socket, const struct sockaddr *address, double now_s)
{
    mlk_visit *visit = calloc(1, sizeof *visit);
    if (!visit)
        return NULL;
    *visit = (mlk_visit){.socket = socket, .since_s = now_s, .after = self->first};
    name_peer(address, visit->peer);
    if (self->first)
        self->first->before = visit;
    self->first = visit;
    self->count++;
    return visit;
}

void mlk_visits_remove(mlk_visits *self, mlk_visit *visit)
{
    *(visit->before ? &visit->before->after : &self->first) = visit->after;
    if (visit->after)
        visit->after->before = visit->before;
    self->count--;
    free(visit);
}

int mlk_visits_of(const mlk_visits *self, const char *peer)
{
    int count = 0;
    for (const mlk_visit *visit = self->first; visit; visit = visit->after)
        count += strcmp(visit->peer, peer) == 0;
    return count;
}

void mlk_visit_turn(mlk_visit *visit, mlk_visit_state state, double now_s)
{
    visit->state = state;
    visit->since_s = now_s;
}

static const double time_to_read_s = 1; /* that a client has for the answer that refuses it */

void mlk_visits_sweep(mlk_visits *self, double idle_s, double body_s, double now_s)
{
    static const char too_slow[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (mlk_visit *visit = self->first; visit; visit = visit->after) {
        double taken_s = now_s - visit->since_s;
        bool slow_body = visit->state == MLK_VISIT_BODY && taken_s > body_s;
        bool over = (visit->state == MLK_VISIT_IDLE && taken_s > idle_s) ||
                    (visit->state == MLK_VISIT_REFUSED && taken_s > time_to_read_s);
        if (visit->shut || !(slow_body || over))
            continue;
        if (slow_body) /* nothing else has been sent on this connection yet */
            (void)!send(visit->socket, too_slow, sizeof too_slow - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        shutdown(visit->socket, SHUT_RDWR);
        visit->shut = true;
    }
}

#include "net/server.h"

#include "clock.h"
#include "interrupt.h"
#include "net/listener.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SPARE = 64,              /* connections beyond the limit that are taken, to be told so */
    HEADER_BYTES = 32 << 10, /* of a request; more is 431 */
    TICK_MS = 200,
};

struct mlk_server {
    mlk_reception reception;
    struct MHD_Daemon *daemon;
    int port, listener;
};

static mlk_code start(mlk_server *self, mlk_status *status)
{
    mlk_reception *reception = &self->reception;
    const mlk_server_options *o = &reception->options;
    self->listener = mlk_listen(o->address, o->port, status);
    if (self->listener < 0)
        return status->code;
    self->port = mlk_listener_port(self->listener);
    self->daemon = mlk_microhttpd.start_daemon(
        MHD_USE_EPOLL_INTERNALLY | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ITC, 0, NULL, NULL,
        mlk_reception_handle, reception, MHD_OPTION_LISTEN_SOCKET, self->listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(o->connections + SPARE), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(o->idle_s > o->body_s ? o->idle_s : o->body_s) + 1,
        MHD_OPTION_URI_LOG_CALLBACK, mlk_reception_address, reception, MHD_OPTION_NOTIFY_COMPLETED,
        mlk_reception_complete, reception, MHD_OPTION_NOTIFY_CONNECTION, mlk_reception_notice, reception,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    return self->daemon ? MLK_OK : mlk_fail(status, MLK_IO, "the server does not start: %s", strerror(errno));
}

mlk_code mlk_server_open(const mlk_server_options *options, mlk_server **server, mlk_status *status)
{
    *server = NULL;
    mlk_code code = mlk_microhttpd_load(status);
    if (code)
        return code;
    mlk_server *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a server");
    self->listener = -1;
    code = mlk_reception_open(&self->reception, options, status);
    if (!code)
        code = start(self, status);
    if (code)
        mlk_server_free(self);
    else
        *server = self;
    return code;
}

int mlk_server_port(const mlk_server *self)
{
    return self->port;
}

void mlk_server_quiesce(mlk_server *self)
{
    if (self->daemon && self->listener >= 0) {
        mlk_microhttpd.quiesce_daemon(self->daemon);
        close(self->listener);
        self->listener = -1;
    }
}

void mlk_server_close(mlk_server *self)
{
    if (!self || !self->daemon)
        return;
    mlk_server_quiesce(self);
    mlk_reception_dismiss(&self->reception);
    mlk_microhttpd.stop_daemon(self->daemon);
    self->daemon = NULL;
}

void mlk_server_free(mlk_server *self)
{
    if (!self)
        return;
    mlk_server_close(self);
    if (self->listener >= 0)
        close(self->listener);
    mlk_reception_close(&self->reception);
    free(self);
}

mlk_exchange *mlk_server_next(mlk_server *self, struct pollfd *others, size_t n, double seconds)
{
    double deadline = mlk_now_s() + seconds;
    struct pollfd *all = malloc((n + 1) * sizeof *all);
    mlk_exchange *exchange = mlk_reception_take(&self->reception);
    bool ready = exchange || !all;
    while (!ready && !mlk_interrupted()) {
        uint64_t rings;
        double left_ms = 1000 * (deadline - mlk_now_s());
        if (n > 0)
            memcpy(all, others, n * sizeof *all);
        all[n] = (struct pollfd){.fd = self->reception.bell, .events = POLLIN};
        int some = poll(all, n + 1, left_ms <= 0 ? 0 : left_ms < TICK_MS ? (int)left_ms + 1 : TICK_MS);
        (void)!read(self->reception.bell, &rings, sizeof rings);
        if (n > 0)
            memcpy(others, all, n * sizeof *all);
        mlk_reception_sweep(&self->reception);
        exchange = mlk_reception_take(&self->reception);
        ready = exchange || some != 0 || left_ms <= 0; /* the bell alone: a connection has another protocol now */
    }
    free(all);
    return exchange;
}

mlk_server_state mlk_server_look(mlk_server *self)
{
    pthread_mutex_lock(&self->reception.lock);
    mlk_server_state state = {.connections = self->reception.visits.count,
                              .waiting = self->reception.waiting};
    pthread_mutex_unlock(&self->reception.lock);
    return state;
}

mlk_tally mlk_server_tally(mlk_server *self, int route)
{
    pthread_mutex_lock(&self->reception.lock);
    mlk_tally tally = self->reception.tallies[route >= 0 ? (size_t)route : self->reception.options.routes->count];
    pthread_mutex_unlock(&self->reception.lock);
    return tally;
}

bool mlk_server_knows(const mlk_server *self, const char *token, size_t length)
{
    return mlk_gate_knows(&self->reception.gate, token, length);
}

#include "net/server.h"

#include "clock.h"
#include "interrupt.h"
#include "net/framing.h"
#include "net/visits.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SPARE = 64,                   /* connections beyond the limit that are taken, to be told so */
    HEADER_BYTES = 32 << 10,      /* of a request; more is 431 */
    READ_IN_VAIN = 1 << 20,       /* a body of a refused request up to here is read before the answer */
    TICK_MS = 200,
};

struct mlk_server {
    mlk_server_options options;
    mlk_gate gate;
    struct MHD_Daemon *daemon;
    int bell; /* rings when a request is laid into the queue */
    int port, listener;

    pthread_mutex_t lock;
    mlk_visits visits;
    mlk_exchange *first, *last, *all; /* the queue; all that are not released by the network */
    int waiting;
    bool closing;
    mlk_tally *tallies; /* of each route, and of none */
};

/* --- a request comes -------------------------------------------------------------------- */

static mlk_visit *visit_of(struct MHD_Connection *connection)
{
    return mlk_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void *read_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    mlk_server *self = context;
    mlk_exchange *exchange = mlk_exchange_new(&self->lock, uri);
    if (!exchange)
        return NULL;
    pthread_mutex_lock(&self->lock);
    exchange->connection = connection;
    exchange->bell = self->bell;
    exchange->body.limits = &self->options.body;
    exchange->after = self->all;
    if (self->all)
        self->all->before = exchange;
    self->all = exchange;
    pthread_mutex_unlock(&self->lock);
    return exchange;
}

static enum MHD_Result keep_query(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    return mlk_pairs_add(&((mlk_exchange *)context)->query, name, value) ? MHD_YES : MHD_NO;
}

static enum MHD_Result keep_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    enum { LONGEST = 128 };
    (void)kind;
    char lower[LONGEST];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof lower; n++)
        lower[n] = (char)tolower((unsigned char)name[n]);
    lower[n] = '\0';
    return mlk_pairs_add(&((mlk_exchange *)context)->headers, lower, value) ? MHD_YES : MHD_NO;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return mlk_microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static mlk_refusal judge(mlk_server *self, mlk_exchange *exchange)
{
    struct MHD_Connection *at = exchange->connection;
    const mlk_routes *routes = self->options.routes;
    mlk_visitor visitor = {
        .peer = exchange->peer, .method = exchange->method, .host = header(at, "Host"), .origin = header(at, "Origin"),
        .fetch_site = header(at, "Sec-Fetch-Site"), .fetch_mode = header(at, "Sec-Fetch-Mode"),
        .authorization = header(at, "Authorization"), .cookie = header(at, "Cookie"),
        .public = exchange->route >= 0 && routes->all[exchange->route].public,
    };
    pthread_mutex_lock(&self->lock);
    int open = self->visits.count, of_one = mlk_visits_of(&self->visits, exchange->peer), waiting = self->waiting;
    bool closing = self->closing;
    pthread_mutex_unlock(&self->lock);
    if (open > self->options.connections || waiting >= self->options.queue || closing)
        return (mlk_refusal){503, closing ? "the server is stopping" : "the server is busy: ask again later"};
    if (of_one > self->options.connections_of_one)
        return (mlk_refusal){429, "this address has too many connections"};
    if (exchange->malformed)
        return (mlk_refusal){400, "the address must be escaped well, without a zero byte"};
    return mlk_gate_judge(&self->gate, &visitor, mlk_now_s());
}

static void set_fault(mlk_exchange *exchange, int status, const char *detail)
{
    if (exchange->body.fault.status)
        return;
    exchange->body.fault.status = status;
    snprintf(exchange->body.fault.detail, sizeof exchange->body.fault.detail, "%s", detail);
}

/* Finds out whether a request may go on to its body; what is wrong is its body's fault from here on. */
static bool begin(mlk_server *self, mlk_exchange *exchange, const char *method, const char *path,
                  char allowed[MLK_ALLOWED_SIZE])
{
    struct MHD_Connection *connection = exchange->connection;
    mlk_visit *visit = visit_of(connection);
    exchange->method = strdup(method);
    exchange->path = strdup(path);
    if (!exchange->method || !exchange->path || !visit)
        return false;
    memcpy(exchange->peer, visit->peer, sizeof exchange->peer);
    exchange->began_s = mlk_now_s();
    exchange->route = mlk_routes_find(self->options.routes, method, path, allowed);
    mlk_refusal refusal = judge(self, exchange);
    mlk_refusal doubt = mlk_framing_judge(connection);
    if (doubt.status) {
        refusal = doubt;
        exchange->unframed = true;
    }
    if (!refusal.status && exchange->route == MLK_ROUTE_UNKNOWN)
        refusal = (mlk_refusal){404, "there is nothing at this address"};
    if (!refusal.status && exchange->route == MLK_ROUTE_OTHER_METHOD)
        refusal = (mlk_refusal){strcmp(method, "OPTIONS") == 0 ? 204 : 405, "this address has other methods: see Allow"};
    if (refusal.status) {
        set_fault(exchange, refusal.status, refusal.detail);
        return true;
    }
    mlk_microhttpd.get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_query, exchange);
    mlk_microhttpd.get_connection_values(connection, MHD_HEADER_KIND, keep_header, exchange);
    mlk_body_begin(&exchange->body, connection, self->options.routes->all[exchange->route].body, &self->options.body);
    return true;
}

/* --- its answer goes ---------------------------------------------------------------------- */

/* Sends the answer that the exchange has, and keeps it alive until it has gone. */
static enum MHD_Result send_answer(mlk_exchange *exchange)
{
    return mlk_microhttpd.queue_response(exchange->connection, (unsigned)exchange->status, exchange->response);
}

static enum MHD_Result refuse(mlk_exchange *exchange, const char *allowed)
{
    int status_code = exchange->body.fault.status;
    const char *headers[] = {NULL, NULL, NULL};
    if (exchange->unframed)
        headers[0] = "Connection", headers[1] = "close";
    else if (status_code == 405 || status_code == 204)
        headers[0] = "Allow", headers[1] = allowed;
    else if (status_code == 401)
        headers[0] = "WWW-Authenticate", headers[1] = "Bearer";
    else if (status_code == 429 || status_code == 503)
        headers[0] = "Retry-After", headers[1] = "1";
    mlk_status status;
    mlk_code code = status_code == 204
                        ? mlk_exchange_answer(exchange, status_code, headers, NULL, 0, &status)
                        : mlk_exchange_refuse(exchange, status_code, headers, exchange->body.fault.detail, &status);
    return code && !exchange->status ? MHD_NO : send_answer(exchange);
}

/* Lays a whole request into the queue; its connection waits for the answer. */
static void hand_over(mlk_server *self, mlk_exchange *exchange)
{
    static const uint64_t one = 1;
    pthread_mutex_lock(&self->lock);
    exchange->holders++; /* who takes it from the queue */
    exchange->waiting = true;
    mlk_microhttpd.suspend_connection(exchange->connection);
    *(self->last ? &self->last->next : &self->first) = exchange;
    self->last = exchange;
    self->waiting++;
    pthread_mutex_unlock(&self->lock);
    (void)!write(self->bell, &one, sizeof one);
}

/* The headers are there: libmicrohttpd asks whether to go on. */
static enum MHD_Result greet(mlk_server *self, mlk_exchange *exchange, const char *method, const char *path)
{
    char allowed[MLK_ALLOWED_SIZE];
    exchange->begun = true;
    if (!begin(self, exchange, method, path, allowed))
        return MHD_NO;
    pthread_mutex_lock(&self->lock);
    mlk_visit_turn(visit_of(exchange->connection), MLK_VISIT_BODY, mlk_now_s());
    pthread_mutex_unlock(&self->lock);
    if (!exchange->body.fault.status)
        return MHD_YES;
    const char *length = header(exchange->connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool chunked = header(exchange->connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
    bool is_short = length && strtoull(length, NULL, 10) <= READ_IN_VAIN && strcmp(length, "0") != 0;
    bool waits = !exchange->unframed && (chunked || is_short);
    exchange->cut = !waits && length && strcmp(length, "0") != 0;
    return waits ? MHD_YES : refuse(exchange, allowed);
}

static enum MHD_Result conclude(mlk_server *self, mlk_exchange *exchange)
{
    pthread_mutex_lock(&self->lock);
    mlk_visit_turn(visit_of(exchange->connection), MLK_VISIT_SERVED, mlk_now_s());
    bool closing = self->closing;
    pthread_mutex_unlock(&self->lock);
    mlk_body_end(&exchange->body);
    if (closing)
        set_fault(exchange, 503, "the server is stopping");
    if (exchange->body.fault.status) {
        char allowed[MLK_ALLOWED_SIZE];
        mlk_routes_find(self->options.routes, exchange->method, exchange->path, allowed);
        return refuse(exchange, allowed);
    }
    hand_over(self, exchange);
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *bytes, size_t *n, void **request)
{
    (void)connection, (void)version;
    mlk_exchange *exchange = *request;
    if (!exchange)
        return MHD_NO; /* no memory */
    if (!exchange->begun)
        return greet(context, exchange, method, path);
    if (*n > 0) {
        bool more = mlk_body_take(&exchange->body, bytes, *n);
        *n = 0;
        return more ? MHD_YES : MHD_NO;
    }
    return exchange->status ? send_answer(exchange) : conclude(context, exchange);
}

/* The answer has gone, or the client has. */
static void complete(void *context, struct MHD_Connection *connection, void **request,
                     enum MHD_RequestTerminationCode why)
{
    (void)why;
    mlk_server *self = context;
    mlk_exchange *exchange = *request;
    *request = NULL;
    if (!exchange)
        return;
    pthread_mutex_lock(&self->lock);
    exchange->connection = NULL;
    *(exchange->before ? &exchange->before->after : &self->all) = exchange->after;
    if (exchange->after)
        exchange->after->before = exchange->before;
    bool talked = exchange->status == MHD_HTTP_SWITCHING_PROTOCOLS; /* that was answered long ago */
    double seconds = talked ? 0 : mlk_now_s() - exchange->began_s;
    if (exchange->begun)
        mlk_tally_add(&self->tallies[exchange->route >= 0 ? (size_t)exchange->route : self->options.routes->count],
                      exchange->status, seconds);
    mlk_visit *visit = visit_of(connection);
    if (visit)
        mlk_visit_turn(visit, exchange->cut ? MLK_VISIT_REFUSED : MLK_VISIT_IDLE, mlk_now_s());
    struct MHD_Response *sent = exchange->response; /* a stream's holds the exchange in turn */
    exchange->response = NULL;
    pthread_mutex_unlock(&self->lock);
    if (sent)
        mlk_microhttpd.destroy_response(sent);
    mlk_exchange_release(exchange);
}

static void notice(void *context, struct MHD_Connection *connection, void **visit,
                   enum MHD_ConnectionNotificationCode what)
{
    mlk_server *self = context;
    pthread_mutex_lock(&self->lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        int socket = mlk_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        const struct sockaddr *address =
            mlk_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
        *visit = mlk_visits_add(&self->visits, socket, address, mlk_now_s());
    } else if (*visit) {
        mlk_visits_remove(&self->visits, *visit);
        *visit = NULL;
    }
    pthread_mutex_unlock(&self->lock);
}

/* --- the server --------------------------------------------------------------------------- */

static int listen_at(const char *address, int port, mlk_status *status)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) {
        mlk_fail(status, MLK_INVALID, "address must be one of this machine's, as numbers, got '%s'", address);
        return -1;
    }
    const int yes = 1;
    int listener = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr *at = is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
    if (listener >= 0)
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (listener < 0 || bind(listener, at, is_v4 ? sizeof v4 : sizeof v6) != 0 || listen(listener, SOMAXCONN) != 0) {
        mlk_fail(status, MLK_IO, "cannot listen at %s, port %d: %s", address, port, strerror(errno));
        if (listener >= 0)
            close(listener);
        return -1;
    }
    return listener;
}

static int port_of(int listener)
{
    struct sockaddr_in6 at = {0};
    socklen_t size = sizeof at;
    getsockname(listener, (struct sockaddr *)&at, &size);
    return ntohs(at.sin6_port); /* where IPv4 has it, too */
}

static mlk_code start(mlk_server *self, mlk_status *status)
{
    const mlk_server_options *o = &self->options;
    self->listener = listen_at(o->address, o->port, status);
    if (self->listener < 0)
        return status->code;
    self->port = port_of(self->listener);
    self->daemon = mlk_microhttpd.start_daemon(
        MHD_USE_EPOLL_INTERNALLY | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ITC, 0, NULL, NULL, handle,
        self, MHD_OPTION_LISTEN_SOCKET, self->listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)(o->connections + SPARE),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(o->idle_s > o->body_s ? o->idle_s : o->body_s) + 1, MHD_OPTION_URI_LOG_CALLBACK, read_uri, self,
        MHD_OPTION_NOTIFY_COMPLETED, complete, self, MHD_OPTION_NOTIFY_CONNECTION, notice, self,
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
    *self = (mlk_server){.options = *options, .listener = -1, .bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&self->lock, NULL);
    self->tallies = calloc(options->routes->count + 1, sizeof *self->tallies);
    code = !self->tallies ? mlk_fail_memory(status, "a server")
           : self->bell < 0 ? mlk_fail_system(status, errno, "cannot serve at", options->address)
                            : mlk_gate_open(&self->gate, options->hosts, options->token, options->rate, status);
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

/* Answers all that wait, and ends streams and other protocols, so that no connection is suspended. */
static void release_all(mlk_server *self)
{
    static const int patience_ms = 1000;
    pthread_mutex_lock(&self->lock);
    self->closing = true;
    for (mlk_exchange *exchange = self->all; exchange; exchange = exchange->after) {
        exchange->finished = true;
        if (exchange->waiting) /* one without an answer comes back to conclude, which says 503 */
            mlk_microhttpd.resume_connection(exchange->connection);
        exchange->waiting = false;
        if (exchange->upgraded)
            mlk_microhttpd.upgrade_action(exchange->upgraded, MHD_UPGRADE_ACTION_CLOSE);
        exchange->upgraded = NULL;
    }
    pthread_mutex_unlock(&self->lock);
    for (int waited_ms = 0; waited_ms < patience_ms; waited_ms += 5) {
        pthread_mutex_lock(&self->lock);
        bool none = !self->all;
        pthread_mutex_unlock(&self->lock);
        if (none)
            break;
        usleep(5000);
    }
}

void mlk_server_close(mlk_server *self)
{
    if (!self || !self->daemon)
        return;
    mlk_server_quiesce(self);
    release_all(self);
    mlk_microhttpd.stop_daemon(self->daemon);
    self->daemon = NULL;
    while (self->first) {
        mlk_exchange *exchange = self->first;
        self->first = exchange->next;
        mlk_exchange_release(exchange);
    }
    self->last = NULL;
}

void mlk_server_free(mlk_server *self)
{
    if (!self)
        return;
    mlk_server_close(self);
    if (self->listener >= 0)
        close(self->listener);
    if (self->bell >= 0)
        close(self->bell);
    mlk_gate_close(&self->gate);
    pthread_mutex_destroy(&self->lock);
    free(self->tallies);
    free(self);
}

/* --- the queue ---------------------------------------------------------------------------- */

static mlk_exchange *take(mlk_server *self)
{
    pthread_mutex_lock(&self->lock);
    mlk_exchange *exchange = self->first;
    if (exchange) {
        self->first = exchange->next;
        if (!self->first)
            self->last = NULL;
        exchange->next = NULL;
        self->waiting--;
    }
    pthread_mutex_unlock(&self->lock);
    return exchange;
}

static void sweep(mlk_server *self)
{
    pthread_mutex_lock(&self->lock);
    mlk_visits_sweep(&self->visits, self->options.idle_s, self->options.body_s, mlk_now_s());
    pthread_mutex_unlock(&self->lock);
}

mlk_exchange *mlk_server_next(mlk_server *self, struct pollfd *others, size_t n, double seconds)
{
    double deadline = mlk_now_s() + seconds;
    struct pollfd *all = malloc((n + 1) * sizeof *all);
    mlk_exchange *exchange = take(self);
    bool ready = exchange || !all;
    while (!ready && !mlk_interrupted()) {
        uint64_t rings;
        double left_ms = 1000 * (deadline - mlk_now_s());
        if (n > 0)
            memcpy(all, others, n * sizeof *all);
        all[n] = (struct pollfd){.fd = self->bell, .events = POLLIN};
        int some = poll(all, n + 1, left_ms <= 0 ? 0 : left_ms < TICK_MS ? (int)left_ms + 1 : TICK_MS);
        (void)!read(self->bell, &rings, sizeof rings);
        if (n > 0)
            memcpy(others, all, n * sizeof *all);
        sweep(self);
        exchange = take(self);
        ready = exchange || some != 0 || left_ms <= 0; /* the bell alone: a connection has another protocol now */
    }
    free(all);
    return exchange;
}

mlk_server_state mlk_server_look(mlk_server *self)
{
    pthread_mutex_lock(&self->lock);
    mlk_server_state state = {.connections = self->visits.count, .waiting = self->waiting};
    pthread_mutex_unlock(&self->lock);
    return state;
}

mlk_tally mlk_server_tally(mlk_server *self, int route)
{
    pthread_mutex_lock(&self->lock);
    mlk_tally tally = self->tallies[route >= 0 ? (size_t)route : self->options.routes->count];
    pthread_mutex_unlock(&self->lock);
    return tally;
}

bool mlk_server_knows(const mlk_server *self, const char *token, size_t length)
{
    return mlk_gate_knows(&self->gate, token, length);
}

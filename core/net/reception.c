#include "net/reception.h"

#include "clock.h"
#include "net/framing.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { READ_IN_VAIN = 1 << 20 }; /* a body of a refused request up to here is read before the answer */

/* --- a request comes -------------------------------------------------------------------- */

static mlk_visit *visit_of(struct MHD_Connection *connection)
{
    return mlk_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void *mlk_reception_address(void *context, const char *uri, struct MHD_Connection *connection)
{
    mlk_reception *self = context;
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

static mlk_refusal judge(mlk_reception *self, mlk_exchange *exchange)
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
static bool begin(mlk_reception *self, mlk_exchange *exchange, const char *method, const char *path,
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
static void hand_over(mlk_reception *self, mlk_exchange *exchange)
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
static enum MHD_Result greet(mlk_reception *self, mlk_exchange *exchange, const char *method, const char *path)
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

static enum MHD_Result conclude(mlk_reception *self, mlk_exchange *exchange)
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

enum MHD_Result mlk_reception_handle(void *context, struct MHD_Connection *connection, const char *path,
                                     const char *method, const char *version, const char *bytes, size_t *n,
                                     void **request)
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
void mlk_reception_complete(void *context, struct MHD_Connection *connection, void **request,
                            enum MHD_RequestTerminationCode why)
{
    (void)why;
    mlk_reception *self = context;
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

/* Of a request that it refuses in its own words libmicrohttpd does not always say that it is over. */
static void abandon(mlk_reception *self, struct MHD_Connection *connection)
{
    for (;;) {
        pthread_mutex_lock(&self->lock);
        mlk_exchange *left = self->all;
        while (left && left->connection != connection)
            left = left->after;
        pthread_mutex_unlock(&self->lock);
        if (!left)
            return;
        void *request = left;
        mlk_reception_complete(self, connection, &request, MHD_REQUEST_TERMINATED_WITH_ERROR);
    }
}

void mlk_reception_notice(void *context, struct MHD_Connection *connection, void **visit,
                          enum MHD_ConnectionNotificationCode what)
{
    mlk_reception *self = context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        abandon(self, connection);
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

/* --- the whole ----------------------------------------------------------------------------- */

mlk_code mlk_reception_open(mlk_reception *self, const mlk_server_options *options, mlk_status *status)
{
    *self = (mlk_reception){.options = *options, .bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&self->lock, NULL);
    self->tallies = calloc(options->routes->count + 1, sizeof *self->tallies);
    if (!self->tallies)
        return mlk_fail_memory(status, "a server");
    if (self->bell < 0)
        return mlk_fail_system(status, errno, "cannot serve at", options->address);
    return mlk_gate_open(&self->gate, options->hosts, options->token, options->rate, status);
}

mlk_exchange *mlk_reception_take(mlk_reception *self)
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

void mlk_reception_sweep(mlk_reception *self)
{
    pthread_mutex_lock(&self->lock);
    mlk_visits_sweep(&self->visits, self->options.idle_s, self->options.body_s, mlk_now_s());
    pthread_mutex_unlock(&self->lock);
}

void mlk_reception_dismiss(mlk_reception *self)
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

void mlk_reception_close(mlk_reception *self)
{
    mlk_exchange *exchange;
    while ((exchange = mlk_reception_take(self)))
        mlk_exchange_release(exchange);
    if (self->bell >= 0)
        close(self->bell);
    mlk_gate_close(&self->gate);
    pthread_mutex_destroy(&self->lock);
    free(self->tallies);
}

#include "net/exchange.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS_SIZE = 1 << 16, MOST_UNSENT = 4 << 20, STREAM_BLOCK = 1 << 14 };

/* --- its life ------------------------------------------------------------------------- */

static bool is_hexadecimal(char digit)
{
    return digit && strchr("0123456789abcdefABCDEF", digit);
}

/* An escaped zero would end a text early, and what follows it would go unseen. */
static bool is_well_escaped(const char *uri)
{
    for (const char *at = uri; (at = strchr(at, '%')); at++)
        if (!is_hexadecimal(at[1]) || !is_hexadecimal(at[2]) || (at[1] == '0' && at[2] == '0'))
            return false;
    return true;
}

mlk_exchange *mlk_exchange_new(pthread_mutex_t *lock, const char *uri)
{
    mlk_exchange *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    *self = (mlk_exchange){.lock = lock, .holders = 1, .route = MLK_ROUTE_UNKNOWN, .malformed = !is_well_escaped(uri),
                           .query.most = FIELDS_SIZE, .headers.most = FIELDS_SIZE, .body.file = -1, .socket = -1, .bell = -1};
    return self;
}

void mlk_exchange_hold(mlk_exchange *self)
{
    pthread_mutex_lock(self->lock);
    self->holders++;
    pthread_mutex_unlock(self->lock);
}

void mlk_exchange_release(mlk_exchange *self)
{
    if (!self)
        return;
    pthread_mutex_t *lock = self->lock;
    pthread_mutex_lock(lock);
    bool last = --self->holders == 0;
    pthread_mutex_unlock(lock);
    if (!last)
        return;
    if (self->response)
        mlk_microhttpd.destroy_response(self->response);
    mlk_body_clear(&self->body);
    mlk_pairs_clear(&self->query);
    mlk_pairs_clear(&self->headers);
    if (self->socket >= 0)
        close(self->socket);
    free(self->early);
    free(self->unsent);
    free(self->method);
    free(self->path);
    free(self);
}

char *mlk_exchange_take_upload(mlk_exchange *self)
{
    char *path = self->body.path;
    self->body.path = NULL;
    return path;
}

/* --- answers ---------------------------------------------------------------------------- */

/* What every answer tells a browser: nothing from elsewhere runs in our pages, and nobody frames them. */
static const char *const guards[] = {
    "Content-Security-Policy",
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options", "nosniff",
    "Referrer-Policy", "no-referrer",
    "Cross-Origin-Opener-Policy", "same-origin",
    "Cross-Origin-Resource-Policy", "same-origin",
    NULL,
};

static bool has_header(const char *const *headers, const char *name)
{
    for (; headers && *headers; headers += 2)
        if (strcasecmp(*headers, name) == 0)
            return true;
    return false;
}

static bool add_headers(struct MHD_Response *response, const char *const *headers)
{
    for (const char *const *at = headers; at && *at; at += 2)
        if (mlk_microhttpd.add_response_header(response, at[0], at[1]) == MHD_NO)
            return false;
    for (const char *const *at = guards; *at; at += 2)
        if (!has_header(headers, at[0]))
            mlk_microhttpd.add_response_header(response, at[0], at[1]);
    return true;
}

/* Gives the exchange its answer and wakes its connection. Takes the response in any case. */
static mlk_code settle(mlk_exchange *self, int status_code, const char *const *headers, struct MHD_Response *response,
                       bool is_stream, mlk_status *status)
{
    if (!response)
        return mlk_fail_memory(status, "an answer");
    if (!add_headers(response, headers)) {
        mlk_microhttpd.destroy_response(response);
        return mlk_fail(status, MLK_INVALID, "headers must be names and values without line breaks");
    }
    pthread_mutex_lock(self->lock);
    bool again = self->status != 0, gone = !self->connection;
    if (!again) {
        self->status = status_code;
        self->response = gone ? NULL : response;
        self->is_stream = is_stream;
        if (self->waiting)
            mlk_microhttpd.resume_connection(self->connection);
        self->waiting = false;
    }
    pthread_mutex_unlock(self->lock);
    if (again || gone)
        mlk_microhttpd.destroy_response(response);
    return !again ? MLK_OK : mlk_fail(status, MLK_INVALID, "the request has been answered");
}

mlk_code mlk_exchange_answer(mlk_exchange *self, int status_code, const char *const *headers, const char *body,
                             size_t size, mlk_status *status)
{
    struct MHD_Response *response =
        mlk_microhttpd.create_response_from_buffer(size, (void *)(size ? body : ""), MHD_RESPMEM_MUST_COPY);
    return settle(self, status_code, headers, response, false, status);
}

mlk_code mlk_exchange_answer_file(mlk_exchange *self, int status_code, const char *const *headers, const char *path,
                                  uint64_t offset, uint64_t length, mlk_status *status)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return mlk_fail_system(status, errno, "cannot read", path);
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || offset > (uint64_t)about.st_size ||
        length > (uint64_t)about.st_size - offset) {
        close(file);
        return mlk_fail(status, MLK_INVALID, "%s has no such part", path);
    }
    struct MHD_Response *response = mlk_microhttpd.create_response_from_fd_at_offset64(length, file, offset);
    if (!response)
        close(file);
    return settle(self, status_code, headers, response, false, status);
}

/* --- problems --------------------------------------------------------------------------- */

const char *mlk_status_title(int status_code)
{
    static const struct {
        int code;
        const char *title;
    } titles[] = {
        {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"},
        {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
        {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
        {411, "Length Required"}, {413, "Content Too Large"}, {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"}, {421, "Misdirected Request"}, {422, "Unprocessable Content"},
        {426, "Upgrade Required"}, {429, "Too Many Requests"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].code == status_code)
            return titles[i].title;
    return "Other";
}

/* A text without control characters, between the quotes of JSON. */
static void quote(char *out, size_t room, const char *text)
{
    size_t used = 0;
    for (; *text && used + 3 < room; text++) {
        if (*text == '"' || *text == '\\')
            out[used++] = '\\';
        out[used++] = *text;
    }
    out[used] = '\0';
}

mlk_code mlk_exchange_refuse(mlk_exchange *self, int status_code, const char *const *headers, const char *detail,
                             mlk_status *status)
{
    enum { SHOWN = 512, QUOTED = 2 * SHOWN, BODY = QUOTED + 256, FIELDS = 16 };
    char shown[SHOWN], quoted[QUOTED], body[BODY];
    mlk_text_show(shown, sizeof shown, detail, strlen(detail), false);
    quote(quoted, sizeof quoted, shown);
    int size = snprintf(body, sizeof body,
                        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
                        mlk_status_title(status_code), status_code, quoted);
    const char *all[FIELDS + 1] = {"Content-Type", "application/problem+json", "Cache-Control", "no-store"};
    size_t n = 4;
    for (; headers && *headers && n + 2 <= FIELDS; headers += 2)
        all[n++] = headers[0], all[n++] = headers[1];
    return mlk_exchange_answer(self, status_code, all, body, (size_t)size, status);
}

/* --- streams ---------------------------------------------------------------------------- */

/* The network's thread asks for more of a stream. */
static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t room)
{
    (void)position;
    mlk_exchange *self = context;
    pthread_mutex_lock(self->lock);
    ssize_t given = (ssize_t)(self->unsent_size < room ? self->unsent_size : room);
    if (given > 0) {
        memcpy(bytes, self->unsent, (size_t)given);
        self->unsent_size -= (size_t)given;
        memmove(self->unsent, self->unsent + given, self->unsent_size);
    } else if (self->finished) {
        given = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        self->waiting = true;
        mlk_microhttpd.suspend_connection(self->connection);
    }
    pthread_mutex_unlock(self->lock);
    return given;
}

static void leave_stream(void *context)
{
    mlk_exchange_release(context);
}

mlk_code mlk_exchange_answer_stream(mlk_exchange *self, int status_code, const char *const *headers,
                                    mlk_status *status)
{
    mlk_exchange_hold(self); /* the response's */
    struct MHD_Response *response = mlk_microhttpd.create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
                                                                                  read_stream, self, leave_stream);
    if (!response)
        mlk_exchange_release(self);
    return settle(self, status_code, headers, response, true, status);
}

static void wake(mlk_exchange *self)
{
    if (self->waiting && self->connection && self->is_stream)
        mlk_microhttpd.resume_connection(self->connection);
    self->waiting = self->waiting && !self->is_stream;
}

bool mlk_exchange_send(mlk_exchange *self, const char *bytes, size_t n)
{
    pthread_mutex_lock(self->lock);
    bool listens = self->connection && self->is_stream && !self->finished && n <= MOST_UNSENT - self->unsent_size;
    char *longer = listens ? realloc(self->unsent, self->unsent_size + n + 1) : NULL;
    if (longer) {
        self->unsent = longer;
        memcpy(longer + self->unsent_size, bytes, n);
        self->unsent_size += n;
        wake(self);
    }
    pthread_mutex_unlock(self->lock);
    return longer != NULL;
}

void mlk_exchange_finish(mlk_exchange *self)
{
    pthread_mutex_lock(self->lock);
    self->finished = true;
    wake(self);
    pthread_mutex_unlock(self->lock);
}

/* --- other protocols -------------------------------------------------------------------- */

/* The client has read 101. The descriptor is copied, so that the server can end the connection at any time while somebody
 * talks over it. */
static void keep_socket(void *context, struct MHD_Connection *connection, void *request, const char *early,
                        size_t n, int socket, struct MHD_UpgradeResponseHandle *handle)
{
    (void)connection, (void)request;
    static const uint64_t one = 1;
    mlk_exchange *self = context;
    pthread_mutex_lock(self->lock);
    self->upgraded = handle;
    self->early = malloc(n + 1);
    if (self->early && n > 0)
        memcpy(self->early, early, n);
    self->early_size = n;
    self->socket = self->early ? fcntl(socket, F_DUPFD_CLOEXEC, 0) : -1;
    bool failed = self->socket < 0;
    pthread_mutex_unlock(self->lock);
    if (failed)
        mlk_exchange_leave(self);
    (void)!write(self->bell, &one, sizeof one);
}

mlk_code mlk_exchange_answer_upgrade(mlk_exchange *self, const char *const *headers, mlk_status *status)
{
    return settle(self, MHD_HTTP_SWITCHING_PROTOCOLS, headers,
                  mlk_microhttpd.create_response_for_upgrade(keep_socket, self), false, status);
}

int mlk_exchange_take_socket(mlk_exchange *self, char **early, size_t *n)
{
    pthread_mutex_lock(self->lock);
    int socket = self->socket >= 0 ? self->socket : self->connection ? MLK_SOCKET_LATER : MLK_SOCKET_GONE;
    if (socket >= 0) {
        *early = self->early;
        *n = self->early_size;
        self->early = NULL;
        self->socket = -1;
    }
    pthread_mutex_unlock(self->lock);
    return socket;
}

void mlk_exchange_leave(mlk_exchange *self)
{
    pthread_mutex_lock(self->lock);
    struct MHD_UpgradeResponseHandle *handle = self->upgraded;
    self->upgraded = NULL;
    pthread_mutex_unlock(self->lock);
    if (handle)
        mlk_microhttpd.upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

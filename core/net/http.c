#include "net/http.h"

#include "interrupt.h"
#include "net/curl.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { MOST_HOPS = 10, LONGEST_URL = 8192, MOST_DROPPED = 1 << 20 };

/* --- headers ------------------------------------------------------------------ */

bool mlk_http_header(const mlk_http_answer *answer, const char *name, char *text, size_t room)
{
    size_t length = strlen(name);
    for (const char *at = answer->headers; *at;) {
        const char *end = strchr(at, '\n');
        if (strncasecmp(at, name, length) == 0 && at[length] == ':') {
            at += length + 1;
            while (at < end && isspace((unsigned char)*at))
                at++;
            while (end > at && isspace((unsigned char)end[-1]))
                end--;
            return snprintf(text, room, "%.*s", (int)(end - at), at) < (int)room;
        }
        at = end + 1;
    }
    return false;
}

int64_t mlk_http_number(const mlk_http_answer *answer, const char *name)
{
    char text[20], *end;
    if (!mlk_http_header(answer, name, text, sizeof text) || !isdigit((unsigned char)*text))
        return -1;
    int64_t number = strtoll(text, &end, 10);
    return *end ? -1 : number;
}

/* --- one exchange ------------------------------------------------------------- */

typedef struct exchange {
    const mlk_http_sink *sink;
    mlk_http_answer *answer;
    mlk_status *status;
    mlk_code code; /* what ended it from our side */
    bool begun;    /* the sink has been told of the answer */
    size_t dropped;
} exchange;

/* A status line begins an answer: what came before it was "100 Continue", or a proxy's. */
static size_t take_header(char *bytes, size_t size, size_t n, void *context)
{
    mlk_http_answer *answer = ((exchange *)context)->answer;
    char line[64];
    n *= size;
    snprintf(line, sizeof line, "%.*s", (int)n, bytes);
    if (sscanf(line, "HTTP/%*s %d", &answer->status) == 1) {
        answer->used = 0;
    } else if (memchr(bytes, ':', n) && !memchr(bytes, '\0', n) && answer->used + n + 2 < MLK_HTTP_HEADERS) {
        memcpy(answer->headers + answer->used, bytes, n);
        answer->used += (int)n;
        if (bytes[n - 1] != '\n')
            answer->headers[answer->used++] = '\n';
    }
    answer->headers[answer->used] = '\0';
    return n;
}

static bool has_body(const exchange *self)
{
    return self->sink && self->sink->begin && (self->answer->status == 200 || self->answer->status == 206);
}

static bool begin(exchange *self)
{
    if (!self->begun)
        self->code = self->sink->begin(self->sink->context, self->answer, self->status);
    self->begun = true;
    return self->code == MLK_OK;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    exchange *self = context;
    n *= size;
    if (!has_body(self)) {
        self->dropped += n;
        return self->dropped > MOST_DROPPED ? 0 : n;
    }
    if (begin(self))
        self->code = self->sink->take(self->sink->context, bytes, n, self->status);
    return self->code ? 0 : n;
}

static int look_up(void *context, int64_t a, int64_t b, int64_t c, int64_t d)
{
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return mlk_interrupted();
}

static mlk_code fail_transfer(const mlk_http_request *request, int error, const char *words, exchange *self)
{
    if (self->code)
        return self->code;
    if (error == MLK_CURLE_ABORTED)
        return mlk_fail(self->status, MLK_INTERRUPTED, "interrupted");
    if (error == MLK_CURLE_MEMORY || error == MLK_CURLE_FAILED_INIT)
        return mlk_fail_memory(self->status, "a transfer");
    self->answer->passing = error != MLK_CURLE_UNSUPPORTED_PROTOCOL && error != MLK_CURLE_URL &&
                            error != MLK_CURLE_NOT_BUILT_IN && error != MLK_CURLE_CERTIFICATE;
    return mlk_fail(self->status, MLK_IO, "cannot fetch %s: %s", request->url,
                    *words ? words : mlk_curl.easy_strerror(error));
}

static mlk_curl_list *add_line(mlk_curl_list *list, bool *fine, const char *line)
{
    mlk_curl_list *longer = *fine ? mlk_curl.slist_append(list, line) : NULL;
    *fine = *fine && longer;
    return longer ? longer : list;
}

/* The lines of the request that libcurl does not write itself; NULL for none. */
static mlk_curl_list *lines_of(const mlk_http_request *request, bool with_token, bool *fine)
{
    char line[LONGEST_URL];
    mlk_curl_list *list = NULL;
    *fine = true;
    if (request->token && with_token) {
        *fine = snprintf(line, sizeof line, "Authorization: Bearer %s", request->token) < (int)sizeof line;
        list = add_line(list, fine, line);
    }
    if (request->first > 0) {
        snprintf(line, sizeof line, "Range: bytes=%lld-", (long long)request->first);
        list = add_line(list, fine, line);
    }
    if (request->first > 0 && request->etag) {
        *fine = *fine && snprintf(line, sizeof line, "If-Range: %s", request->etag) < (int)sizeof line;
        list = add_line(list, fine, line);
    }
    return list;
}

static void set_up(void *handle, const mlk_http_request *request, const char *url, exchange *self, char *words)
{
    double connect_s = request->connect_s > 0 ? request->connect_s : 20;
    double stall_s = request->stall_s > 0 ? request->stall_s : 60;
    mlk_curl.easy_setopt(handle, MLK_CURL_URL, url);
    mlk_curl.easy_setopt(handle, MLK_CURL_PROTOCOLS, (long)MLK_CURL_HTTP_AND_HTTPS);
    mlk_curl.easy_setopt(handle, MLK_CURL_USER_AGENT, "moonlark");
    mlk_curl.easy_setopt(handle, MLK_CURL_NO_BODY, (long)request->head);
    mlk_curl.easy_setopt(handle, MLK_CURL_BUFFER_SIZE, 256L << 10);
    mlk_curl.easy_setopt(handle, MLK_CURL_NO_SIGNAL, 1L);
    mlk_curl.easy_setopt(handle, MLK_CURL_CONNECT_TIMEOUT_MS, (long)(connect_s * 1000));
    mlk_curl.easy_setopt(handle, MLK_CURL_LOW_SPEED_LIMIT, 1L);
    mlk_curl.easy_setopt(handle, MLK_CURL_LOW_SPEED_TIME, stall_s < 1 ? 1L : (long)stall_s);
    mlk_curl.easy_setopt(handle, MLK_CURL_ERROR_BUFFER, words);
    mlk_curl.easy_setopt(handle, MLK_CURL_HEADER_FUNCTION, take_header);
    mlk_curl.easy_setopt(handle, MLK_CURL_HEADER_DATA, self);
    mlk_curl.easy_setopt(handle, MLK_CURL_WRITE_FUNCTION, take_body);
    mlk_curl.easy_setopt(handle, MLK_CURL_WRITE_DATA, self);
    mlk_curl.easy_setopt(handle, MLK_CURL_NO_PROGRESS, 0L);
    mlk_curl.easy_setopt(handle, MLK_CURL_PROGRESS_FUNCTION, look_up);
    mlk_curl.easy_setopt(handle, MLK_CURL_PROGRESS_DATA, self);
}

/* A connection that breaks while TLS writes to it sends SIGPIPE, which is nobody's business but ours. */
static int perform(void *handle)
{
    sigset_t broken, before, pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    int error = mlk_curl.easy_perform(handle);
    if (!sigismember(&pending, SIGPIPE))
        sigtimedwait(&broken, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Asks once. `next` becomes the place that the answer leads to, or "". */
static mlk_code ask(const mlk_http_request *request, const char *url, bool with_token, exchange *self,
                    char next[LONGEST_URL])
{
    char words[MLK_CURL_ERROR_SIZE] = "", *place = NULL;
    void *handle = mlk_curl.easy_init();
    bool fine;
    if (!handle)
        return mlk_fail_memory(self->status, "a transfer");
    mlk_curl_list *lines = lines_of(request, with_token, &fine);
    set_up(handle, request, url, self, words);
    mlk_curl.easy_setopt(handle, MLK_CURL_HTTP_HEADER, lines);
    mlk_code code = fine ? MLK_OK : mlk_fail(self->status, MLK_INVALID, "the token is too long");
    int error = fine ? perform(handle) : 0;
    bool has_answer = self->answer->status >= 300; /* whose body, dropped, may be cut or endless */
    if (error && (self->code || error == MLK_CURLE_ABORTED || !has_answer))
        code = fail_transfer(request, error, words, self);
    mlk_curl.easy_getinfo(handle, MLK_CURL_REDIRECT_URL, &place);
    if (snprintf(next, LONGEST_URL, "%s", place ? place : "") >= LONGEST_URL)
        code = mlk_fail(self->status, MLK_IO, "cannot fetch %s: it leads to an address that is too long", request->url);
    mlk_curl.slist_free_all(lines);
    mlk_curl.easy_cleanup(handle);
    return code;
}

/* --- where a redirection leads ------------------------------------------------- */

static bool same_part(void *a, void *b, int part)
{
    char *first = NULL, *second = NULL;
    bool same = mlk_curl.url_get(a, part, &first, MLK_CURLU_DEFAULT_PORT) == 0 &&
                mlk_curl.url_get(b, part, &second, MLK_CURLU_DEFAULT_PORT) == 0 && strcasecmp(first, second) == 0;
    mlk_curl.free(first);
    mlk_curl.free(second);
    return same;
}

/* The same scheme, host and port. */
static bool same_host(const char *first, const char *second)
{
    void *a = mlk_curl.url(), *b = mlk_curl.url();
    bool same = a && b && mlk_curl.url_set(a, MLK_CURLU_URL, first, 0) == 0 &&
                mlk_curl.url_set(b, MLK_CURLU_URL, second, 0) == 0 && same_part(a, b, MLK_CURLU_SCHEME) &&
                same_part(a, b, MLK_CURLU_HOST) && same_part(a, b, MLK_CURLU_PORT);
    mlk_curl.url_cleanup(a);
    mlk_curl.url_cleanup(b);
    return same;
}

static bool is_secure(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

mlk_code mlk_http_ask(const mlk_http_request *request, const mlk_http_sink *sink, mlk_http_answer *answer,
                      mlk_status *status)
{
    char url[LONGEST_URL], next[LONGEST_URL];
    exchange self = {.sink = sink, .answer = answer, .status = status};
    *answer = (mlk_http_answer){0};
    mlk_code code = mlk_curl_load(status);
    if (!code && snprintf(url, sizeof url, "%s", request->url) >= (int)sizeof url)
        code = mlk_fail(status, MLK_INVALID, "the address is too long: %.60s…", request->url);
    for (int hop = 0; !code; hop++) {
        answer->status = answer->used = 0;
        code = ask(request, url, same_host(request->url, url), &self, next);
        if (code || !*next || (request->head && !same_host(request->url, next)))
            break;
        if (hop == MOST_HOPS)
            return mlk_fail(status, MLK_IO, "cannot fetch %s: more than %d redirections", request->url, MOST_HOPS);
        if (is_secure(url) && !is_secure(next))
            return mlk_fail(status, MLK_IO, "cannot fetch %s: it leads from https to http", request->url);
        strcpy(url, next);
    }
    if (!code && has_body(&self) && !begin(&self)) /* an empty body */
        code = self.code;
    return code;
}

/* hub_server FOLDER: a small hub of models on 127.0.0.1, which behaves as well or as badly as an address asks.
 *
 * Prints its port and serves FOLDER/ORG/NAME/FILE, while its parent lives, for 15 minutes and 5000 requests at most:
 *
 *     /HOW/api/models/ORG/NAME/revision/REV         what the model has
 *     /HOW/ORG/NAME/resolve/REV/FILE                files under 1000 bytes; larger ones: where they are, and their hash
 *     /HOW/store/ORG/NAME/FILE                      a file as it is, in parts too
 *     /log                                          the requests so far: method, path, range, token
 *     /quit
 *
 * HOW: good; cut (half of what is asked for, then the connection ends); stingy (cut after 10 bytes, no parts); slow
 * (half, then silence); longer, shorter (a wrong Content-Length); other (another content); loop (redirects to itself);
 * garbage (no HTTP); flaky (two answers of status 500 first); busy (status 429 once, wait 0 s); or a status: 401, 403,
 * 404, 429 (wait 9999 s), 500.
 */
#include "net/digest.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_REQUESTS = 5000, SECONDS = 900, SMALL = 1000 };
#define COMMIT "0123456789abcdef0123456789abcdef01234567"

typedef struct request {
    int client;
    char method[8], path[1024], how[32], range[64], token[128];
    const char *rest; /* of the path, behind HOW */
} request;

static const char *folder;
static int port, troubles;
static char seen[1 << 20];

static void put(int client, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(client, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

__attribute__((format(printf, 3, 4))) static void answer(const request *r, const char *first, const char *format, ...)
{
    char text[8192];
    va_list arguments;
    int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nConnection: close\r\n", first);
    va_start(arguments, format);
    n += vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    va_end(arguments);
    put(r->client, text, (size_t)n);
}

static void answer_text(const request *r, const char *first, const char *text)
{
    answer(r, first, "Content-Length: %zu\r\n\r\n", strlen(text));
    put(r->client, text, strlen(text));
}

static bool is(const request *r, const char *how)
{
    return strcmp(r->how, how) == 0;
}

static char *read_file(const char *path, long *size)
{
    char place[2048], *bytes = NULL;
    snprintf(place, sizeof place, "%s/%s", folder, path);
    FILE *file = strstr(path, "..") ? NULL : fopen(place, "rb");
    if (file && fseek(file, 0, SEEK_END) == 0 && (*size = ftell(file)) >= 0 && (bytes = malloc((size_t)*size + 1))) {
        rewind(file);
        *size = (long)fread(bytes, 1, (size_t)*size, file);
    }
    if (file)
        fclose(file);
    return bytes;
}

/* --- files ---------------------------------------------------------------------- */

static void serve_part(const request *r, const char *bytes, long size, const char *more)
{
    long first = 0, length, sent;
    bool parts = sscanf(r->range, "bytes=%ld-", &first) == 1 && !is(r, "stingy");
    if (parts && first >= size) {
        answer(r, "416 Range Not Satisfiable", "Content-Range: bytes */%ld\r\nContent-Length: 0\r\n\r\n", size);
        return;
    }
    first = parts ? first : 0;
    sent = length = size - first;
    if (is(r, "cut"))
        sent = length > SMALL ? length / 2 : length;
    if (is(r, "slow"))
        sent = first == 0 ? length / 2 : 0;
    if (is(r, "stingy"))
        sent = 10;
    length += is(r, "longer") ? 100 : is(r, "shorter") ? -10 : 0;
    if (parts)
        answer(r, "206 Partial Content", "%sContent-Range: bytes %ld-%ld/%ld\r\nContent-Length: %ld\r\n\r\n", more,
               first, size - 1, size, length);
    else
        answer(r, "200 OK", "%sContent-Length: %ld\r\n\r\n", more, length);
    if (strcmp(r->method, "HEAD") == 0)
        return;
    put(r->client, bytes + first, (size_t)sent);
    if (is(r, "slow"))
        sleep(2);
}

static void serve_file(const request *r, const char *path, const char *more)
{
    long size;
    char *bytes = read_file(path, &size);
    if (!bytes) {
        answer_text(r, "404 Not Found", "no");
        return;
    }
    if (is(r, "other") && size > 0)
        bytes[size / 2] ^= 1;
    serve_part(r, bytes, size, more);
    free(bytes);
}

static void serve_resolved(const request *r, const char *model, const char *file)
{
    char path[1024], more[512], hash[MLK_DIGEST_SIZE];
    long size;
    snprintf(path, sizeof path, "%s/%s", model, file);
    char *bytes = read_file(path, &size);
    if (!bytes) {
        answer(r, "404 Not Found", "X-Error-Code: EntryNotFound\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    mlk_digest_bytes(bytes, (size_t)size, size < SMALL ? MLK_GIT_SHA1 : MLK_SHA256, hash);
    free(bytes);
    if (size < SMALL) {
        snprintf(more, sizeof more, "X-Repo-Commit: " COMMIT "\r\nETag: \"%s\"\r\n", hash);
        serve_file(r, path, more);
    } else {
        answer(r, "302 Found",
               "X-Repo-Commit: " COMMIT "\r\nX-Linked-Etag: \"%s\"\r\nX-Linked-Size: %ld\r\n"
               "Location: http://localhost:%d/%s/store/%s\r\nContent-Length: 0\r\n\r\n",
               hash, size, port, r->how, path);
    }
}

/* --- what a model has ------------------------------------------------------------ */

static int list(const char *model, char *text, size_t room)
{
    char place[2048];
    int n = 0;
    snprintf(place, sizeof place, "%s/%s", folder, model);
    DIR *names = opendir(place);
    for (struct dirent *entry; names && (entry = readdir(names));)
        if (*entry->d_name != '.')
            n += snprintf(text + n, room - (size_t)n, "%s{\"rfilename\": \"%s\"}", n ? ", " : "", entry->d_name);
    if (!names)
        return -1;
    closedir(names);
    return n;
}

static void serve_model(const request *r, const char *model)
{
    char files[4096] = "", text[8192];
    if (list(model, files, sizeof files) < 0) {
        answer(r, "401 Unauthorized", "X-Error-Code: RepoNotFound\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    snprintf(text, sizeof text, "{\"sha\": \"" COMMIT "\", \"siblings\": [%s], \"cardData\": {\"license\": \"mit\"}}",
             files);
    answer_text(r, "200 OK", text);
}

/* --- requests --------------------------------------------------------------------- */

/* True where an answer has been given that has nothing to do with files. */
static bool misbehave(const request *r)
{
    int status = atoi(r->how);
    if (status == 429) {
        answer(r, "429 Too Many Requests", "Retry-After: 9999\r\nContent-Length: 0\r\n\r\n");
    } else if (status) {
        char first[32];
        snprintf(first, sizeof first, "%d Status", status);
        answer_text(r, first, "no");
    } else if (is(r, "loop")) {
        answer(r, "302 Found", "Location: %s\r\nContent-Length: 0\r\n\r\n", r->path);
    } else if (is(r, "garbage")) {
        put(r->client, "\1\2\3 what?\r\n\r\n", 14);
    } else if (is(r, "flaky") && troubles < 2) {
        troubles++;
        answer_text(r, "500 Internal Server Error", "no");
    } else if (is(r, "busy") && troubles < 1) {
        troubles++;
        answer(r, "429 Too Many Requests", "Retry-After: 0\r\nContent-Length: 0\r\n\r\n");
    } else {
        return false;
    }
    return true;
}

static void serve(request *r)
{
    char model[512], name[256], file[512];
    if (misbehave(r))
        return;
    if (strncmp(r->rest, "store/", 6) == 0)
        serve_file(r, r->rest + 6, "ETag: \"stored\"\r\n");
    else if (sscanf(r->rest, "api/models/%255[^/]/%255[^/]/revision/", model, name) == 2)
        serve_model(r, strcat(strcat(model, "/"), name));
    else if (sscanf(r->rest, "%255[^/]/%255[^/]/resolve/%*[^/]/%511s", model, name, file) == 3)
        serve_resolved(r, strcat(strcat(model, "/"), name), file);
    else
        answer_text(r, "404 Not Found", "no");
}

static void read_line(request *r, const char *line)
{
    if (strncasecmp(line, "Range: ", 7) == 0)
        snprintf(r->range, sizeof r->range, "%s", line + 7);
    if (strncasecmp(line, "Authorization: ", 15) == 0)
        snprintf(r->token, sizeof r->token, "%s", line + 15);
}

static bool read_request(request *r)
{
    char text[16384];
    size_t n = 0;
    for (ssize_t got; n + 1 < sizeof text; n += (size_t)got) {
        text[n] = '\0';
        if (strstr(text, "\r\n\r\n"))
            break;
        if ((got = recv(r->client, text + n, sizeof text - 1 - n, 0)) <= 0)
            return false;
    }
    text[n] = '\0';
    char *rest, *line = strtok_r(text, "\r\n", &rest);
    if (!line || sscanf(line, "%7s %1023s", r->method, r->path) != 2)
        return false;
    while ((line = strtok_r(NULL, "\r\n", &rest)))
        read_line(r, line);
    const char *slash = strchr(r->path + 1, '/');
    r->rest = slash ? slash + 1 : "";
    snprintf(r->how, sizeof r->how, "%.*s", slash ? (int)(slash - r->path - 1) : 30, r->path + 1);
    return true;
}

static void note(const request *r)
{
    size_t used = strlen(seen);
    snprintf(seen + used, sizeof seen - used, "%s %s %s %s\n", r->method, r->path, *r->range ? r->range : "-",
             *r->token ? r->token : "-");
}

int main(int count, char **arguments)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (count != 2 || bind(listener, (struct sockaddr *)&place, size) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&place, &size) != 0)
        return 1;
    folder = arguments[1];
    port = ntohs(place.sin_port);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    alarm(SECONDS);
    printf("%d\n", port);
    fflush(stdout);
    for (int i = 0; i < MOST_REQUESTS; i++) {
        request r = {.client = accept(listener, NULL, NULL)};
        setsockopt(r.client, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 5}, sizeof(struct timeval));
        if (read_request(&r)) {
            if (is(&r, "log")) {
                answer_text(&r, "200 OK", seen);
            } else if (is(&r, "quit")) {
                answer_text(&r, "200 OK", "bye");
                return 0;
            } else {
                note(&r);
                serve(&r);
            }
        }
        shutdown(r.client, SHUT_WR);
        close(r.client);
    }
    return 0;
}

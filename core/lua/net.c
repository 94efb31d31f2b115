/* net.c: core.net: what is fetched from other machines, and the hashes that it is checked by. */
#include "net/download.h"

#include "arguments.h"
#include "modules.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what both are told -------------------------------------------------------- */

static double read_number(lua_State *L, const char *name, double most)
{
    double number = 0;
    lua_getfield(L, 1, name);
    if (!lua_isnil(L, -1))
        number = mlk_lua_number(L, lua_gettop(L), name, 0, most);
    lua_pop(L, 1);
    return number;
}

/* Lives as long as the table of options, which the caller keeps. */
static const char *read_text(lua_State *L, const char *name)
{
    const char *text = mlk_lua_optional_string(L, mlk_lua_field(L, 1, name), name);
    for (const char *at = text; at && *at; at++)
        if (iscntrl((unsigned char)*at))
            mlk_lua_fail(L, "%s must not hold control characters", name); /* it would forge lines of the request */
    lua_pop(L, 1);
    return text;
}

static const char *read_url(lua_State *L)
{
    const char *url = read_text(L, "url");
    if (!url || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        mlk_lua_fail(L, "url must begin with http:// or https://, got '%s'", url ? url : "nil");
    return url;
}

static mlk_fetch_options read_fetch(lua_State *L)
{
    return (mlk_fetch_options){.tries = (int)read_number(L, "tries", 100), .pause_s = read_number(L, "pause", 3600),
                               .longest_pause_s = read_number(L, "longest_pause", 3600)};
}

/* --- answers in memory --------------------------------------------------------- */

#define ANSWER_TYPE "moonlark.net.answer"

typedef struct body {
    mlk_http_answer answer;
    char *bytes;
    size_t size, room, most;
} body;

static int free_body(lua_State *L)
{
    body *self = luaL_checkudata(L, 1, ANSWER_TYPE);
    free(self->bytes);
    self->bytes = NULL;
    return 0;
}

static mlk_code begin(void *context, const mlk_http_answer *answer, mlk_status *status)
{
    (void)answer, (void)status;
    ((body *)context)->size = 0;
    return MLK_OK;
}

static mlk_code take(void *context, const char *bytes, size_t n, mlk_status *status)
{
    body *self = context;
    if (n > self->most - self->size)
        return mlk_fail(status, MLK_INVALID, "the answer has more than the %zu bytes allowed", self->most);
    if (self->size + n > self->room) {
        char *larger = realloc(self->bytes, 2 * (self->size + n));
        if (!larger)
            return mlk_fail_memory(status, "an answer");
        self->bytes = larger;
        self->room = 2 * (self->size + n);
    }
    memcpy(self->bytes + self->size, bytes, n);
    self->size += n;
    return MLK_OK;
}

/* Sets the field "headers" of the table at the top: {name in lower case = value}. */
static void set_headers(lua_State *L, const mlk_http_answer *answer)
{
    lua_newtable(L);
    for (const char *at = answer->headers; *at; at = strchr(at, '\n') + 1) {
        char name[64], value[4096];
        size_t length = (size_t)(strchr(at, ':') - at);
        if (length >= sizeof name)
            continue;
        for (size_t i = 0; i < length; i++)
            name[i] = (char)tolower((unsigned char)at[i]);
        name[length] = '\0';
        if (mlk_http_header(answer, name, value, sizeof value))
            mlk_lua_set_string(L, name, value);
    }
    lua_setfield(L, -2, "headers");
}

/* ask{url, token, head, most, tries, pause, longest_pause, connect, stall} -> {status, headers, body}; raises where the
 * answer is no good one (net/fetch.h). Seconds; most: bytes of the body, 32 MiB unless told */
static int ask(lua_State *L)
{
    mlk_lua_check_type(L, 1, "options", LUA_TTABLE);
    mlk_http_request request = {.url = read_url(L), .token = read_text(L, "token")};
    request.connect_s = read_number(L, "connect", 3600);
    request.stall_s = read_number(L, "stall", 3600);
    lua_getfield(L, 1, "head");
    request.head = lua_toboolean(L, -1);
    mlk_fetch_options options = read_fetch(L);
    body *self = mlk_lua_push_object(L, ANSWER_TYPE, sizeof *self);
    double most = read_number(L, "most", 1e9);
    self->most = most > 0 ? (size_t)most : (size_t)32 << 20;
    mlk_fetch_sink sink = {.sink = {begin, take, self}};
    mlk_status status;
    mlk_lua_check(L, mlk_fetch(&request, &options, &sink, &self->answer, &status), &status);
    lua_newtable(L);
    mlk_lua_set_integer(L, "status", self->answer.status);
    set_headers(L, &self->answer);
    lua_pushlstring(L, self->bytes ? self->bytes : "", self->size);
    lua_setfield(L, -2, "body");
    return 1;
}

/* --- files --------------------------------------------------------------------- */

/* A function of Lua that is told how far the work is, and what it raised. */
typedef struct listener {
    lua_State *L;
    bool failed; /* its error lies on top of the stack */
} listener;

static void say(void *context, int64_t done, int64_t total)
{
    listener *self = context;
    if (self->failed)
        return;
    lua_pushvalue(self->L, 2);
    lua_pushinteger(self->L, done);
    lua_pushinteger(self->L, total);
    self->failed = lua_pcall(self->L, 2, 0, 0) != LUA_OK;
}

static void read_hash(lua_State *L, mlk_download *file)
{
    size_t digits;
    if (!(file->hash = read_text(L, "hash")))
        return;
    digits = strspn(file->hash, "0123456789abcdef");
    file->kind = digits == 64 ? MLK_SHA256 : MLK_GIT_SHA1;
    if (file->hash[digits] || (digits != 64 && digits != 40))
        mlk_lua_fail(L, "hash must have 64 (SHA-256) or 40 (Git's) lower-case hexadecimal digits, got '%s'",
                     file->hash);
}

/* download({url, token, path, size, most, hash, tries, pause, longest_pause, connect, stall}, say(done, total) or nil):
 * a file, whole and checked, or an error (net/download.h); total is -1 while nobody has said it */
static int download(lua_State *L)
{
    mlk_lua_check_type(L, 1, "options", LUA_TTABLE);
    lua_settop(L, 2);
    mlk_download file = {.url = read_url(L), .token = read_text(L, "token"), .path = read_text(L, "path")};
    if (!file.path)
        mlk_lua_fail(L, "path must be a string, got nil");
    file.connect_s = read_number(L, "connect", 3600);
    file.stall_s = read_number(L, "stall", 3600);
    file.fetch = read_fetch(L);
    file.most = (int64_t)read_number(L, "most", 0x1p50);
    lua_getfield(L, 1, "size");
    file.size = lua_isnil(L, -1) ? -1 : mlk_lua_integer(L, lua_gettop(L), "size", 0, (int64_t)1 << 50);
    read_hash(L, &file);
    luaL_checkstack(L, 8, NULL);
    listener self = {.L = L};
    mlk_progress progress = lua_isfunction(L, 2) ? (mlk_progress){say, &self} : (mlk_progress){0};
    mlk_status status;
    mlk_lua_check(L, mlk_download_file(&file, progress, &status), &status);
    if (self.failed)
        lua_error(L);
    return 0;
}

/* digest(path, "sha256" | "git-sha1") -> hexadecimal digits */
static int digest(lua_State *L)
{
    static const char *const kinds[] = {"sha256", "git-sha1", NULL};
    char hex[MLK_DIGEST_SIZE];
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_digest kind = (mlk_digest)mlk_lua_choice(L, 2, "kind", kinds);
    mlk_lua_check(L, mlk_digest_file(path, kind, hex, &status), &status);
    lua_pushstring(L, hex);
    return 1;
}

int mlk_lua_open_net(lua_State *L)
{
    static const luaL_Reg functions[] = {{"ask", ask}, {"digest", digest}, {"download", download}, {NULL, NULL}};
    mlk_lua_new_type(L, ANSWER_TYPE, free_body, NULL);
    luaL_newlib(L, functions);
    return 1;
}

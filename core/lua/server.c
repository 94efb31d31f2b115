/* server.c: core.server: requests over HTTP, and their answers (net/server.h). */
#include "arguments.h"
#include "modules.h"
#include "websocket.h"

#include "net/handshake.h"
#include "net/server.h"
#include "net/wslay.h"

#include <stdlib.h>
#include <string.h>

#define SERVER_TYPE "moonlark.server"
#define EXCHANGE_TYPE "moonlark.server.exchange"

/* A server with what it is told, which it does not copy. */
typedef struct box {
    mlk_server *server;
    mlk_routes routes;
    mlk_server_options options;
} box;

static box *check_server(lua_State *L)
{
    box *self = luaL_checkudata(L, 1, SERVER_TYPE);
    if (!self->server)
        mlk_lua_fail(L, "the server is closed");
    return self;
}

static int free_server(lua_State *L)
{
    box *self = luaL_checkudata(L, 1, SERVER_TYPE);
    mlk_server_free(self->server);
    mlk_routes_clear(&self->routes);
    *self = (box){0};
    return 0;
}

/* server:close(): ends all connections; requests that have no answer get 503 */
static int close_server(lua_State *L)
{
    box *self = luaL_checkudata(L, 1, SERVER_TYPE);
    mlk_server_close(self->server);
    return 0;
}

/* --- opening -------------------------------------------------------------------------- */

static void read_routes(lua_State *L, mlk_routes *routes)
{
    static const char *const bodies[] = {"none", "json", "sound", NULL};
    int list = mlk_lua_field(L, 1, "routes"), n = mlk_lua_list_length(L, list, "routes");
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, list, i);
        int route = lua_gettop(L);
        mlk_lua_check_type(L, route, "routes", LUA_TTABLE);
        const char *method = mlk_lua_string(L, mlk_lua_field(L, route, "method"), "method");
        const char *path = mlk_lua_string(L, mlk_lua_field(L, route, "path"), "path");
        mlk_body_kind body = (mlk_body_kind)mlk_lua_choice(L, mlk_lua_field(L, route, "body"), "body", bodies);
        bool public = mlk_lua_boolean(L, mlk_lua_field(L, route, "public"), "public");
        mlk_status status;
        mlk_lua_check(L, mlk_routes_add(routes, method, path, body, public, &status), &status);
        lua_settop(L, list);
    }
}

static double number(lua_State *L, const char *name, double most)
{
    return mlk_lua_number(L, mlk_lua_field(L, 1, name), name, 0, most);
}

/* open{address, port, hosts, token, rate, connections, connections_of_one, queue, idle, body_time, json_bytes,
 * upload_bytes, folder, routes = {{method, path, body = "none" | "json" | "sound", public}}} -> server */
static int open(lua_State *L)
{
    mlk_lua_check_type(L, 1, "options", LUA_TTABLE);
    lua_settop(L, 1);
    box *self = mlk_lua_push_object(L, SERVER_TYPE, sizeof *self);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1); /* the strings live as long as the server */
    luaL_checkstack(L, 32, NULL);
    read_routes(L, &self->routes);
    self->options = (mlk_server_options){
        .address = mlk_lua_string(L, mlk_lua_field(L, 1, "address"), "address"),
        .port = (int)mlk_lua_integer(L, mlk_lua_field(L, 1, "port"), "port", 0, 65535),
        .token = mlk_lua_optional_string(L, mlk_lua_field(L, 1, "token"), "token"),
        .rate = number(L, "rate", 1e9),
        .connections = (int)number(L, "connections", 1e6),
        .connections_of_one = (int)number(L, "connections_of_one", 1e6),
        .queue = (int)number(L, "queue", 1e6),
        .idle_s = number(L, "idle", 1e6),
        .body_s = number(L, "body_time", 1e6),
        .routes = &self->routes,
        .body = {.folder = mlk_lua_string(L, mlk_lua_field(L, 1, "folder"), "folder"),
                 .json_bytes = (size_t)number(L, "json_bytes", 1e9),
                 .upload_bytes = (uint64_t)number(L, "upload_bytes", 1e15)},
    };
    self->options.hosts = mlk_lua_read_strings(L, mlk_lua_field(L, 1, "hosts"), "hosts", 0);
    lua_setiuservalue(L, 2, 2);
    mlk_status status;
    mlk_lua_check(L, mlk_server_open(&self->options, &self->server, &status), &status);
    lua_settop(L, 2);
    return 1;
}

/* server:port() -> number */
static int port(lua_State *L)
{
    lua_pushinteger(L, mlk_server_port(check_server(L)->server));
    return 1;
}

/* server:quiesce(): listens no more */
static int quiesce(lua_State *L)
{
    mlk_server_quiesce(check_server(L)->server);
    return 0;
}

/* --- requests ------------------------------------------------------------------------- */

static mlk_exchange *check_exchange(lua_State *L)
{
    return *(mlk_exchange **)luaL_checkudata(L, 1, EXCHANGE_TYPE);
}

static int free_exchange(lua_State *L)
{
    mlk_exchange **slot = luaL_checkudata(L, 1, EXCHANGE_TYPE);
    mlk_exchange_release(*slot);
    *slot = NULL;
    return 0;
}

/* Descriptors of the list at `arg` that are to be read from. */
static void poll_descriptors(lua_State *L, int arg, struct pollfd *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, arg, (lua_Integer)i + 1);
        all[i] = (struct pollfd){.fd = (int)mlk_lua_integer(L, -1, "descriptors", 0, 1 << 20), .events = POLLIN};
        lua_pop(L, 1);
    }
}

static void poll_websockets(lua_State *L, int arg, struct pollfd *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, arg, (lua_Integer)i + 1);
        all[i] = mlk_lua_websocket_poll(L, -1);
        lua_pop(L, 1);
    }
}

static void step_websockets(lua_State *L, int arg, const struct pollfd *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, arg, (lua_Integer)i + 1);
        mlk_lua_websocket_step(L, -1, all[i].revents);
        lua_pop(L, 1);
    }
}

static size_t length_of(lua_State *L, int arg, const char *name)
{
    return lua_isnoneornil(L, arg) ? 0 : (size_t)mlk_lua_list_length(L, arg, name);
}

/* server:next(seconds, descriptors, websockets) -> exchange or nil, list of the descriptors that are ready; the websockets
 * have read and written what they can */
static int next(lua_State *L)
{
    box *self = check_server(L);
    double seconds = mlk_lua_number(L, 2, "seconds", 0, 1e6);
    size_t n = length_of(L, 3, "descriptors"), websockets = length_of(L, 4, "websockets");
    lua_settop(L, 4);
    mlk_exchange **slot = mlk_lua_push_object(L, EXCHANGE_TYPE, sizeof *slot);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1); /* the server outlives its exchanges */
    struct pollfd *others = lua_newuserdatauv(L, (n + websockets + 1) * sizeof *others, 0);
    poll_descriptors(L, 3, others, n);
    poll_websockets(L, 4, others + n, websockets);
    *slot = mlk_server_next(self->server, others, n + websockets, seconds);
    step_websockets(L, 4, others + n, websockets);
    if (*slot)
        lua_pushvalue(L, 5);
    else
        lua_pushnil(L);
    lua_newtable(L);
    for (size_t i = 0, ready = 0; i < n; i++)
        if (others[i].revents) {
            lua_pushinteger(L, others[i].fd);
            lua_rawseti(L, -2, (lua_Integer)++ready);
        }
    return 2;
}

/* Sets a field of the table at the top: {name = value}, of names that come twice the last. */
/* What is there more than once is a list: its values with commas between them, as HTTP has it of headers. */
static void set_pairs(lua_State *L, const char *field, const mlk_pairs *pairs)
{
    lua_newtable(L);
    for (const char *name = NULL; (name = mlk_pairs_next(pairs, name));) {
        if (lua_getfield(L, -1, name) == LUA_TSTRING)
            lua_pushfstring(L, "%s,%s", lua_tostring(L, -1), mlk_pairs_value(name));
        else
            lua_pushstring(L, mlk_pairs_value(name));
        lua_setfield(L, -3, name);
        lua_pop(L, 1);
    }
    lua_setfield(L, -2, field);
}

static const char *value_of(const mlk_pairs *pairs, const char *wanted)
{
    for (const char *name = NULL; (name = mlk_pairs_next(pairs, name));)
        if (strcmp(name, wanted) == 0)
            return mlk_pairs_value(name);
    return "";
}

/* exchange:request() -> {method, path, peer, route, query, headers, fields, json, upload = {path, name, type, bytes}}: the
 * uploaded file is the caller's from here on */
static int request(lua_State *L)
{
    mlk_exchange *self = check_exchange(L);
    lua_createtable(L, 0, 9);
    mlk_lua_set_string(L, "method", self->method);
    mlk_lua_set_string(L, "path", self->path);
    mlk_lua_set_string(L, "peer", self->peer);
    mlk_lua_set_integer(L, "route", self->route + 1);
    set_pairs(L, "query", &self->query);
    set_pairs(L, "headers", &self->headers);
    set_pairs(L, "fields", &self->body.fields);
    if (self->body.json) {
        lua_pushlstring(L, self->body.json, self->body.json_size);
        lua_setfield(L, -2, "json");
    }
    if (self->body.path) {
        lua_createtable(L, 0, 4);
        mlk_lua_set_string(L, "path", self->body.path);
        mlk_lua_set_string(L, "name", value_of(&self->body.about, "name"));
        mlk_lua_set_string(L, "type", value_of(&self->body.about, "type"));
        mlk_lua_set_integer(L, "bytes", (int64_t)self->body.file_bytes);
        lua_setfield(L, -2, "upload");
        free(mlk_exchange_take_upload(self));
    }
    return 1;
}

/* --- answers -------------------------------------------------------------------------- */

/* The headers at `arg`, {name, value, name, value …}, in a userdata that is pushed. */
static const char *const *read_headers(lua_State *L, int arg)
{
    if (mlk_lua_list_length(L, arg, "headers") % 2)
        mlk_lua_fail(L, "headers must be names and values by turns");
    return mlk_lua_read_strings(L, arg, "headers", 0);
}

static int read_status(lua_State *L)
{
    return (int)mlk_lua_integer(L, 2, "status", 200, 599);
}

/* exchange:answer(status, headers, body) */
static int answer(lua_State *L)
{
    size_t size;
    mlk_exchange *self = check_exchange(L);
    const char *body = mlk_lua_bytes(L, 4, "body", &size);
    mlk_status status;
    mlk_lua_check(L, mlk_exchange_answer(self, read_status(L), read_headers(L, 3), body, size, &status), &status);
    return 0;
}

/* exchange:answer_file(status, headers, path, offset, length) */
static int answer_file(lua_State *L)
{
    mlk_exchange *self = check_exchange(L);
    const char *path = mlk_lua_string(L, 4, "path");
    uint64_t offset = (uint64_t)mlk_lua_integer(L, 5, "offset", 0, INT64_MAX);
    uint64_t length = (uint64_t)mlk_lua_integer(L, 6, "length", 0, INT64_MAX);
    mlk_status status;
    mlk_lua_check(L, mlk_exchange_answer_file(self, read_status(L), read_headers(L, 3), path, offset, length, &status),
                  &status);
    return 0;
}

/* exchange:answer_stream(status, headers): its body is sent from now on */
static int answer_stream(lua_State *L)
{
    mlk_exchange *self = check_exchange(L);
    mlk_status status;
    mlk_lua_check(L, mlk_exchange_answer_stream(self, read_status(L), read_headers(L, 3), &status), &status);
    return 0;
}

/* exchange:send(bytes) -> false once the client is gone, or does not read */
static int send_more(lua_State *L)
{
    size_t size;
    mlk_exchange *self = check_exchange(L);
    const char *bytes = mlk_lua_bytes(L, 2, "bytes", &size);
    lua_pushboolean(L, mlk_exchange_send(self, bytes, size));
    return 1;
}

/* exchange:finish(): ends a stream */
static int finish(lua_State *L)
{
    mlk_exchange_finish(check_exchange(L));
    return 0;
}

/* exchange:websocket(limits) -> websocket; or nil, status, detail where the request asks for none. limits: {message, held,
 * unsent (bytes), ping, patience, closing (seconds)} */
static int answer_websocket(lua_State *L)
{
    char accept[MLK_ACCEPT_SIZE];
    mlk_exchange *self = check_exchange(L);
    mlk_lua_check_type(L, 2, "limits", LUA_TTABLE);
    mlk_status status;
    mlk_lua_check(L, mlk_wslay_load(&status), &status);
    mlk_refusal refusal = mlk_handshake_judge(&self->headers, accept);
    if (refusal.detail) {
        lua_pushnil(L);
        lua_pushinteger(L, refusal.status);
        lua_pushstring(L, refusal.detail);
        return 3;
    }
    const char *headers[] = {"Upgrade", "websocket", "Sec-WebSocket-Accept", accept, NULL};
    mlk_lua_push_websocket(L, self, 2, 1);
    mlk_lua_check(L, mlk_exchange_answer_upgrade(self, headers, &status), &status);
    return 1;
}

/* --- what was counted ------------------------------------------------------------------- */

static void set_numbers(lua_State *L, const char *field, const uint64_t *numbers, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushinteger(L, (lua_Integer)numbers[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, field);
}

/* server:tally(route) -> {statuses = {of 1xx .. 5xx}, within = {…}, seconds}; route 0: what fits none */
static int tally(lua_State *L)
{
    box *self = check_server(L);
    int route = (int)mlk_lua_integer(L, 2, "route", 0, (int64_t)self->routes.count);
    mlk_tally counted = mlk_server_tally(self->server, route - 1);
    lua_createtable(L, 0, 3);
    set_numbers(L, "statuses", counted.statuses, MLK_STATUS_CLASSES);
    set_numbers(L, "within", counted.within, MLK_LATENCIES);
    mlk_lua_set_number(L, "seconds", counted.seconds);
    return 1;
}

/* server:state() -> {connections, waiting} */
static int state(lua_State *L)
{
    mlk_server_state now = mlk_server_look(check_server(L)->server);
    lua_createtable(L, 0, 2);
    mlk_lua_set_integer(L, "connections", now.connections);
    mlk_lua_set_integer(L, "waiting", now.waiting);
    return 1;
}

/* server:knows(token) -> whether it is the server's */
static int knows(lua_State *L)
{
    size_t length;
    const char *token = mlk_lua_bytes(L, 2, "token", &length);
    lua_pushboolean(L, mlk_server_knows(check_server(L)->server, token, length));
    return 1;
}

/* status_title(404) -> "Not Found" */
static int status_title(lua_State *L)
{
    lua_pushstring(L, mlk_status_title((int)mlk_lua_integer(L, 1, "status", 100, 599)));
    return 1;
}

int mlk_lua_open_server(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open}, {"status_title", status_title}, {NULL, NULL}};
    static const luaL_Reg server[] = {
        {"close", close_server}, {"knows", knows}, {"next", next}, {"port", port}, {"quiesce", quiesce},
        {"state", state}, {"tally", tally}, {NULL, NULL},
    };
    static const luaL_Reg exchange[] = {
        {"answer", answer}, {"answer_file", answer_file}, {"answer_stream", answer_stream}, {"finish", finish},
        {"request", request}, {"send", send_more}, {"websocket", answer_websocket}, {NULL, NULL},
    };
    mlk_lua_new_type(L, SERVER_TYPE, free_server, server);
    mlk_lua_new_type(L, EXCHANGE_TYPE, free_exchange, exchange);
    mlk_lua_new_websocket(L);
    luaL_newlib(L, functions);
    lua_createtable(L, MLK_LATENCIES, 0);
    for (size_t i = 0; i < MLK_LATENCIES; i++) {
        lua_pushnumber(L, mlk_latency_bounds_s[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "latencies");
    return 1;
}

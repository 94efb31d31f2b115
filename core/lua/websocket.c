#include "websocket.h"

#include "arguments.h"

#include "net/websocket.h"

#include <stdlib.h>

#define WEBSOCKET_TYPE "moonlark.websocket"

typedef struct box {
    mlk_exchange *exchange;
    mlk_websocket *socket; /* NULL: the client has not read our answer yet, or never will */
    mlk_websocket_limits limits;
    bool gone;
} box;

static box *check(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, WEBSOCKET_TYPE);
}

static int free_websocket(lua_State *L)
{
    box *self = check(L, 1);
    mlk_websocket_free(self->socket);
    if (self->exchange) {
        mlk_exchange_leave(self->exchange);
        mlk_exchange_release(self->exchange);
    }
    *self = (box){.gone = true};
    return 0;
}

static size_t bytes_of(lua_State *L, int limits, const char *name)
{
    size_t n = (size_t)mlk_lua_integer(L, mlk_lua_field(L, limits, name), name, 1, INT32_MAX);
    lua_pop(L, 1);
    return n;
}

static double seconds_of(lua_State *L, int limits, const char *name)
{
    double seconds = mlk_lua_number(L, mlk_lua_field(L, limits, name), name, 0, 1e6);
    lua_pop(L, 1);
    return seconds;
}

void mlk_lua_push_websocket(lua_State *L, mlk_exchange *exchange, int arg, int owner)
{
    mlk_websocket_limits limits = {
        .message_bytes = bytes_of(L, arg, "message"), .held_bytes = bytes_of(L, arg, "held"),
        .unsent_bytes = bytes_of(L, arg, "unsent"), .ping_s = seconds_of(L, arg, "ping"),
        .patience_s = seconds_of(L, arg, "patience"),
        .closing_s = seconds_of(L, arg, "closing"),
    };
    box *self = mlk_lua_push_object(L, WEBSOCKET_TYPE, sizeof *self);
    *self = (box){.limits = limits, .exchange = exchange};
    mlk_exchange_hold(exchange);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
}

/* Opens it as soon as there is a connection; nothing is heard before Lua has seen that (websocket:begin). */
static void open_socket(lua_State *L, box *self)
{
    mlk_status status;
    char *early = NULL;
    size_t n = 0;
    int socket = self->gone || self->socket ? MLK_SOCKET_LATER : mlk_exchange_take_socket(self->exchange, &early, &n);
    if (socket == MLK_SOCKET_LATER)
        return;
    self->gone = socket == MLK_SOCKET_GONE;
    mlk_code code = self->gone ? MLK_OK : mlk_websocket_open(socket, early, n, &self->limits, &self->socket, &status);
    free(early);
    if (code) {
        self->gone = true;
        mlk_lua_raise(L, &status);
    }
}

struct pollfd mlk_lua_websocket_poll(lua_State *L, int arg)
{
    box *self = check(L, arg);
    if (!self->socket)
        return (struct pollfd){.fd = -1};
    return (struct pollfd){.fd = mlk_websocket_descriptor(self->socket), .events = mlk_websocket_events(self->socket)};
}

void mlk_lua_websocket_step(lua_State *L, int arg, short revents)
{
    box *self = check(L, arg);
    if (self->socket)
        mlk_websocket_step(self->socket, revents);
    else
        open_socket(L, self);
}

/* websocket:next() -> bytes, is_binary or nil */
static int next(lua_State *L)
{
    box *self = check(L, 1);
    mlk_websocket_message *message = self->socket ? mlk_websocket_next(self->socket) : NULL;
    if (!message)
        return 0;
    lua_pushlstring(L, message->bytes, message->size);
    lua_pushboolean(L, message->binary);
    free(message);
    return 2;
}

/* websocket:state() -> "connecting" | "open" | "closing" | "closed", the code that it was closed with */
static int state(lua_State *L)
{
    static const char *const names[] = {"open", "closing", "closed"};
    box *self = check(L, 1);
    if (!self->socket)
        lua_pushstring(L, self->gone ? "closed" : "connecting");
    else
        lua_pushstring(L, names[mlk_websocket_state(self->socket)]);
    lua_pushinteger(L, self->socket ? mlk_websocket_code(self->socket) : self->gone ? MLK_WEBSOCKET_BROKEN : 0);
    return 2;
}

/* websocket:send(bytes, is_binary) -> false where nobody reads it */
static int send_message(lua_State *L)
{
    size_t n;
    box *self = check(L, 1);
    const char *bytes = mlk_lua_bytes(L, 2, "data", &n);
    bool binary = mlk_lua_boolean(L, 3, "binary");
    lua_pushboolean(L, self->socket && mlk_websocket_send(self->socket, bytes, n, binary));
    return 1;
}

/* websocket:say_close(code, reason): tells the other end; it is closed once that has answered */
static int say_close(lua_State *L)
{
    box *self = check(L, 1);
    int code = (int)mlk_lua_integer(L, 2, "code", 1000, 4999);
    const char *reason = mlk_lua_string(L, 3, "reason");
    if (self->socket)
        mlk_websocket_close(self->socket, code, reason);
    return 0;
}

/* websocket:begin(): hears what came with the request; before, what is to be said first can be sent */
static int begin(lua_State *L)
{
    mlk_lua_websocket_step(L, 1, 0);
    return 0;
}

/* websocket:leave(): it is over; the server counts it no longer */
static int leave(lua_State *L)
{
    box *self = check(L, 1);
    if (self->exchange)
        mlk_exchange_leave(self->exchange);
    return 0;
}

void mlk_lua_new_websocket(lua_State *L)
{
    static const luaL_Reg methods[] = {{"begin", begin}, {"leave", leave}, {"next", next}, {"say_close", say_close},
                                       {"send", send_message}, {"state", state}, {NULL, NULL}};
    mlk_lua_new_type(L, WEBSOCKET_TYPE, free_websocket, methods);
}

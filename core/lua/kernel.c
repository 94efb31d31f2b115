/* kernel.c: core.kernel: the sockets between a notebook and its kernel (kernel/channels.h). */
#include "arguments.h"
#include "clock.h"
#include "interrupt.h"
#include "modules.h"

#include "kernel/channels.h"

#include <string.h>

#define KERNEL_TYPE "moonlark.kernel.channels"

static mlk_bytes read_bytes(lua_State *L, int arg, const char *name)
{
    mlk_bytes bytes;
    bytes.at = mlk_lua_bytes(L, arg, name, &bytes.size);
    return bytes;
}

/* A field of the table at `arg`, which keeps it alive; {NULL, 0} for nil. */
static mlk_bytes read_field(lua_State *L, int arg, const char *name)
{
    mlk_bytes bytes = {0};
    if (lua_getfield(L, arg, name) != LUA_TNIL)
        bytes = read_bytes(L, lua_gettop(L), name);
    lua_pop(L, 1);
    return bytes;
}

/* A field that is a list of strings, in a userdata that is pushed; nil: none. */
static const mlk_bytes *read_list(lua_State *L, int arg, const char *name, size_t *n)
{
    int list = mlk_lua_field(L, arg, name);
    *n = lua_isnil(L, list) ? 0 : (size_t)mlk_lua_list_length(L, list, name);
    mlk_bytes *bytes = lua_newuserdatauv(L, (*n + 1) * sizeof *bytes, 0);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        bytes[i] = read_bytes(L, lua_gettop(L), name);
        lua_pop(L, 1);
    }
    return bytes;
}

static mlk_channels *check_kernel(lua_State *L)
{
    mlk_channels **box = luaL_checkudata(L, 1, KERNEL_TYPE);
    if (!*box)
        mlk_lua_fail(L, "the kernel is closed");
    return *box;
}

static int close_kernel(lua_State *L)
{
    mlk_channels **box = luaL_checkudata(L, 1, KERNEL_TYPE);
    mlk_channels_close(*box);
    *box = NULL;
    return 0;
}

/* open{transport, ip, ports = {shell, control, stdin, iopub, heartbeat}, key, client} -> kernel; raises where libzmq is
 * not there, or a port is taken. From here on, what a kernel's process prints is sent. */
static int open(lua_State *L)
{
    mlk_lua_check_type(L, 1, "connection", LUA_TTABLE);
    mlk_connection connection = {.transport = mlk_lua_string(L, mlk_lua_field(L, 1, "transport"), "transport"),
                                 .ip = mlk_lua_string(L, mlk_lua_field(L, 1, "ip"), "ip"),
                                 .key = read_field(L, 1, "key"),
                                 .client = mlk_lua_boolean(L, mlk_lua_field(L, 1, "client"), "client")};
    int ports = mlk_lua_field(L, 1, "ports");
    mlk_lua_check_type(L, ports, "ports", LUA_TTABLE);
    for (int i = 0; i < MLK_CHANNELS; i++) {
        lua_rawgeti(L, ports, i + 1);
        connection.ports[i] = (int)mlk_lua_integer(L, lua_gettop(L), "ports", 1, 65535);
        lua_pop(L, 1);
    }
    mlk_channels **box = mlk_lua_push_object(L, KERNEL_TYPE, sizeof *box);
    mlk_status status;
    mlk_lua_check(L, mlk_channels_open(&connection, box, &status), &status);
    return 1;
}

/* --- messages ------------------------------------------------------------------------ */

/* kernel:send{channel, type, identities, parent, metadata, content, buffers} -> its header: texts are JSON or bytes;
 * what is nil is empty */
static int send(lua_State *L)
{
    mlk_channels *kernel = check_kernel(L);
    mlk_lua_check_type(L, 2, "message", LUA_TTABLE);
    mlk_outgoing message = {
        .channel = (mlk_channel)mlk_lua_choice(L, mlk_lua_field(L, 2, "channel"), "channel", mlk_channel_names),
        .type = mlk_lua_string(L, mlk_lua_field(L, 2, "type"), "type"), .parent = read_field(L, 2, "parent"),
        .metadata = read_field(L, 2, "metadata"), .content = read_field(L, 2, "content")};
    message.identities = read_list(L, 2, "identities", &message.identity_count);
    message.buffers = read_list(L, 2, "buffers", &message.buffer_count);
    mlk_status status;
    char header[MLK_WIRE_HEADER];
    message.header = header;
    mlk_lua_check(L, mlk_channels_send(kernel, &message, &status), &status);
    lua_pushstring(L, header);
    return 1;
}

/* kernel:send_frames(channel, frames): sends them as they are */
static int send_frames(lua_State *L)
{
    mlk_channels *kernel = check_kernel(L);
    mlk_channel channel = (mlk_channel)mlk_lua_choice(L, 2, "channel", mlk_channel_names);
    size_t n;
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 3);
    lua_setfield(L, -2, "frames");
    const mlk_bytes *frames = read_list(L, lua_gettop(L), "frames", &n);
    mlk_status status;
    mlk_lua_check(L, mlk_channels_send_frames(kernel, channel, frames, n, &status), &status);
    return 0;
}

static void set_bytes(lua_State *L, const char *name, mlk_bytes bytes)
{
    lua_pushlstring(L, bytes.at, bytes.size);
    lua_setfield(L, -2, name);
}

/* Sets a field of the table at the top: the frames first .. last-1 as a list. */
static void set_frames(lua_State *L, const char *name, const mlk_message *message, size_t first, size_t last)
{
    lua_newtable(L);
    for (size_t i = first; i < last; i++) {
        lua_pushlstring(L, message->frames[i].at, message->frames[i].size);
        lua_rawseti(L, -2, (lua_Integer)(i - first) + 1);
    }
    lua_setfield(L, -2, name);
}

/* Pushes {channel, arrived, identities, header, parent, metadata, content, buffers}; of the heart {…, frames}. */
static int push_message(lua_State *L)
{
    const mlk_message *message = lua_touserdata(L, 1);
    lua_createtable(L, 0, 8);
    mlk_lua_set_string(L, "channel", mlk_channel_names[message->channel]);
    mlk_lua_set_number(L, "arrived", message->arrived_s);
    if (message->channel == MLK_HEARTBEAT) {
        set_frames(L, "frames", message, 0, message->count);
        return 1;
    }
    const mlk_wire *wire = &message->wire;
    set_frames(L, "identities", message, 0, wire->identities);
    set_bytes(L, "header", wire->header);
    set_bytes(L, "parent", wire->parent);
    set_bytes(L, "metadata", wire->metadata);
    set_bytes(L, "content", wire->content);
    set_frames(L, "buffers", message, wire->first_buffer, message->count);
    return 1;
}

/* kernel:wait(channels, seconds) -> message; nil and why where none came: "ending", "interrupted", "time" */
static int wait_for(lua_State *L)
{
    mlk_channels *kernel = check_kernel(L);
    unsigned wanted = 0;
    int n = mlk_lua_list_length(L, 2, "channels");
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, 2, i);
        wanted |= 1u << mlk_lua_choice(L, lua_gettop(L), "channels", mlk_channel_names);
        lua_pop(L, 1);
    }
    double seconds = mlk_lua_number(L, 3, "seconds", 0, 1e9);
    mlk_message *message = mlk_channels_wait(kernel, wanted, seconds);
    if (!message) {
        lua_pushnil(L);
        lua_pushstring(L, mlk_channels_ending(kernel) ? "ending" : mlk_interrupted() ? "interrupted" : "time");
        return 2;
    }
    lua_pushcfunction(L, push_message);
    lua_pushlightuserdata(L, message);
    int failed = lua_pcall(L, 1, 1, 0); /* memory may be short */
    mlk_message_free(message);
    return failed ? lua_error(L) : 1;
}

/* --- the kernel ----------------------------------------------------------------------- */

/* kernel:describe(content): what is answered to a kernel_info_request while Lua is busy */
static int describe(lua_State *L)
{
    mlk_status status;
    mlk_channels *kernel = check_kernel(L);
    mlk_lua_check(L, mlk_channels_describe(kernel, read_bytes(L, 2, "content"), &status), &status);
    return 0;
}

/* kernel:output_of(header): what is printed from here on belongs to the message of this header */
static int output_of(lua_State *L)
{
    mlk_status status;
    mlk_channels *kernel = check_kernel(L);
    mlk_lua_check(L, mlk_channels_output_of(kernel, read_bytes(L, 2, "header"), &status), &status);
    return 0;
}

/* kernel:flush(): sends what was printed until now */
static int flush(lua_State *L)
{
    mlk_channels_flush(check_kernel(L));
    return 0;
}

/* kernel:clock() -> seconds on the clock by which arrivals are told */
static int clock_s(lua_State *L)
{
    check_kernel(L);
    lua_pushnumber(L, mlk_now_s());
    return 1;
}

/* attempt(f, ...): see shell/run.h; raises outside of the program */
static int attempt(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, MLK_ATTEMPT_FIELD) != LUA_TFUNCTION)
        mlk_lua_fail(L, "a kernel runs in the program moonlark alone");
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

int mlk_lua_open_kernel(lua_State *L)
{
    static const luaL_Reg functions[] = {{"attempt", attempt}, {"open", open}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"clock", clock_s}, {"close", close_kernel}, {"describe", describe}, {"flush", flush}, {"output_of", output_of},
        {"send", send}, {"send_frames", send_frames}, {"wait", wait_for}, {NULL, NULL},
    };
    mlk_lua_new_type(L, KERNEL_TYPE, close_kernel, methods);
    luaL_newlib(L, functions);
    return 1;
}

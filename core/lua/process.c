/* process.c: core.process: running another program, and talking with one. */
#include "process.h"

#include "arguments.h"
#include "interrupt.h"
#include "messages.h"
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* run(argv, timeout_s = 0, directory = nil, environment = nil) -> {code, signal, timed_out, out, err},
 * or nil and why when there is no such program. */
static int run(lua_State *L)
{
    lua_settop(L, 4);
    const char *const *argv = mlk_lua_read_strings(L, 1, "argv", 1);
    mlk_process_options options = {0};
    if (!lua_isnil(L, 2))
        options.timeout_s = mlk_lua_number(L, 2, "timeout_s", 0, HUGE_VAL);
    if (!lua_isnil(L, 3))
        options.directory = mlk_lua_string(L, 3, "directory");
    if (!lua_isnil(L, 4))
        options.environment = mlk_lua_read_strings(L, 4, "environment", 0);

    mlk_process_result result;
    mlk_status status;
    mlk_code code = mlk_process_run(argv, &options, &result, &status);
    if (code == MLK_UNSUPPORTED) {
        lua_pushnil(L);
        lua_pushstring(L, status.message);
        return 2;
    }
    mlk_lua_check(L, code, &status);

    lua_createtable(L, 0, 5);
    mlk_lua_set_integer(L, "code", result.exit_code);
    mlk_lua_set_integer(L, "signal", result.signal);
    mlk_lua_set_boolean(L, "timed_out", result.timed_out);
    lua_pushlstring(L, result.out, result.out_size);
    lua_setfield(L, -2, "out");
    lua_pushlstring(L, result.err, result.err_size);
    lua_setfield(L, -2, "err");
    mlk_process_result_clear(&result);
    return 1;
}

/* --- the other side of a conversation ---------------------------------------------- */

#define PEER_TYPE "moonlark.process.peer"

typedef struct peer {
    pid_t pid;      /* 0: it has ended, or is the process that started us */
    int descriptor; /* -1: closed */
    mlk_messages messages;
} peer;

static peer *check_peer(lua_State *L)
{
    return luaL_checkudata(L, 1, PEER_TYPE);
}

static peer *push_peer(lua_State *L)
{
    peer *self = mlk_lua_push_object(L, PEER_TYPE, sizeof *self);
    self->descriptor = -1;
    return self;
}

static int end_peer(lua_State *L)
{
    peer *self = check_peer(L);
    if (self->descriptor >= 0)
        close(self->descriptor);
    if (self->pid > 0)
        mlk_process_end(self->pid, 0);
    mlk_messages_clear(&self->messages);
    self->descriptor = -1;
    self->pid = 0;
    return 0;
}

/* start(argv) -> peer: a program that talks with us over its descriptor 3; its standard error is ours */
static int start(lua_State *L)
{
    const char *const *argv = mlk_lua_read_strings(L, 1, "argv", 1);
    peer *self = push_peer(L);
    mlk_status status;
    mlk_lua_check(L, mlk_process_start(argv, STDERR_FILENO, &self->pid, &self->descriptor, &status), &status);
    mlk_messages_begin(&self->messages, self->descriptor);
    return 1;
}

static void close_all(int *descriptors, int n)
{
    for (int i = 0; i < n; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
}

/* filter(argv, input, output) -> peer: a program that reads the file `input`, writes the new file `output` on its
 * descriptor 3, and says on its standard output what came of it: peer:rest(); its standard error goes nowhere */
static int filter(lua_State *L)
{
    enum { IN, OUT, SAYS, OURS, N };
    const char *const *argv = mlk_lua_read_strings(L, 1, "argv", 1);
    const char *input = mlk_lua_string(L, 2, "input"), *output = mlk_lua_string(L, 3, "output");
    peer *self = push_peer(L);
    int ends[N] = {-1, -1, -1, -1}, pipes[2];
    mlk_status status;
    mlk_code code = MLK_OK;
    if ((ends[IN] = open(input, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
        code = mlk_fail_system(&status, errno, "cannot open", input);
    else if ((ends[OUT] = open(output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        code = mlk_fail_system(&status, errno, "cannot write", output);
    else if (pipe2(pipes, O_CLOEXEC) != 0)
        code = mlk_fail_system(&status, errno, "cannot run", argv[0]);
    if (!code) {
        ends[OURS] = pipes[0];
        ends[SAYS] = pipes[1];
        fcntl(ends[OURS], F_SETFL, O_NONBLOCK);
        mlk_process_streams streams = {ends[IN], ends[SAYS], -1, ends[OUT]};
        code = mlk_process_spawn(argv, &streams, &self->pid, &status);
    }
    if (!code) {
        self->descriptor = ends[OURS];
        mlk_messages_begin(&self->messages, self->descriptor);
        ends[OURS] = -1;
    }
    close_all(ends, N);
    mlk_lua_check(L, code, &status);
    return 1;
}

/* parent() -> peer: who started this program by start(); when that process ends, however it does, this one does, too */
static int parent(lua_State *L)
{
    enum { TALK = 3 };
    int kind = 0;
    socklen_t size = sizeof kind;
    if (getsockopt(TALK, SOL_SOCKET, SO_TYPE, &kind, &size) != 0)
        return mlk_lua_fail(L, "no process has started this one to talk with it");
    mlk_process_follow_parent(); /* one that has gone before is noticed by its closed end of the socket */
    fcntl(TALK, F_SETFD, FD_CLOEXEC);
    fcntl(TALK, F_SETFL, O_NONBLOCK);
    peer *self = push_peer(L);
    self->descriptor = TALK;
    mlk_messages_begin(&self->messages, TALK);
    return 1;
}

/* peer:send(text, wait = false) -> boolean: all of it, and what waited before, has left; `wait`: until it has */
static int send_text(lua_State *L)
{
    enum { TICK_MS = 50 };
    peer *self = check_peer(L);
    size_t size;
    mlk_status status;
    const char *text = mlk_lua_bytes(L, 2, "text", &size);
    mlk_lua_check(L, mlk_messages_put(&self->messages, text, size, &status), &status);
    bool all = mlk_messages_send(&self->messages);
    while (!all && lua_toboolean(L, 3) && !mlk_interrupted()) {
        struct pollfd end = {.fd = self->descriptor, .events = POLLOUT};
        poll(&end, 1, TICK_MS);
        all = mlk_messages_send(&self->messages);
    }
    lua_pushboolean(L, all);
    return 1;
}

/* peer:flush() -> boolean: nothing waits to be sent */
static int flush(lua_State *L)
{
    lua_pushboolean(L, mlk_messages_send(&check_peer(L)->messages));
    return 1;
}

/* peer:receive() -> text, or nil where no message is whole; nil and true once nothing can come any more. Never waits */
static int receive(lua_State *L)
{
    peer *self = check_peer(L);
    const char *text;
    size_t size;
    mlk_status status;
    mlk_code code = mlk_messages_receive(&self->messages, &status);
    if (!code)
        code = mlk_messages_take(&self->messages, &text, &size, &status);
    mlk_lua_check(L, code, &status);
    if (text) {
        lua_pushlstring(L, text, size);
        return 1;
    }
    lua_pushnil(L);
    lua_pushboolean(L, self->messages.closed);
    return 2;
}

/* peer:rest() -> all bytes that have come so far of a program without messages, boolean: nothing more comes */
static int rest(lua_State *L)
{
    peer *self = check_peer(L);
    size_t size;
    mlk_status status;
    mlk_lua_check(L, mlk_messages_receive(&self->messages, &status), &status);
    const char *text = mlk_messages_rest(&self->messages, &size);
    lua_pushlstring(L, text, size);
    lua_pushboolean(L, self->messages.closed);
    return 2;
}

/* peer:descriptor() -> integer, to be polled */
static int descriptor(lua_State *L)
{
    lua_pushinteger(L, check_peer(L)->descriptor);
    return 1;
}

/* peer:pid() -> integer; 0 once it has ended */
static int pid(lua_State *L)
{
    lua_pushinteger(L, check_peer(L)->pid);
    return 1;
}

/* peer:finish(seconds = 0) -> exit code, or nil and the signal that ended it: waits so long for its end, then kills it
 * and what it has started */
static int finish(lua_State *L)
{
    peer *self = check_peer(L);
    double patience_s = lua_isnoneornil(L, 2) ? 0 : mlk_lua_number(L, 2, "seconds", 0, 1e6);
    if (self->pid <= 0)
        return 0;
    int ended = mlk_process_end(self->pid, patience_s);
    self->pid = 0;
    if (WIFEXITED(ended)) {
        lua_pushinteger(L, WEXITSTATUS(ended));
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, sigabbrev_np(WTERMSIG(ended)));
    return 2;
}

/* --- waiting ------------------------------------------------------------------------ */

/* poll(descriptors, seconds) -> those of which something can be read; a signal ends the wait early */
static int poll_all(lua_State *L)
{
    enum { MOST = 4096 };
    int n = mlk_lua_list_length(L, 1, "descriptors");
    double seconds = mlk_lua_number(L, 2, "seconds", 0, 1e6);
    if (n > MOST)
        return mlk_lua_fail(L, "descriptors must be at most %d, got %d", MOST, n);
    struct pollfd *all = lua_newuserdatauv(L, sizeof *all * (size_t)(n + 1), 0);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, 1, i + 1);
        all[i] = (struct pollfd){.fd = (int)mlk_lua_integer(L, -1, "descriptor", 0, INT32_MAX), .events = POLLIN};
        lua_pop(L, 1);
    }
    poll(all, (nfds_t)n, (int)ceil(1000 * seconds));
    lua_newtable(L);
    for (int i = 0, ready = 0; i < n; i++)
        if (all[i].revents) {
            lua_pushinteger(L, all[i].fd);
            lua_rawseti(L, -2, ++ready);
        }
    return 1;
}

int mlk_lua_open_process(lua_State *L)
{
    static const luaL_Reg functions[] = {{"filter", filter}, {"parent", parent}, {"poll", poll_all}, {"run", run},
                                         {"start", start}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"send", send_text}, {"flush", flush}, {"receive", receive}, {"rest", rest},
                                       {"descriptor", descriptor}, {"pid", pid}, {"finish", finish},
                                       {"close", end_peer}, {NULL, NULL}};
    mlk_lua_new_type(L, PEER_TYPE, end_peer, methods);
    luaL_newlib(L, functions);
    return 1;
}

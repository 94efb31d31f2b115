#include "signals.h"

#include "interrupt.h"

#include <errno.h>
#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int requested; /* stays set from the signal until mlk_signals_stopped */
static volatile sig_atomic_t ending; /* the signal that ends the program, once one has come */
static volatile sig_atomic_t session;
static volatile sig_atomic_t deaf; /* to SIGINT */
static volatile sig_atomic_t remote; /* whoever interrupts has no terminal */
static lua_State *volatile running; /* the Lua thread that runs now: the one to hang the hook on */
static sigjmp_buf *volatile waiting;
static pthread_t owner;
static const char sentinel_key;

/* --- the signal ------------------------------------------------------------- */

static int raise_sentinel(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &sentinel_key);
    return lua_error(L);
}

static void stop(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    if (requested) /* otherwise: left over on a coroutine that slept through an earlier Ctrl-C */
        raise_sentinel(L);
}

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

/* One wish may come twice at once: to the process and to its group, as `timeout` sends it, or as two signals when a
 * session ends. */
static bool is_echo(void)
{
    static struct timespec before;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double apart_s = (double)(now.tv_sec - before.tv_sec) + 1e-9 * (double)(now.tv_nsec - before.tv_nsec);
    before = now;
    return (requested || ending) && apart_s < 0.1;
}

static void die_by(int signal_number)
{
    signal(signal_number, SIG_DFL);
    raise(signal_number); /* within a handler of this signal: as soon as that returns */
}

static void on_signal(int signal_number)
{
    if (!pthread_equal(pthread_self(), owner)) { /* a worker got it; hooks are for the owner to hang */
        pthread_kill(owner, signal_number);
        return;
    }
    if (deaf && signal_number == SIGINT)
        return;
    int saved = errno;
    bool stopping = (requested && !session) || ending;
    /* Nobody reads what is said while the program stops: that is no second wish. */
    if ((signal_number == SIGPIPE && stopping) || is_echo())
        return;
    if (stopping) {
        die_by(signal_number);
        return;
    }
    if (signal_number != SIGINT)
        ending = signal_number;
    if (waiting) {
        sigjmp_buf *place = waiting;
        waiting = NULL;
        siglongjmp(*place, 1);
    }
    if (requested && !ending) {
        say("\nstill stopping: the running C function has to return first (");
        say(remote ? "a restart of the kernel ends the whole session)\n" : "Ctrl-\\ ends the whole session)\n");
    }
    requested = 1;
    lua_sethook(running, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
    errno = saved;
}

/* No SA_RESTART: a blocked read ends too. */
static void catch_signal(int signal_number)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

static const int ends[] = {SIGTERM, SIGHUP, SIGPIPE};
enum { ENDS = sizeof ends / sizeof *ends };
static bool caught[ENDS]; /* one that was ignored at the start stays so: nohup */

static void find_caught(void)
{
    struct sigaction before;
    for (int i = 0; i < ENDS; i++)
        caught[i] = sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN;
}

void mlk_signals_reinstall(void)
{
    catch_signal(SIGINT);
    for (int i = 0; i < ENDS; i++)
        if (caught[i])
            catch_signal(ends[i]);
}

/* --- what would otherwise catch it ------------------------------------------ */

/* Every replaced function ends here: it notes which thread runs again, and passes the interrupt on. */
static int go_on(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    running = L;
    if (requested)
        return raise_sentinel(L);
    return lua_gettop(L);
}

/* Calls the original (upvalue 1) with all arguments; may yield. */
static int guarded(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, go_on);
    return go_on(L, LUA_OK, 0);
}

/* The same for functions whose first argument is the thread that will run. */
static int guarded_thread(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    running = lua_tothread(L, 1);
    return guarded(L);
}

/* What wrap returns. Upvalues: resume and close (both replaced), the coroutine. */
static int call_wrapped(lua_State *L)
{
    int arguments = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(3));
    lua_rotate(L, 1, 2);
    lua_call(L, arguments + 1, LUA_MULTRET);
    if (lua_toboolean(L, 1))
        return lua_gettop(L) - 1;

    int state = lua_status(lua_tothread(L, lua_upvalueindex(3)));
    if (state != LUA_OK && state != LUA_YIELD) { /* it failed, rather than being dead already: close its variables */
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_pushvalue(L, lua_upvalueindex(3));
        lua_call(L, 1, 2); /* false and the error, which a closing variable may have replaced */
    }
    if (state != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* Upvalues: resume, close. */
static int wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_State *thread = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    lua_pushcclosure(L, call_wrapped, 3);
    return 1;
}

/* Replaces field `name` of the table on top by `function`, which gets the original as its upvalue. */
static void replace(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

static int sentinel_text(lua_State *L)
{
    lua_pushliteral(L, "interrupted");
    return 1;
}

void mlk_signals_install(lua_State *L)
{
    owner = pthread_self();
    running = L;

    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, sentinel_text);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &sentinel_key);

    lua_pushlightuserdata(L, (void *)&requested);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_INTERRUPT_FIELD);

    lua_pushglobaltable(L);
    replace(L, "pcall", guarded);
    replace(L, "xpcall", guarded);
    lua_getfield(L, -1, "coroutine");
    replace(L, "resume", guarded_thread);
    replace(L, "close", guarded_thread);
    lua_getfield(L, -1, "resume");
    lua_getfield(L, -2, "close");
    lua_pushcclosure(L, wrap, 2);
    lua_setfield(L, -2, "wrap");
    lua_pop(L, 2);

    find_caught();
    mlk_signals_reinstall();
}

/* --- for the program -------------------------------------------------------- */

void mlk_signals_keep_session(void)
{
    session = 1;
}

void mlk_signals_heed(bool heeds)
{
    deaf = !heeds;
    remote = true;
}

bool mlk_signals_is_interrupt(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &sentinel_key);
    bool same = lua_rawequal(L, index, -1);
    lua_pop(L, 1);
    return same;
}

bool mlk_signals_stopped(lua_State *L)
{
    running = L;
    lua_sethook(L, NULL, 0, 0);
    bool taken = requested;
    requested = 0;
    return taken;
}

bool mlk_signals_unread(void)
{
    return ending == SIGPIPE;
}

bool mlk_signals_end_program(void)
{
    return ending;
}

int mlk_signals_leave(int code)
{
    if (!ending)
        return code;
    die_by(ending);
    return 128 + ending; /* the first process of a container does not die by its own signals */
}

void mlk_signals_wait_at(sigjmp_buf *place)
{
    waiting = place;
    if (place && (requested || ending)) {
        waiting = NULL;
        siglongjmp(*place, 1);
    }
}

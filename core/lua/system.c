/* system.c: core.system: what the machine offers. */
#include "arguments.h"
#include "blas/blas.h"
#include "clock.h"
#include "interrupt.h"
#include "libraries.h"
#include "library.h"
#include "modules.h"
#include "parallel.h"
#include "tensor.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* cores() -> integer: cores this process may use. */
static int cores(lua_State *L)
{
    lua_pushinteger(L, mlk_cores());
    return 1;
}

/* clock() -> number: seconds of a clock that never jumps, for measuring. */
static int clock_s(lua_State *L)
{
    lua_pushnumber(L, mlk_now_s());
    return 1;
}

/* interrupted() -> boolean: the user has asked to stop. */
static int interrupted(lua_State *L)
{
    lua_pushboolean(L, mlk_interrupted());
    return 1;
}

/* sleep(seconds) -> boolean: waits; false when the user asked to stop before the time was over. */
static int sleep_s(lua_State *L)
{
    double seconds = mlk_lua_number(L, 1, "seconds", 0, 1e9);
    struct timespec step = {.tv_nsec = 20 * 1000 * 1000};
    for (double waited = 0; waited < seconds && !mlk_interrupted(); waited += 0.02) {
        if (seconds - waited < 0.02)
            step.tv_nsec = (long)((seconds - waited) * 1e9);
        nanosleep(&step, NULL);
    }
    lua_pushboolean(L, !mlk_interrupted());
    return 1;
}

/* Those that ask a service to end. */
static sigset_t ending_signals(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    return ending;
}

/* hold_signals() -> descriptor: from here on SIGINT and SIGTERM interrupt nothing; that they came is read there. Threads
 * that begin later inherit this. */
static int hold_signals(lua_State *L)
{
    sigset_t ending = ending_signals();
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    int fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        mlk_lua_fail(L, "signals cannot be held: %s", strerror(errno));
    lua_pushinteger(L, fd);
    return 1;
}

/* held_signal(descriptor) -> "INT", "TERM", or nil where none came. The next one is heeded as ever: it interrupts. */
static int held_signal(lua_State *L)
{
    struct signalfd_siginfo came;
    sigset_t ending = ending_signals();
    if (read((int)mlk_lua_integer(L, 1, "descriptor", 0, INT32_MAX), &came, sizeof came) != (ssize_t)sizeof came)
        return 0;
    pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
    lua_pushstring(L, came.ssi_signo == SIGINT ? "INT" : "TERM");
    return 1;
}

/* random_hex(bytes) -> twice as many hexadecimal digits that nobody can guess */
static int random_hex(lua_State *L)
{
    enum { MOST = 64 };
    unsigned char bytes[MOST];
    char hex[2 * MOST];
    size_t n = (size_t)mlk_lua_integer(L, 1, "bytes", 1, MOST);
    if (getrandom(bytes, n, 0) != (ssize_t)n)
        return mlk_lua_fail(L, "the system gives no random numbers: %s", strerror(errno));
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    lua_pushlstring(L, hex, 2 * n);
    return 1;
}

/* terminal_columns(fd) -> integer?: how wide the terminal at that descriptor is; nil when it is none. */
static int terminal_columns(lua_State *L)
{
    int fd = (int)mlk_lua_integer(L, 1, "fd", 0, INT32_MAX);
    struct winsize size;
    if (!isatty(fd))
        return 0;
    bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    lua_pushinteger(L, known ? size.ws_col : 80);
    return 1;
}

/* blas() -> {file, threading, core, threads, trouble}: what multiplies the engine's matrices; loads it. */
static int blas(lua_State *L)
{
    mlk_blas_facts facts = mlk_blas_describe();
    lua_newtable(L);
    mlk_lua_set_string(L, "file", facts.file);
    mlk_lua_set_string(L, "threading", facts.threading);
    mlk_lua_set_string(L, "core", facts.core);
    mlk_lua_set_string(L, "trouble", facts.trouble);
    mlk_lua_set_integer(L, "threads", facts.threads);
    return 1;
}

/* ready_for_torch(): prepares the process for libtorch. A libtorch that multiplies by the system's BLAS, as Debian's
 * does, finds the engine's; one that brings its own is left alone. Raises when memory is too short to load it. */
static int ready_for_torch(lua_State *L)
{
    enum { ROOM_MB = 512 }; /* a libtorch takes 416 (2.15) to 536 (1.13); without, one aborts as it is loaded */
#ifdef MOONLARK_TORCH_TAKES_BLAS
    mlk_blas_lend();
#endif
    if (!mlk_library_has_room((size_t)ROOM_MB << 20))
        return mlk_lua_fail(L, "not enough memory (ulimit -v)");
    return 0;
}

/* load_tensors_by(load): the function to call when the first tensor is made or read before moonlark_torch is there */
static int load_tensors_by(lua_State *L)
{
    mlk_lua_check_type(L, 1, "load", LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, MLK_TENSOR_LOADER);
    return 0;
}

/* writable(folder) -> true, or nil and why: something can be made in it (root, too, is told of a read-only disk) */
static int writable(lua_State *L)
{
    if (access(mlk_lua_string(L, 1, "folder"), W_OK | X_OK) == 0) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

/* real_path(path) -> the same place without links, "." and ".."; nil where nothing is there */
static int real_path(lua_State *L)
{
    char found[PATH_MAX];
    lua_pushstring(L, realpath(mlk_lua_string(L, 1, "path"), found)); /* NULL is nil */
    return 1;
}

/* stamp(path) -> bytes of the file, nanoseconds since 1970 of its last change; nil where nothing is */
static int stamp(lua_State *L)
{
    struct stat about;
    if (stat(mlk_lua_string(L, 1, "path"), &about))
        return 0;
    lua_pushinteger(L, about.st_size);
    lua_pushinteger(L, (lua_Integer)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec);
    return 2;
}

int mlk_lua_open_system(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"cores", cores}, {"clock", clock_s}, {"interrupted", interrupted}, {"random_hex", random_hex},
        {"sleep", sleep_s}, {"hold_signals", hold_signals}, {"held_signal", held_signal},
        {"libraries", mlk_lua_libraries}, {"codecs", mlk_lua_codecs}, {"terminal_columns", terminal_columns},
        {"blas", blas}, {"ready_for_torch", ready_for_torch}, {"load_tensors_by", load_tensors_by},
        {"stamp", stamp}, {"writable", writable}, {"real_path", real_path}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_pushliteral(L, MOONLARK_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}

/* vamp.c: core.vamp: Vamp plugins, each at work in a process of its own. */
#include "vamp/session.h"

#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include <math.h>
#include <string.h>

#define SESSION_TYPE "moonlark.vamp.session"

enum { FRAMES_AT_ONCE = 4096 };

static int free_session(lua_State *L)
{
    mlk_vamp_session **session = luaL_checkudata(L, 1, SESSION_TYPE);
    mlk_vamp_free(*session);
    *session = NULL;
    return 0;
}

static mlk_vamp_session *check_session(lua_State *L)
{
    mlk_vamp_session **session = luaL_checkudata(L, 1, SESSION_TYPE);
    if (!*session)
        mlk_lua_fail(L, "this session is closed");
    return *session;
}

/* start(argv, timeout_s, memory in MB) -> session */
static int start(lua_State *L)
{
    mlk_status status;
    double timeout_s = mlk_lua_number(L, 2, "timeout", 0, HUGE_VAL);
    int64_t megabytes = mlk_lua_integer(L, 3, "memory", 1, 1 << 30);
    const char *const *argv = mlk_lua_read_strings(L, 1, "argv", 1);
    mlk_vamp_session **made = mlk_lua_push_object(L, SESSION_TYPE, sizeof *made);
    mlk_lua_check(L, mlk_vamp_start(argv, timeout_s, (size_t)megabytes << 20, made, &status), &status);
    return 1;
}

/* session:feed(tensor channels x samples) */
static int feed(lua_State *L)
{
    mlk_status status;
    mlk_code code = MLK_OK;
    mlk_vamp_session *session = check_session(L);
    mlk_array sound = mlk_lua_read_tensor(L, 2, "sound", MLK_FLOAT32, 2);
    int64_t channels = sound.shape[0], n = sound.shape[1];
    const float *samples = sound.data;
    float *frames = lua_newuserdatauv(L, sizeof *frames * (size_t)(channels * FRAMES_AT_ONCE), 0);
    for (int64_t from = 0; from < n && !code; from += FRAMES_AT_ONCE) {
        int64_t count = n - from < FRAMES_AT_ONCE ? n - from : FRAMES_AT_ONCE;
        for (int64_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < count; i++)
                frames[i * channels + c] = samples[c * n + from + i];
        code = mlk_vamp_feed(session, frames, channels * count, &status);
    }
    mlk_lua_check(L, code, &status);
    return 0;
}

/* Pushes a list of the texts that stand one after the other, each with a zero byte after it. */
static void push_texts(lua_State *L, const char *texts, size_t size)
{
    lua_newtable(L);
    lua_Integer n = 0;
    for (size_t at = 0; at < size; at += strlen(texts + at) + 1) {
        lua_pushstring(L, texts + at);
        lua_rawseti(L, -2, ++n);
    }
}

static void set_numbers(lua_State *L, const char *name, mlk_dtype dtype, int64_t n, const void *numbers)
{
    mlk_lua_push_copy(L, dtype, 1, &n, n > 0 ? numbers : "");
    lua_setfield(L, -2, name);
}

/* session:said() -> list of JSON texts that came so far */
static int said(lua_State *L)
{
    const mlk_vamp_heard *heard = mlk_vamp_results_of(check_session(L));
    push_texts(L, heard->about, heard->about_size);
    return 1;
}

/* session:finish() -> nil, or why nothing came of it */
static int finish(lua_State *L)
{
    mlk_status status;
    mlk_code code = mlk_vamp_finish(check_session(L), &status);
    if (code == MLK_OK)
        return 0;
    if (code != MLK_INVALID)
        return mlk_lua_raise(L, &status);
    lua_pushstring(L, status.message);
    return 1;
}

/* session:results() -> {times, durations (NaN: none), counts, values, labels}, all in the order of the results */
static int results(lua_State *L)
{
    const mlk_vamp_heard *heard = mlk_vamp_results_of(check_session(L));
    lua_createtable(L, 0, 5);
    set_numbers(L, "times", MLK_FLOAT64, heard->n, heard->times_s);
    set_numbers(L, "durations", MLK_FLOAT64, heard->n, heard->durations_s);
    set_numbers(L, "counts", MLK_INT32, heard->n, heard->counts);
    set_numbers(L, "values", MLK_FLOAT32, heard->n_values, heard->values);
    push_texts(L, heard->labels, heard->labels_size);
    lua_setfield(L, -2, "labels");
    return 1;
}

int mlk_lua_open_vamp(lua_State *L)
{
    static const luaL_Reg methods[] = {{"feed", feed}, {"finish", finish}, {"said", said}, {"results", results},
                                       {"close", free_session}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"start", start}, {NULL, NULL}};
    mlk_lua_new_type(L, SESSION_TYPE, free_session, methods);
    luaL_newlib(L, functions);
    return 1;
}

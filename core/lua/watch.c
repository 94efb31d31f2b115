/* watch.c: core.watch: is told when files in folders change (store/watch.h). */
#include "store/watch.h"

#include "arguments.h"
#include "modules.h"

#define WATCH_TYPE "moonlark.watch"

/* watch:close(): may be called again */
static int close_watch(lua_State *L)
{
    mlk_watch **self = luaL_checkudata(L, 1, WATCH_TYPE);
    mlk_watch_free(*self);
    *self = NULL;
    return 0;
}

static mlk_watch *check_watch(lua_State *L)
{
    mlk_watch **self = luaL_checkudata(L, 1, WATCH_TYPE);
    if (!*self)
        mlk_lua_fail(L, "the watch is closed");
    return *self;
}

/* Nothing is left to be told: false and the reason; other failures are errors. */
static int push_outcome(lua_State *L, mlk_code code, const mlk_status *status)
{
    if (code != MLK_EXHAUSTED)
        mlk_lua_check(L, code, status);
    lua_pushboolean(L, code == MLK_OK);
    lua_pushstring(L, code == MLK_OK ? "" : status->message);
    return 2;
}

/* open() -> watch; nil and why where the user has as many as the system allows */
static int open_watch(lua_State *L)
{
    mlk_status status;
    mlk_watch **self = mlk_lua_push_object(L, WATCH_TYPE, sizeof *self);
    mlk_code code = mlk_watch_new(self, &status);
    if (!code)
        return 1;
    if (code != MLK_EXHAUSTED)
        mlk_lua_raise(L, &status);
    lua_pushnil(L);
    lua_pushstring(L, status.message);
    return 2;
}

/* watch:folder(path) -> true; false and why where no more folders can be watched */
static int folder(lua_State *L)
{
    mlk_status status;
    mlk_watch *self = check_watch(L);
    return push_outcome(L, mlk_watch_folder(self, mlk_lua_string(L, 2, "path"), &status), &status);
}

typedef struct heard {
    lua_State *L;
    int count;
} heard;

/* Adds to the list on top; after so many, one without a name stands for all that follow. */
static void note(void *context, const char *name, bool is_folder)
{
    heard *self = context;
    enum { MOST = 1024 };
    if (self->count >= MOST)
        return;
    if (self->count == MOST - 1)
        name = NULL;
    lua_createtable(self->L, 0, 2);
    if (name)
        mlk_lua_set_string(self->L, "name", name);
    lua_pushboolean(self->L, is_folder);
    lua_setfield(self->L, -2, "folder");
    lua_rawseti(self->L, -2, ++self->count);
}

/* watch:wait(seconds) -> {{name =, folder = true|false} …}: what has happened; without a name: more than can be told */
static int wait_for(lua_State *L)
{
    mlk_status status;
    mlk_watch *self = check_watch(L);
    double seconds = mlk_lua_number(L, 2, "seconds", 0, 1e6);
    lua_newtable(L);
    heard context = {L, 0};
    mlk_lua_check(L, mlk_watch_wait(self, seconds, note, &context, &status), &status);
    return 1;
}

int mlk_lua_open_watch(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_watch}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"close", close_watch}, {"folder", folder}, {"wait", wait_for}, {NULL, NULL}};
    mlk_lua_new_type(L, WATCH_TYPE, close_watch, methods);
    luaL_newlib(L, functions);
    return 1;
}

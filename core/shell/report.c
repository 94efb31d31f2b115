#include "report.h"

#include "signals.h"
#include "text.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many frames are looked at: each look counts from the top again, and an endless recursion has 200 000. */
enum { LEVELS = 500, TRACE_LINES = 12 };

static char own_folder[PATH_MAX + 1];
static char interrupted_at[256];
static char speaker[128] = "moonlark";

void mlk_report_own(const char *folder)
{
    snprintf(own_folder, sizeof own_folder, "%s", folder);
}

void mlk_report_speaker(const char *name)
{
    snprintf(speaker, sizeof speaker, "%s", name);
}

const char *mlk_report_speaker_name(void)
{
    return speaker;
}

/* --- frames ----------------------------------------------------------------- */

/* The name by which a user knows the source: its path as given, or "stdin", "prompt". */
static const char *source_name(const lua_Debug *frame)
{
    return frame->source[0] == '@' || frame->source[0] == '=' ? frame->source + 1 : frame->short_src;
}

static bool is_users(const lua_Debug *frame)
{
    if (frame->currentline < 0) /* C, or a chunk without lines */
        return false;
    size_t length = strlen(own_folder);
    bool own = length > 0 && frame->source[0] == '@' && strncmp(frame->source + 1, own_folder, length) == 0;
    return !own;
}

/* Steps to the user's next frame outwards; `level` starts at -1. */
static bool next_users_frame(lua_State *L, int *level, lua_Debug *frame)
{
    while (++*level < LEVELS && lua_getstack(L, *level, frame)) {
        lua_getinfo(L, "Slnt", frame);
        if (is_users(frame))
            return true;
    }
    return false;
}

/* --- the message ------------------------------------------------------------ */

/* Pushes any error value as text. */
static const char *push_text(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TSTRING || luaL_getmetafield(L, index, "__tostring") != LUA_TNIL)
        return luaL_tolstring(L, index, NULL);
    lua_getglobal(L, "require"); /* moonlark.base.show prints tables so that one sees what is in them */
    lua_pushliteral(L, "moonlark.base.show");
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_istable(L, -1)) {
        lua_getfield(L, -1, "text");
        lua_pushvalue(L, index);
        if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_isstring(L, -1))
            return lua_pushfstring(L, "error value: %s", lua_tostring(L, -1));
    }
    return lua_pushfstring(L, "error value: a %s", luaL_typename(L, index));
}

/* When the message begins with a line of one of the user's files, the length of that file's name there
 * (Lua shortens long ones), and its whole name in *name. 0 otherwise. */
static size_t own_position(lua_State *L, const char *message, const char **name)
{
    lua_Debug frame;
    int level = -1;
    while (next_users_frame(L, &level, &frame)) {
        size_t length = strlen(frame.short_src);
        if (strncmp(message, frame.short_src, length) == 0 && message[length] == ':') {
            *name = source_name(&frame);
            return length;
        }
    }
    return 0;
}

static void add_position(lua_State *L, luaL_Buffer *text, const char *message)
{
    const char *name;
    size_t length = own_position(L, message, &name);
    if (length > 0) {
        luaL_addstring(text, name);
        luaL_addstring(text, message + length);
        return;
    }
    lua_Debug frame;
    int level = -1;
    if (next_users_frame(L, &level, &frame)) {
        char line[32];
        snprintf(line, sizeof line, ":%d: ", frame.currentline);
        luaL_addstring(text, source_name(&frame));
        luaL_addstring(text, line);
    } else {
        luaL_addstring(text, speaker);
        luaL_addstring(text, ": ");
    }
    luaL_addstring(text, message);
}

/* Calls a function of a module, f(message, level), and pushes the text that it gives; NULL, and nil, where there is
 * none. */
static const char *push_from(lua_State *L, const char *module, const char *function, const char *message, int level)
{
    int top = lua_gettop(L);
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_istable(L, -1)) {
        lua_getfield(L, -1, function);
        lua_pushstring(L, message);
        lua_pushinteger(L, level);
        if (lua_pcall(L, 2, 1, 0) == LUA_OK && lua_isstring(L, -1)) {
            lua_replace(L, top + 1);
            lua_settop(L, top + 1);
            return lua_tostring(L, -1);
        }
    }
    lua_settop(L, top);
    lua_pushnil(L);
    return NULL;
}

/* Pushes a message of a command in the command's own words. */
static const char *push_words(lua_State *L, const char *message)
{
    const char *words = strcmp(speaker, "moonlark") == 0 ? NULL
                        : push_from(L, "moonlark.shell.command", "translate", message, 0);
    return words ? words : message;
}

/* Pushes, in brackets, what moonlark.shell.hint says of a name that is not there; NULL where it has nothing to say.
 * Called by a message handler: what failed is one level out. */
static const char *push_hint(lua_State *L, const char *message)
{
    const char *hint = strstr(message, "a nil value (") ? push_from(L, "moonlark.shell.hint", "of", message, 2) : NULL;
    return hint ? lua_pushfstring(L, " (%s)", hint) : NULL;
}

/* --- the trace -------------------------------------------------------------- */

static void add_frame(luaL_Buffer *text, const lua_Debug *frame)
{
    char line[512];
    if (strcmp(frame->what, "main") == 0)
        snprintf(line, sizeof line, "\n  %.400s:%d in main chunk", source_name(frame), frame->currentline);
    else if (frame->name)
        snprintf(line, sizeof line, "\n  %.400s:%d in function '%.60s'", source_name(frame), frame->currentline,
                 frame->name);
    else
        snprintf(line, sizeof line, "\n  %.400s:%d in function at line %d", source_name(frame), frame->currentline,
                 frame->linedefined);
    luaL_addstring(text, line);
}

/* One frame alone says no more than the message's own position: then nothing. */
static void add_users_trace(lua_State *L, luaL_Buffer *text)
{
    lua_Debug frame;
    int frames = 0;
    for (int level = -1; next_users_frame(L, &level, &frame);)
        frames++;
    if (frames < 2)
        return;
    int shown = 0;
    for (int level = -1; next_users_frame(L, &level, &frame) && shown < TRACE_LINES; shown++)
        add_frame(text, &frame);
    if (frames > TRACE_LINES)
        luaL_addstring(text, "\n  ...");
}

int mlk_report_handler(lua_State *L)
{
    if (mlk_signals_is_interrupt(L, 1)) {
        lua_Debug frame;
        int level = -1;
        interrupted_at[0] = '\0';
        if (next_users_frame(L, &level, &frame))
            snprintf(interrupted_at, sizeof interrupted_at, " at %.200s:%d", source_name(&frame), frame.currentline);
        return 1;
    }
    const char *message = push_words(L, push_text(L, 1)), *hint = push_hint(L, message);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    add_position(L, &text, message);
    if (hint)
        luaL_addstring(&text, hint);
    if (!getenv("MOONLARK_TRACE"))
        add_users_trace(L, &text);
    luaL_pushresult(&text);
    if (getenv("MOONLARK_TRACE"))
        luaL_traceback(L, L, lua_tostring(L, -1), 1);
    return 1;
}

/* --- printing --------------------------------------------------------------- */

void mlk_report_print(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    mlk_report_say(text ? text : "error value without text");
    lua_pop(L, 1);
}

void mlk_report_say(const char *message)
{
    fflush(stdout);
    size_t whole = mlk_text_show(NULL, 0, message, strlen(message), true);
    char *shown = malloc(whole + 1);
    if (shown)
        mlk_text_show(shown, whole + 1, message, strlen(message), true);
    fprintf(stderr, "%s\n", shown ? shown : "not enough memory for an error message");
    free(shown);
}

void mlk_report_interrupt(void)
{
    if (mlk_signals_unread())
        return;
    fflush(stdout);
    const char *after_echo = isatty(STDERR_FILENO) ? "\n" : ""; /* the terminal has echoed ^C */
    fprintf(stderr, "%sinterrupted%s\n", after_echo, interrupted_at);
    interrupted_at[0] = '\0';
}

void mlk_report_push_interrupt(lua_State *L)
{
    lua_pushfstring(L, "interrupted%s", interrupted_at);
    interrupted_at[0] = '\0';
}

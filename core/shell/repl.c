#include "repl.h"

#include "history.h"
#include "signals.h"
#include "run.h"

#include <errno.h>
#include <langinfo.h>
#include <lauxlib.h>
#include <locale.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

static lua_State *state; /* readline's callbacks carry no context */
static bool terminal;

/* --- completion ------------------------------------------------------------- */

/* Pushes what moonlark.shell.complete says of the text before the cursor: the candidates, and from which byte
 * (0-based) on they replace it. Returns that byte, or -1 when it failed; pushes one value anyway. */
static int push_candidates(lua_State *L)
{
    int base = lua_gettop(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "moonlark.shell.complete");
    int start = -1;
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
        lua_getfield(L, -1, "candidates");
        lua_pushlstring(L, rl_line_buffer, (size_t)rl_point);
        if (lua_pcall(L, 1, 2, 0) == LUA_OK && lua_istable(L, -2))
            start = (int)lua_tointeger(L, -1) - 1;
    }
    mlk_signals_stopped(L); /* Ctrl-C while completing only ends the completing */
    if (start >= 0)
        lua_pushvalue(L, base + 2);
    else
        lua_pushnil(L);
    lua_replace(L, base + 1);
    lua_settop(L, base + 1);
    return start;
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    while (length > 0 && (a[length] & 0xC0) == 0x80) /* never half a UTF-8 character */
        length--;
    return length;
}

/* Lists candidates 1..count of the table on top below the line. */
static void list_candidates(lua_State *L, int count)
{
    /* readline wants [0] for the common part and a NULL at the end; Lua owns the memory, because Ctrl-C
     * may leave readline's pager. */
    char **matches = lua_newuserdatauv(L, sizeof *matches * ((size_t)count + 2), 0);
    size_t longest = 0;
    static char nothing[] = "";
    matches[0] = nothing;
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, -2, i);
        matches[i] = (char *)lua_tostring(L, -1); /* readline only reads it; the table keeps it */
        lua_pop(L, 1);
        size_t length = strlen(matches[i]);
        longest = length > longest ? length : longest;
    }
    matches[count + 1] = NULL;
    rl_display_match_list(matches, count, (int)longest);
    rl_forced_update_display();
    lua_pop(L, 1);
}

/* Tab: inserts what all candidates share; when that is nothing more, lists them. */
static int complete(int repeat, int key)
{
    (void)repeat, (void)key;
    lua_State *L = state;
    if ((int)strspn(rl_line_buffer, " \t") >= rl_point)
        return rl_insert_text("  ");

    int start = push_candidates(L);
    int count = start >= 0 && start <= rl_point ? (int)lua_rawlen(L, -1) : 0;
    if (count == 0) {
        rl_ding();
        lua_pop(L, 1);
        return 0;
    }
    lua_rawgeti(L, -1, 1);
    const char *first = lua_tostring(L, -1);
    size_t shared = strlen(first);
    for (int i = 2; i <= count; i++) {
        lua_rawgeti(L, -2, i);
        size_t same = common_prefix(first, lua_tostring(L, -1));
        shared = same < shared ? same : shared;
        lua_pop(L, 1);
    }
    bool longer = shared > (size_t)(rl_point - start);
    if (longer || count == 1) {
        char *text = strndup(first, shared);
        rl_begin_undo_group();
        rl_delete_text(start, rl_point);
        rl_point = start;
        rl_insert_text(text);
        rl_end_undo_group();
        free(text);
    }
    lua_pop(L, 1);
    if (!longer && count > 1)
        list_candidates(L, count);
    lua_pop(L, 1);
    return 0;
}

/* --- reading ---------------------------------------------------------------- */

static sigjmp_buf cancelled;

/* Ctrl-C leaves readline only while it waits for a key: nowhere else is its memory in order. */
static int read_key(FILE *stream)
{
    mlk_signals_wait_at(&cancelled);
    int key = rl_getc(stream);
    mlk_signals_wait_at(NULL);
    return key;
}

/* readline has just set its own handlers; SIGINT stays ours. */
static int take_interrupt_back(void)
{
    mlk_signals_reinstall();
    return 0;
}

static void leave_readline(void)
{
    rl_free_line_state();
    rl_cleanup_after_signal();
    RL_UNSETSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_VIMOTION | RL_STATE_NUMERICARG | RL_STATE_MULTIKEY |
                  RL_STATE_READCMD | RL_STATE_MOREINPUT | RL_STATE_COMPLETING);
    rl_line_buffer[rl_point = rl_end = rl_mark = 0] = '\0';
    fputs("^C\n", rl_outstream ? rl_outstream : stdout);
    fflush(rl_outstream ? rl_outstream : stdout);
}

static char *read_from_pipe(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    do { /* a Ctrl-C that ends the read was meant for this line */
        clearerr(stdin);
        length = getline(&line, &size, stdin);
    } while (length < 0 && errno == EINTR && ferror(stdin) && !mlk_signals_end_program());
    if (length < 0) {
        free(line);
        return NULL;
    }
    if (length > 0 && line[length - 1] == '\n')
        line[length - 1] = '\0';
    return line;
}

/* The next line without its newline (the caller frees it), or NULL: end of input, or Ctrl-C. */
static char *read_line(lua_State *L, const char *prompt, bool *was_cancelled)
{
    *was_cancelled = false;
    if (!terminal)
        return read_from_pipe();
    int top = lua_gettop(L);
    if (sigsetjmp(cancelled, 1)) {
        leave_readline();
        mlk_signals_stopped(L);
        lua_settop(L, top);
        *was_cancelled = true;
        return NULL;
    }
    char *line = readline(prompt);
    mlk_signals_reinstall();
    return line;
}

/* Where the locale is not UTF-8, or none is set, readline would take parts of characters for characters. It goes by
 * the environment, in which LC_ALL comes first. */
static void edit_utf8(void)
{
    if (setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        return;
    const char *everything = getenv("LC_ALL");
    setenv(everything && everything[0] ? "LC_ALL" : "LC_CTYPE", "C.UTF-8", 1);
    setlocale(LC_CTYPE, "");
}

static void set_up_readline(void)
{
    edit_utf8();
    rl_readline_name = "moonlark";
    rl_instream = stdin;
    rl_outstream = isatty(STDOUT_FILENO) ? stdout : stderr;
    rl_getc_function = read_key;
    rl_startup_hook = take_interrupt_back;
    rl_initialize();
    rl_bind_key('\t', complete);
}

/* --- the loop --------------------------------------------------------------- */

enum input { INPUT_READY, INPUT_INCOMPLETE, INPUT_FAILED };

/* Pushes the function that runs the text on top of the stack (which stays), unless it is wrong or only begun. */
static enum input compile(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    if (mlk_run_library(L, "moonlark.shell.prompt", "compile", 1, &text, 1) != MLK_EXIT_OK)
        return INPUT_FAILED;
    if (lua_isfunction(L, -1))
        return INPUT_READY;
    lua_pop(L, 1);
    return INPUT_INCOMPLETE;
}

/* Reads one entry, of as many lines as it needs, and pushes its function. False at the end of input. */
static bool read_entry(lua_State *L, enum input *result)
{
    bool was_cancelled;
    char *line = read_line(L, "> ", &was_cancelled);
    *result = INPUT_FAILED;
    if (!line)
        return was_cancelled;
    lua_pushstring(L, line);
    free(line);
    while ((*result = compile(L)) == INPUT_INCOMPLETE) {
        line = read_line(L, ">> ", &was_cancelled);
        if (!line) {
            *result = INPUT_FAILED;
            return was_cancelled;
        }
        lua_pushliteral(L, "\n");
        lua_pushstring(L, line);
        lua_concat(L, 3);
        free(line);
    }
    const char *entry = lua_tostring(L, 1);
    if (terminal && entry[strspn(entry, " \t\n")] != '\0')
        mlk_history_add(entry);
    return true;
}

int mlk_repl(lua_State *L)
{
    state = L;
    terminal = isatty(STDIN_FILENO);
    mlk_signals_keep_session();
    lua_settop(L, 0);
    if (terminal) {
        set_up_readline();
        mlk_history_open();
        fputs("Moonlark " MOONLARK_VERSION ", " LUA_RELEASE ".  name? explains, Tab completes, Ctrl-C stops, "
              "Ctrl-D leaves.\n",
              rl_outstream);
    }
    enum input input;
    while (!mlk_signals_end_program() && read_entry(L, &input)) {
        if (input == INPUT_READY && !mlk_signals_end_program())
            mlk_run_call(L, 0, 0);
        lua_settop(L, 0);
        fflush(stdout);
    }
    lua_settop(L, 0);
    if (terminal) {
        if (strcmp(rl_variable_value("enable-bracketed-paste"), "on") != 0)
            fputs("\n", rl_outstream); /* otherwise readline has ended the line */
        mlk_history_close();
    }
    return MLK_EXIT_OK;
}

/* main.c: the program: what the command line asks for, done in order. */
#include "signals.h"
#include "repl.h"
#include "report.h"
#include "run.h"
#include "wait.h"
#include "text.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char usage[] =
    "usage: moonlark [options] [script.lua | command] [arguments]\n"
    "\n"
    "Without a script: the prompt; when standard input is no terminal, the script on it.\n"
    "A command's name comes before a file's: ./NAME is the file.\n"
    "\n"
    "options:\n"
    "  -e CODE        run CODE\n"
    "  -l NAME        require NAME (a module of Moonlark or any other) into a global\n"
    "  --warnings W   show (default), ignore, or error: each warning ends the work\n"
    "  -i             go to the prompt afterwards\n"
    "  -              the script is on standard input\n"
    "  -v, --version  print the version\n"
    "  -h, --help     print this\n"
    "\n"
    "Modules come from Moonlark's own folders, the script's and the system's, never from the current one;\n"
    "LUA_PATH and LUA_CPATH add others, as for lua5.4. LUA_INIT is not run.\n";

/* --- the Lua state ---------------------------------------------------------- */

/* The folder that holds bin/, lib/ and share/: the program's own place, one up. */
static bool find_home(char home[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", home, PATH_MAX - 1);
    if (length <= 0)
        return false;
    home[length] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(home, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    return true;
}

/* Puts `text` before package[field]. */
static void prepend_path(lua_State *L, const char *field, const char *text)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, field);
    lua_pushfstring(L, "%s;%s", text, lua_tostring(L, -1));
    lua_setfield(L, -3, field);
    lua_pop(L, 2);
}

/* Takes out of package[field] what Lua's own default has of the current folder ("./?.lua"): what happens to lie there
 * is no part of Moonlark. What LUA_PATH and LUA_CPATH name themselves is the person's choice and stays. */
static void leave_out_current_folder(lua_State *L, const char *field, const char *standard)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, field);
    luaL_Buffer kept;
    luaL_buffinit(L, &kept);
    for (const char *at = standard; *at;) {
        size_t length = strcspn(at, LUA_PATH_SEP);
        if (*at == '/') {
            luaL_addlstring(&kept, at, length);
            luaL_addstring(&kept, LUA_PATH_SEP);
        }
        at += length + (at[length] != '\0');
    }
    luaL_buffsub(&kept, luaL_bufflen(&kept) > 0);
    luaL_pushresult(&kept);
    luaL_gsub(L, lua_tostring(L, -2), standard, lua_tostring(L, -1));
    lua_setfield(L, -4, field);
    lua_pop(L, 3);
}

/* The person's script finds its neighbours. A folder whose name holds a character that means something in such paths
 * is left out: the script has to load what lies there by itself. */
static void prepend_script_folder(lua_State *L, const char *script)
{
    char folder[PATH_MAX];
    if (!realpath(script, folder) || strpbrk(folder, LUA_PATH_SEP LUA_PATH_MARK))
        return;
    *strrchr(folder, '/') = '\0';
    prepend_path(L, "path", lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", folder, folder));
    prepend_path(L, "cpath", lua_pushfstring(L, "%s/?.so", folder));
    lua_pop(L, 2);
}

/* Where modules come from: Moonlark's own folders, then the script's (NULL: there is none), then the system's. */
static void set_module_paths(lua_State *L, const char *home, const char *script)
{
    leave_out_current_folder(L, "path", LUA_PATH_DEFAULT);
    leave_out_current_folder(L, "cpath", LUA_CPATH_DEFAULT);
    if (script)
        prepend_script_folder(L, script);
    prepend_path(L, "path",
                 lua_pushfstring(L, "%s/share/moonlark/lua/?.lua;%s/share/moonlark/lua/?/init.lua;"
                                    "%s/share/moonlark/?.lua", home, home, home));
    prepend_path(L, "cpath", lua_pushfstring(L, "%s/lib/moonlark/?.so", home));
    lua_pop(L, 2);
}

static lua_State *new_state(const char *home)
{
    lua_State *L = luaL_newstate();
    if (!L)
        return NULL;
    luaL_openlibs(L);
    lua_gc(L, LUA_GCGEN, 0, 0);
    mlk_report_own(lua_pushfstring(L, "%s/share/moonlark/", home));
    lua_settop(L, 0);
    mlk_signals_install(L);
    mlk_run_offer_attempt(L);
    return L;
}

/* The table `arg`: the script at 0, its arguments from 1, what came before it below 0. */
static void set_arg(lua_State *L, int argc, char **argv, int script)
{
    lua_createtable(L, argc - script, script + 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - script);
    }
    lua_setglobal(L, "arg");
}

/* --- scripts and commands --------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && !S_ISDIR(found.st_mode);
}

/* Calls the chunk on top with the script's arguments. */
static int call_script(lua_State *L, int argc, char **argv, int first)
{
    luaL_checkstack(L, argc, "too many arguments");
    for (int i = first; i < argc; i++)
        lua_pushstring(L, argv[i]);
    return mlk_run_call(L, argc - first, 0);
}

static int run_file(lua_State *L, const char *path, int argc, char **argv, int script)
{
    int status = luaL_loadfile(L, path);
    return status == LUA_OK ? call_script(L, argc, argv, script + 1) : mlk_run_loaded(L, status);
}

/* The file of the command NAME, share/moonlark/scripts/NAME.lua, pushed; NULL, and nothing pushed, when there is no
 * such command. A name with a slash is a file's. */
static const char *push_command(lua_State *L, const char *home, const char *name)
{
    if (strchr(name, '/'))
        return NULL;
    const char *path = lua_pushfstring(L, "%s/share/moonlark/scripts/%s.lua", home, name);
    if (is_file(path))
        return path;
    lua_pop(L, 1);
    return NULL;
}

/* Runs the command, or, where that is NULL, the file that the person named. */
static int run_name(lua_State *L, const char *command, int argc, char **argv, int script)
{
    const char *name = argv[script];
    if (command) {
        mlk_report_speaker(lua_pushfstring(L, "moonlark %s", name));
        return run_file(L, command, argc, argv, script);
    }
    size_t length = strlen(name);
    bool path = strchr(name, '/') || (length > 4 && strcmp(name + length - 4, ".lua") == 0);
    if (path || is_file(name))
        return run_file(L, name, argc, argv, script);
    mlk_run_library(L, "moonlark.shell.command", "unknown", 1, (const char *[]){name}, 0);
    return MLK_EXIT_USAGE;
}

static int run_stdin(lua_State *L, int argc, char **argv, int script)
{
    int status = luaL_loadfile(L, NULL);
    if (status != LUA_OK)
        return mlk_run_loaded(L, status);
    return call_script(L, argc, argv, script < argc ? script + 1 : argc);
}

/* --- the command line ------------------------------------------------------- */

typedef struct command_line {
    int script;       /* index of the script's name, argc without one */
    bool interactive; /* -i */
    bool ran;         /* an option has done something: no script is needed */
    bool help;        /* -h: and nothing else */
    bool globals;     /* -e, -l, -i or the prompt: modules are globals */
} command_line;

static int complain(const char *text, const char *option)
{
    char shown[256];
    mlk_text_show(shown, sizeof shown, option, strlen(option), false);
    fprintf(stderr, "moonlark: %s '%s'\nTry 'moonlark --help'.\n", text, shown);
    return MLK_EXIT_USAGE;
}

/* Finds the script; checks the options without running them. */
static int read_options(int argc, char **argv, command_line *line)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        const char *option = argv[i];
        if (strcmp(option, "--") == 0) {
            i++;
            break;
        }
        if (strcmp(option, "-h") == 0 || strcmp(option, "--help") == 0) {
            line->help = true;
            return MLK_EXIT_OK;
        }
        if (strcmp(option, "-v") == 0 || strcmp(option, "--version") == 0)
            continue;
        if (strcmp(option, "--warnings") == 0) {
            if (++i >= argc)
                return complain("an argument must follow", option);
        } else if (option[1] == 'e' || option[1] == 'l') {
            line->globals = true;
            if (option[2] == '\0' && ++i >= argc)
                return complain("an argument must follow", option);
        } else if (strcmp(option, "-i") == 0) {
            line->interactive = true;
        } else {
            return complain("unknown option", option);
        }
    }
    line->script = i;
    return MLK_EXIT_OK;
}

static int print_help(lua_State *L)
{
    fputs(usage, stdout);
    return mlk_run_library(L, "moonlark.shell.command", "print_list", 0, NULL, 0);
}

/* Runs the options from left to right; stops at the first failure. */
static int run_options(lua_State *L, char **argv, command_line *line)
{
    int code = MLK_EXIT_OK;
    for (int i = 1; i < line->script && code == MLK_EXIT_OK; i++) {
        const char *option = argv[i];
        if (strcmp(option, "-i") == 0 || strcmp(option, "--") == 0)
            continue;
        if (strcmp(option, "--warnings") == 0) {
            const char *policy = argv[++i];
            if (mlk_run_library(L, "moonlark.base.warning", "policy", 1, &policy, 0) != MLK_EXIT_OK)
                code = MLK_EXIT_USAGE;
            continue;
        }
        line->ran = true;
        if (strcmp(option, "-v") == 0 || strcmp(option, "--version") == 0) {
            printf("Moonlark %s, %s\n", MOONLARK_VERSION, LUA_RELEASE);
        } else {
            const char *value = option[2] ? option + 2 : argv[++i];
            if (option[1] == 'e')
                code = mlk_run_loaded(L, luaL_loadbuffer(L, value, strlen(value), "=-e"));
            else
                code = mlk_run_library(L, "moonlark.shell.prompt", "load", 1, &value, 0);
        }
    }
    return code;
}

static int run(lua_State *L, const char *home, int argc, char **argv)
{
    command_line line = {0};
    int code = read_options(argc, argv, &line);
    if (code != MLK_EXIT_OK)
        return code;
    bool has_script = line.script < argc && !line.help;
    bool from_stdin = has_script && strcmp(argv[line.script], "-") == 0;
    bool named = has_script && !from_stdin;
    const char *command = named ? push_command(L, home, argv[line.script]) : NULL;
    set_module_paths(L, home, named && !command ? argv[line.script] : NULL);
    if (line.help)
        return print_help(L);

    bool prompt = line.interactive || (!has_script && line.script == 1 && isatty(STDIN_FILENO));
    set_arg(L, argc, argv, has_script ? line.script : 0);
    if (line.globals || prompt)
        code = mlk_run_library(L, "moonlark.shell.prompt", "open", 0, NULL, 0);
    if (code == MLK_EXIT_OK)
        code = run_options(L, argv, &line);
    if (code == MLK_EXIT_OK && from_stdin)
        code = run_stdin(L, argc, argv, line.script);
    else if (code == MLK_EXIT_OK && has_script)
        code = run_name(L, command, argc, argv, line.script);
    else if (code == MLK_EXIT_OK && !line.ran && !prompt)
        code = run_stdin(L, argc, argv, argc);
    return prompt && code != MLK_EXIT_USAGE && !mlk_signals_end_program() ? mlk_repl(L) : code;
}

/* --- the end ------------------------------------------------------------------ */

/* True when standard output is a pipe that nobody reads any more: `moonlark doctor | head -1`. */
static bool is_left(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

/* Why a stream has failed when errno no longer tells. */
static const char *output_trouble(int error)
{
    struct statvfs disk;
    if (error == 0 && write(STDOUT_FILENO, "", 0) < 0)
        error = errno;
    if (error == 0 && fstatvfs(STDOUT_FILENO, &disk) == 0 && disk.f_bavail == 0)
        error = ENOSPC;
    return error == ENOSPC ? "no room left on the device" : strerror(error ? error : EIO);
}

/* Whichever way the program ends (a script may call os.exit), what it printed must have arrived. */
static void check_output(void)
{
    errno = 0;
    bool failed = fflush(stdout) != 0;
    if ((!failed && !ferror(stdout)) || errno == EPIPE || is_left() || mlk_signals_end_program())
        return;
    const char *why = output_trouble(failed ? errno : 0);
    fprintf(stderr, "%s: cannot write to standard output: %s\n", mlk_report_speaker_name(), why);
    _exit(MLK_EXIT_ERROR);
}

/* As many files at a time as the system allows the user: many workers, each with files and libraries of its own. */
static void allow_files(void)
{
    enum { PLENTY = 16384 };
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= PLENTY)
        return;
    files.rlim_cur = files.rlim_max < PLENTY ? files.rlim_max : PLENTY;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    atexit(check_output);
    allow_files();
    if (!mlk_wait_choose()) {
        fprintf(stderr, "moonlark: MOONLARK_WAIT must be active, passive or auto, got '%s'\n",
                getenv("MOONLARK_WAIT"));
        return MLK_EXIT_USAGE;
    }
    char home[PATH_MAX];
    lua_State *L = find_home(home) ? new_state(home) : NULL;
    if (!L) {
        fputs("moonlark: cannot start: no /proc, or no memory\n", stderr);
        return MLK_EXIT_ERROR;
    }
    int code = run(L, home, argc, argv);
    lua_close(L);
    if (mlk_signals_end_program())
        fflush(stdout); /* the signal that ends it leaves no time for more */
    return mlk_signals_leave(code);
}

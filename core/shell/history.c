#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

enum { LIMIT = 5000 };

static char path[PATH_MAX]; /* "": no file */

/* Makes every folder above the last '/' of `file`. */
static bool make_folders(char *file)
{
    for (char *slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(file, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool find_path(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (state && state[0] == '/')
        length = snprintf(path, sizeof path, "%s/moonlark/history", state);
    else if (home && home[0] == '/')
        length = snprintf(path, sizeof path, "%s/.local/state/moonlark/history", home);
    return length > 0 && (size_t)length < sizeof path;
}

void mlk_history_open(void)
{
    using_history();
    stifle_history(LIMIT);
    history_comment_char = '#'; /* time stamps in the file let one entry have several lines */
    history_write_timestamps = 1;
    int file = find_path() && make_folders(path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) {
        path[0] = '\0';
        return;
    }
    close(file);
    read_history(path);
}

void mlk_history_add(const char *entry)
{
    HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
    if (last && strcmp(last->line, entry) == 0)
        return;
    add_history(entry);
    if (path[0])
        append_history(1, path);
}

void mlk_history_close(void)
{
    if (path[0])
        history_truncate_file(path, LIMIT);
}

/* watch.h: is told when files appear, change or vanish in folders (inotify).
 *
 *     mlk_watch *watch;
 *     if (!(code = mlk_watch_new(&watch, status)) && !(code = mlk_watch_folder(watch, "/music", status)))
 *         code = mlk_watch_wait(watch, 10, note_event, &events, status);
 *     mlk_watch_free(watch);
 *
 * A folder's own entries are watched, not those of folders within: each is watched by itself. Changes that other machines
 * make to a network's file system are not heard of.
 */
#ifndef MLK_WATCH_H
#define MLK_WATCH_H

#include "status.h"

#include <stdbool.h>

typedef struct mlk_watch mlk_watch;

/* Something happened to an entry of a folder; `name` is its name. NULL: to a watched folder itself, or so much that
 * events were lost. */
typedef void (*mlk_watch_event)(void *context, const char *name, bool is_folder);

/* MLK_EXHAUSTED: the user has as many watchers as the system allows. */
mlk_code mlk_watch_new(mlk_watch **watch, mlk_status *status);

/* Watches a folder from now on; one that is watched already stays so. MLK_EXHAUSTED: no more folders can be watched. */
mlk_code mlk_watch_folder(mlk_watch *watch, const char *path, mlk_status *status);

/* Waits so long for something to happen, and tells all that has. MLK_INTERRUPTED once mlk_interrupted(). */
mlk_code mlk_watch_wait(mlk_watch *watch, double seconds, mlk_watch_event tell, void *context, mlk_status *status);

/* Harmless with NULL. */
void mlk_watch_free(mlk_watch *watch);

#endif

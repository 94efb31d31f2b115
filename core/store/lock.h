/* lock.h: a folder that one process writes at a time.
 *
 * The lock is a file in the folder that the kernel locks for as long as the holder
 * lives: however a process ends, nothing of its lock stays but a file that says who
 * it was, and the next one takes that over. Programs that the holder starts do not
 * inherit it. Another lock on the same file is refused in the same process too.
 *
 *     mlk_lock lock;
 *     if (mlk_lock_take("runs/a/.run.lock", "moonlark train …", &lock, status)) return status->code;
 *     …
 *     mlk_lock_release(&lock);
 *
 * Where the file system has no locks (some network ones), what the file says decides:
 * a process of this machine that is gone has none; one of another machine is believed.
 */
#ifndef MLK_LOCK_H
#define MLK_LOCK_H

#include "status.h"

typedef struct mlk_lock {
    char *path;
    int descriptor; /* -1: not held */
} mlk_lock;

/* Takes the lock, or fails at once with MLK_BUSY and the sentence that says who holds it (process, machine, since
 * when, `command`). The folder must exist. A link in the lock file's place is refused. */
mlk_code mlk_lock_take(const char *path, const char *command, mlk_lock *lock, mlk_status *status);

/* Removes the file and lets go; harmless when nothing is held. */
void mlk_lock_release(mlk_lock *lock);

#endif

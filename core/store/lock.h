/* lock.h: a folder that one process writes at a time.
 *
 * The lock is a file in the folder, which the kernel locks for as long as the holder
 * lives. However a process ends, only the file stays; it says who held the lock, and
 * the next holder takes it over. Programs that the holder starts do not inherit the
 * lock. A second lock on the same file is refused, in the same process too.
 *
 *     mlk_lock lock;
 *     if (mlk_lock_take("runs/a/.run.lock", "moonlark train …", &lock, status)) return status->code;
 *     …
 *     mlk_lock_release(&lock);
 *
 * Some network file systems have no locks. There the text of the file decides: a holder
 * on this machine counts while its process lives, one on another machine always.
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

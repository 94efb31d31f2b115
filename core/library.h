/* library.h: shared libraries that are loaded when they are first needed.
 *
 * A library that is not there stays away for the life of the process. One that
 * could not be opened because the machine lacked memory or open files at that
 * moment is tried again the next time.
 *
 *     static mlk_library library = MLK_LIBRARY;
 *     mlk_code code = mlk_library_load(&library, load, status);   // load opens and fills, under a lock
 */
#ifndef MLK_LIBRARY_H
#define MLK_LIBRARY_H

#include "status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct mlk_library {
    pthread_mutex_t lock;
    bool settled; /* what `outcome` says is final */
    mlk_status outcome;
} mlk_library;

#define MLK_LIBRARY {.lock = PTHREAD_MUTEX_INITIALIZER}

/* Calls `load` until it gives MLK_OK or a failure that lasts; from any thread. Returns what the last call gave. */
mlk_code mlk_library_load(mlk_library *library, mlk_code (*load)(mlk_status *status), mlk_status *status);

/* dlopen. MLK_EXHAUSTED or MLK_MEMORY: the machine lacks something now; MLK_UNSUPPORTED: the system's words. */
mlk_code mlk_library_open(const char *name, void **handle, mlk_status *status);

/* Whether so many bytes of address space are left (ulimit -v). Some libraries abort or never end where there is too
 * little for them. */
bool mlk_library_has_room(size_t bytes);

/* True for what the machine lacks, which may have come back the next time. */
bool mlk_library_may_come(mlk_code code);

#endif

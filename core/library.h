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

/* Calls `load`, from any thread. Once it has given MLK_OK or a failure that lasts, it is not called again. Returns what
 * the last call gave. */
mlk_code mlk_library_load(mlk_library *library, mlk_code (*load)(mlk_status *status), mlk_status *status);

/* dlopen. MLK_EXHAUSTED or MLK_MEMORY: the machine lacks something now. MLK_UNSUPPORTED: the words are the system's. */
mlk_code mlk_library_open(const char *name, void **handle, mlk_status *status);

/* A function that is looked for in a library, and the pointer that it goes to. */
typedef struct mlk_symbol {
    const char *name;
    void *place;
} mlk_symbol;

/* What is to be opened, in the words of its failure: "LACK cannot be loaded (…): apt-get install PACKAGE". */
typedef struct mlk_library_wish {
    const char *const *names; /* tried by turns; NULL at the end */
    const mlk_symbol *symbols;
    size_t count;
    const char *version;      /* that has them all, "version 7.62 or later"; NULL: any */
    const char *lack;         /* what cannot be done, and the library: "nothing can be fetched: libcurl" */
    const char *package;
} mlk_library_wish;

/* Opens a library and finds all its functions. */
mlk_code mlk_library_find(const mlk_library_wish *wish, mlk_status *status);

/* True when so many bytes of address space are left (ulimit -v). With too few, some libraries abort or never return. */
bool mlk_library_has_room(size_t bytes);

/* True for a failure that may be over the next time: the machine lacked something. */
bool mlk_library_may_come(mlk_code code);

#endif

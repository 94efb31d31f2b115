/* cache_care.h: what a cache folder holds, and keeping that within its limit.
 *
 * FOLDER/limit holds the limit, FOLDER/lock the bytes written since the entries
 * were last counted. A process adds to that number in steps, under a lock that it
 * takes only when it is free. At a sixteenth of the limit the entries are counted,
 * and the oldest go until seven eighths of the limit are left.
 */
#ifndef MLK_CACHE_CARE_H
#define MLK_CACHE_CARE_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

/* 10 GiB. */
#define MLK_CACHE_LIMIT (INT64_C(10) << 30)

typedef struct mlk_cache_usage {
    int64_t entries, bytes; /* bytes as the disk counts them */
    int64_t limit;
} mlk_cache_usage;

/* The limit in bytes; MLK_CACHE_LIMIT unless one was set. */
int64_t mlk_cache_limit(const char *folder);

/* Sets the limit and removes what exceeds it. */
mlk_code mlk_cache_set_limit(const char *folder, int64_t bytes, mlk_status *status);

/* Notes that `bytes` were written, and makes room when it is time. False: another process is doing so, and nothing was
 * noted. */
bool mlk_cache_note(const char *folder, int64_t bytes);

/* A folder that does not exist holds nothing. */
mlk_code mlk_cache_measure(const char *folder, mlk_cache_usage *usage, mlk_status *status);

/* Removes every entry. */
mlk_code mlk_cache_clear(const char *folder, mlk_cache_usage *removed, mlk_status *status);

/* Reads every entry and removes those that are damaged. */
mlk_code mlk_cache_verify(const char *folder, mlk_cache_usage *checked, int64_t *damaged, mlk_status *status);

#endif

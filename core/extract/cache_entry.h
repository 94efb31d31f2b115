/* cache_entry.h: the file that holds one entry; private to the cache. */
#ifndef MLK_CACHE_ENTRY_H
#define MLK_CACHE_ENTRY_H

#include "extract/bundle.h"

#include <stdbool.h>
#include <stdio.h>

/* What an entry's file holds under that key; NULL when it is not whole. */
mlk_bundle *mlk_cache_entry_read(FILE *file, const char *key);

/* False: see errno. */
bool mlk_cache_entry_write(FILE *file, const char *key, const mlk_bundle *bundle);

/* Bytes of the file, in whole blocks of a disk. */
int64_t mlk_cache_entry_bytes(const mlk_bundle *bundle);

#endif

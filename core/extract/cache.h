/* cache.h: results kept on disk under the content of the file and the recipe they came from.
 *
 * Each track has one small file, FOLDER/features/ab/cdef... Moving or renaming
 * a sound file changes nothing; changing one of its bytes or a setting makes a new
 * entry. Entries are written beside their place and renamed, and carry a checksum:
 * a damaged or foreign file counts as absent and is made again. Any number of
 * threads and processes may use one folder; none waits for another.
 *
 * A folder has a limit of bytes. What was not read for the longest time goes
 * first; see cache_care.h.
 */
#ifndef MLK_CACHE_H
#define MLK_CACHE_H

#include "extract/bundle.h"
#include "store/hash.h"

typedef struct mlk_cache mlk_cache;

/* Makes FOLDER/features, so that an unusable folder is noticed before the work. NULL: see status. */
mlk_cache *mlk_cache_open(const char *folder, mlk_status *status);

/* NULL is allowed. */
void mlk_cache_close(mlk_cache *cache);

/* The key of a file's content (by its hash) under a recipe, for a part of the file. */
void mlk_cache_key(const char *content, const mlk_recipe *recipe, double start_s, double duration_s,
                   char key[MLK_HASH_SIZE]);

/* The entry, or NULL when there is none that can be used. */
mlk_bundle *mlk_cache_read(const mlk_cache *cache, const char *key);

/* An entry of more than a sixteenth of the limit is refused. */
mlk_code mlk_cache_write(mlk_cache *cache, const char *key, const mlk_bundle *bundle, mlk_status *status);

#endif

/* cache.h: results kept on disk under the content of the file and the recipe they came from.
 *
 * One small file a track, FOLDER/features/ab/cdef...: moving or renaming sound
 * files changes nothing, changing a byte of one or a setting makes a new entry.
 * Entries are written beside their place and renamed, and carry a checksum: a
 * torn, cut or foreign file reads as absent and is made anew.
 */
#ifndef MLK_CACHE_H
#define MLK_CACHE_H

#include "extract/bundle.h"
#include "store/hash.h"

/* The key of a file's content (by its hash) under a recipe, for a part of the file. */
void mlk_cache_key(const char *content, const mlk_recipe *recipe, double start_s, double duration_s,
                   char key[MLK_HASH_SIZE]);

/* Makes FOLDER/features, so that an unusable folder is noticed before the work. */
mlk_code mlk_cache_prepare(const char *folder, mlk_status *status);

/* The entry, or NULL when there is none that can be used. */
mlk_bundle *mlk_cache_read(const char *folder, const char *key);

mlk_code mlk_cache_write(const char *folder, const char *key, const mlk_bundle *bundle, mlk_status *status);

#endif

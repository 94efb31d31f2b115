/* output.h: one track's frames to a file, without tensors. */
#ifndef MLK_OUTPUT_H
#define MLK_OUTPUT_H

#include "extract/bundle.h"
#include "store/hash.h"

#include <stdbool.h>

/* Writes kept frames as the path's ending says (store/format.h): an array rows x frames for each feature, or a line a
 * frame. Formats that have a place for it also hold the recipe and each feature's rate and start. */
mlk_code mlk_output_frames(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status);

/* Refuses paths whose ending mlk_output_frames cannot write. */
mlk_code mlk_output_check(const char *path, mlk_status *status);

/* A stamp of the files at `path`: their names, sizes and times. It differs from that of other files, and of the same
 * files after a change. False when one is missing. */
bool mlk_output_stamp(const char *path, const mlk_recipe *recipe, char stamp[MLK_HASH_SIZE]);

#endif

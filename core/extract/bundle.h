/* bundle.h: what was extracted from one track: an array for each feature, or one row of pooled numbers; and notes on
 * its sound, if there are any.
 *
 * Everything lies in one block of memory that is also a cache file's content.
 */
#ifndef MLK_BUNDLE_H
#define MLK_BUNDLE_H

#include "audio/audio.h"
#include "dsp/feature.h"
#include "extract/recipe.h"

#include <stddef.h>

typedef struct mlk_bundle {
    int count;
    mlk_feature_shape shapes[MLK_MAX_FEATURES];
    void *data[MLK_MAX_FEATURES]; /* rows x frames each, within `memory` */
    const mlk_audio_notes *notes; /* within `memory`; NULL: none */
    unsigned char *memory;
    size_t size;
} mlk_bundle;

/* A bundle of uninitialised arrays of these shapes. NULL: see status. */
mlk_bundle *mlk_bundle_new(int count, const mlk_feature_shape *shapes, mlk_status *status);

/* Adds notes to a bundle that has none; empty notes add nothing. */
mlk_code mlk_bundle_annotate(mlk_bundle *bundle, const mlk_audio_notes *notes, mlk_status *status);

/* A bundle made of a block that was the `memory` of an earlier one; takes the block over. A block of another kind is
 * freed, and the result is NULL. */
mlk_bundle *mlk_bundle_adopt(unsigned char *memory, size_t size);

void mlk_bundle_free(mlk_bundle *bundle);

#endif

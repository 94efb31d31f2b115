/* bundle.h: what was extracted from one track: one array a feature, or one row of pooled numbers; and what is to be
 * said of its sound, if anything is.
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

/* Uninitialised arrays of these shapes. NULL: see status. */
mlk_bundle *mlk_bundle_new(int count, const mlk_feature_shape *shapes, mlk_status *status);

/* Adds notes to a bundle that has none; nothing to say adds nothing. */
mlk_code mlk_bundle_annotate(mlk_bundle *bundle, const mlk_audio_notes *notes, mlk_status *status);

/* A bundle over a block that an earlier bundle's `memory` was; takes the block over. NULL, freeing the block,
 * when it is not such a block. */
mlk_bundle *mlk_bundle_adopt(unsigned char *memory, size_t size);

void mlk_bundle_free(mlk_bundle *bundle);

#endif

/* block.h: several features of one block after another: what sweep.h walks over a clip, and live.h as sound comes. */
#ifndef MLK_BLOCK_H
#define MLK_BLOCK_H

#include "dsp/feature.h"

/* Takes the numbers: `data` holds part->rows x part->frames of them, from frame part->first on. They must be taken now;
 * the memory may be written to. The parts of a feature arrive in the order of their frames. */
typedef struct mlk_sink {
    void *context;
    mlk_code (*take)(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status);
} mlk_sink;

typedef struct mlk_blocks {
    const mlk_settings *features; /* the caller's */
    int n;
    mlk_analysis *analysis;
    mlk_carry *carries; /* of each feature */
    void *data;         /* one feature of one block */
    size_t room;
} mlk_blocks;

/* Both must outlive the blocks. Clear also after a failure. */
mlk_code mlk_blocks_init(mlk_blocks *blocks, const mlk_settings *features, int n, mlk_waveform *waveform,
                         mlk_status *status);
void mlk_blocks_clear(mlk_blocks *blocks);

/* Computes a feature's frames in the block that the analysis has entered, and hands them on, if there are any. A failure's
 * message names the feature. */
mlk_code mlk_blocks_compute(mlk_blocks *blocks, int feature, mlk_sink sink, mlk_status *status);

/* A failure of a feature, with its name. */
mlk_code mlk_blocks_fail(const mlk_blocks *blocks, int feature, mlk_code code, const mlk_status *reason,
                         mlk_status *status);

#endif

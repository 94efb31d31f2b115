/* output.h: features to files without tensors: one track's frames, or the pooled table of many. */
#ifndef MLK_OUTPUT_H
#define MLK_OUTPUT_H

#include "extract/bundle.h"
#include "store/tensors.h"

#include <stdint.h>

/* Writes kept frames by the path's ending:
 *   .safetensors, .npz  an array rows x frames for each feature
 *   .npy                the array; several features go to NAME.FEATURE.npy each
 *   .csv                a line a frame: time_s, then every row of every feature; all must share their frames */
mlk_code mlk_output_frames(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle,
                           mlk_status *status);

/* Whether mlk_output_frames knows the path's ending. */
mlk_code mlk_output_check(const char *path, mlk_status *status);

/* A pooled table. */
typedef struct mlk_table {
    int n;                     /* lines */
    const float *const *rows;  /* n rows of recipe->n_columns */
    const char *const *paths;  /* n */
    const char *const *labels; /* n, or NULL for an unlabelled table */
    const int64_t *ids;        /* class of each line, or NULL */
    const mlk_text_pair *metadata; /* kept in .safetensors */
    int n_metadata;
} mlk_table;

/* Writes by the path's ending: .safetensors (x, y, metadata), .npy (x alone), .csv (path, label, columns). */
mlk_code mlk_output_table(const char *path, const mlk_recipe *recipe, const mlk_table *table, mlk_status *status);

#endif

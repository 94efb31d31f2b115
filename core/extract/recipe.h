/* recipe.h: what to compute from each track: how it is read, which features, how they are pooled.
 *
 * A recipe is filled once, compiled, and then only read, by any number of threads.
 *
 *     mlk_recipe *recipe = mlk_recipe_new(&status);
 *     recipe->rate = 22050;
 *     mlk_settings *mfcc = mlk_recipe_add(recipe, "mfcc", &status);
 *     mlk_settings_set(mfcc, "n_mfcc", 13, &status);
 *     mlk_recipe_pool(recipe, "mean", &status);
 *     mlk_recipe_compile(recipe, &status);
 */
#ifndef MLK_RECIPE_H
#define MLK_RECIPE_H

#include "audio/audio.h"
#include "dsp/feature.h"
#include "extract/pool.h"
#include "parameters.h"

/* Raise this when the same recipe gives other numbers than before: cached results are then made anew. */
#define MLK_RECIPE_NUMBERS 4

enum { MLK_MAX_FEATURES = 64, MLK_MAX_POOLS = 32 };

typedef struct mlk_recipe {
    int rate;          /* samples per second; 0: each file's own */
    double start_s;    /* where in each file to begin */
    double duration_s; /* 0: to the end */
    bool pad;          /* silence after a file that ends before the duration */
    int channel;       /* MLK_CHANNELS_MIXED, or the number of the one that is heard */
    bool keep_partial; /* take the good part of a file that is damaged or ends before its header says */
    bool guests;       /* the caller adds what is computed elsewhere: there may be no feature here */
    int n_features;
    mlk_settings features[MLK_MAX_FEATURES];
    int n_pools; /* 0: frames are kept */
    mlk_pool pools[MLK_MAX_POOLS];

    /* Filled by mlk_recipe_compile. */
    int64_t rows[MLK_MAX_FEATURES]; /* of each feature */
    int64_t n_columns;              /* of the pooled table: sum of rows times n_pools */
    char *text;                     /* everything above in words, the same for equal recipes: a key for caches */
} mlk_recipe;

/* Which part of each file is analysed, and how it is read. */
extern const mlk_parameter mlk_recipe_parameters[];

mlk_recipe *mlk_recipe_new(mlk_status *status);
void mlk_recipe_free(mlk_recipe *recipe);

/* Adds a feature with its defaults; names must differ. NULL: see status. */
mlk_settings *mlk_recipe_add(mlk_recipe *recipe, const char *name, mlk_status *status);

/* Adds one way of pooling. */
mlk_code mlk_recipe_pool(mlk_recipe *recipe, const char *name, mlk_status *status);

/* Checks the whole and fills rows, n_columns and text. */
mlk_code mlk_recipe_compile(mlk_recipe *recipe, mlk_status *status);

/* Name of a column of the pooled table: "mfcc_0_mean"; features of one row have no number. Columns run by
 * feature, then by pool, then by row. */
void mlk_recipe_column(const mlk_recipe *recipe, int64_t column, char *name, size_t size);

#endif

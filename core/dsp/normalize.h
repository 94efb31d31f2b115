/* normalize.h: columns brought to length 1. */
#ifndef MLK_NORMALIZE_H
#define MLK_NORMALIZE_H

#include <stdint.h>

typedef enum mlk_norm {
    MLK_NORM_INF, /* the largest magnitude */
    MLK_NORM_1,   /* the sum of magnitudes */
    MLK_NORM_2,   /* the root of the sum of squares */
    MLK_NORM_NONE,
} mlk_norm;

/* The names a user types, in the enum's order, NULL at the end. */
extern const char *const mlk_norm_names[];

/* Columns below this norm are left as they are: the smallest normal float. */
#define MLK_NORM_TINY 1.17549435e-38

/* Divides each column of a rows x frames matrix by its norm, in place. */
void mlk_normalize_columns(float *data, int64_t rows, int64_t frames, mlk_norm norm);

#endif

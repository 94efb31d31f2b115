/* delta.h: derivatives along time by Savitzky-Golay fits. */
#ifndef MLK_DELTA_H
#define MLK_DELTA_H

#include "status.h"

#include <stdint.h>

typedef enum mlk_delta_mode {
    MLK_DELTA_INTERP,   /* the outer width/2 frames take the polynomial of the first or last `width` frames */
    MLK_DELTA_NEAREST,  /* the edge repeated: a a | a b c */
    MLK_DELTA_MIRROR,   /* c b | a b c */
    MLK_DELTA_CONSTANT, /* zeros */
    MLK_DELTA_WRAP,     /* from the other end */
} mlk_delta_mode;

/* The names a user types, in the enum's order, NULL at the end. */
extern const char *const mlk_delta_mode_names[];

/* Refuses widths and orders that cannot be fitted, and fewer frames than an interpolating fit needs. */
mlk_code mlk_delta_check(int64_t frames, int width, int order, mlk_delta_mode mode, mlk_status *status);

/* The derivative of the given order, per frame, of a polynomial of that order fitted to `width` frames (odd,
 * 3 or more, above `order`) around each; every row by itself. `in` must not be `out`. */
mlk_code mlk_delta(const float *in, int64_t rows, int64_t frames, int width, int order, mlk_delta_mode mode,
                   float *out, mlk_status *status);

#endif

/* window.h: window functions, in double precision. */
#ifndef MLK_WINDOW_H
#define MLK_WINDOW_H

#include "status.h"

#include <stdbool.h>

typedef enum mlk_window {
    MLK_WINDOW_HANN,
    MLK_WINDOW_HAMMING,
    MLK_WINDOW_BLACKMAN,
    MLK_WINDOW_BARTLETT,
    MLK_WINDOW_ONES,
} mlk_window;

/* The names a user types, in the enum's order, NULL at the end. */
extern const char *const mlk_window_names[];

/* Fills `out`, periodic (as for spectra) or symmetric (as for smoothing). */
void mlk_window_fill(mlk_window window, int length, bool periodic, double *out);

/* A periodic window of `length`, centred in `n_fft` samples of which the others are 0; the process keeps it. */
const double *mlk_window_centred(mlk_window window, int length, int n_fft, mlk_status *status);

#endif

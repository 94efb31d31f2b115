/* fluctuation.h: how much a curve strays from straight lines over stretches of growing length. */
#ifndef MLK_MUSIC_FLUCTUATION_H
#define MLK_MUSIC_FLUCTUATION_H

#include "status.h"

#include <stdint.h>

#define MLK_FLUCTUATION_MOST 40

/* Detrended fluctuation analysis of n levels, `rate` of them a second: exponents between stretches of 0.31 s to 8.8 s, each
 * a tenth longer than the one before, as Streich and Herrera (2005) hear the danceability of music. Gives up to
 * MLK_FLUCTUATION_MOST of them, fewer where the curve is short, none of a constant one, and says how many. */
mlk_code mlk_fluctuation(const float *levels, int64_t n, double rate, double *exponents, int64_t *count,
                         mlk_status *status);

#endif

/* poly.h: a polynomial of frequency through each spectrum. */
#ifndef MLK_POLY_H
#define MLK_POLY_H

#include "dsp/stft.h"

enum { MLK_POLY_MAX = 16 };

/* Least squares over the bins of each frame, bin k at k * bin_hz: (order + 1) x frames coefficients, that of the
 * highest power first. The spectrum has more than `order` rows. */
mlk_code mlk_poly_features(const mlk_tiles *spectrum, double bin_hz, int order, float *out, mlk_status *status);

#endif

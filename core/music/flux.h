/* flux.h: where notes and drums begin, from a mel spectrogram, in bands; and as one curve that a tracker of beats takes.
 *
 * The rise of a band is compared with the loudest of its neighbours two frames before, so vibrato is no onset (SuperFlux:
 * Böck and Widmer, 2013). Bands are put together by groups, each of which counts by its own strength over the song, so
 * that cymbals do not drown the bass.
 */
#ifndef MLK_MUSIC_FLUX_H
#define MLK_MUSIC_FLUX_H

#include "status.h"

#include <stdint.h>

/* Rows of the flux: four groups of bands from low to high, and the lowest bands once more, compared with themselves. */
enum { MLK_FLUX_ROWS = 5, MLK_FLUX_BANDS = 80 };

/* `mel` is MLK_FLUX_BANDS x frames, logarithmic; `flux` MLK_FLUX_ROWS x frames. The first and the last frame are 0. */
void mlk_flux(const float *mel, int64_t frames, float *flux);

/* How likely a beat begins in each frame, 0 to 0.95, of the flux of a whole song, 50 frames a second. */
mlk_code mlk_flux_activation(const float *flux, int64_t frames, float *activation, mlk_status *status);

#endif

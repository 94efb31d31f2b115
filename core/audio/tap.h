/* tap.h: what a reader decodes, kept as it lies in the file, for those who hear more than what was asked of the reader.
 */
#ifndef MLK_AUDIO_TAP_H
#define MLK_AUDIO_TAP_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_tap {
    int channels;      /* 0: nothing is kept */
    float *samples;    /* interleaved */
    int64_t frames, room;
} mlk_tap;

mlk_code mlk_tap_add(mlk_tap *tap, const float *interleaved, int64_t frames, mlk_status *status);

/* Fills out, channels x frames, with what was kept, and keeps it no longer. */
void mlk_tap_take(mlk_tap *tap, float *out);

void mlk_tap_free(mlk_tap *tap);

#endif

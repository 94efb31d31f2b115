/* decimate.h: lowering the rate of a waveform by a whole factor. */
#ifndef MLK_DECIMATE_H
#define MLK_DECIMATE_H

#include "dsp/waveform.h"

/* A source of ceil(n / factor) samples of `origin`, which must outlive it, through soxr's HQ filter, times the root
 * of the factor. */
mlk_code mlk_decimation(mlk_waveform *origin, int factor, mlk_source *source, mlk_status *status);

#endif

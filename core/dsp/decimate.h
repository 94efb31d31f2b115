/* decimate.h: lowering the rate of a waveform by a whole factor. */
#ifndef MLK_DECIMATE_H
#define MLK_DECIMATE_H

#include "dsp/stream.h"
#include "dsp/view.h"

/* The samples first .. end-1 of an origin, as far as it has them, until the next call. */
typedef mlk_code mlk_view_of(void *origin, int64_t first, int64_t end, mlk_view *view, mlk_status *status);

/* A source of ceil(n / factor) samples: what `view_of` shows of `origin`, through soxr's HQ filter, times the root of
 * the factor. The origin must outlive it. */
mlk_code mlk_decimation(mlk_view_of *view_of, void *origin, int factor, mlk_stream *source, mlk_status *status);

#endif

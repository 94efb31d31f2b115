/* rubberband.h: time and pitch by the Rubber Band library (Breakfast Quay), where quality matters.
 *
 * The library (version 3, C interface) is loaded when it is first asked for: the
 * engine builds and runs without it. Its finer engine works offline: it hears the
 * whole sound before it begins, and stretches all channels alike, so that their
 * phases stay together.
 */
#ifndef MLK_RUBBERBAND_H
#define MLK_RUBBERBAND_H

#include "status.h"

#include <stdint.h>

/* Loads the library once a process, from any thread. MLK_UNSUPPORTED when it is not there: the message says how to
 * get it. */
mlk_code mlk_rubberband_load(mlk_status *status);

/* The range in which the library works well; outside of it, sound is lost. */
#define MLK_RUBBERBAND_MOST_RATE 20.0  /* and 1/20 */
#define MLK_RUBBERBAND_MOST_PITCH 16.0 /* four octaves up, and down */

/* rate 2: twice as fast; pitch_scale 2: an octave higher. `samples` and `out` are channel after channel, n and
 * mlk_stretched_length(n, rate) (stretch.h) samples each. */
mlk_code mlk_rubberband_stretch(const float *samples, int channels, int64_t n, double sample_rate_hz, double rate,
                                double pitch_scale, float *out, mlk_status *status);

#endif

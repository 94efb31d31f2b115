/* live.h: features of sound that is still being heard: a frame is given as soon as the samples under it have come.
 *
 * Frames are computed as sweep.h does it block by block, so they have the bits of the whole clip's, however the samples
 * were cut. What needs numbers of the whole clip (the loudest decibel, an estimated tuning), or the clip itself, is
 * refused.
 *
 *     mlk_live *live;
 *     mlk_live_new(settings, n_features, 44100, &live, &status);
 *     mlk_live_push(live, samples, n, sink, &status);      // as often as samples come
 *     mlk_live_finish(live, sink, &status);                // the frames at the end
 *     mlk_live_free(live);
 */
#ifndef MLK_LIVE_H
#define MLK_LIVE_H

#include "dsp/sweep.h"

typedef struct mlk_live mlk_live;

/* n features at a rate in Hz; the error names the one that cannot be had, and the option with which it can. */
mlk_code mlk_live_new(const mlk_settings *features, int n, double rate, mlk_live **live, mlk_status *status);

void mlk_live_free(mlk_live *live);

/* A frame at sample p is given once p + ahead samples are known: ahead is half of the longest window, all of it where
 * frames are not centred. */
int64_t mlk_live_ahead(const mlk_live *live);

/* The samples pushed so far. */
int64_t mlk_live_heard(const mlk_live *live);

/* n further samples; the sink takes the frames that are now complete. Samples must be finite: the first that is
 * not is named, and with it falls what was pushed of 2^15 at once. */
mlk_code mlk_live_push(mlk_live *live, const float *samples, int64_t n, mlk_sink sink, mlk_status *status);

/* The frames at the clip's end, beyond which lies what pad_mode says. Errors are those of the whole clip: it is too
 * short. Nothing can be pushed afterwards. */
mlk_code mlk_live_finish(mlk_live *live, mlk_sink sink, mlk_status *status);

#endif

/* beat_track.h: beats of one tempo by dynamic programming, as librosa.beat.beat_track (0.11) has it (Ellis, 2007: "Beat
 * tracking by dynamic programming").
 */
#ifndef MLK_MUSIC_BEAT_TRACK_H
#define MLK_MUSIC_BEAT_TRACK_H

#include "status.h"

#include <stdint.h>

/* Frames of `onsets` (an onset strength of at least one frame) with a beat, ascending; `period`, at least 2, is how
 * many frames lie between two. `beats` has room for as many as there are frames. A curve without change has none.
 * Interruptible. */
mlk_code mlk_beat_track(const float *onsets, int64_t frames, int64_t period, int64_t *beats, int64_t *n_beats,
                        mlk_status *status);

#endif

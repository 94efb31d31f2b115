/* promise.h: how much sound a container's header promises, whether or not the file holds it. Private to core/audio. */
#ifndef MLK_AUDIO_PROMISE_H
#define MLK_AUDIO_PROMISE_H

#include "source.h"

typedef struct mlk_promise {
    int64_t promised; /* bytes of the part that holds the sound, as its header says */
    int64_t held;     /* how many of these the file has */
    int64_t end;      /* where they end; 0: the header does not say */
} mlk_promise;

/* Of WAV, RF64, AIFF, W64, CAF, AU, Matroska, ASF, MP4. held == promised: the file is whole, or its header does not
 * say: an encoder that writes to a pipe leaves a length of zeros or of ones. */
mlk_promise mlk_promise_of(const mlk_source *source);

/* Where another file of the same kind begins after the promised sound (WAV, RF64, AIFF, W64, CAF, AU). -1: nowhere. */
int64_t mlk_promise_follower(const mlk_source *source);

/* How many samples are promised, when the file holds `found` of them. */
int64_t mlk_promised_frames(const mlk_source *source, int64_t found);

#endif

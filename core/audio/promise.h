/* promise.h: how much sound a container's header promises, whether or not the file holds it. Private to core/audio. */
#ifndef MLK_AUDIO_PROMISE_H
#define MLK_AUDIO_PROMISE_H

#include "source.h"

typedef struct mlk_promise {
    int64_t promised; /* bytes of the part that holds the sound, as its header says */
    int64_t held;     /* of these, bytes that the file has */
    int64_t end;      /* where they end; 0: the header does not say */
} mlk_promise;

/* WAV, RF64, AIFF, W64, CAF, AU, Matroska, ASF, MP4. held == promised: whole, or the header does not say, as where
 * an encoder wrote to a pipe and left a length of nothing or of all ones. */
mlk_promise mlk_promise_of(const mlk_source *source);

/* Where behind the promised sound another file of the kind begins: WAV, RF64, AIFF, W64, CAF, AU. -1: nowhere. */
int64_t mlk_promise_follower(const mlk_source *source);

/* The samples promised, when `found` are in what the file holds. */
int64_t mlk_promised_frames(const mlk_source *source, int64_t found);

#endif

/* opus.h: packets of Opus (RFC 6716), as WebRTC and browsers' encoders send them, to samples; by libopus, which is opened
 * when it is first asked for.
 */
#ifndef MLK_AUDIO_OPUS_H
#define MLK_AUDIO_OPUS_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mlk_opus mlk_opus;

enum { MLK_OPUS_MOST_MS = 120 }; /* of sound in a packet */

/* Rates: 8000, 12000, 16000, 24000 or 48000 Hz; one or two channels, whatever the packets have. MLK_UNSUPPORTED: libopus is
 * not there. */
mlk_code mlk_opus_new(int rate_hz, int channels, mlk_opus **opus, mlk_status *status);

/* Samples of a packet, interleaved, into room for MLK_OPUS_MOST_MS; an empty packet stands for a lost one of 20 ms, which is
 * filled up. */
mlk_code mlk_opus_decode(mlk_opus *opus, const unsigned char *packet, size_t length, float *out, int64_t *frames,
                         mlk_status *status);

void mlk_opus_free(mlk_opus *opus);

#endif

/* capture.h: sound from a microphone or a line in, by ALSA, whose library is opened when it is first asked for. PipeWire
 * and PulseAudio are devices of ALSA's ("default" where they run, "pipewire", "pulse").
 */
#ifndef MLK_AUDIO_CAPTURE_H
#define MLK_AUDIO_CAPTURE_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_capture mlk_capture;

/* Opens a device, which converts to this rate and number of channels if need be. MLK_UNSUPPORTED: there is no ALSA;
 * MLK_INVALID: no such device, or none that can be heard. */
mlk_code mlk_capture_open(const char *device, int rate_hz, int channels, mlk_capture **capture, mlk_status *status);

/* Up to `count` frames, interleaved, as soon as there are any; none (*got 0) when there were none for `timeout_s`. What was
 * lost since the call before, because nobody read, is counted in *lost: times, not frames. */
mlk_code mlk_capture_read(mlk_capture *capture, float *out, int64_t count, double timeout_s, int64_t *got, int *lost,
                          mlk_status *status);

void mlk_capture_free(mlk_capture *capture);

#endif

/* output.h: the clean file that comes of a hostile one. */
#ifndef MLK_AUDIO_HOST_OUTPUT_H
#define MLK_AUDIO_HOST_OUTPUT_H

#include "audio/audio.h"

#include <stdint.h>

typedef struct mlk_output {
    int descriptor;
    int64_t most_frames; /* a longer sound is refused */
    int64_t frames;      /* written so far */
} mlk_output;

/* Reads all that is left and writes it as a WAV of floats, all channels. MLK_UNSUPPORTED: it has more than most_frames.
 * MLK_EXHAUSTED: the file may not grow any more.
 * MLK_DISK: it cannot be written. */
mlk_code mlk_output_write(mlk_output *output, mlk_audio_reader *reader, mlk_status *status);

#endif

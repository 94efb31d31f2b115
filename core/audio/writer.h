/* writer.h: sound files out, by libsndfile.
 *
 * The file is written beside its place and renamed when it is whole.
 */
#ifndef MLK_AUDIO_WRITER_H
#define MLK_AUDIO_WRITER_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_audio_format {
    const char *subtype; /* "pcm16", "pcm24", "float" ...; NULL: the container's usual one */
    double quality;      /* 0..1 for Ogg Vorbis, Opus and MP3; negative: the library's default */
} mlk_audio_format;

typedef struct mlk_audio_saved {
    int64_t clipped; /* samples beyond -1..1 that an integer or lossy format cut to it */
} mlk_audio_saved;

/* Writes channels x frames planar samples. The ending decides the container: .wav .flac .ogg .opus .mp3
 * .aiff .aif .au .w64 .caf. Integer samples are rounded to nearest, without dither: reading back what was
 * read is exact. */
mlk_code mlk_audio_save(const char *path, const float *samples, int channels, int64_t frames, int rate_hz,
                        const mlk_audio_format *format, mlk_audio_saved *saved, mlk_status *status);

#endif

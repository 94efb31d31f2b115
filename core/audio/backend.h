/* backend.h: what a library must offer to serve as a decoder. Private to core/audio. */
#ifndef MLK_AUDIO_BACKEND_H
#define MLK_AUDIO_BACKEND_H

#include "info.h"
#include "source.h"
#include "tags.h"

typedef struct mlk_backend {
    /* Fills *info and *stream, which reads from a copy of the source. MLK_UNSUPPORTED: this library does not know the
     * format, or a codec in it. */
    mlk_code (*open)(const mlk_source *source, mlk_audio_info *info, void **stream, mlk_status *status);

    /* Makes `frame` the next. MLK_UNSUPPORTED: it cannot go there to the sample, and may now stand anywhere. */
    mlk_code (*seek)(void *stream, int64_t frame, mlk_status *status);

    /* As mlk_decoder_read. */
    mlk_code (*read)(void *stream, float *samples, int64_t capacity, int64_t *got, mlk_status *status);

    /* What the file says of the music, as far as the library tells it. `tags` is empty before. */
    void (*tags)(void *stream, mlk_audio_tags *tags);

    void (*close)(void *stream);
} mlk_backend;

/* The longest length that a header may promise, in samples a channel: months of sound. A larger one counts as none. */
#define MLK_MOST_FRAMES ((int64_t)1 << 40)

extern const mlk_backend mlk_backend_mpg123;
extern const mlk_backend mlk_backend_sndfile;
extern const mlk_backend mlk_backend_ffmpeg;

/* True when the source looks like MPEG audio. libsndfile must not see it: libmpg123 would then write
 * to the screen. */
bool mlk_is_mpeg(const mlk_source *source);

/* The messages for a file that ends too early, and for one that goes on after its end. */
mlk_code mlk_fail_cut(mlk_status *status, const char *path, int64_t promised, int64_t found);
mlk_code mlk_fail_more(mlk_status *status, const char *path, int64_t promised);

#endif

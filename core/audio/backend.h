/* backend.h: what a library must offer to serve as a decoder. Private to core/audio. */
#ifndef MLK_AUDIO_BACKEND_H
#define MLK_AUDIO_BACKEND_H

#include "decoder.h"

typedef struct mlk_backend {
    /* Fills *info and *stream. MLK_UNSUPPORTED: this library does not know the format. */
    mlk_code (*open)(const char *path, mlk_audio_info *info, void **stream, mlk_status *status);
    mlk_code (*seek)(void *stream, int64_t frame, mlk_status *status);
    mlk_code (*read)(void *stream, float *samples, int64_t capacity, int64_t *got, mlk_status *status);
    void (*close)(void *stream);
} mlk_backend;

extern const mlk_backend mlk_backend_sndfile;
extern const mlk_backend mlk_backend_ffmpeg;

#endif

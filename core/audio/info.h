/* info.h: what the header of a sound file says. */
#ifndef MLK_AUDIO_INFO_H
#define MLK_AUDIO_INFO_H

#include <stdint.h>

enum { MLK_MAX_CHANNELS = 256 };

typedef struct mlk_audio_info {
    char format[32];  /* the container: "wav", "flac", "mp3", "m4a" ... */
    char codec[48];   /* the coding: "pcm 16 bit", "vorbis", "aac" ... */
    char library[16]; /* which library reads it: "libsndfile", "libmpg123" or "FFmpeg" */
    int rate;         /* Hz */
    int channels;
    int64_t frames;   /* samples of each channel, exact; -1: unknown, or only estimated */
} mlk_audio_info;

#endif

/* audio.h: sound files in: whole or block by block, at the rate asked for.
 *
 * Samples are float32, channel after channel (planar). Integer formats are
 * scaled so that full scale is 1. Mono is the mean of the channels, taken
 * before resampling; resampling is soxr HQ; both as librosa.load (0.11) does,
 * and with the same samples out. A file read at its own rate is not touched.
 *
 *     mlk_audio_options options = mlk_audio_defaults();
 *     mlk_audio audio;
 *     if (mlk_audio_load("song.mp3", &options, &audio, &status) == MLK_OK) {
 *         ... audio.samples[channel * audio.frames + frame] ...
 *         mlk_audio_free(&audio);
 *     }
 *
 * Everything here may be called from several threads at once.
 */
#ifndef MLK_AUDIO_AUDIO_H
#define MLK_AUDIO_AUDIO_H

#include "decoder.h"

#include <stdbool.h>

typedef struct mlk_audio_options {
    double rate_hz;    /* 0: the file's own; else 1..10 000 000 */
    bool mono;         /* the mean of the channels */
    double start_s;    /* first sample: (int64)(start_s * the file's rate) */
    double duration_s; /* negative: to the end */
    bool keep_nan;     /* NaN and infinite samples are an error unless kept */
} mlk_audio_options;

/* 22 050 Hz, mono, the whole file, NaN refused. */
mlk_audio_options mlk_audio_defaults(void);

typedef struct mlk_audio {
    float *samples; /* channels x frames */
    int channels;
    int64_t frames;
    double rate_hz;
} mlk_audio;

/* What the file says of itself; decodes nothing. */
mlk_code mlk_audio_probe(const char *path, mlk_audio_info *info, mlk_status *status);

mlk_code mlk_audio_load(const char *path, const mlk_audio_options *options, mlk_audio *audio, mlk_status *status);

/* Frees the samples; the struct is the caller's. */
void mlk_audio_free(mlk_audio *audio);

/* A file read in pieces: the same samples as mlk_audio_load gives, in bounded memory. */
typedef struct mlk_audio_reader mlk_audio_reader;

mlk_code mlk_audio_reader_open(const char *path, const mlk_audio_options *options, mlk_audio_reader **reader,
                               mlk_status *status);

int mlk_audio_reader_channels(const mlk_audio_reader *reader);
double mlk_audio_reader_rate(const mlk_audio_reader *reader);

/* Frames that are still to come, as far as the file says; -1 when it does not. */
int64_t mlk_audio_reader_expected(const mlk_audio_reader *reader);

/* Fills out[channel][0..capacity-1]; *got < capacity at the end only. */
mlk_code mlk_audio_reader_read(mlk_audio_reader *reader, float *const *out, int64_t capacity, int64_t *got,
                               mlk_status *status);

void mlk_audio_reader_free(mlk_audio_reader *reader);

#endif

/* audio.h: sound files in: whole or block by block, at the rate asked for.
 *
 * Samples are float32, channel after channel (planar). Integer formats are
 * scaled so that full scale is 1. Mixing takes the mean of the channels, before
 * resampling; resampling is soxr HQ. Both are those of librosa.load (0.11) and
 * give the same samples. A file read at its own rate is not resampled.
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
#include "parameters.h"

#include <stdbool.h>

/* mlk_audio_options.channel, where it is not the number of one channel. */
enum { MLK_CHANNELS_ALL = -2, MLK_CHANNELS_MIXED = -1 };

typedef struct mlk_audio_options {
    double rate_hz;    /* 0: the file's own; else 1..10 000 000 */
    int channel;       /* MLK_CHANNELS_MIXED: their mean; MLK_CHANNELS_ALL; or the only one to take, from 0 */
    double start_s;    /* first sample: (int64)(start_s * the file's rate) */
    double duration_s; /* negative or NAN: to the end */
    bool pad;          /* with a duration: what ends before it goes on in silence */
    bool keep_nan;     /* NaN and infinite samples are an error unless kept */
    bool keep_partial; /* a file that is damaged, or ends before its header says, is an error unless its good part is
                        * kept; a file without any good part stays an error */
} mlk_audio_options;

extern const mlk_parameter mlk_audio_parameters[];

/* 22 050 Hz, mixed, from beginning to end; NaN and partial files are refused. */
mlk_audio_options mlk_audio_defaults(void);

/* What a person should know about a file that was read without an error. Each is one line without the file's name, or
 * "" when there is nothing to say. */
typedef struct mlk_audio_notes {
    char partial[192]; /* the file was kept in part: how much of how much, and why no more */
    char warning[192]; /* something else: the channels cancel each other out when mixed */
} mlk_audio_notes;

typedef struct mlk_audio {
    float *samples; /* channels x frames */
    int channels;
    int64_t frames;
    double rate_hz;
    mlk_audio_notes notes;
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

/* The same of a file that is open, whose descriptor is the reader's from now on, on failure too; see mlk_decoder_adopt. */
mlk_code mlk_audio_reader_adopt(int descriptor, const char *name, const mlk_audio_options *options,
                               mlk_audio_reader **reader, mlk_status *status);

int mlk_audio_reader_channels(const mlk_audio_reader *reader);
double mlk_audio_reader_rate(const mlk_audio_reader *reader);

/* What the file says of itself; lives as long as the reader. */
const mlk_audio_info *mlk_audio_reader_info(const mlk_audio_reader *reader);

/* Fills *tags with what the file says of the music. */
void mlk_audio_reader_tags(const mlk_audio_reader *reader, mlk_audio_tags *tags);

/* Frames that are still to come, as far as the file says; -1 when it does not. */
int64_t mlk_audio_reader_expected(const mlk_audio_reader *reader);

/* Fills out[channel][0..capacity-1]; *got < capacity at the end only. */
mlk_code mlk_audio_reader_read(mlk_audio_reader *reader, float *const *out, int64_t capacity, int64_t *got,
                               mlk_status *status);

/* From now on the reader keeps what it decodes as it lies in the file, too: all channels at the file's own rate. So many
 * frames of it wait; take fills out, channels x frames, with them. */
void mlk_audio_reader_tap(mlk_audio_reader *reader);
int64_t mlk_audio_reader_tapped(const mlk_audio_reader *reader);
void mlk_audio_reader_take(mlk_audio_reader *reader, float *out);

/* Complete once the end was read. */
const mlk_audio_notes *mlk_audio_reader_notes(const mlk_audio_reader *reader);

void mlk_audio_reader_free(mlk_audio_reader *reader);

#endif

/* load.c: a whole file in memory: a reader, drained. */
#include "audio.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_GUESS = 1 << 20 }; /* samples of all channels */

mlk_code mlk_audio_probe(const char *path, mlk_audio_info *info, mlk_status *status)
{
    mlk_decoder *decoder;
    mlk_code code = mlk_decoder_open(path, &decoder, status);
    if (code)
        return code;
    *info = *mlk_decoder_info(decoder);
    mlk_decoder_free(decoder);
    return MLK_OK;
}

/* Planar memory of a new capacity, with the first `frames` of each channel kept. */
static float *regrow(float *old, int channels, int64_t frames, int64_t old_capacity, int64_t capacity)
{
    if (channels == 1)
        return realloc(old, sizeof(float) * (size_t)capacity);
    float *grown = malloc(sizeof(float) * (size_t)capacity * (size_t)channels);
    if (!grown)
        return NULL;
    for (int channel = 0; channel < channels && frames > 0; channel++)
        memcpy(grown + channel * capacity, old + channel * old_capacity, sizeof(float) * (size_t)frames);
    free(old);
    return grown;
}

/* Room for more than `frames`: memory grows with what was read, whatever a header claims; a claim within reach is
 * taken as it is. One frame more than expected lets a correct claim end without growing. */
static int64_t next_capacity(int64_t frames, int64_t expected, int channels)
{
    int64_t capacity = frames > 0 ? 2 * frames : FIRST_GUESS / channels;
    return expected >= frames && expected < capacity ? expected + 1 : capacity;
}

static mlk_code drain(mlk_audio_reader *reader, mlk_audio *audio, mlk_status *status)
{
    int channels = audio->channels;
    int64_t expected = mlk_audio_reader_expected(reader), capacity = next_capacity(0, expected, channels);
    audio->samples = regrow(NULL, channels, 0, 0, capacity);
    for (;;) {
        if (!audio->samples)
            return mlk_fail_memory(status, "the samples of the file");
        float *out[MLK_MAX_CHANNELS];
        for (int channel = 0; channel < channels; channel++)
            out[channel] = audio->samples + channel * capacity + audio->frames;
        int64_t got;
        mlk_code code = mlk_audio_reader_read(reader, out, capacity - audio->frames, &got, status);
        if (code)
            return code;
        audio->frames += got;
        if (audio->frames < capacity)
            break;
        int64_t more = next_capacity(audio->frames, expected, channels);
        float *grown = regrow(audio->samples, channels, audio->frames, capacity, more);
        if (!grown)
            return mlk_fail_memory(status, "the samples of the file");
        audio->samples = grown;
        capacity = more;
    }
    for (int channel = 1; channel < channels; channel++)
        memmove(audio->samples + channel * audio->frames, audio->samples + channel * capacity,
                sizeof(float) * (size_t)audio->frames);
    return MLK_OK;
}

mlk_code mlk_audio_load(const char *path, const mlk_audio_options *options, mlk_audio *audio, mlk_status *status)
{
    memset(audio, 0, sizeof *audio);
    mlk_audio_reader *reader;
    mlk_code code = mlk_audio_reader_open(path, options, &reader, status);
    if (code)
        return code;
    audio->channels = mlk_audio_reader_channels(reader);
    audio->rate_hz = mlk_audio_reader_rate(reader);
    code = drain(reader, audio, status);
    audio->notes = *mlk_audio_reader_notes(reader);
    mlk_audio_reader_free(reader);
    if (code)
        mlk_audio_free(audio);
    return code;
}

void mlk_audio_free(mlk_audio *audio)
{
    free(audio->samples);
    memset(audio, 0, sizeof *audio);
}

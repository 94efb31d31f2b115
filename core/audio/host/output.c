#include "audio/host/output.h"

#include "audio/wave.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16384 }; /* frames that are written at a time */

static mlk_code fail_to_write(int error, mlk_status *status)
{
    if (error == EFBIG)
        return mlk_fail(status, MLK_EXHAUSTED, "it becomes larger than is allowed");
    return mlk_fail(status, MLK_DISK, "what it becomes cannot be written: %s", strerror(error));
}

static mlk_code write_all(int descriptor, const void *data, size_t bytes, mlk_status *status)
{
    for (const char *at = data; bytes > 0;) {
        ssize_t written = write(descriptor, at, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_to_write(errno, status);
        at += written;
        bytes -= (size_t)written;
    }
    return MLK_OK;
}

static mlk_code write_head(const mlk_output *self, const mlk_audio_reader *reader, mlk_status *status)
{
    unsigned char head[MLK_WAVE_HEAD];
    const mlk_audio_info *info = mlk_audio_reader_info(reader);
    mlk_wave_head(head, info->rate, info->channels, self->frames);
    if (lseek(self->descriptor, 0, SEEK_SET) != 0)
        return fail_to_write(errno, status);
    return write_all(self->descriptor, head, sizeof head, status);
}

/* Frames as they lie in a file. */
static void weave(float *const *in, int channels, int64_t frames, float *restrict out)
{
    for (int channel = 0; channel < channels; channel++) {
        const float *restrict from = in[channel];
        for (int64_t i = 0; i < frames; i++)
            out[i * channels + channel] = from[i];
    }
}

static mlk_code check_length(const mlk_output *self, int64_t frames, const mlk_audio_reader *reader, mlk_status *status)
{
    int rate = mlk_audio_reader_info(reader)->rate;
    if (frames <= self->most_frames)
        return MLK_OK;
    return mlk_fail(status, MLK_UNSUPPORTED, "it is longer than the %.0f seconds allowed",
                    (double)self->most_frames / rate);
}

static mlk_code write_pieces(mlk_output *self, mlk_audio_reader *reader, float *const *planar, float *woven,
                             mlk_status *status)
{
    int channels = mlk_audio_reader_channels(reader);
    for (int64_t got = PIECE; got == PIECE;) {
        mlk_code code = mlk_audio_reader_read(reader, planar, PIECE, &got, status);
        if (!code)
            code = check_length(self, self->frames + got, reader, status);
        if (code)
            return code;
        weave(planar, channels, got, woven);
        code = write_all(self->descriptor, woven, sizeof(float) * (size_t)(got * channels), status);
        if (code)
            return code;
        self->frames += got;
    }
    return MLK_OK;
}

mlk_code mlk_output_write(mlk_output *self, mlk_audio_reader *reader, mlk_status *status)
{
    size_t channels = (size_t)mlk_audio_reader_channels(reader);
    mlk_code code = check_length(self, mlk_audio_reader_expected(reader), reader, status); /* unknown is negative */
    if (code)
        return code;
    float *samples = malloc(sizeof(float) * 2 * PIECE * channels), *planar[MLK_MAX_CHANNELS];
    if (!samples)
        return mlk_fail_memory(status, "decoded samples");
    for (size_t channel = 0; channel < channels; channel++)
        planar[channel] = samples + channel * PIECE;
    code = write_head(self, reader, status); /* its place; lengths are known at the end */
    if (!code)
        code = write_pieces(self, reader, planar, samples + channels * PIECE, status);
    if (!code)
        code = write_head(self, reader, status);
    free(samples);
    return code;
}

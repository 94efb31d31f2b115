/* reader.c: decoder -> part asked for -> channels -> resampler, piece by piece. */
#include "audio.h"
#include "interrupt.h"
#include "resampler.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 16384 }; /* frames decoded at a time */

struct mlk_audio_reader {
    mlk_decoder *decoder;
    mlk_resampler *resampler; /* NULL at the file's own rate */
    mlk_audio_options options;
    char path[200];       /* for messages */
    int file_channels;
    int channels;         /* of the output */
    double rate_hz;
    int64_t position;     /* the next frame of the file */
    int64_t left;         /* frames of the file still wanted; INT64_MAX to the end */
    bool at_end;
    float *interleaved;   /* PIECE frames as decoded */
    float *planar;        /* the same by channel, mixed */
    int64_t first, count; /* what of `planar` waits to be used */
};

static const double MAX_RATE = 10e6;

mlk_audio_options mlk_audio_defaults(void)
{
    return (mlk_audio_options){.rate_hz = 22050, .mono = true, .duration_s = -1};
}

static mlk_code check(const mlk_audio_options *options, mlk_status *status)
{
    if (options->rate_hz != 0 && !(options->rate_hz >= 1 && options->rate_hz <= MAX_RATE))
        return mlk_fail(status, MLK_INVALID, "rate must be 1..%.0f Hz, got %g", MAX_RATE, options->rate_hz);
    if (!(options->start_s >= 0 && options->start_s < 1e12))
        return mlk_fail(status, MLK_INVALID, "start must be 0 seconds or more, got %g", options->start_s);
    if (isnan(options->duration_s) || options->duration_s > 1e12)
        return mlk_fail(status, MLK_INVALID, "duration must be a number of seconds, got %g", options->duration_s);
    return MLK_OK;
}

static mlk_code prepare(mlk_audio_reader *reader, mlk_status *status)
{
    const mlk_audio_info *info = mlk_decoder_info(reader->decoder);
    const mlk_audio_options *options = &reader->options;
    reader->file_channels = info->channels;
    reader->channels = options->mono ? 1 : info->channels;
    reader->rate_hz = options->rate_hz != 0 ? options->rate_hz : info->rate;
    reader->left = options->duration_s < 0 ? INT64_MAX : (int64_t)(options->duration_s * info->rate);

    int64_t start = (int64_t)(options->start_s * info->rate);
    if (start > 0) {
        mlk_code code = mlk_decoder_seek(reader->decoder, start, status);
        if (code)
            return code;
        reader->position = start;
        if (info->frames >= 0 && start >= info->frames)
            reader->left = 0;
    }
    if (reader->rate_hz != info->rate) {
        mlk_code code = mlk_resampler_new(info->rate, reader->rate_hz, reader->channels, &reader->resampler, status);
        if (code)
            return code;
    }
    reader->interleaved = malloc(sizeof(float) * PIECE * (size_t)info->channels);
    reader->planar = malloc(sizeof(float) * PIECE * (size_t)reader->channels);
    if (!reader->interleaved || !reader->planar)
        return mlk_fail_memory(status, "decoded samples");
    return MLK_OK;
}

mlk_code mlk_audio_reader_open(const char *path, const mlk_audio_options *options, mlk_audio_reader **reader,
                               mlk_status *status)
{
    mlk_code code = check(options, status);
    if (code)
        return code;
    mlk_audio_reader *opened = calloc(1, sizeof *opened);
    if (!opened)
        return mlk_fail_memory(status, "a reader");
    opened->options = *options;
    strncpy(opened->path, path, sizeof opened->path - 1);
    code = mlk_decoder_open(path, &opened->decoder, status);
    if (!code)
        code = prepare(opened, status);
    if (code) {
        mlk_audio_reader_free(opened);
        return code;
    }
    *reader = opened;
    return MLK_OK;
}

int mlk_audio_reader_channels(const mlk_audio_reader *reader)
{
    return reader->channels;
}

double mlk_audio_reader_rate(const mlk_audio_reader *reader)
{
    return reader->rate_hz;
}

int64_t mlk_audio_reader_expected(const mlk_audio_reader *reader)
{
    const mlk_audio_info *info = mlk_decoder_info(reader->decoder);
    if (info->frames < 0)
        return -1;
    int64_t left = info->frames - reader->position;
    left = left < 0 ? 0 : left < reader->left ? left : reader->left;
    return mlk_resampled_length(left, info->rate, reader->rate_hz);
}

static mlk_code check_finite(const mlk_audio_reader *reader, int64_t frames, mlk_status *status)
{
    const float *samples = reader->interleaved;
    int64_t count = frames * reader->file_channels;
    int64_t bad = 0;
    for (int64_t i = 0; i < count; i++)
        bad += !(fabsf(samples[i]) <= FLT_MAX);
    if (bad == 0)
        return MLK_OK;
    int64_t at = 0;
    while (isfinite(samples[at]))
        at++;
    int64_t frame = reader->position + at / reader->file_channels;
    return mlk_fail(status, MLK_INVALID,
                    "%s: sample %lld of channel %d (at %.6f s) is %s; nan = \"keep\" lets such samples through",
                    reader->path, (long long)frame, (int)(at % reader->file_channels),
                    (double)frame / mlk_decoder_info(reader->decoder)->rate, isnan(samples[at]) ? "NaN" : "infinite");
}

/* Interleaved to planar, or to the mean of the channels (summed in their order, in float32, as numpy does). */
static void arrange(const float *restrict in, int channels, bool mono, int64_t frames, float *restrict out)
{
    if (channels == 1) {
        memcpy(out, in, sizeof(float) * (size_t)frames);
    } else if (mono) {
        for (int64_t i = 0; i < frames; i++) {
            float sum = in[i * channels];
            for (int channel = 1; channel < channels; channel++)
                sum += in[i * channels + channel];
            out[i] = sum / (float)channels;
        }
    } else {
        for (int channel = 0; channel < channels; channel++)
            for (int64_t i = 0; i < frames; i++)
                out[channel * PIECE + i] = in[i * channels + channel];
    }
}

static mlk_code decode_piece(mlk_audio_reader *reader, mlk_status *status)
{
    if (mlk_interrupted())
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    int64_t wanted = reader->left < PIECE ? reader->left : PIECE;
    int64_t got = 0;
    if (wanted > 0) {
        mlk_code code = mlk_decoder_read(reader->decoder, reader->interleaved, wanted, &got, status);
        if (code)
            return code;
    }
    if (!reader->options.keep_nan) {
        mlk_code code = check_finite(reader, got, status);
        if (code)
            return code;
    }
    arrange(reader->interleaved, reader->file_channels, reader->options.mono, got, reader->planar);
    reader->position += got;
    if (reader->left != INT64_MAX)
        reader->left -= got;
    reader->at_end = got == 0;
    reader->first = 0;
    reader->count = got;
    return MLK_OK;
}

/* Moves waiting samples on, through the resampler if there is one. */
static mlk_code give(mlk_audio_reader *reader, float *const *out, int64_t capacity, int64_t *given,
                     mlk_status *status)
{
    const float *in[MLK_MAX_CHANNELS];
    for (int channel = 0; channel < reader->channels; channel++)
        in[channel] = reader->planar + channel * PIECE + reader->first;
    int64_t used = 0;
    if (reader->resampler) {
        mlk_code code = mlk_resampler_run(reader->resampler, reader->at_end ? NULL : in, reader->count, &used, out,
                                          capacity, given, status);
        if (code)
            return code;
    } else {
        used = *given = reader->count < capacity ? reader->count : capacity;
        for (int channel = 0; channel < reader->channels; channel++)
            memcpy(out[channel], in[channel], sizeof(float) * (size_t)used);
    }
    reader->first += used;
    reader->count -= used;
    return MLK_OK;
}

mlk_code mlk_audio_reader_read(mlk_audio_reader *reader, float *const *out, int64_t capacity, int64_t *got,
                               mlk_status *status)
{
    *got = 0;
    while (*got < capacity) {
        if (reader->count == 0 && !reader->at_end) {
            mlk_code code = decode_piece(reader, status);
            if (code)
                return code;
        }
        float *rest[MLK_MAX_CHANNELS];
        for (int channel = 0; channel < reader->channels; channel++)
            rest[channel] = out[channel] + *got;
        int64_t given = 0;
        mlk_code code = give(reader, rest, capacity - *got, &given, status);
        if (code)
            return code;
        *got += given;
        if (given == 0 && reader->at_end)
            break;
    }
    return MLK_OK;
}

void mlk_audio_reader_free(mlk_audio_reader *reader)
{
    if (!reader)
        return;
    mlk_decoder_free(reader->decoder);
    mlk_resampler_free(reader->resampler);
    free(reader->interleaved);
    free(reader->planar);
    free(reader);
}

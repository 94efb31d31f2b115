/* reader.c: decoder -> part asked for -> channels -> resampler, piece by piece. */
#include "audio.h"
#include "interrupt.h"
#include "resampler.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16384 }; /* frames decoded at a time */

struct mlk_audio_reader {
    mlk_decoder *decoder;
    mlk_resampler *resampler; /* NULL at the file's own rate */
    mlk_audio_options options;
    char path[200];       /* for messages */
    int file_channels;
    int channels;         /* of the output */
    double rate_hz;
    int64_t start;        /* the first frame asked for */
    int64_t position;     /* the next frame of the file */
    int64_t left;         /* frames of the file still wanted; INT64_MAX to the end */
    int64_t given;        /* frames of the output so far */
    int64_t least;        /* frames of the output that silence is to fill up; 0: none */
    bool at_end;
    float *interleaved;   /* PIECE frames as decoded */
    float *planar;        /* the same by channel, mixed */
    int64_t first, count; /* what of `planar` waits to be used */
    double energy, mixed_energy; /* of all channels, and of their mean, so far */
    mlk_audio_notes notes;
    mlk_tap tap;
};

static const double MAX_RATE = 10e6;

#define IN(member) MLK_IN(mlk_audio_options, member)

const mlk_parameter mlk_audio_parameters[] = {
    MLK_REAL("rate", 22050, 0, 10e6, "of the result; 0: the file's own", IN(rate_hz), .unit = "Hz"),
    MLK_INTEGER("channel", MLK_CHANNELS_MIXED, MLK_CHANNELS_ALL, MLK_MAX_CHANNELS - 1,
                "from 0; -1: their mean, -2: all", IN(channel)),
    MLK_REAL("start", 0, 0, 1e12, "where to begin", IN(start_s), .unit = "s"),
    MLK_REAL_OR_NIL("duration", NAN, 0, 1e12, "how much to read", IN(duration_s), .unit = "s", .usual = "to the end"),
    MLK_BOOLEAN("pad", false, "silence after what ends before the duration", IN(pad)),
    MLK_BOOLEAN("keep_nan", false, "let NaN and infinite samples through", IN(keep_nan)),
    MLK_BOOLEAN("keep_partial", false, "keep what is there of a damaged file", IN(keep_partial)),
    MLK_PARAMETERS_END,
};

mlk_audio_options mlk_audio_defaults(void)
{
    mlk_audio_options options;
    mlk_parameters_defaults(mlk_audio_parameters, mlk_parameters_count(mlk_audio_parameters), &options);
    return options;
}

static mlk_code check(const mlk_audio_options *options, mlk_status *status)
{
    if (options->rate_hz != 0 && !(options->rate_hz >= 1 && options->rate_hz <= MAX_RATE))
        return mlk_fail(status, MLK_INVALID, "rate must be 1..%.0f Hz, got %g", MAX_RATE, options->rate_hz);
    if (!(options->start_s >= 0 && options->start_s < 1e12))
        return mlk_fail(status, MLK_INVALID, "start must be 0 seconds or more, got %g", options->start_s);
    if (options->duration_s > 1e12)
        return mlk_fail(status, MLK_INVALID, "duration must be a number of seconds, got %g", options->duration_s);
    return MLK_OK;
}

static mlk_code check_channel(const mlk_audio_reader *reader, mlk_status *status)
{
    int channel = reader->options.channel, channels = reader->file_channels;
    if (channel < channels)
        return MLK_OK;
    if (channels == 1)
        return mlk_fail(status, MLK_INVALID, "%s: channel must be 0 (left), the file has no other, got %d%s",
                        reader->path, channel, channel == 1 ? " (right)" : "");
    return mlk_fail(status, MLK_INVALID, "%s: channel must be 0..%d, the file has %d channels, got %d", reader->path,
                    channels - 1, channels, channel);
}

static mlk_code prepare(mlk_audio_reader *reader, mlk_status *status)
{
    const mlk_audio_info *info = mlk_decoder_info(reader->decoder);
    const mlk_audio_options *options = &reader->options;
    reader->file_channels = info->channels;
    if (check_channel(reader, status))
        return MLK_INVALID;
    reader->channels = options->channel == MLK_CHANNELS_ALL ? info->channels : 1;
    reader->rate_hz = options->rate_hz != 0 ? options->rate_hz : info->rate;
    reader->left = options->duration_s >= 0 ? (int64_t)(options->duration_s * info->rate) : INT64_MAX;

    if (options->pad && options->duration_s >= 0)
        reader->least = mlk_resampled_length(reader->left, info->rate, reader->rate_hz);

    int64_t start = (int64_t)(options->start_s * info->rate);
    if (start > 0) {
        mlk_code code = mlk_decoder_seek(reader->decoder, start, status);
        if (code)
            return code;
        reader->position = reader->start = start;
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

/* A reader of a decoder, which is the reader's own then; `code` says whether it could be opened. */
static mlk_code finish_opening(mlk_code code, mlk_decoder *decoder, const char *path, const mlk_audio_options *options,
                               mlk_audio_reader **reader, mlk_status *status)
{
    if (code)
        return code;
    mlk_audio_reader *opened = calloc(1, sizeof *opened);
    if (!opened) {
        mlk_decoder_free(decoder);
        return mlk_fail_memory(status, "a reader");
    }
    opened->options = *options;
    opened->decoder = decoder;
    strncpy(opened->path, path, sizeof opened->path - 1);
    code = prepare(opened, status);
    if (code) {
        mlk_audio_reader_free(opened);
        return code;
    }
    *reader = opened;
    return MLK_OK;
}

mlk_code mlk_audio_reader_open(const char *path, const mlk_audio_options *options, mlk_audio_reader **reader,
                               mlk_status *status)
{
    mlk_decoder *decoder = NULL;
    mlk_code code = check(options, status);
    if (!code)
        code = mlk_decoder_open(path, &decoder, status);
    return finish_opening(code, decoder, path, options, reader, status);
}

mlk_code mlk_audio_reader_adopt(int descriptor, const char *name, const mlk_audio_options *options,
                               mlk_audio_reader **reader, mlk_status *status)
{
    mlk_decoder *decoder = NULL;
    mlk_code code = check(options, status);
    if (code)
        close(descriptor);
    else
        code = mlk_decoder_adopt(descriptor, name, &decoder, status);
    return finish_opening(code, decoder, name, options, reader, status);
}

int mlk_audio_reader_channels(const mlk_audio_reader *reader)
{
    return reader->channels;
}

const mlk_audio_info *mlk_audio_reader_info(const mlk_audio_reader *reader)
{
    return mlk_decoder_info(reader->decoder);
}

void mlk_audio_reader_tags(const mlk_audio_reader *reader, mlk_audio_tags *tags)
{
    mlk_decoder_tags(reader->decoder, tags);
}

double mlk_audio_reader_rate(const mlk_audio_reader *reader)
{
    return reader->rate_hz;
}

int64_t mlk_audio_reader_expected(const mlk_audio_reader *reader)
{
    const mlk_audio_info *info = mlk_decoder_info(reader->decoder);
    if (reader->least > 0)
        return reader->least - reader->given;
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

/* One channel of interleaved frames. */
static void pick(const float *restrict in, int channels, int channel, int64_t frames, float *restrict out)
{
    for (int64_t i = 0; i < frames; i++)
        out[i] = in[i * channels + channel];
}

/* The mean of the channels, summed in their order, in float32, as numpy does. */
static inline void mix(const float *restrict in, int channels, int64_t frames, float *restrict out)
{
    for (int64_t i = 0; i < frames; i++) {
        float sum = in[i * channels];
        for (int channel = 1; channel < channels; channel++)
            sum += in[i * channels + channel];
        out[i] = sum / (float)channels;
    }
}

/* Sum of squares; short stretches in float32 and in lanes, which a processor adds side by side. */
static double energy(const float *samples, int64_t n)
{
    enum { LANES = 16, STRETCH = 1024 };
    double total = 0;
    for (int64_t first = 0; first < n; first += STRETCH) {
        int64_t end = n - first < STRETCH ? n : first + STRETCH, i = first;
        float sums[LANES] = {0};
        for (; i + LANES <= end; i += LANES)
            for (int k = 0; k < LANES; k++)
                sums[k] += samples[i + k] * samples[i + k];
        for (; i < end; i++)
            sums[0] += samples[i] * samples[i];
        for (int k = 0; k < LANES; k++)
            total += sums[k];
    }
    return total;
}

/* Frames as decoded become the channels asked for. */
static void arrange(mlk_audio_reader *reader, int64_t frames)
{
    const float *in = reader->interleaved;
    int channels = reader->file_channels, channel = reader->options.channel;
    if (channels == 1) {
        memcpy(reader->planar, in, sizeof(float) * (size_t)frames);
    } else if (channel == MLK_CHANNELS_MIXED) {
        if (channels == 2)
            mix(in, 2, frames, reader->planar); /* a number that the compiler knows: in lanes, too */
        else
            mix(in, channels, frames, reader->planar);
        reader->energy += energy(in, frames * channels) / channels;
        reader->mixed_energy += energy(reader->planar, frames);
    } else if (channel == MLK_CHANNELS_ALL) {
        for (int c = 0; c < channels; c++)
            pick(in, channels, c, frames, reader->planar + c * PIECE);
    } else {
        pick(in, channels, channel, frames, reader->planar);
    }
}

/* --- what is to be said of it --- */

/* Without the file's name, which a decoder may have cut to fit. */
static const char *reason_of(const char *message, const char *path)
{
    size_t same = 0;
    while (path[same] && message[same] == path[same])
        same++;
    return same > 0 && strncmp(message + same, ": ", 2) == 0 ? message + same + 2 : message;
}

static void note_partial(mlk_audio_reader *reader, int64_t end, const char *reason)
{
    const mlk_audio_info *info = mlk_decoder_info(reader->decoder);
    char whole[48] = "";
    if (info->frames >= 0)
        snprintf(whole, sizeof whole, " of %.3f", (double)info->frames / info->rate);
    snprintf(reader->notes.partial, sizeof reader->notes.partial, "%.3f%s s are there: %.100s",
             (double)end / info->rate, whole, reason);
}

/* Silence is silent however it is mixed: below -90 dB nothing is said. */
static void note_cancelling(mlk_audio_reader *reader)
{
    double frames = (double)(reader->position - reader->start);
    if (reader->energy > 1e-9 * frames && reader->mixed_energy < 1e-6 * reader->energy)
        snprintf(reader->notes.warning, sizeof reader->notes.warning,
                 "its %d channels cancel each other out when mixed; channel = \"left\" takes one of them",
                 reader->file_channels);
}

/* The stream is damaged or ends too early after `got` more frames. What was asked for is shorter from now on, if that
 * is wanted and there is anything. */
static mlk_code meet_fault(mlk_audio_reader *reader, int64_t got, const mlk_status *fault, mlk_status *status)
{
    int64_t end = reader->position + got;
    if (fault->code != MLK_INVALID || end == reader->start)
        return mlk_fail(status, fault->code, "%s", fault->message);
    if (!reader->options.keep_partial)
        return mlk_fail(status, fault->code, "%s; partial = \"keep\" takes what is there", fault->message);
    note_partial(reader, end, reason_of(fault->message, reader->path));
    reader->left = got;
    return MLK_OK;
}

/* --- reading --- */

static mlk_code decode_piece(mlk_audio_reader *reader, mlk_status *status)
{
    if (mlk_interrupted())
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    int64_t wanted = reader->left < PIECE ? reader->left : PIECE;
    int64_t got = 0;
    mlk_status fault;
    if (wanted > 0 && mlk_decoder_read(reader->decoder, reader->interleaved, wanted, &got, &fault)) {
        mlk_code code = meet_fault(reader, got, &fault, status);
        if (code)
            return code;
    }
    if (!reader->options.keep_nan) {
        mlk_code code = check_finite(reader, got, status);
        if (code)
            return code;
    }
    mlk_code code = mlk_tap_add(&reader->tap, reader->interleaved, got, status);
    if (code)
        return code;
    arrange(reader, got);
    reader->position += got;
    if (reader->left != INT64_MAX)
        reader->left -= got;
    reader->at_end = got == 0;
    if (reader->at_end)
        note_cancelling(reader);
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

/* Silence up to the length that is wanted; where there is no sound at all, nothing. */
static int64_t fill_up(const mlk_audio_reader *reader, float *const *out, int64_t capacity)
{
    int64_t missing = reader->given > 0 ? reader->least - reader->given : 0;
    int64_t count = missing < 0 ? 0 : missing < capacity ? missing : capacity;
    for (int channel = 0; channel < reader->channels; channel++)
        memset(out[channel], 0, sizeof(float) * (size_t)count);
    return count;
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
        bool ended = given == 0 && reader->at_end;
        if (ended)
            given = fill_up(reader, rest, capacity - *got);
        *got += given;
        reader->given += given;
        if (ended)
            break;
    }
    return MLK_OK;
}

void mlk_audio_reader_tap(mlk_audio_reader *reader)
{
    reader->tap.channels = reader->file_channels;
}

int64_t mlk_audio_reader_tapped(const mlk_audio_reader *reader)
{
    return reader->tap.frames;
}

void mlk_audio_reader_take(mlk_audio_reader *reader, float *out)
{
    mlk_tap_take(&reader->tap, out);
}

const mlk_audio_notes *mlk_audio_reader_notes(const mlk_audio_reader *reader)
{
    return &reader->notes;
}

void mlk_audio_reader_free(mlk_audio_reader *reader)
{
    if (!reader)
        return;
    mlk_decoder_free(reader->decoder);
    mlk_resampler_free(reader->resampler);
    free(reader->interleaved);
    free(reader->planar);
    mlk_tap_free(&reader->tap);
    free(reader);
}

#include "decoder.h"

#include "backend.h"
#include "interrupt.h"
#include "ogg.h"
#include "promise.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rates below are of no sound: 4.9 KB that claim 1 Hz became 1 GB at 22 050 Hz. */
enum { MIN_RATE = 100, MAX_RATE = 10000000 };

/* Memory that a file of a few bytes may become. A lossless coder with blocks of 4096 samples makes a stereo block of
 * silence from 15 bytes, 1 : 2200, with the longest blocks that players must know 1 : 8800; lossy ones are near
 * 1 : 1000. Longer blocks exist and hold a lot of nothing: the first part is free. */
enum { FREE_BYTES = 64 << 20, BYTES_OF_ONE = 10000 };

/* One of the streams that lie in a file one behind another; most files have one. */
typedef struct part {
    mlk_source source;
    int64_t first;  /* sample of the whole; -1: unknown, since the length of one before is */
} part;

struct mlk_decoder {
    char *path;
    mlk_source file;
    part *parts;
    int count, current; /* of the parts */
    bool cut;           /* the last part ends within a page */
    bool followed;      /* another file begins behind this one, out of sight */
    const mlk_backend *backend;
    void *stream; /* of the current part */
    mlk_audio_info info;
    int64_t position;
};

mlk_code mlk_fail_cut(mlk_status *status, const char *path, int64_t promised, int64_t found)
{
    return mlk_fail(status, MLK_INVALID, "%s: cut short: it promises %lld samples and ends after %lld", path,
                    (long long)promised, (long long)found);
}

mlk_code mlk_fail_more(mlk_status *status, const char *path, int64_t promised)
{
    return mlk_fail(status, MLK_INVALID, "%s: goes on after the %lld samples that its header promises", path,
                    (long long)promised);
}

/* --- opening --- */

static mlk_code check_info(const char *path, mlk_audio_info *info, mlk_status *status)
{
    if (info->channels < 1 || info->channels > MLK_MAX_CHANNELS)
        return mlk_fail(status, MLK_INVALID, "%s: 1..%d channels can be read, the file has %d", path,
                        MLK_MAX_CHANNELS, info->channels);
    if (info->rate < MIN_RATE || info->rate > MAX_RATE)
        return mlk_fail(status, MLK_INVALID, "%s: the sample rate must be %d..%d Hz, the file says %d", path, MIN_RATE,
                        MAX_RATE, info->rate);
    return MLK_OK;
}

static void close_part(mlk_decoder *decoder)
{
    if (decoder->stream)
        decoder->backend->close(decoder->stream);
    decoder->stream = NULL;
}

/* By the first library that knows the format. */
static mlk_code open_source(mlk_decoder *decoder, const mlk_source *source, mlk_audio_info *info, mlk_status *status)
{
    static const mlk_backend *const backends[] = {&mlk_backend_mpg123, &mlk_backend_sndfile, &mlk_backend_ffmpeg};
    mlk_code code = MLK_UNSUPPORTED;
    for (size_t i = 0; i < sizeof backends / sizeof *backends && code == MLK_UNSUPPORTED; i++) {
        memset(info, 0, sizeof *info);
        decoder->backend = backends[i];
        code = backends[i]->open(source, info, &decoder->stream, status);
    }
    if (code)
        return code;
    if (info->frames > MLK_MOST_FRAMES)
        info->frames = -1;
    code = check_info(source->path, info, status);
    if (code)
        close_part(decoder);
    return code;
}

static mlk_code open_part(mlk_decoder *decoder, int number, mlk_audio_info *info, mlk_status *status)
{
    close_part(decoder);
    decoder->current = number;
    return open_source(decoder, &decoder->parts[number].source, info, status);
}

/* Opens the part that follows, to read on in it. */
static mlk_code enter(mlk_decoder *decoder, int number, mlk_status *status)
{
    mlk_audio_info info;
    mlk_status why;
    mlk_code code = open_part(decoder, number, &info, &why);
    if (code == MLK_MEMORY)
        return mlk_fail(status, code, "%s", why.message);
    if (code)
        return mlk_fail(status, MLK_INVALID, "%s: after %lld samples another stream follows that cannot be read",
                        decoder->path, (long long)decoder->position);
    if (info.rate == decoder->info.rate && info.channels == decoder->info.channels)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID,
                    "%s: after %lld samples another stream follows, with %d channels at %d Hz instead of %d at %d",
                    decoder->path, (long long)decoder->position, info.channels, info.rate, decoder->info.channels,
                    decoder->info.rate);
}

/* Where the parts begin, and how long all are. */
static mlk_code measure_parts(mlk_decoder *decoder, mlk_status *status)
{
    mlk_audio_info info;
    mlk_code code = open_part(decoder, 0, &decoder->info, status);
    if (code || decoder->count == 1)
        return code;
    int64_t end = decoder->info.frames;
    for (int i = 1; i < decoder->count && end >= 0; i++) {
        decoder->parts[i].first = end;
        code = open_part(decoder, i, &info, status);
        if (code == MLK_MEMORY)
            return code;
        bool fits = !code && info.rate == decoder->info.rate && info.channels == decoder->info.channels;
        end = fits && info.frames >= 0 ? end + info.frames : -1;
    }
    decoder->info.frames = end;
    return open_part(decoder, 0, &info, status);
}

static mlk_code find_parts(mlk_decoder *decoder, mlk_status *status)
{
    mlk_ogg ogg;
    mlk_code code = mlk_ogg_split(&decoder->file, &ogg, status);
    if (code)
        return code;
    decoder->count = ogg.count > 0 ? ogg.count : 1;
    decoder->cut = ogg.cut;
    decoder->parts = calloc((size_t)decoder->count, sizeof *decoder->parts);
    for (int i = 0; i < decoder->count && decoder->parts; i++)
        decoder->parts[i] = (part){.source = ogg.count > 0 ? ogg.streams[i] : decoder->file, .first = i > 0 ? -1 : 0};
    mlk_ogg_free(&ogg);
    return decoder->parts ? MLK_OK : mlk_fail_memory(status, "a decoder");
}

/* Libraries would take the head of a file behind this one for damage. */
static void leave_follower(mlk_decoder *decoder)
{
    int64_t next = mlk_promise_follower(&decoder->file);
    decoder->followed = next >= 0;
    if (decoder->followed)
        decoder->file.end = decoder->file.begin + next;
}

/* Of a path, or of what a descriptor reads (-1: none). */
static mlk_code open_decoder(int descriptor, const char *path, mlk_decoder **decoder, mlk_status *status)
{
    mlk_decoder *opened = calloc(1, sizeof *opened);
    char *copy = strdup(path);
    if (!opened || !copy) {
        free(opened);
        free(copy);
        if (descriptor >= 0)
            close(descriptor);
        return mlk_fail_memory(status, "a decoder");
    }
    opened->path = copy;
    mlk_code code = descriptor < 0 ? mlk_source_open(copy, &opened->file, status)
                                   : mlk_source_adopt(descriptor, copy, &opened->file, status);
    if (code)
        opened->file.descriptor = -1;
    if (!code)
        leave_follower(opened);
    if (!code)
        code = find_parts(opened, status);
    if (!code)
        code = measure_parts(opened, status);
    if (code) {
        mlk_decoder_free(opened);
        return code;
    }
    *decoder = opened;
    return MLK_OK;
}

mlk_code mlk_decoder_open(const char *path, mlk_decoder **decoder, mlk_status *status)
{
    return open_decoder(-1, path, decoder, status);
}

mlk_code mlk_decoder_adopt(int descriptor, const char *name, mlk_decoder **decoder, mlk_status *status)
{
    return open_decoder(descriptor, name, decoder, status);
}

const mlk_audio_info *mlk_decoder_info(const mlk_decoder *decoder)
{
    return &decoder->info;
}

void mlk_decoder_tags(const mlk_decoder *decoder, mlk_audio_tags *tags)
{
    memset(tags, 0, sizeof *tags);
    decoder->backend->tags(decoder->stream, tags);
}

void mlk_decoder_free(mlk_decoder *decoder)
{
    if (!decoder)
        return;
    close_part(decoder);
    if (decoder->file.descriptor >= 0)
        mlk_source_close(&decoder->file);
    free(decoder->parts);
    free(decoder->path);
    free(decoder);
}

/* --- going to a place --- */

/* Decodes n frames for nothing. */
static mlk_code drop(mlk_decoder *decoder, int64_t n, mlk_status *status)
{
    enum { PIECE = 4096 };
    float *samples = malloc(sizeof(float) * PIECE * (size_t)decoder->info.channels);
    if (!samples)
        return mlk_fail_memory(status, "decoded samples");
    mlk_code code = MLK_OK;
    for (int64_t got = 1; n > 0 && got > 0 && !code; n -= got) {
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        else
            code = mlk_decoder_read(decoder, samples, n < PIECE ? n : PIECE, &got, status);
    }
    free(samples);
    return code;
}

mlk_code mlk_decoder_seek(mlk_decoder *decoder, int64_t frame, mlk_status *status)
{
    if (decoder->info.frames >= 0 && frame > decoder->info.frames)
        frame = decoder->info.frames;
    if (frame == decoder->position)
        return MLK_OK;
    int number = decoder->count - 1;
    while (decoder->parts[number].first < 0 || decoder->parts[number].first > frame)
        number--;
    int64_t first = decoder->parts[number].first;
    mlk_code code = number == decoder->current ? MLK_OK : enter(decoder, number, status);
    if (code)
        return code;
    /* The next part may be the one of a length that is unknown: then the way there is by decoding. */
    code = decoder->count > 1 && decoder->info.frames < 0
               ? MLK_UNSUPPORTED
               : decoder->backend->seek(decoder->stream, frame - first, status);
    if (code != MLK_UNSUPPORTED) {
        decoder->position = frame;
        return code;
    }
    decoder->position = first;
    code = enter(decoder, number, status);
    return code ? code : drop(decoder, frame - first, status);
}

/* --- reading --- */

/* What a few bytes become must have a limit: a file of silence is one, an attack on memory another. */
static mlk_code check_growth(const mlk_decoder *decoder, mlk_status *status)
{
    double made = (double)decoder->position * decoder->info.channels * sizeof(float);
    double size = (double)mlk_source_size(&decoder->file);
    if (made <= FREE_BYTES + BYTES_OF_ONE * size)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID, "%s: its %.0f bytes have become %lld samples and do not end: not believed",
                    decoder->path, size, (long long)decoder->position);
}

/* Behind the last sample that could be decoded. */
static mlk_code check_end(const mlk_decoder *decoder, mlk_status *status)
{
    if (decoder->cut)
        return mlk_fail(status, MLK_INVALID, "%s: cut short: it ends within a page, after %lld samples", decoder->path,
                        (long long)decoder->position);
    mlk_promise sound = mlk_promise_of(&decoder->file);
    if (decoder->info.frames < 0 && sound.held < sound.promised)
        return mlk_fail(status, MLK_INVALID, "%s: cut short: it promises %lld bytes of sound and ends after %lld, "
                        "%lld samples long", decoder->path, (long long)sound.promised, (long long)sound.held,
                        (long long)decoder->position);
    if (decoder->followed)
        return mlk_fail_more(status, decoder->path, decoder->info.frames);
    return MLK_OK;
}

mlk_code mlk_decoder_read(mlk_decoder *decoder, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    size_t channels = (size_t)decoder->info.channels;
    *got = 0;
    while (*got < capacity) {
        int64_t count = 0;
        mlk_code code = decoder->backend->read(decoder->stream, samples + (size_t)*got * channels, capacity - *got,
                                               &count, status);
        *got += count;
        decoder->position += count;
        if (!code)
            code = check_growth(decoder, status);
        if (code)
            return code;
        if (count > 0)
            continue;
        if (decoder->current + 1 == decoder->count)
            return *got > 0 ? MLK_OK : check_end(decoder, status);
        code = enter(decoder, decoder->current + 1, status);
        if (code)
            return code;
    }
    return MLK_OK;
}

/* backend_sndfile.c: libsndfile as a decoder. */
#include "backend.h"
#include "sndfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct stream {
    SNDFILE *file;
    int descriptor; /* of the same file */
    SF_INFO info;
    int64_t position;
    char path[256]; /* for messages */
} stream;

static const struct {
    int id;
    const char *name;
} codings[] = {
    {SF_FORMAT_PCM_S8, "pcm 8 bit"},   {SF_FORMAT_PCM_U8, "pcm 8 bit"},   {SF_FORMAT_PCM_16, "pcm 16 bit"},
    {SF_FORMAT_PCM_24, "pcm 24 bit"},  {SF_FORMAT_PCM_32, "pcm 32 bit"},  {SF_FORMAT_FLOAT, "float 32 bit"},
    {SF_FORMAT_DOUBLE, "float 64 bit"}, {SF_FORMAT_ULAW, "mu-law"},       {SF_FORMAT_ALAW, "A-law"},
    {SF_FORMAT_IMA_ADPCM, "IMA ADPCM"}, {SF_FORMAT_MS_ADPCM, "MS ADPCM"}, {SF_FORMAT_GSM610, "GSM 6.10"},
    {SF_FORMAT_VORBIS, "vorbis"},      {SF_FORMAT_OPUS, "opus"},          {SF_FORMAT_MPEG_LAYER_I, "mp1"},
    {SF_FORMAT_MPEG_LAYER_II, "mp2"},  {SF_FORMAT_MPEG_LAYER_III, "mp3"},
};

static const char *container_name(int format)
{
    switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX: return "wav";
    case SF_FORMAT_AIFF: return "aiff";
    case SF_FORMAT_AU: return "au";
    case SF_FORMAT_FLAC: return "flac";
    case SF_FORMAT_OGG: return "ogg";
    case SF_FORMAT_MPEG: return "mp3";
    case SF_FORMAT_W64: return "w64";
    case SF_FORMAT_RF64: return "rf64";
    case SF_FORMAT_CAF: return "caf";
    default: return "other";
    }
}

static void describe(const SF_INFO *from, mlk_audio_info *to)
{
    int coding = from->format & SF_FORMAT_SUBMASK;
    bool flac = (from->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
    snprintf(to->library, sizeof to->library, "libsndfile");
    snprintf(to->format, sizeof to->format, "%s", container_name(from->format));
    snprintf(to->codec, sizeof to->codec, "other");
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        if (codings[i].id == coding)
            snprintf(to->codec, sizeof to->codec, "%s%s", flac ? "flac, " : "", codings[i].name);
    to->rate = from->samplerate;
    to->channels = from->channels;
    to->frames = from->frames == SF_COUNT_MAX ? -1 : from->frames;
}

/* libsndfile's own codes beyond the public ones tell of a known format with a fault. */
static bool is_foreign(int error)
{
    return error == SF_ERR_UNRECOGNISED_FORMAT || error == SF_ERR_UNSUPPORTED_ENCODING;
}

/* A plain PCM WAV whose samples lie in wider containers, such as 24 bits in 4 bytes: libsndfile takes them as packed. */
static bool has_wide_containers(int descriptor, int *bits, int *bytes)
{
    unsigned char head[4096];
    ssize_t n = pread(descriptor, head, sizeof head, 0);
    if (n < 44 || memcmp(head, "RIFF", 4) != 0)
        return false;
    for (ssize_t at = 12; at + 24 <= n;) {
        const unsigned char *chunk = head + at;
        uint32_t size = chunk[4] | (uint32_t)chunk[5] << 8 | (uint32_t)chunk[6] << 16 | (uint32_t)chunk[7] << 24;
        if (memcmp(chunk, "fmt ", 4) == 0) {
            int tag = chunk[8] | chunk[9] << 8, channels = chunk[10] | chunk[11] << 8;
            int frame = chunk[20] | chunk[21] << 8;
            *bits = chunk[22] | chunk[23] << 8;
            *bytes = channels > 0 ? frame / channels : 0;
            return tag == 1 && channels > 0 && frame != channels * ((*bits + 7) / 8);
        }
        if (size > (uint32_t)n)
            return false;
        at += 8 + (ssize_t)size + (size & 1);
    }
    return false;
}

/* A FLAC whose header promises fewer samples than follow: libsndfile stops at the promise. It reads ahead less
 * than SLACK. */
static bool has_more(const stream *self)
{
    enum { SLACK = 1 << 14 };
    struct stat file;
    off_t at = lseek(self->descriptor, 0, SEEK_CUR);
    return (self->info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC && at >= 0 &&
           fstat(self->descriptor, &file) == 0 && at + SLACK < file.st_size;
}

static mlk_code open_stream(const char *path, mlk_audio_info *info, void **opened, mlk_status *status)
{
    stream *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a decoder");
    self->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (self->descriptor < 0) {
        free(self);
        return mlk_fail(status, MLK_IO, "%s: %s", path, strerror(errno));
    }
    int bits, bytes;
    if (has_wide_containers(self->descriptor, &bits, &bytes)) {
        close(self->descriptor);
        free(self);
        return mlk_fail(status, MLK_INVALID, "%s: %d-bit samples in containers of %d bytes cannot be read", path, bits,
                        bytes);
    }
    int error;
    self->file = mlk_sndfile_open(self->descriptor, SFM_READ, &self->info, &error);
    if (!self->file) {
        close(self->descriptor);
        free(self);
        return mlk_fail(status, is_foreign(error) ? MLK_UNSUPPORTED : MLK_INVALID, "%s: %s", path,
                        sf_error_number(error));
    }
    snprintf(self->path, sizeof self->path, "%s", path);
    describe(&self->info, info);
    *opened = self;
    return MLK_OK;
}

static mlk_code seek(void *opened, int64_t frame, mlk_status *status)
{
    stream *self = opened;
    if (frame > self->info.frames)
        frame = self->info.frames;
    if (frame == self->position)
        return MLK_OK;
    if (sf_seek(self->file, frame, SEEK_SET) < 0)
        return mlk_fail(status, MLK_IO, "%s: cannot go to frame %lld: %s", self->path, (long long)frame,
                        sf_strerror(self->file));
    self->position = frame;
    return MLK_OK;
}

/* The number of frames is exact in every format but MP3, where without a Xing
 * tag it is an estimate from the file's size: a few frames' worth may lack. */
static int64_t frames_promised(const stream *self)
{
    bool estimate = (self->info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG;
    return estimate ? self->info.frames - self->info.frames / 50 - 2 * 1152 : self->info.frames;
}

static mlk_code read_frames(void *opened, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    stream *self = opened;
    *got = sf_readf_float(self->file, samples, capacity);
    self->position += *got;
    if (*got == capacity)
        return MLK_OK;
    if (sf_error(self->file))
        return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples: %s", self->path,
                        (long long)self->position, sf_strerror(self->file));
    if (self->position < frames_promised(self))
        return mlk_fail(status, MLK_INVALID, "%s: cut short: it promises %lld samples and ends after %lld",
                        self->path, (long long)self->info.frames, (long long)self->position);
    if (has_more(self))
        return mlk_fail(status, MLK_INVALID, "%s: goes on after the %lld samples that its header promises", self->path,
                        (long long)self->info.frames);
    return MLK_OK;
}

static void close_stream(void *opened)
{
    stream *self = opened;
    sf_close(self->file);
    close(self->descriptor);
    free(self);
}

const mlk_backend mlk_backend_sndfile = {open_stream, seek, read_frames, close_stream};

/* backend_sndfile.c: libsndfile as a decoder. */
#include "backend.h"
#include "promise.h"
#include "sndfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct stream {
    SNDFILE *file;
    mlk_source source;
    SF_INFO info;
    int64_t frames; /* as the header promises; -1 unknown */
    int64_t position;
} stream;

static void close_stream(void *opened)
{
    stream *self = opened;
    sf_close(self->file);
    free(self);
}

static const struct {
    int id;
    const char *name;
} codings[] = {
    {SF_FORMAT_PCM_S8, "pcm 8 bit"},   {SF_FORMAT_PCM_U8, "pcm 8 bit"},   {SF_FORMAT_PCM_16, "pcm 16 bit"},
    {SF_FORMAT_PCM_24, "pcm 24 bit"},  {SF_FORMAT_PCM_32, "pcm 32 bit"},  {SF_FORMAT_FLOAT, "float 32 bit"},
    {SF_FORMAT_DOUBLE, "float 64 bit"}, {SF_FORMAT_ULAW, "mu-law"},       {SF_FORMAT_ALAW, "A-law"},
    {SF_FORMAT_IMA_ADPCM, "IMA ADPCM"}, {SF_FORMAT_MS_ADPCM, "MS ADPCM"}, {SF_FORMAT_GSM610, "GSM 6.10"},
    {SF_FORMAT_VORBIS, "vorbis"},      {SF_FORMAT_OPUS, "opus"},
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
    case SF_FORMAT_W64: return "w64";
    case SF_FORMAT_RF64: return "rf64";
    case SF_FORMAT_CAF: return "caf";
    default: return "other";
    }
}

static void describe(const stream *self, mlk_audio_info *to)
{
    const SF_INFO *from = &self->info;
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
    to->frames = self->frames;
}

/* What a WAV says of its samples. */
typedef struct wave_format {
    int tag; /* the coding; 0: not a WAV */
    int channels, frame_bytes, bits;
} wave_format;

static int two_bytes(const unsigned char *at)
{
    return at[0] | at[1] << 8;
}

static wave_format read_wave_format(const mlk_source *source)
{
    enum { EXTENSIBLE = 0xfffe, MOST_CHUNKS = 1000 };
    unsigned char head[12], chunk[24], extension[2];
    if (!mlk_source_peek(source, 0, head, 12) || memcmp(head + 8, "WAVE", 4) != 0)
        return (wave_format){0};
    int64_t at = 12;
    for (int i = 0; i < MOST_CHUNKS && mlk_source_peek(source, at, chunk, 24); i++) {
        uint32_t size = chunk[4] | (uint32_t)chunk[5] << 8 | (uint32_t)chunk[6] << 16 | (uint32_t)chunk[7] << 24;
        if (memcmp(chunk, "fmt ", 4) == 0) {
            int tag = two_bytes(chunk + 8);
            if (tag == EXTENSIBLE && mlk_source_peek(source, at + 32, extension, 2))
                tag = two_bytes(extension);
            return (wave_format){tag, two_bytes(chunk + 10), two_bytes(chunk + 20), two_bytes(chunk + 22)};
        }
        at += 8 + (int64_t)size + (size & 1);
    }
    return (wave_format){0};
}

/* PCM whose samples lie in wider containers, such as 24 bits in 4 bytes: libsndfile takes them as packed, FFmpeg as
 * floats, and which end of the container is filled differs from writer to writer. */
static bool has_wide_containers(const wave_format *wave)
{
    return wave->tag == 1 && wave->channels > 0 && wave->frame_bytes != wave->channels * ((wave->bits + 7) / 8);
}

/* A WAV of a coding beyond PCM, float, the laws and the common ADPCM. */
static bool has_rare_coding(const wave_format *wave)
{
    static const int common[] = {0, 1, 2, 3, 6, 7, 0x11, 0x31};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (wave->tag == common[i])
            return false;
    return true;
}

/* An encoder that writes to a pipe may leave a length of 0: libsndfile finds nothing then. */
static bool has_open_end(const mlk_source *source)
{
    unsigned char head[12], next[4];
    if (!mlk_source_peek(source, 0, head, 12) || memcmp(head + 8, "WAVE", 4) != 0)
        return false;
    int64_t data = mlk_source_find(source, 12, "data\0\0\0\0", 8);
    if (data < 0 || !mlk_source_peek(source, data + 8, next, 4))
        return false;
    for (int i = 0; i < 4; i++)
        if (next[i] < ' ' || next[i] > '~')
            return true; /* no other chunk */
    return false;
}

/* Whether another library may know what this one does not: a format, or a codec in a format that it knows. Its own
 * codes beyond the public ones tell of a known format with a fault; in Ogg also of a codec or of pictures. */
static bool is_foreign(int error, const mlk_source *source)
{
    unsigned char head[4] = {0};
    mlk_source_peek(source, 0, head, 4);
    mlk_promise sound = mlk_promise_of(source); /* of a CAF that is cut short libsndfile reads nothing */
    return sound.held < sound.promised || error == SF_ERR_UNRECOGNISED_FORMAT || error == SF_ERR_UNSUPPORTED_ENCODING ||
           memcmp(head, "OggS", 4) == 0 || strstr(sf_error_number(error), "unimplemented") != NULL;
}

static bool is_flac(const stream *self)
{
    return (self->info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
}

/* A FLAC whose header promises fewer samples than follow, or that another follows: libsndfile stops at the promise.
 * It reads ahead less than SLACK. */
static bool has_more(const stream *self)
{
    enum { SLACK = 1 << 14 };
    int64_t at = self->source.at;
    if (!is_flac(self))
        return false;
    int64_t from = at > SLACK ? at - SLACK : 4;
    return at + SLACK < mlk_source_size(&self->source) ||
           mlk_source_find(&self->source, from, "fLaC\0\0\0\x22", 8) >= 0;
}

/* MP3 in a container: libsndfile guesses the length and stops there. */
static bool has_guessed_length(const SF_INFO *info)
{
    int coding = info->format & SF_FORMAT_SUBMASK;
    return coding == SF_FORMAT_MPEG_LAYER_I || coding == SF_FORMAT_MPEG_LAYER_II || coding == SF_FORMAT_MPEG_LAYER_III;
}

/* libsndfile takes the data of a W64 to go on to the end of the file. */
static void leave_tail_of_w64(mlk_source *source)
{
    unsigned char head[4];
    mlk_promise sound = mlk_promise_of(source);
    if (sound.end > 0 && sound.held == sound.promised && mlk_source_peek(source, 0, head, 4) &&
        memcmp(head, "riff", 4) == 0)
        source->end = source->begin + sound.end;
}

static mlk_code open_stream(const mlk_source *source, mlk_audio_info *info, void **opened, mlk_status *status)
{
    if (mlk_is_mpeg(source))
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: MPEG audio that libmpg123 does not know", source->path);
    wave_format wave = read_wave_format(source);
    if (has_rare_coding(&wave))
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: a WAV of coding %d", source->path, wave.tag);
    if (has_wide_containers(&wave))
        return mlk_fail(status, MLK_INVALID, "%s: %d-bit samples in containers of %d bytes cannot be read",
                        source->path, wave.bits, wave.frame_bytes / wave.channels);
    stream *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a decoder");
    self->source = *source;
    leave_tail_of_w64(&self->source);
    int error;
    self->file = mlk_sndfile_open_source(&self->source, &self->info, &error);
    if (!self->file) {
        free(self);
        return mlk_fail(status, is_foreign(error, source) ? MLK_UNSUPPORTED : MLK_INVALID, "%s: %s", source->path,
                        sf_error_number(error));
    }
    if (has_guessed_length(&self->info) || (self->info.frames == 0 && has_open_end(source))) {
        close_stream(self);
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: libsndfile does not know its length", source->path);
    }
    self->frames = self->info.frames > MLK_MOST_FRAMES ? -1 : mlk_promised_frames(source, self->info.frames);
    if (self->frames > MLK_MOST_FRAMES)
        self->frames = -1;
    describe(self, info);
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
    if (sf_seek(self->file, frame, SEEK_SET) != frame)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot go to sample %lld: %s", self->source.path,
                        (long long)frame, sf_strerror(self->file));
    self->position = frame;
    return MLK_OK;
}

static mlk_code read_frames(void *opened, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    stream *self = opened;
    const char *path = self->source.path;
    *got = sf_readf_float(self->file, samples, capacity);
    self->position += *got;
    if (*got == capacity)
        return MLK_OK;
    bool complete = self->frames >= 0 && self->position >= self->frames;
    if (has_more(self) && complete)
        return mlk_fail_more(status, path, self->frames);
    /* Behind the last sample promised there is no sound that could be damaged. */
    if (complete)
        return MLK_OK;
    bool used_up = self->source.at >= mlk_source_size(&self->source);
    if (sf_error(self->file) && !(used_up && self->frames >= 0))
        return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples: %s", path, (long long)self->position,
                        sf_strerror(self->file));
    if (self->frames >= 0)
        return mlk_fail_cut(status, path, self->frames, self->position);
    return MLK_OK;
}

static void read_tags(void *opened, mlk_audio_tags *tags)
{
    static const struct {
        int id;
        mlk_tag tag;
    } strings[] = {
        {SF_STR_TITLE, MLK_TAG_TITLE}, {SF_STR_ARTIST, MLK_TAG_ARTIST},     {SF_STR_ALBUM, MLK_TAG_ALBUM},
        {SF_STR_GENRE, MLK_TAG_GENRE}, {SF_STR_DATE, MLK_TAG_DATE},         {SF_STR_TRACKNUMBER, MLK_TAG_TRACK},
        {SF_STR_COMMENT, MLK_TAG_COMMENT},
    };
    const stream *self = opened;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        mlk_tags_set(tags, strings[i].tag, sf_get_string(self->file, strings[i].id), MLK_TAG_SIZE);
}

const mlk_backend mlk_backend_sndfile = {open_stream, seek, read_frames, read_tags, close_stream};

/* backend_mpg123.c: libmpg123 as a decoder of MPEG audio, layers I to III.
 *
 * libsndfile decodes with it too, to the same samples, but believes its guess of the length where there is no Xing
 * tag, and lets it write to the standard error.
 */
#include "backend.h"

#include <mpg123.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Frames decoded before the one sought: a frame may need bits from 511 bytes before it, and the smallest have 24. */
enum { PREFRAMES = 32 };

typedef struct stream {
    mlk_source source;
    mpg123_handle *mpeg;
    long rate;
    int channels;
    int64_t position;
    int64_t frames; /* as a Xing tag says; -1 without one */
} stream;

/* --- the first frame's header --- */

typedef struct header {
    int layer;
    int64_t xing; /* where a Xing tag would lie */
} header;

static int64_t after_id3v2(const mlk_source *source)
{
    int64_t at = 0;
    unsigned char tag[10];
    while (mlk_source_peek(source, at, tag, 10) && memcmp(tag, "ID3", 3) == 0) {
        int64_t size = (tag[6] & 127) << 21 | (tag[7] & 127) << 14 | (tag[8] & 127) << 7 | (tag[9] & 127);
        at += 10 + size + (tag[5] & 0x10 ? 10 : 0);
    }
    return at;
}

static bool find_header(const mlk_source *source, header *first)
{
    unsigned char bytes[4];
    int64_t at = after_id3v2(source);
    /* Encoders may leave zeros between the tag and the sound. */
    while (mlk_source_peek(source, at, bytes, 4) && bytes[0] == 0 && at < 1 << 16)
        at++;
    if (!mlk_source_peek(source, at, bytes, 4) || bytes[0] != 0xff || (bytes[1] & 0xe0) != 0xe0)
        return false;
    int version = bytes[1] >> 3 & 3, layer = 4 - (bytes[1] >> 1 & 3), mode = bytes[3] >> 6;
    if (version == 1 || layer == 4 || bytes[2] >> 4 == 15 || (bytes[2] >> 2 & 3) == 3)
        return false;
    bool mpeg1 = version == 3, mono = mode == 3;
    first->layer = layer;
    first->xing = at + 4 + (mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17));
    return true;
}

bool mlk_is_mpeg(const mlk_source *source)
{
    unsigned char head[4];
    int64_t at = after_id3v2(source);
    if (!mlk_source_peek(source, at, head, 4))
        return at > 0;
    return (at > 0 && memcmp(head, "fLaC", 4) != 0) || (head[0] == 0xff && (head[1] & 0xe0) == 0xe0);
}

/* A Xing tag that counts the frames. */
static bool has_count(const mlk_source *source, const header *first)
{
    unsigned char tag[8];
    return first->layer == 3 && mlk_source_peek(source, first->xing, tag, 8) &&
           (memcmp(tag, "Xing", 4) == 0 || memcmp(tag, "Info", 4) == 0) && (tag[7] & 1);
}

/* --- reading --- */

static void initialize(void)
{
    mpg123_init();
}

static ssize_t read_bytes(void *source, void *bytes, size_t n)
{
    return (ssize_t)mlk_source_read(source, bytes, (int64_t)n);
}

static off_t seek_bytes(void *source, off_t offset, int whence)
{
    return (off_t)mlk_source_seek(source, offset, whence);
}

static void close_stream(void *opened)
{
    stream *self = opened;
    mpg123_delete(self->mpeg);
    free(self);
}

static mlk_code open_mpeg(stream *self, mlk_audio_info *info, mlk_status *status)
{
    int error;
    self->mpeg = mpg123_new(NULL, &error);
    if (!self->mpeg)
        return mlk_fail_memory(status, "an MP3 decoder");
    mpg123_param(self->mpeg, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0);
    mpg123_param(self->mpeg, MPG123_ADD_FLAGS,
                 MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_SKIP_ID3V2, 0);
    mpg123_param(self->mpeg, MPG123_PREFRAMES, PREFRAMES, 0);
    mpg123_replace_reader_handle(self->mpeg, read_bytes, seek_bytes, NULL);
    int encoding;
    if (mpg123_open_handle(self->mpeg, &self->source) != MPG123_OK ||
        mpg123_getformat(self->mpeg, &self->rate, &self->channels, &encoding) != MPG123_OK)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: %s", self->source.path, mpg123_strerror(self->mpeg));
    info->rate = (int)self->rate;
    info->channels = self->channels;
    /* From here on every frame comes with as many channels. Its rate is checked when it changes: libmpg123 would write
     * to the screen that it must not. */
    const long *rates;
    size_t count;
    mpg123_rates(&rates, &count);
    mpg123_format_none(self->mpeg);
    for (size_t i = 0; i < count; i++)
        mpg123_format(self->mpeg, rates[i], self->channels == 1 ? MPG123_MONO : MPG123_STEREO, MPG123_ENC_FLOAT_32);
    return MLK_OK;
}

static mlk_code open_stream(const mlk_source *source, mlk_audio_info *info, void **opened, mlk_status *status)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize);
    header first;
    if (!find_header(source, &first))
        return mlk_fail(status, MLK_UNSUPPORTED, "%s is not MPEG audio", source->path);
    stream *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a decoder");
    self->source = *source;
    self->source.at = 0;
    mlk_code code = open_mpeg(self, info, status);
    if (code) {
        close_stream(self);
        return code;
    }
    int64_t length = has_count(source, &first) ? mpg123_length(self->mpeg) : -1;
    self->frames = length >= 0 ? length : -1;
    snprintf(info->library, sizeof info->library, "libmpg123");
    snprintf(info->format, sizeof info->format, "mp3");
    snprintf(info->codec, sizeof info->codec, "mp%d", first.layer);
    info->frames = self->frames;
    *opened = self;
    return MLK_OK;
}

static mlk_code seek(void *opened, int64_t frame, mlk_status *status)
{
    stream *self = opened;
    if (self->frames >= 0 && frame > self->frames)
        frame = self->frames;
    if (frame == self->position)
        return MLK_OK;
    if (mpg123_seek(self->mpeg, frame, SEEK_SET) != frame)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot go to sample %lld", self->source.path, (long long)frame);
    self->position = frame;
    return MLK_OK;
}

static mlk_code check_format(const stream *self, mlk_status *status)
{
    long rate;
    int channels, encoding;
    if (mpg123_getformat(self->mpeg, &rate, &channels, &encoding) != MPG123_OK)
        return mlk_fail(status, MLK_INVALID, "%s: %s", self->source.path, mpg123_strerror(self->mpeg));
    if (rate == self->rate && channels == self->channels && encoding == MPG123_ENC_FLOAT_32)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID, "%s: its sample rate changes from %ld to %ld Hz after %lld samples",
                    self->source.path, self->rate, rate, (long long)self->position);
}

static mlk_code fail_damaged(const stream *self, mlk_status *status)
{
    return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples: %s", self->source.path,
                    (long long)self->position, mpg123_strerror(self->mpeg));
}

/* How many frames of sound lie in these bytes, however far from their beginning; `most` is enough. libmpg123 takes for
 * a frame what another follows. */
static int count_frames(mlk_source *bytes, int most)
{
    mpg123_handle *mpeg = mpg123_new(NULL, NULL);
    if (!mpeg)
        return 0;
    mpg123_param(mpeg, MPG123_ADD_FLAGS, MPG123_QUIET | MPG123_SKIP_ID3V2, 0);
    mpg123_param(mpeg, MPG123_RESYNC_LIMIT, -1, 0);
    mpg123_replace_reader_handle(mpeg, read_bytes, seek_bytes, NULL);
    int count = 0, result = mpg123_open_handle(mpeg, bytes);
    while (count < most && (result == MPG123_OK || result == MPG123_NEW_FORMAT)) {
        result = mpg123_framebyframe_next(mpeg);
        count += result == MPG123_OK || result == MPG123_NEW_FORMAT;
    }
    mpg123_delete(mpeg);
    return count;
}

/* Another file may lie behind the frames that the tag counts; padding and what is no sound may too. */
static bool goes_on(const stream *self)
{
    enum { OWN = 4 }; /* frames that the encoder adds so that the last samples come out whole */
    mlk_source rest = self->source;
    rest.begin += mpg123_tell_stream(self->mpeg);
    rest.at = 0;
    return count_frames(&rest, OWN + 1) > OWN;
}

static mlk_code read_frames(void *opened, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    stream *self = opened;
    *got = 0;
    int64_t wanted = capacity;
    if (self->frames >= 0 && wanted > self->frames - self->position)
        wanted = self->frames - self->position;
    int error = MPG123_OK;
    while (*got < wanted && error != MPG123_DONE) {
        size_t bytes = 0, frame = sizeof(float) * (size_t)self->channels;
        void *target = samples + *got * self->channels;
        error = mpg123_read(self->mpeg, target, (size_t)(wanted - *got) * frame, &bytes);
        *got += (int64_t)(bytes / frame);
        self->position += (int64_t)(bytes / frame);
        if (error == MPG123_NEW_FORMAT && check_format(self, status))
            return MLK_INVALID;
        if (error != MPG123_OK && error != MPG123_DONE && error != MPG123_NEW_FORMAT)
            return fail_damaged(self, status);
    }
    if (*got == capacity || self->frames < 0)
        return MLK_OK;
    if (self->position < self->frames)
        return mlk_fail_cut(status, self->source.path, self->frames, self->position);
    if (goes_on(self))
        return mlk_fail_more(status, self->source.path, self->frames);
    return MLK_OK;
}

static void read_v1(const mpg123_id3v1 *from, mlk_audio_tags *tags)
{
    mlk_tags_set(tags, MLK_TAG_TITLE, from->title, sizeof from->title);
    mlk_tags_set(tags, MLK_TAG_ARTIST, from->artist, sizeof from->artist);
    mlk_tags_set(tags, MLK_TAG_ALBUM, from->album, sizeof from->album);
    mlk_tags_set(tags, MLK_TAG_DATE, from->year, sizeof from->year);
    mlk_tags_set(tags, MLK_TAG_COMMENT, from->comment, sizeof from->comment);
    char number[8];
    snprintf(number, sizeof number, "%d", from->genre);
    mlk_tags_set(tags, MLK_TAG_GENRE, from->genre < 255 ? number : NULL, sizeof number);
    bool numbered = from->comment[28] == 0 && from->comment[29] != 0; /* ID3v1.1 */
    snprintf(number, sizeof number, "%d", (unsigned char)from->comment[29]);
    mlk_tags_set(tags, MLK_TAG_TRACK, numbered ? number : NULL, sizeof number);
}

static void read_v2(const mpg123_id3v2 *from, mlk_audio_tags *tags)
{
    static const struct {
        char id[5];
        mlk_tag tag;
    } frames[] = {
        {"TIT2", MLK_TAG_TITLE}, {"TPE1", MLK_TAG_ARTIST}, {"TALB", MLK_TAG_ALBUM}, {"TPE2", MLK_TAG_ALBUM_ARTIST},
        {"TCON", MLK_TAG_GENRE}, {"TDRC", MLK_TAG_DATE},   {"TYER", MLK_TAG_DATE},  {"TRCK", MLK_TAG_TRACK},
        {"TPOS", MLK_TAG_DISC},  {"TCOM", MLK_TAG_COMPOSER},
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        for (size_t j = 0; j < from->texts; j++)
            if (memcmp(from->text[j].id, frames[i].id, 4) == 0 && from->text[j].text.fill > 0)
                mlk_tags_set(tags, frames[i].tag, from->text[j].text.p, from->text[j].text.fill);
    if (from->comment && from->comment->fill > 0)
        mlk_tags_set(tags, MLK_TAG_COMMENT, from->comment->p, from->comment->fill);
    for (size_t i = 0; i < from->extras; i++) /* as FFmpeg writes it */
        if (from->extra[i].description.fill > 0 && strcmp(from->extra[i].description.p, "comment") == 0 &&
            from->extra[i].text.fill > 0)
            mlk_tags_set(tags, MLK_TAG_COMMENT, from->extra[i].text.p, from->extra[i].text.fill);
}

/* The last 128 bytes of the file, which sources of sound do not show. */
static void read_end(const mlk_source *source, mlk_audio_tags *tags)
{
    struct stat about;
    mpg123_id3v1 v1;
    mlk_source file = *source;
    if (fstat(source->descriptor, &about) != 0 || sizeof v1 != 128)
        return;
    file.end = about.st_size;
    if (mlk_source_peek(&file, mlk_source_size(&file) - 128, &v1, 128) && memcmp(v1.tag, "TAG", 3) == 0)
        read_v1(&v1, tags);
}

/* The handle that decodes passes over ID3v2: this one reads the tags and nothing else. */
static void read_tags(void *opened, mlk_audio_tags *tags)
{
    const stream *self = opened;
    mlk_source bytes = self->source;
    mpg123_id3v1 *v1 = NULL;
    mpg123_id3v2 *v2 = NULL;
    mpg123_handle *mpeg = mpg123_new(NULL, NULL);
    if (!mpeg)
        return;
    bytes.at = 0;
    mpg123_param(mpeg, MPG123_ADD_FLAGS, MPG123_QUIET, 0);
    mpg123_replace_reader_handle(mpeg, read_bytes, seek_bytes, NULL);
    long rate;
    int channels, encoding;
    if (mpg123_open_handle(mpeg, &bytes) == MPG123_OK &&
        mpg123_getformat(mpeg, &rate, &channels, &encoding) == MPG123_OK && mpg123_id3(mpeg, &v1, &v2) == MPG123_OK) {
        if (v2)
            read_v2(v2, tags);
    }
    mpg123_delete(mpeg);
    read_end(&self->source, tags);
}

const mlk_backend mlk_backend_mpg123 = {open_stream, seek, read_frames, read_tags, close_stream};

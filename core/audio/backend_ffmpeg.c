/* backend_ffmpeg.c: FFmpeg's libraries as a decoder.
 *
 * libavcodec leaves out the frames that the container marks as encoder delay;
 * padding at the end is cut by the stream's own length where that is exact.
 *
 * A stream may change its channels or sample type on the way, as recordings of
 * radio and television do: every frame is converted to what was opened.
 */
#include "backend.h"
#include "ffmpeg.h"
#include "library.h"
#include "promise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decoded before the sample sought, for codecs that need the frame before. */
enum { PRIMING = 8192 };

/* Containers of sound. No playlists, pictures, lists of other files, devices, or descriptions of streams. */
static const char FORMATS[] =
    "aac,ac3,adx,aea,aiff,amr,amrnb,amrwb,ape,apc,aptx,aptx_hd,ast,asf,au,avi,avr,bfstm,brstm,caf,codec2,dsf,dts,dtshd,"
    "eac3,flac,flv,g722,g723_1,g729,gsm,iff,ilbc,ircam,iss,loas,matroska,webm,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,"
    "mpeg,mpegts,nistsphere,nut,ogg,oma,paf,pvf,qcp,rm,rso,sbc,shn,smjpeg,sol,sox,tak,truehd,tta,voc,vqf,w64,wav,wsd,"
    "wv,wve,xwma";

/* What a stream must keep to, once opened. */
typedef struct shape {
    int rate;
    AVChannelLayout channels;
    int type; /* enum AVSampleFormat */
} shape;

typedef struct stream {
    mlk_source source;
    AVIOContext *bytes;
    AVFormatContext *container;
    AVCodecContext *codec;
    SwrContext *to_float;
    AVPacket *packet;
    AVFrame *frame;
    shape opened;       /* what read() gives */
    shape coming;       /* what to_float takes */
    int index;          /* of the sound in the container */
    int64_t position;   /* the next frame that read() gives */
    int64_t frames;     /* in all; -1 unknown */
    int64_t slack;      /* by how many the container may round its length */
    int64_t skip_to;    /* frames before this one are dropped */
    int64_t decoded;    /* position of the next decoded frame; -1 until a time stamp tells */
    float *left_over;   /* decoded, not yet given */
    int64_t left_first, left_count, left_capacity;
    bool exact_seek;    /* time stamps count samples */
    bool drained;
} stream;

static void close_stream(void *opened)
{
    stream *self = opened;
    av_packet_free(&self->packet);
    av_frame_free(&self->frame);
    swr_free(&self->to_float);
    avcodec_free_context(&self->codec);
    avformat_close_input(&self->container);
    if (self->bytes)
        av_freep(&self->bytes->buffer);
    avio_context_free(&self->bytes);
    av_channel_layout_uninit(&self->opened.channels);
    av_channel_layout_uninit(&self->coming.channels);
    free(self->left_over);
    free(self);
}

/* --- opening --- */

static int read_bytes(void *opened, uint8_t *bytes, int n)
{
    stream *self = opened;
    int64_t got = mlk_source_read(&self->source, bytes, n);
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(EIO);
}

static int64_t seek_bytes(void *opened, int64_t offset, int whence)
{
    stream *self = opened;
    if (whence & AVSEEK_SIZE)
        return mlk_source_size(&self->source);
    int64_t at = mlk_source_seek(&self->source, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(EINVAL) : at;
}

/* Whatever a file names, nothing but the file itself is read. */
static int refuse_other(AVFormatContext *container, AVIOContext **bytes, const char *name, int flags,
                        AVDictionary **options)
{
    (void)container, (void)bytes, (void)name, (void)flags, (void)options;
    return AVERROR(EPERM);
}

static mlk_code open_container(stream *self, mlk_status *status)
{
    enum { BUFFER = 1 << 15 };
    uint8_t *buffer = av_malloc(BUFFER);
    self->bytes = buffer ? avio_alloc_context(buffer, BUFFER, 0, self, read_bytes, NULL, seek_bytes) : NULL;
    self->container = avformat_alloc_context();
    if (!self->bytes || !self->container) {
        if (!self->bytes)
            av_free(buffer);
        return mlk_fail_memory(status, "a decoder");
    }
    self->container->pb = self->bytes;
    self->container->flags |= AVFMT_FLAG_CUSTOM_IO;
    self->container->io_open = refuse_other;

    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", FORMATS, 0);
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    char name[2048]; /* tells the format where the content is not enough; a path, whatever it looks like */
    snprintf(name, sizeof name, "file:%s", self->source.path);
    int error = avformat_open_input(&self->container, name, NULL, &options); /* frees the container on failure */
    av_dict_free(&options);
    if (error == AVERROR(ENOMEM)) /* there is a limit to what a file may ask for */
        return mlk_fail(status, MLK_INVALID, "%s asks for more memory than a sound file needs", self->source.path);
    if (error < 0 || avformat_find_stream_info(self->container, NULL) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s is not a sound file of a known format", self->source.path);
    return MLK_OK;
}

static mlk_code open_codec(stream *self, mlk_status *status)
{
    const char *path = self->source.path;
    const AVCodec *decoder = NULL;
    self->index = av_find_best_stream(self->container, AVMEDIA_TYPE_AUDIO, -1, -1, &decoder, 0);
    if (self->index < 0 || !decoder)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s holds no sound that can be decoded", path);

    AVStream *sound = self->container->streams[self->index];
    self->codec = avcodec_alloc_context3(decoder);
    self->packet = av_packet_alloc();
    self->frame = av_frame_alloc();
    if (!self->codec || !self->packet || !self->frame)
        return mlk_fail_memory(status, "a decoder");
    if (avcodec_parameters_to_context(self->codec, sound->codecpar) < 0)
        return mlk_fail(status, MLK_INVALID, "%s: its header cannot be used", path);
    self->codec->pkt_timebase = sound->time_base;
    self->codec->thread_count = 1;
    if (avcodec_open2(self->codec, decoder, NULL) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot decode %s", path, decoder->name);
    return MLK_OK;
}

static mlk_code open_conversion(stream *self, shape *coming, mlk_status *status)
{
    swr_free(&self->to_float);
    shape *opened = &self->opened; /* not const: older versions of the library ask for that */
    int error = swr_alloc_set_opts2(&self->to_float, &opened->channels, AV_SAMPLE_FMT_FLT, opened->rate,
                                    &coming->channels, (enum AVSampleFormat)coming->type, coming->rate, 0, NULL);
    if (error < 0 || swr_init(self->to_float) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot convert its samples", self->source.path);
    self->coming.rate = coming->rate;
    self->coming.type = coming->type;
    return av_channel_layout_copy(&self->coming.channels, &coming->channels) < 0
               ? mlk_fail_memory(status, "a decoder")
               : MLK_OK;
}

static mlk_code remember_shape(stream *self, mlk_status *status)
{
    const AVCodecContext *codec = self->codec;
    shape *opened = &self->opened;
    opened->rate = codec->sample_rate;
    opened->type = codec->sample_fmt;
    int channels = codec->ch_layout.nb_channels;
    if (channels < 1 || channels > MLK_MAX_CHANNELS || opened->rate < 1)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: %d channels at %d Hz cannot be read", self->source.path, channels,
                        opened->rate);
    if (codec->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&opened->channels, channels);
    else if (av_channel_layout_copy(&opened->channels, &codec->ch_layout) < 0)
        return mlk_fail_memory(status, "a decoder");
    return open_conversion(self, opened, status);
}

static bool is_one_of(const char *name, const char *const *names)
{
    size_t first = strcspn(name, ","); /* "mov,mp4,m4a,..." */
    for (; *names; names++)
        if (strlen(*names) == first && strncmp(name, *names, first) == 0)
            return true;
    return false;
}

/* The length of the sound, where the container counts samples. Everything else is rounded or estimated. */
static int64_t exact_length(const stream *self)
{
    static const char *const always[] = {"mov", "flac", "ogg", "tta", "wv", "ape", "tak", NULL};
    static const char *const of_samples_alike[] = {"wav", "w64", "aiff", "caf", "au", NULL};
    const AVStream *sound = self->container->streams[self->index];
    const char *name = self->container->iformat->name;
    AVRational frames = {1, self->opened.rate};
    bool alike = av_get_exact_bits_per_sample(self->codec->codec_id) >= 8; /* less: ADPCM, in blocks */
    if (!is_one_of(name, always) && !(alike && is_one_of(name, of_samples_alike)))
        return -1;
    mlk_promise bytes = mlk_promise_of(&self->source);
    int64_t bits = (int64_t)av_get_exact_bits_per_sample(self->codec->codec_id) * self->opened.channels.nb_channels;
    if (alike && bytes.promised > 0 && is_one_of(name, of_samples_alike))
        return bytes.promised > MLK_MOST_FRAMES ? -1 : bytes.promised * 8 / bits;
    if (self->container->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE || sound->duration <= 0)
        return -1; /* unknown is negative */
    return av_rescale_q(sound->duration, sound->time_base, frames);
}

/* Whether time stamps count samples, and the codec carries nothing over for longer than PRIMING, but AAC's noise. */
static bool seeks_exactly(const stream *self)
{
    static const char *const counting[] = {"mov", NULL};
    AVRational base = self->container->streams[self->index]->time_base;
    enum AVCodecID codec = self->codec->codec_id;
    bool forgets = codec == AV_CODEC_ID_AAC || codec == AV_CODEC_ID_ALAC || codec == AV_CODEC_ID_FLAC ||
                   av_get_exact_bits_per_sample(codec) > 0;
    return forgets && is_one_of(self->container->iformat->name, counting) && base.num == 1 &&
           base.den == self->opened.rate;
}

static void describe(const stream *self, mlk_audio_info *info)
{
    snprintf(info->library, sizeof info->library, "FFmpeg");
    const char *names = self->container->iformat->name;
    bool mp4 = strstr(names, "m4a") != NULL;
    snprintf(info->format, sizeof info->format, "%.*s", mp4 ? 3 : (int)strcspn(names, ","), mp4 ? "m4a" : names);
    snprintf(info->codec, sizeof info->codec, "%s", self->codec->codec->name);
    info->rate = self->opened.rate;
    info->channels = self->opened.channels.nb_channels;
    info->frames = self->frames;
}

static mlk_code open_stream(const mlk_source *source, mlk_audio_info *info, void **opened, mlk_status *status)
{
    mlk_status why;
    mlk_code loaded = mlk_ffmpeg_load(&why);
    if (mlk_library_may_come(loaded))
        return mlk_fail(status, loaded, "%s", why.message);
    if (loaded)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s is not of a format that libsndfile knows, and %s", source->path,
                        why.message);

    stream *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a decoder");
    self->source = *source;
    self->source.at = 0;
    mlk_code code = open_container(self, status);
    if (!code)
        code = open_codec(self, status);
    if (!code)
        code = remember_shape(self, status);
    if (code) {
        close_stream(self);
        return code;
    }
    self->exact_seek = seeks_exactly(self);
    self->frames = exact_length(self);
    self->slack = self->codec->frame_size > 0 ? 2 * self->codec->frame_size : PRIMING;
    describe(self, info);
    *opened = self;
    return MLK_OK;
}

/* --- going to a place --- */

static int64_t first_stamp(const stream *self)
{
    int64_t start = self->container->streams[self->index]->start_time;
    return start == AV_NOPTS_VALUE ? 0 : start;
}

static mlk_code seek(void *opened, int64_t frame, mlk_status *status)
{
    stream *self = opened;
    if (frame == self->position)
        return MLK_OK;
    if (!self->exact_seek || frame <= 2 * PRIMING || /* the beginning: the encoder's delay would be missed */
        av_seek_frame(self->container, self->index, first_stamp(self) + frame - PRIMING, AVSEEK_FLAG_BACKWARD) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot go to sample %lld", self->source.path, (long long)frame);
    avcodec_flush_buffers(self->codec);
    self->left_count = 0;
    self->drained = false;
    self->decoded = -1;
    self->skip_to = frame;
    self->position = frame;
    return MLK_OK;
}

/* The frame's place in the stream, by its time stamp when decoding begins anew. */
static void locate(stream *self)
{
    if (self->decoded >= 0)
        return;
    int64_t stamp = self->frame->best_effort_timestamp;
    self->decoded = stamp == AV_NOPTS_VALUE ? self->skip_to : stamp - first_stamp(self);
}

/* --- reading --- */

static mlk_code fail_damaged(const stream *self, mlk_status *status)
{
    mlk_promise sound = mlk_promise_of(&self->source);
    if (sound.held < sound.promised && self->position < self->frames)
        return mlk_fail_cut(status, self->source.path, self->frames, self->position);
    return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples", self->source.path,
                    (long long)self->position);
}

/* A frame is compared with what the conversion was made for: the decoder's own state changes with the frame. */
static mlk_code fit_conversion(stream *self, mlk_status *status)
{
    const AVFrame *frame = self->frame;
    if (frame->sample_rate != self->opened.rate)
        return mlk_fail(status, MLK_INVALID, "%s: its sample rate changes from %d to %d Hz after %lld samples",
                        self->source.path, self->opened.rate, frame->sample_rate, (long long)self->position);
    shape coming = {.rate = frame->sample_rate, .type = frame->format};
    int channels = frame->ch_layout.nb_channels;
    if (channels < 1 || channels > MLK_MAX_CHANNELS)
        return fail_damaged(self, status);
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&coming.channels, channels);
    else if (av_channel_layout_copy(&coming.channels, &frame->ch_layout) < 0)
        return mlk_fail_memory(status, "a decoder");
    mlk_code code = MLK_OK;
    if (coming.type != self->coming.type || av_channel_layout_compare(&coming.channels, &self->coming.channels) != 0) {
        code = open_conversion(self, &coming, status);
        if (code == MLK_UNSUPPORTED)
            code = mlk_fail(status, MLK_INVALID, "%s: its channels or sample type change after %lld samples, and "
                            "cannot be converted", self->source.path, (long long)self->position);
    }
    av_channel_layout_uninit(&coming.channels);
    return code;
}

static mlk_code keep_frame(stream *self, mlk_status *status)
{
    AVFrame *frame = self->frame;
    mlk_code code = fit_conversion(self, status);
    if (code)
        return code;
    size_t channels = (size_t)self->opened.channels.nb_channels;
    if (frame->nb_samples > self->left_capacity) {
        float *grown = realloc(self->left_over, sizeof(float) * (size_t)frame->nb_samples * channels);
        if (!grown)
            return mlk_fail_memory(status, "decoded samples");
        self->left_over = grown;
        self->left_capacity = frame->nb_samples;
    }
    uint8_t *target[1] = {(uint8_t *)self->left_over};
    int count = swr_convert(self->to_float, target, (int)self->left_capacity, (const uint8_t **)frame->extended_data,
                            frame->nb_samples);
    if (count < 0)
        return mlk_fail(status, MLK_INVALID, "%s: cannot convert its samples", self->source.path);

    locate(self);
    int64_t drop = self->skip_to - self->decoded;
    drop = drop < 0 ? 0 : drop > count ? count : drop;
    self->decoded += count;
    self->left_first = drop;
    self->left_count = count - drop;
    return MLK_OK;
}

/* One packet of the sound to the decoder. */
static mlk_code feed(stream *self, mlk_status *status)
{
    int error = av_read_frame(self->container, self->packet);
    if (error == AVERROR_EOF) {
        avcodec_send_packet(self->codec, NULL);
        return MLK_OK;
    }
    if (error < 0)
        return fail_damaged(self, status);
    if (self->packet->stream_index == self->index)
        error = avcodec_send_packet(self->codec, self->packet);
    av_packet_unref(self->packet);
    return error < 0 && error != AVERROR(EAGAIN) ? fail_damaged(self, status) : MLK_OK;
}

/* Decodes until something is left over or the stream ends. */
static mlk_code decode_more(stream *self, mlk_status *status)
{
    while (!self->drained && self->left_count == 0) {
        mlk_code code = MLK_OK;
        int error = avcodec_receive_frame(self->codec, self->frame);
        if (error == AVERROR_EOF) {
            self->drained = true;
        } else if (error == AVERROR(EAGAIN)) {
            code = feed(self, status);
        } else if (error < 0) {
            code = fail_damaged(self, status);
        } else {
            code = keep_frame(self, status);
            av_frame_unref(self->frame);
        }
        if (code)
            return code;
    }
    return MLK_OK;
}

/* Behind the length that the container tells, more than a codec's last frame decodes. */
static bool goes_on(stream *self)
{
    mlk_status ignored;
    int64_t more = 0;
    while (more <= self->slack && !decode_more(self, &ignored) && self->left_count > 0) {
        more += self->left_count;
        self->left_count = 0;
    }
    return more > self->slack;
}

static mlk_code read_frames(void *opened, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    stream *self = opened;
    size_t channels = (size_t)self->opened.channels.nb_channels;
    *got = 0;
    if (self->frames >= 0 && capacity > self->frames - self->position)
        capacity = self->frames > self->position ? self->frames - self->position : 0;
    while (*got < capacity) {
        mlk_code code = decode_more(self, status);
        if (code)
            return code;
        if (self->left_count == 0)
            break;
        int64_t count = self->left_count < capacity - *got ? self->left_count : capacity - *got;
        memcpy(samples + (size_t)*got * channels, self->left_over + (size_t)self->left_first * channels,
               sizeof(float) * channels * (size_t)count);
        self->left_first += count;
        self->left_count -= count;
        self->position += count;
        *got += count;
    }
    if (*got < capacity && self->frames - self->position > self->slack)
        return mlk_fail_cut(status, self->source.path, self->frames, self->position);
    if (*got == 0 && self->frames >= 0 && !self->drained && goes_on(self))
        return mlk_fail_more(status, self->source.path, self->frames);
    return MLK_OK;
}

static void read_tags(void *opened, mlk_audio_tags *tags)
{
    static const struct {
        const char *key; /* whatever its case */
        mlk_tag tag;
    } keys[] = {
        {"title", MLK_TAG_TITLE},       {"artist", MLK_TAG_ARTIST}, {"author", MLK_TAG_ARTIST},
        {"album", MLK_TAG_ALBUM},       {"album_artist", MLK_TAG_ALBUM_ARTIST},
        {"genre", MLK_TAG_GENRE},       {"date", MLK_TAG_DATE},     {"year", MLK_TAG_DATE},
        {"track", MLK_TAG_TRACK},       {"disc", MLK_TAG_DISC},     {"composer", MLK_TAG_COMPOSER},
        {"comment", MLK_TAG_COMMENT},
    };
    const stream *self = opened;
    const AVDictionary *lists[] = {self->container->metadata, self->container->streams[self->index]->metadata};
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            const AVDictionaryEntry *entry = av_dict_get(lists[list], keys[i].key, NULL, 0);
            if (entry)
                mlk_tags_set(tags, keys[i].tag, entry->value, MLK_TAG_SIZE);
        }
}

const mlk_backend mlk_backend_ffmpeg = {open_stream, seek, read_frames, read_tags, close_stream};

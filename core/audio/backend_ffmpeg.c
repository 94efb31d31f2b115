/* backend_ffmpeg.c: FFmpeg's libraries as a decoder.
 *
 * libavcodec leaves out the frames that the container marks as encoder delay;
 * padding at the end is cut by the stream's own duration. After a seek the
 * position is taken from time stamps, and decoding starts early enough for
 * codecs that need the frame before (PRIMING).
 */
#include "backend.h"
#include "ffmpeg.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRIMING = 8192 };

typedef struct stream {
    AVFormatContext *container;
    AVCodecContext *codec;
    SwrContext *to_float;
    AVPacket *packet;
    AVFrame *frame;
    int index;         /* of the sound in the container */
    int64_t position;  /* the next frame that read() gives */
    int64_t frames;    /* in all; -1 unknown */
    int64_t skip_to;   /* frames before this one are dropped */
    int64_t decoded;   /* position of the next decoded frame; -1 until a time stamp tells */
    float *left_over;  /* decoded, not yet given */
    int64_t left_first, left_count, left_capacity;
    bool drained;
    char path[256];
} stream;

static void close_stream(void *opened)
{
    stream *self = opened;
    av_packet_free(&self->packet);
    av_frame_free(&self->frame);
    swr_free(&self->to_float);
    avcodec_free_context(&self->codec);
    avformat_close_input(&self->container);
    free(self->left_over);
    free(self);
}

static mlk_code open_codec(stream *self, const char *path, mlk_status *status)
{
    int error = avformat_open_input(&self->container, path, NULL, NULL);
    if (error < 0 || avformat_find_stream_info(self->container, NULL) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s is not a sound file of a known format", path);

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
    avcodec_parameters_to_context(self->codec, sound->codecpar);
    self->codec->pkt_timebase = sound->time_base;
    self->codec->thread_count = 1;
    if (avcodec_open2(self->codec, decoder, NULL) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot decode %s", path, decoder->name);
    return MLK_OK;
}

static mlk_code open_conversion(stream *self, mlk_status *status)
{
    AVCodecContext *codec = self->codec;
    if (codec->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&codec->ch_layout, codec->ch_layout.nb_channels);
    int error = swr_alloc_set_opts2(&self->to_float, &codec->ch_layout, AV_SAMPLE_FMT_FLT, codec->sample_rate,
                                    &codec->ch_layout, codec->sample_fmt, codec->sample_rate, 0, NULL);
    if (error < 0 || swr_init(self->to_float) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: cannot convert its samples", self->path);
    return MLK_OK;
}

static int64_t duration_frames(const stream *self)
{
    const AVStream *sound = self->container->streams[self->index];
    AVRational frames = {1, self->codec->sample_rate};
    if (sound->duration != AV_NOPTS_VALUE && sound->duration > 0)
        return av_rescale_q(sound->duration, sound->time_base, frames);
    return -1;
}

static mlk_code open_stream(const char *path, mlk_audio_info *info, void **opened, mlk_status *status)
{
    mlk_status why;
    if (mlk_ffmpeg_load(&why))
        return mlk_fail(status, MLK_UNSUPPORTED, "%s is not of a format that libsndfile knows, and %s", path, why.message);

    stream *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a decoder");
    snprintf(self->path, sizeof self->path, "%s", path);
    mlk_code code = open_codec(self, path, status);
    if (!code && self->codec->ch_layout.nb_channels > 0 && self->codec->sample_rate > 0)
        code = open_conversion(self, status);
    if (code) {
        close_stream(self);
        return code;
    }
    self->frames = duration_frames(self);

    snprintf(info->library, sizeof info->library, "FFmpeg");
    const char *names = self->container->iformat->name; /* "mov,mp4,m4a,..." */
    bool mp4 = strstr(names, "m4a") != NULL;
    snprintf(info->format, sizeof info->format, "%.*s", mp4 ? 3 : (int)strcspn(names, ","), mp4 ? "m4a" : names);
    snprintf(info->codec, sizeof info->codec, "%s", self->codec->codec->name);
    info->rate = self->codec->sample_rate;
    info->channels = self->codec->ch_layout.nb_channels;
    info->frames = self->frames;
    *opened = self;
    return MLK_OK;
}

static mlk_code seek(void *opened, int64_t frame, mlk_status *status)
{
    stream *self = opened;
    if (frame == self->position)
        return MLK_OK;
    AVStream *sound = self->container->streams[self->index];
    AVRational frames = {1, self->codec->sample_rate};
    int64_t early = frame > PRIMING ? frame - PRIMING : 0;
    int64_t start = sound->start_time == AV_NOPTS_VALUE ? 0 : sound->start_time;
    int64_t stamp = start + av_rescale_q(early, frames, sound->time_base);
    if (av_seek_frame(self->container, self->index, stamp, AVSEEK_FLAG_BACKWARD) < 0)
        return mlk_fail(status, MLK_IO, "%s: cannot go to sample %lld", self->path, (long long)frame);
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
    AVStream *sound = self->container->streams[self->index];
    int64_t start = sound->start_time == AV_NOPTS_VALUE ? 0 : sound->start_time;
    int64_t stamp = self->frame->best_effort_timestamp;
    AVRational frames = {1, self->codec->sample_rate};
    self->decoded = stamp == AV_NOPTS_VALUE ? self->skip_to : av_rescale_q(stamp - start, sound->time_base, frames);
}

static mlk_code keep_frame(stream *self, mlk_status *status)
{
    AVFrame *frame = self->frame;
    int channels = self->codec->ch_layout.nb_channels;
    if (!self->to_float || frame->ch_layout.nb_channels != channels || frame->sample_rate != self->codec->sample_rate)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: channels or rate change within the file", self->path);
    if (frame->nb_samples > self->left_capacity) {
        float *grown = realloc(self->left_over, sizeof(float) * (size_t)frame->nb_samples * (size_t)channels);
        if (!grown)
            return mlk_fail_memory(status, "decoded samples");
        self->left_over = grown;
        self->left_capacity = frame->nb_samples;
    }
    uint8_t *target[1] = {(uint8_t *)self->left_over};
    int count = swr_convert(self->to_float, target, (int)self->left_capacity, (const uint8_t **)frame->extended_data,
                            frame->nb_samples);
    if (count < 0)
        return mlk_fail(status, MLK_INVALID, "%s: cannot convert its samples", self->path);

    locate(self);
    int64_t drop = self->skip_to - self->decoded;
    drop = drop < 0 ? 0 : drop > count ? count : drop;
    self->decoded += count;
    self->left_first = drop;
    self->left_count = count - drop;
    return MLK_OK;
}

/* Decodes until something is left over or the stream ends. */
static mlk_code decode_more(stream *self, mlk_status *status)
{
    while (!self->drained && self->left_count == 0) {
        int error = avcodec_receive_frame(self->codec, self->frame);
        if (error == AVERROR_EOF) {
            self->drained = true;
        } else if (error == AVERROR(EAGAIN)) {
            error = av_read_frame(self->container, self->packet);
            if (error == AVERROR_EOF) {
                avcodec_send_packet(self->codec, NULL);
            } else if (error < 0) {
                return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples", self->path,
                                (long long)self->position);
            } else {
                if (self->packet->stream_index == self->index)
                    error = avcodec_send_packet(self->codec, self->packet);
                av_packet_unref(self->packet);
                if (error < 0 && error != AVERROR(EAGAIN))
                    return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples", self->path,
                                    (long long)self->position);
            }
        } else if (error < 0) {
            return mlk_fail(status, MLK_INVALID, "%s: damaged after %lld samples", self->path,
                            (long long)self->position);
        } else {
            mlk_code code = keep_frame(self, status);
            av_frame_unref(self->frame);
            if (code)
                return code;
        }
    }
    return MLK_OK;
}

static mlk_code read(void *opened, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    stream *self = opened;
    size_t channels = (size_t)self->codec->ch_layout.nb_channels;
    *got = 0;
    if (self->frames >= 0 && capacity > self->frames - self->position)
        capacity = self->frames - self->position;
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
    /* A container's duration may be rounded to its time base; more than a codec's frame short is a fault. */
    if (*got < capacity && self->frames - self->position > PRIMING)
        return mlk_fail(status, MLK_INVALID, "%s: cut short: it promises %lld samples and ends after %lld", self->path,
                        (long long)self->frames, (long long)self->position);
    return MLK_OK;
}

const mlk_backend mlk_backend_ffmpeg = {open_stream, seek, read, close_stream};

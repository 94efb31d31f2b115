#include "audio/station.h"

#include "audio/ffmpeg.h"
#include "clock.h"
#include "interrupt.h"
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHANNELS = 64, SHOWN = 300, MOST_BAD = 100 }; /* packets in a row that cannot be decoded */

struct mlk_station {
    AVFormatContext *container;
    AVCodecContext *codec;
    SwrContext *to_float;
    AVPacket *packet;
    AVFrame *frame;
    AVChannelLayout channels; /* what is given */
    int rate;
    int index; /* of the sound in the container */
    float *samples;
    int64_t room;
    double timeout_s, patience; /* until when the server may say nothing */
    bool ended;
    char url[SHOWN];
};

void mlk_station_free(mlk_station *self)
{
    if (!self)
        return;
    if (self->container) { /* nothing was loaded before there is one */
        av_packet_free(&self->packet);
        av_frame_free(&self->frame);
        swr_free(&self->to_float);
        avcodec_free_context(&self->codec);
        avformat_close_input(&self->container);
        av_channel_layout_uninit(&self->channels);
    }
    free(self->samples);
    free(self);
}

/* --- opening --- */

static int is_over(void *station)
{
    const mlk_station *self = station;
    return mlk_interrupted() || mlk_now_s() > self->patience;
}

static void wait_anew(mlk_station *self)
{
    self->patience = mlk_now_s() + self->timeout_s;
}

static mlk_code fail(mlk_station *self, int error, const char *what, mlk_status *status)
{
    if (mlk_interrupted())
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (mlk_now_s() > self->patience)
        return mlk_fail(status, MLK_INVALID, "%s said nothing for %g s", self->url, self->timeout_s);
    char why[AV_ERROR_MAX_STRING_SIZE] = "it is damaged";
    if (error == AVERROR_HTTP_NOT_FOUND)
        snprintf(why, sizeof why, "404, not found");
    else
        av_strerror(error, why, sizeof why);
    return mlk_fail(status, MLK_INVALID, "%s %s: %s", self->url, what, why);
}

static mlk_code open_container(mlk_station *self, const char *url, mlk_status *status)
{
    self->container->interrupt_callback = (AVIOInterruptCB){is_over, self};
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "http,https,tcp,tls,httpproxy", 0);
    av_dict_set(&options, "format_whitelist", "mp3,aac,ogg,flac,wav,matroska,webm,mov,mpegts,aiff,au", 0);
    av_dict_set(&options, "user_agent", "moonlark", 0);
    av_dict_set(&options, "icy", "1", 0);
    wait_anew(self);
    int error = avformat_open_input(&self->container, url, NULL, &options); /* frees the container on failure */
    av_dict_free(&options);
    if (error < 0)
        return fail(self, error, "cannot be heard", status);
    error = avformat_find_stream_info(self->container, NULL);
    return error < 0 ? fail(self, error, "holds no sound", status) : MLK_OK;
}

static mlk_code open_codec(mlk_station *self, mlk_status *status)
{
    const AVCodec *decoder = NULL;
    self->index = av_find_best_stream(self->container, AVMEDIA_TYPE_AUDIO, -1, -1, &decoder, 0);
    if (self->index < 0 || !decoder)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s holds no sound that can be decoded", self->url);
    AVStream *sound = self->container->streams[self->index];
    self->codec = avcodec_alloc_context3(decoder);
    self->packet = av_packet_alloc();
    self->frame = av_frame_alloc();
    if (!self->codec || !self->packet || !self->frame)
        return mlk_fail_memory(status, "a decoder");
    int error = avcodec_parameters_to_context(self->codec, sound->codecpar);
    self->codec->thread_count = 1;
    if (error >= 0)
        error = avcodec_open2(self->codec, decoder, NULL);
    if (error < 0)
        return fail(self, error, "cannot be decoded", status);
    int channels = self->codec->ch_layout.nb_channels;
    self->rate = self->codec->sample_rate;
    if (channels < 1 || channels > MOST_CHANNELS || self->rate < 1)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: %d channels at %d Hz cannot be heard", self->url, channels,
                        self->rate);
    av_channel_layout_default(&self->channels, channels);
    return MLK_OK;
}

mlk_code mlk_station_open(const char *url, double timeout_s, mlk_station **station, mlk_status *status)
{
    mlk_code code = mlk_ffmpeg_load(status);
    if (code)
        return code;
    mlk_station *made = calloc(1, sizeof *made);
    if (!made)
        return mlk_fail_memory(status, "a station");
    made->timeout_s = timeout_s;
    mlk_text_show(made->url, sizeof made->url, url, strlen(url), false);
    made->container = avformat_alloc_context();
    code = made->container ? open_container(made, url, status) : mlk_fail_memory(status, "a station");
    if (!code)
        code = open_codec(made, status);
    if (code) {
        mlk_station_free(made);
        return code;
    }
    *station = made;
    return MLK_OK;
}

int mlk_station_rate(const mlk_station *station)
{
    return station->rate;
}

int mlk_station_channels(const mlk_station *station)
{
    return station->channels.nb_channels;
}

const char *mlk_station_codec(const mlk_station *station)
{
    return station->codec->codec->name;
}

double mlk_station_seconds(const mlk_station *station)
{
    return station->container->duration > 0 ? (double)station->container->duration / AV_TIME_BASE : 0;
}

/* --- reading --- */

/* A stream may change its rate, channels or type of samples on the way: all is brought to what it began with. */
static mlk_code convert(mlk_station *self, int64_t *frames, mlk_status *status)
{
    AVFrame *frame = self->frame;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&frame->ch_layout, frame->ch_layout.nb_channels);
    int error = swr_alloc_set_opts2(&self->to_float, &self->channels, AV_SAMPLE_FMT_FLT, self->rate, &frame->ch_layout,
                                    (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
    if (error < 0 || swr_init(self->to_float) < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "%s: its samples cannot be converted", self->url);
    int64_t most = av_rescale_q(frame->nb_samples, (AVRational){1, frame->sample_rate}, (AVRational){1, self->rate}) + 64;
    if (most > self->room) {
        float *grown = realloc(self->samples, sizeof *grown * (size_t)(most * self->channels.nb_channels));
        if (!grown)
            return mlk_fail_memory(status, "decoded samples");
        self->samples = grown;
        self->room = most;
    }
    uint8_t *target[1] = {(uint8_t *)self->samples};
    int count = swr_convert(self->to_float, target, (int)self->room, (const uint8_t **)frame->extended_data,
                            frame->nb_samples);
    if (count < 0)
        return mlk_fail(status, MLK_INVALID, "%s: its samples cannot be converted", self->url);
    *frames = count;
    return MLK_OK;
}

/* One packet of the sound to the decoder; those that it cannot take are passed over, as a radio does. */
static mlk_code feed(mlk_station *self, int *bad, mlk_status *status)
{
    wait_anew(self);
    int error = av_read_frame(self->container, self->packet);
    if (error == AVERROR_EOF) {
        avcodec_send_packet(self->codec, NULL);
        return MLK_OK;
    }
    if (error < 0)
        return fail(self, error, "broke off", status);
    if (self->packet->stream_index == self->index && avcodec_send_packet(self->codec, self->packet) < 0)
        ++*bad;
    av_packet_unref(self->packet);
    return *bad > MOST_BAD ? mlk_fail(status, MLK_INVALID, "%s is damaged", self->url) : MLK_OK;
}

mlk_code mlk_station_read(mlk_station *self, const float **samples, int64_t *frames, mlk_status *status)
{
    int bad = 0;
    *frames = 0;
    while (!self->ended && *frames == 0) {
        mlk_code code = MLK_OK;
        int error = avcodec_receive_frame(self->codec, self->frame);
        if (error == AVERROR_EOF)
            self->ended = true;
        else if (error == AVERROR(EAGAIN))
            code = feed(self, &bad, status);
        else if (error < 0)
            code = ++bad > MOST_BAD ? fail(self, error, "is damaged", status) : MLK_OK;
        else {
            code = convert(self, frames, status);
            av_frame_unref(self->frame);
        }
        if (code)
            return code;
    }
    *samples = self->samples;
    return MLK_OK;
}

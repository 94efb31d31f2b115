/* hearing.c: core.hearing: where sound comes from while it goes on: devices, stations, packets of Opus. */
#include "arguments.h"
#include "modules.h"
#include "tensor.h"

#include "audio/capture.h"
#include "audio/opus.h"
#include "audio/station.h"

#include <string.h>

#define DEVICE_TYPE "moonlark.hearing.device"
#define STATION_TYPE "moonlark.hearing.station"
#define OPUS_TYPE "moonlark.hearing.opus"

/* Pushes interleaved frames as a tensor channels x frames. */
static void push_frames(lua_State *L, const float *samples, int channels, int64_t frames)
{
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){channels, frames});
    for (int64_t i = 0; i < frames; i++)
        for (int c = 0; c < channels; c++)
            out[c * frames + i] = samples[i * channels + c];
}

/* --- devices ------------------------------------------------------------------------- */

typedef struct device {
    mlk_capture *capture;
    int channels, rate;
} device;

static int close_device(lua_State *L)
{
    device *d = luaL_checkudata(L, 1, DEVICE_TYPE);
    mlk_capture_free(d->capture);
    d->capture = NULL;
    return 0;
}

/* device(name, rate, channels) -> device */
static int open_device(lua_State *L)
{
    mlk_status status;
    const char *name = mlk_lua_string(L, 1, "device");
    int rate = (int)mlk_lua_integer(L, 2, "rate", 1000, 768000), channels = (int)mlk_lua_integer(L, 3, "channels", 1, 64);
    device *d = mlk_lua_push_object(L, DEVICE_TYPE, sizeof *d);
    *d = (device){.channels = channels, .rate = rate};
    mlk_lua_check(L, mlk_capture_open(name, rate, channels, &d->capture, &status), &status);
    return 1;
}

/* device:read(seconds) -> tensor channels x n of what there is, waiting so long for some; how often sound was lost */
static int read_device(lua_State *L)
{
    mlk_status status;
    device *d = luaL_checkudata(L, 1, DEVICE_TYPE);
    double seconds = mlk_lua_number(L, 2, "seconds", 0, 60);
    if (!d->capture)
        return mlk_lua_fail(L, "the device is closed");
    int64_t got, room = d->rate / 5 + 1;
    int lost;
    size_t bytes = (size_t)(room * d->channels) * sizeof(float);
    float *samples = memset(lua_newuserdatauv(L, bytes, 0), 0, bytes); /* some devices write nothing for silence */
    mlk_lua_check(L, mlk_capture_read(d->capture, samples, room, seconds, &got, &lost, &status), &status);
    push_frames(L, samples, d->channels, got);
    lua_pushinteger(L, lost);
    return 2;
}

/* --- stations -------------------------------------------------------------------------- */

static int close_station(lua_State *L)
{
    mlk_station **box = luaL_checkudata(L, 1, STATION_TYPE);
    mlk_station_free(*box);
    *box = NULL;
    return 0;
}

/* station(url, timeout) -> station, {rate, channels, codec, seconds (0: it goes on)} */
static int open_station(lua_State *L)
{
    mlk_status status;
    const char *url = mlk_lua_string(L, 1, "url");
    double timeout = mlk_lua_number(L, 2, "timeout", 0.1, 3600);
    mlk_station **box = mlk_lua_push_object(L, STATION_TYPE, sizeof *box);
    mlk_lua_check(L, mlk_station_open(url, timeout, box, &status), &status);
    lua_createtable(L, 0, 4);
    mlk_lua_set_integer(L, "rate", mlk_station_rate(*box));
    mlk_lua_set_integer(L, "channels", mlk_station_channels(*box));
    mlk_lua_set_string(L, "codec", mlk_station_codec(*box));
    mlk_lua_set_number(L, "seconds", mlk_station_seconds(*box));
    return 2;
}

/* station:read() -> tensor channels x n; nothing at the end */
static int read_station(lua_State *L)
{
    mlk_status status;
    mlk_station **box = luaL_checkudata(L, 1, STATION_TYPE);
    const float *samples;
    int64_t frames;
    if (!*box)
        return mlk_lua_fail(L, "the station is closed");
    mlk_lua_check(L, mlk_station_read(*box, &samples, &frames, &status), &status);
    if (frames == 0)
        return 0;
    push_frames(L, samples, mlk_station_channels(*box), frames);
    return 1;
}

/* --- Opus -------------------------------------------------------------------------------- */

typedef struct opus {
    mlk_opus *decoder;
    int channels, rate;
} opus;

static int close_opus(lua_State *L)
{
    opus *o = luaL_checkudata(L, 1, OPUS_TYPE);
    mlk_opus_free(o->decoder);
    o->decoder = NULL;
    return 0;
}

/* opus(rate, channels) -> decoder */
static int open_opus(lua_State *L)
{
    mlk_status status;
    int rate = (int)mlk_lua_integer(L, 1, "rate", 8000, 48000), channels = (int)mlk_lua_integer(L, 2, "channels", 1, 2);
    opus *o = mlk_lua_push_object(L, OPUS_TYPE, sizeof *o);
    *o = (opus){.channels = channels, .rate = rate};
    mlk_lua_check(L, mlk_opus_new(rate, channels, &o->decoder, &status), &status);
    return 1;
}

/* decoder:decode(packet) -> tensor channels x n */
static int decode_opus(lua_State *L)
{
    mlk_status status;
    size_t length;
    opus *o = luaL_checkudata(L, 1, OPUS_TYPE);
    const char *packet = mlk_lua_bytes(L, 2, "packet", &length);
    if (!o->decoder)
        return mlk_lua_fail(L, "the decoder is closed");
    int64_t frames, room = (int64_t)o->rate / 1000 * MLK_OPUS_MOST_MS;
    float *samples = lua_newuserdatauv(L, (size_t)(room * o->channels) * sizeof *samples, 0);
    mlk_lua_check(L, mlk_opus_decode(o->decoder, (const unsigned char *)packet, length, samples, &frames, &status),
                  &status);
    push_frames(L, samples, o->channels, frames);
    return 1;
}

int mlk_lua_open_hearing(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"device", open_device}, {"opus", open_opus}, {"station", open_station}, {NULL, NULL}};
    static const luaL_Reg of_device[] = {{"close", close_device}, {"read", read_device}, {NULL, NULL}};
    static const luaL_Reg of_station[] = {{"close", close_station}, {"read", read_station}, {NULL, NULL}};
    static const luaL_Reg of_opus[] = {{"close", close_opus}, {"decode", decode_opus}, {NULL, NULL}};
    mlk_lua_new_type(L, DEVICE_TYPE, close_device, of_device);
    mlk_lua_new_type(L, STATION_TYPE, close_station, of_station);
    mlk_lua_new_type(L, OPUS_TYPE, close_opus, of_opus);
    luaL_newlib(L, functions);
    return 1;
}

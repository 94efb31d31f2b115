/* audio.c: core.audio: sound files to tensors and back. */
#include "arguments.h"
#include "audio/audio.h"
#include "audio/resampler.h"
#include "audio/wave.h"
#include "audio/writer.h"
#include "modules.h"
#include "notes.h"
#include "options.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

/* --- memory that Lua's collector frees ------------------------------------------ */

#define AUDIO_TYPE "moonlark.audio.samples"
#define READER_TYPE "moonlark.audio.reader"

static int free_audio(lua_State *L)
{
    mlk_audio_free(luaL_checkudata(L, 1, AUDIO_TYPE));
    return 0;
}

static int free_reader(lua_State *L)
{
    mlk_audio_reader **reader = luaL_checkudata(L, 1, READER_TYPE);
    mlk_audio_reader_free(*reader);
    *reader = NULL;
    return 0;
}

/* Pushes a tensor channels x frames of samples whose channels lie `stride` apart. */
static void push_samples(lua_State *L, const float *samples, int channels, int64_t frames, int64_t stride)
{
    float *array = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){channels, frames});
    for (int channel = 0; channel < channels && frames > 0; channel++)
        memcpy(array + channel * frames, samples + channel * stride, sizeof(float) * (size_t)frames);
}

/* --- functions --------------------------------------------------------------------- */

/* load(path, options) -> tensor channels x frames, rate, notes */
static int load(lua_State *L)
{
    mlk_audio_options options;
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_lua_read(L, 2, "audio.load", mlk_audio_parameters, &options);
    mlk_audio *audio = mlk_lua_push_object(L, AUDIO_TYPE, sizeof *audio);
    mlk_lua_check(L, mlk_audio_load(path, &options, audio, &status), &status);
    push_samples(L, audio->samples, audio->channels, audio->frames, audio->frames);
    lua_pushnumber(L, audio->rate_hz);
    mlk_lua_push_notes(L, &audio->notes);
    mlk_audio_free(audio); /* now, not at the next collection */
    return 3;
}

/* info(path) -> format, codec, library, rate, channels, frames (nil when the file does not say) */
static int info(lua_State *L)
{
    mlk_audio_info found;
    mlk_status status;
    mlk_lua_check(L, mlk_audio_probe(mlk_lua_string(L, 1, "path"), &found, &status), &status);
    lua_pushstring(L, found.format);
    lua_pushstring(L, found.codec);
    lua_pushstring(L, found.library);
    lua_pushinteger(L, found.rate);
    lua_pushinteger(L, found.channels);
    if (found.frames < 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, found.frames);
    return 6;
}

/* tags(path) -> {title, artist ...}: texts, where the file has them */
static int tags(lua_State *L)
{
    mlk_status status;
    mlk_decoder *decoder;
    mlk_lua_check(L, mlk_decoder_open(mlk_lua_string(L, 1, "path"), &decoder, &status), &status);
    mlk_audio_tags found;
    mlk_decoder_tags(decoder, &found);
    mlk_decoder_free(decoder);
    lua_createtable(L, 0, MLK_TAG_COUNT);
    for (int tag = 0; tag < MLK_TAG_COUNT; tag++)
        if (found.text[tag][0]) {
            mlk_lua_set_string(L, mlk_tag_names[tag], found.text[tag]);
        }
    return 1;
}

/* wave_head(rate, channels, frames) -> the bytes before the samples of a WAV of floats */
static int wave_head(lua_State *L)
{
    unsigned char head[MLK_WAVE_HEAD];
    int rate = (int)mlk_lua_integer(L, 1, "rate", 1, INT32_MAX);
    int channels = (int)mlk_lua_integer(L, 2, "channels", 1, MLK_MAX_CHANNELS);
    mlk_wave_head(head, rate, channels, mlk_lua_integer(L, 3, "frames", 0, (int64_t)1 << 40));
    lua_pushlstring(L, (const char *)head, sizeof head);
    return 1;
}

/* reader(path, options) -> reader, rate */
static int reader(lua_State *L)
{
    mlk_audio_options options;
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_lua_read(L, 2, "audio.blocks", mlk_audio_parameters, &options);
    mlk_audio_reader **opened = mlk_lua_push_object(L, READER_TYPE, sizeof *opened);
    mlk_lua_check(L, mlk_audio_reader_open(path, &options, opened, &status), &status);
    lua_pushnumber(L, mlk_audio_reader_rate(*opened));
    return 2;
}

static mlk_audio_reader *check_reader(lua_State *L)
{
    mlk_audio_reader **reader = luaL_checkudata(L, 1, READER_TYPE);
    if (!*reader)
        mlk_lua_fail(L, "this reader is closed");
    return *reader;
}

/* reader:notes() -> notes of what was read, complete at the end */
static int notes(lua_State *L)
{
    mlk_lua_push_notes(L, mlk_audio_reader_notes(check_reader(L)));
    return 1;
}

/* reader:read(frames) -> tensor channels x frames (fewer at the end), or nil after it */
static int read_block(lua_State *L)
{
    mlk_audio_reader *opened = check_reader(L);
    int64_t frames = mlk_lua_integer(L, 2, "frames", 1, INT32_MAX);
    mlk_status status;
    mlk_audio *block = mlk_lua_push_object(L, AUDIO_TYPE, sizeof *block);
    block->channels = mlk_audio_reader_channels(opened);
    block->samples = malloc(sizeof(float) * (size_t)frames * (size_t)block->channels);
    if (!block->samples) {
        mlk_fail_memory(&status, "a block of sound");
        return mlk_lua_raise(L, &status);
    }
    float *out[MLK_MAX_CHANNELS];
    for (int channel = 0; channel < block->channels; channel++)
        out[channel] = block->samples + channel * frames;
    mlk_lua_check(L, mlk_audio_reader_read(opened, out, frames, &block->frames, &status), &status);
    if (block->frames == 0)
        return 0;
    push_samples(L, block->samples, block->channels, block->frames, frames);
    mlk_audio_free(block);
    return 1;
}

/* reader:tap(): what is read from now on is kept as it lies in the file, too */
static int tap(lua_State *L)
{
    mlk_audio_reader_tap(check_reader(L));
    return 0;
}

/* reader:take() -> tensor channels x frames: what was kept since the last call, at the file's own rate */
static int take(lua_State *L)
{
    mlk_audio_reader *opened = check_reader(L);
    int64_t shape[] = {mlk_audio_reader_info(opened)->channels, mlk_audio_reader_tapped(opened)};
    mlk_audio_reader_take(opened, mlk_lua_push_tensor(L, MLK_FLOAT32, 2, shape));
    return 1;
}

/* The tensor channels x frames at `arg`; raises when it has more channels than sound may have, or none. */
static mlk_array read_sound(lua_State *L, int arg)
{
    mlk_array sound = mlk_lua_read_tensor(L, arg, "data", MLK_FLOAT32, 2);
    if (sound.shape[0] < 1 || sound.shape[0] > MLK_MAX_CHANNELS)
        mlk_lua_fail(L, "data must have 1..%d channels, got %I", MLK_MAX_CHANNELS, (LUAI_UACINT)sound.shape[0]);
    return sound;
}

/* save(path, tensor channels x frames, rate, subtype or nil, quality or nil) -> samples that were clipped */
static int save(lua_State *L)
{
    mlk_audio_format format = {.quality = -1};
    mlk_audio_saved saved;
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    int rate = (int)mlk_lua_integer(L, 3, "rate", 1, 10000000);
    format.subtype = mlk_lua_optional_string(L, 4, "subtype");
    if (!lua_isnoneornil(L, 5))
        format.quality = mlk_lua_number(L, 5, "quality", 0, 1);
    mlk_array samples = read_sound(L, 2);
    mlk_lua_check(L, mlk_audio_save(path, samples.data, (int)samples.shape[0], samples.shape[1], rate, &format,
                                    &saved, &status), &status);
    lua_pushinteger(L, saved.clipped);
    return 1;
}

static mlk_code resample_all(const mlk_array *in, double from_hz, double to_hz, float *out, int64_t length,
                             mlk_status *status)
{
    int channels = (int)in->shape[0];
    mlk_resampler *resampler;
    mlk_code code = mlk_resampler_new(from_hz, to_hz, channels, &resampler, status);
    if (code)
        return code;
    int64_t taken = 0, given = 0;
    while (!code && given < length) {
        const float *from[MLK_MAX_CHANNELS];
        float *to[MLK_MAX_CHANNELS];
        for (int channel = 0; channel < channels; channel++) {
            from[channel] = (const float *)in->data + channel * in->shape[1] + taken;
            to[channel] = out + channel * length + given;
        }
        int64_t used, made;
        bool end = taken == in->shape[1];
        code = mlk_resampler_run(resampler, end ? NULL : from, in->shape[1] - taken, &used, to, length - given, &made,
                                 status);
        taken += used;
        given += made;
    }
    mlk_resampler_free(resampler);
    return code;
}

/* resample(tensor channels x frames, from_hz, to_hz) -> tensor */
static int resample(lua_State *L)
{
    mlk_status status;
    double from_hz = mlk_lua_number(L, 2, "the signal's rate", 1, 10e6);
    double to_hz = mlk_lua_number(L, 3, "rate", 1, 10e6);
    mlk_array in = read_sound(L, 1);
    int64_t length = mlk_resampled_length(in.shape[1], from_hz, to_hz);
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){in.shape[0], length});
    mlk_lua_check(L, resample_all(&in, from_hz, to_hz, out, length, &status), &status);
    return 1;
}

int mlk_lua_open_audio(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"info", info}, {"load", load}, {"reader", reader}, {"save", save}, {"resample", resample},
        {"tags", tags}, {"wave_head", wave_head}, {NULL, NULL},
    };
    static const luaL_Reg methods[] = {
        {"close", free_reader}, {"notes", notes}, {"read", read_block}, {"tap", tap}, {"take", take}, {NULL, NULL},
    };
    mlk_lua_new_type(L, AUDIO_TYPE, free_audio, NULL);
    mlk_lua_new_type(L, READER_TYPE, free_reader, methods);
    luaL_newlib(L, functions);
    return 1;
}

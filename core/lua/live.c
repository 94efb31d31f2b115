/* live.c: core.live: sound that is still being heard: its features (dsp/live.h), its samples at another rate. */
#include "arguments.h"
#include "feature.h"
#include "modules.h"
#include "tensor.h"

#include "audio/resampler.h"
#include "dsp/live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_TYPE "moonlark.live.stream"
#define RESAMPLER_TYPE "moonlark.live.resampler"

/* --- what a push gives, until Lua has it ------------------------------------------- */

typedef struct part {
    mlk_feature_shape shape;
    void *data;
} part;

typedef struct parts {
    part *list; /* in the order of their frames */
    int count, room;
} parts;

typedef struct stream {
    mlk_live *live;
    int n;
    parts *given; /* of each feature */
} stream;

static void clear_parts(parts *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->list[i].data);
    free(p->list);
    *p = (parts){0};
}

static mlk_code take(void *context, int feature, const mlk_feature_shape *shape, void *data, mlk_status *status)
{
    parts *p = &((stream *)context)->given[feature];
    if (p->count == p->room) {
        part *grown = realloc(p->list, (size_t)(2 * p->room + 4) * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(status, "frames of a stream");
        p->list = grown;
        p->room = 2 * p->room + 4;
    }
    size_t bytes = (size_t)(shape->rows * shape->frames) * mlk_dtype_size(shape->dtype);
    void *copy = malloc(bytes);
    if (!copy)
        return mlk_fail_memory(status, "frames of a stream");
    memcpy(copy, data, bytes);
    p->list[p->count++] = (part){*shape, copy};
    return MLK_OK;
}

/* Pushes {data, first, rate, start} of a feature's parts. */
static void push_parts(lua_State *L, const parts *p)
{
    const mlk_feature_shape *shape = &p->list[0].shape;
    int64_t frames = 0;
    for (int i = 0; i < p->count; i++)
        frames += p->list[i].shape.frames;
    lua_createtable(L, 0, 4);
    void *out = mlk_lua_push_tensor(L, shape->dtype, 2, (int64_t[]){shape->rows, frames});
    for (int i = 0; i < p->count; i++) {
        mlk_feature_shape placed = p->list[i].shape;
        placed.first -= shape->first;
        mlk_sweep_place(&placed, p->list[i].data, frames, out);
    }
    lua_setfield(L, -2, "data");
    mlk_lua_set_integer(L, "first", shape->first);
    mlk_lua_set_number(L, "rate", shape->rate);
    mlk_lua_set_number(L, "start", shape->start + (double)shape->first / shape->rate);
}

/* --- streams ----------------------------------------------------------------------- */

static int close_stream(lua_State *L)
{
    stream *s = luaL_checkudata(L, 1, STREAM_TYPE);
    mlk_live_free(s->live);
    for (int i = 0; s->given && i < s->n; i++)
        clear_parts(&s->given[i]);
    free(s->given);
    *s = (stream){0};
    return 0;
}

/* Reads {{name, settings} ...}. */
static void read_features(lua_State *L, int arg, int n, mlk_settings *settings)
{
    for (int i = 0; i < n; i++) {
        lua_geti(L, arg, i + 1);
        lua_geti(L, -1, 1);
        const char *name = mlk_lua_string(L, lua_gettop(L), "feature");
        const mlk_feature *feature = mlk_feature_find(name);
        if (!feature)
            mlk_lua_fail(L, "there is no feature '%s'", name);
        lua_geti(L, -2, 2);
        mlk_lua_read_settings(L, -1, name, feature, &settings[i]);
        lua_pop(L, 3);
    }
}

/* stream({{name, settings} ...}, rate) -> stream */
static int new_stream(lua_State *L)
{
    mlk_status status;
    int n = mlk_lua_list_length(L, 1, "features");
    double rate = mlk_lua_number(L, 2, "rate", 1e-9, HUGE_VAL);
    mlk_settings *settings = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *settings, 0);
    read_features(L, 1, n, settings);
    stream *s = mlk_lua_push_object(L, STREAM_TYPE, sizeof *s);
    s->n = n;
    s->given = calloc((size_t)n + 1, sizeof *s->given);
    if (!s->given)
        return mlk_lua_fail(L, "not enough memory for a stream");
    mlk_lua_check(L, mlk_live_new(settings, n, rate, &s->live, &status), &status);
    return 1;
}

static stream *check_stream(lua_State *L)
{
    stream *s = luaL_checkudata(L, 1, STREAM_TYPE);
    if (!s->live)
        mlk_lua_fail(L, "the stream is closed");
    for (int i = 0; i < s->n; i++)
        clear_parts(&s->given[i]); /* of a push that failed */
    return s;
}

/* Pushes a list: of each feature what push_parts makes, or false. */
static int push_given(lua_State *L, stream *s)
{
    lua_createtable(L, s->n, 0);
    for (int i = 0; i < s->n; i++) {
        if (s->given[i].count > 0)
            push_parts(L, &s->given[i]);
        else
            lua_pushboolean(L, false);
        lua_rawseti(L, -2, i + 1);
        clear_parts(&s->given[i]);
    }
    return 1;
}

/* stream:push(samples) -> {{data, first, rate, start} or false ...} */
static int push(lua_State *L)
{
    mlk_status status;
    stream *s = check_stream(L);
    mlk_array samples = mlk_lua_read_tensor(L, 2, "samples", MLK_FLOAT32, 1);
    mlk_lua_check(L, mlk_live_push(s->live, samples.data, samples.shape[0], (mlk_sink){s, take}, &status), &status);
    return push_given(L, s);
}

/* stream:finish() -> the same of the frames at the end */
static int finish(lua_State *L)
{
    mlk_status status;
    stream *s = check_stream(L);
    mlk_lua_check(L, mlk_live_finish(s->live, (mlk_sink){s, take}, &status), &status);
    return push_given(L, s);
}

/* stream:ahead() -> samples */
static int ahead(lua_State *L)
{
    lua_pushinteger(L, mlk_live_ahead(check_stream(L)->live));
    return 1;
}

/* --- another rate -------------------------------------------------------------------- */

typedef struct resampler {
    mlk_resampler *resampler;
    int channels;
    double from_hz, to_hz;
} resampler;

static int close_resampler(lua_State *L)
{
    resampler *r = luaL_checkudata(L, 1, RESAMPLER_TYPE);
    mlk_resampler_free(r->resampler);
    r->resampler = NULL;
    return 0;
}

/* resampler(from_hz, to_hz, channels) -> resampler */
static int new_resampler(lua_State *L)
{
    mlk_status status;
    double from_hz = mlk_lua_number(L, 1, "from", 1, 1e9), to_hz = mlk_lua_number(L, 2, "rate", 1, 1e9);
    int channels = (int)mlk_lua_integer(L, 3, "channels", 1, 64);
    resampler *r = mlk_lua_push_object(L, RESAMPLER_TYPE, sizeof *r);
    *r = (resampler){.channels = channels, .from_hz = from_hz, .to_hz = to_hz};
    mlk_lua_check(L, mlk_resampler_new(from_hz, to_hz, channels, &r->resampler, &status), &status);
    return 1;
}

static resampler *check_resampler(lua_State *L)
{
    resampler *r = luaL_checkudata(L, 1, RESAMPLER_TYPE);
    if (!r->resampler)
        mlk_lua_fail(L, "the resampler is closed");
    return r;
}

/* Runs n samples a channel, or the end (`in` NULL), into `out`, whose channels lie `room` apart; *made counts. */
static mlk_code resample(resampler *r, const float *in, int64_t n, float *out, int64_t room, int64_t *made,
                         mlk_status *status)
{
    mlk_code code = MLK_OK;
    int64_t taken = 0, given = 1;
    for (*made = 0; !code && *made < room && (in ? taken < n || given > 0 : given > 0); *made += given) {
        const float *from[64];
        float *to[64];
        int64_t used = 0;
        for (int c = 0; c < r->channels; c++) {
            from[c] = in ? in + c * n + taken : NULL;
            to[c] = out + c * room + *made;
        }
        code = mlk_resampler_run(r->resampler, in ? from : NULL, in ? n - taken : 0, &used, to, room - *made, &given,
                                 status);
        taken += used;
    }
    return code;
}

/* Pushes the samples that come out of the resampler: channels x n. */
static int push_resampled(lua_State *L, resampler *r, const float *in, int64_t n, int64_t room)
{
    mlk_status status;
    int64_t made = 0;
    float *out = lua_newuserdatauv(L, (size_t)(r->channels * room + 1) * sizeof *out, 0);
    mlk_lua_check(L, resample(r, in, n, out, room, &made, &status), &status);
    float *tensor = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){r->channels, made});
    for (int c = 0; c < r->channels && made > 0; c++)
        memcpy(tensor + c * made, out + c * room, (size_t)made * sizeof *tensor);
    return 1;
}

enum { HELD = 1 << 16 }; /* samples that the filter may hold, at the new rate, and more */

/* resampler:push(tensor channels x n) -> tensor channels x as many as are complete */
static int push_samples(lua_State *L)
{
    resampler *r = check_resampler(L);
    mlk_array in = mlk_lua_read_tensor(L, 2, "samples", MLK_FLOAT32, 2);
    if (in.shape[0] != r->channels)
        return mlk_lua_fail(L, "the resampler takes %d channels, got %d", r->channels, (int)in.shape[0]);
    int64_t room = mlk_resampled_length(in.shape[1], r->from_hz, r->to_hz) + HELD;
    return push_resampled(L, r, in.data, in.shape[1], room);
}

/* resampler:finish() -> tensor channels x those that the filter still holds */
static int finish_samples(lua_State *L)
{
    resampler *r = check_resampler(L);
    return push_resampled(L, r, NULL, 0, HELD);
}

/* --- samples as bytes ------------------------------------------------------------------ */

typedef enum format { FORMAT_F32, FORMAT_S16, FORMAT_S24, FORMAT_S32, FORMAT_U8 } format;

static const char *const format_names[] = {"f32", "s16", "s24", "s32", "u8", NULL};
static const int format_bytes[] = {4, 2, 3, 4, 1};

static float sample_at(const unsigned char *at, format form)
{
    uint32_t bits = 0;
    for (int i = 0; i < format_bytes[form]; i++) /* the lowest first */
        bits |= (uint32_t)at[i] << (8 * i);
    float value;
    switch (form) {
    case FORMAT_S16:
        return (float)(int16_t)bits / 32768;
    case FORMAT_S24:
        return (float)((int32_t)(bits << 8) >> 8) / 8388608;
    case FORMAT_S32:
        return (float)((double)(int32_t)bits / 2147483648.0);
    case FORMAT_U8:
        return ((float)bits - 128) / 128;
    default:
        memcpy(&value, &bits, sizeof value);
        return value;
    }
}

/* samples(bytes, format, channels) -> tensor channels x n of whole frames, bytes used */
static int samples_of(lua_State *L)
{
    size_t length;
    const char *bytes = mlk_lua_bytes(L, 1, "bytes", &length);
    format form = (format)mlk_lua_choice(L, 2, "format", format_names);
    int channels = (int)mlk_lua_integer(L, 3, "channels", 1, 64);
    int64_t frames = (int64_t)(length / (size_t)(channels * format_bytes[form]));
    float *out = mlk_lua_push_tensor(L, MLK_FLOAT32, 2, (int64_t[]){channels, frames});
    const unsigned char *at = (const unsigned char *)bytes;
    for (int64_t i = 0; i < frames; i++)
        for (int c = 0; c < channels; c++, at += format_bytes[form])
            out[c * frames + i] = sample_at(at, form);
    lua_pushinteger(L, frames * channels * format_bytes[form]);
    return 2;
}

/* shades(tensor rows x n, low, high) -> bytes, column after column: 0 from `low` down, 255 from `high` up */
static int shades(lua_State *L)
{
    mlk_array in = mlk_lua_read_tensor(L, 1, "columns", MLK_FLOAT32, 2);
    double low = mlk_lua_number(L, 2, "low", -HUGE_VAL, HUGE_VAL);
    double high = mlk_lua_number(L, 3, "high", -HUGE_VAL, HUGE_VAL);
    int64_t rows = in.shape[0], columns = in.shape[1];
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, (size_t)(rows * columns));
    for (int64_t t = 0; t < columns; t++)
        for (int64_t row = 0; row < rows; row++) {
            double share = (((const float *)in.data)[row * columns + t] - low) / (high - low);
            *out++ = (char)(unsigned char)(255 * fmin(fmax(share, 0), 1) + 0.5);
        }
    luaL_pushresultsize(&buffer, (size_t)(rows * columns));
    return 1;
}

int mlk_lua_open_live(lua_State *L)
{
    static const luaL_Reg functions[] = {{"resampler", new_resampler}, {"samples", samples_of},
                                         {"shades", shades}, {"stream", new_stream}, {NULL, NULL}};
    static const luaL_Reg of_stream[] = {
        {"ahead", ahead}, {"close", close_stream}, {"finish", finish}, {"push", push}, {NULL, NULL}};
    static const luaL_Reg of_resampler[] = {
        {"close", close_resampler}, {"finish", finish_samples}, {"push", push_samples}, {NULL, NULL}};
    mlk_lua_new_type(L, STREAM_TYPE, close_stream, of_stream);
    mlk_lua_new_type(L, RESAMPLER_TYPE, close_resampler, of_resampler);
    luaL_newlib(L, functions);
    return 1;
}

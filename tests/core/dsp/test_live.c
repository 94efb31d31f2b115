/* Features of sound as it comes: whatever the pieces, the bits of the whole clip's. */
#include "fixtures.h"
#include "test.h"

#include "dsp/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, LONGEST = 60000 };
static const double rate_hz = 22050;

/* --- frames put together as they come --- */

typedef struct collected {
    float *data[MOST]; /* of each feature: rows x room */
    int64_t frames[MOST], room[MOST], rows[MOST];
    size_t width[MOST];
} collected;

static mlk_code collect(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status)
{
    (void)status;
    collected *c = context;
    assert_int_equal(part->first, c->frames[feature]);
    assert_true(part->frames > 0);
    c->frames[feature] += part->frames;
    assert_true(c->frames[feature] <= c->room[feature]);
    assert_int_equal(part->rows, c->rows[feature]);
    mlk_sweep_place(part, data, c->room[feature], c->data[feature]);
    return MLK_OK;
}

static bool streams(const mlk_settings *settings)
{
    mlk_live *live;
    mlk_status status;
    bool fine = mlk_live_new(settings, 1, rate_hz, &live, &status) == MLK_OK;
    mlk_live_free(live);
    return fine;
}

/* Every feature that can be had of a stream, with what makes it so. */
static int streamable(mlk_settings *settings)
{
    static const struct {
        const char *name;
        double value;
    } causal[] = {{"top_db", NAN}, {"tuning", 0}, {"linear", 1}};
    int n = 0;
    for (int i = 0; i < mlk_feature_count(); i++) {
        mlk_status unused;
        mlk_settings_init(&settings[n], mlk_feature_at(i));
        for (size_t k = 0; k < sizeof causal / sizeof *causal; k++)
            mlk_settings_set(&settings[n], causal[k].name, causal[k].value, &unused);
        n += streams(&settings[n]);
    }
    return n;
}

static void set_all(mlk_settings *settings, int n, const char *name, double value)
{
    mlk_status unused;
    for (int i = 0; i < n; i++)
        mlk_settings_set(&settings[i], name, value, &unused);
}

static void push_pieces(mlk_live *live, const float *samples, int64_t n, uint32_t *seed, mlk_sink sink)
{
    mlk_status status;
    for (int64_t at = 0, count; at < n; at += count) {
        uint32_t most = 1u << (fixture_draw(seed) >> 28); /* 1 .. 32768, each size as often */
        count = 1 + (int64_t)(fixture_uniform(seed) * (float)most);
        count = count < n - at ? count : n - at;
        assert_int_equal(mlk_live_push(live, samples + at, count, sink, &status), MLK_OK);
        assert_int_equal(mlk_live_heard(live), at + count);
    }
    mlk_code code = mlk_live_finish(live, sink, &status);
    if (code)
        fail_msg("%s", status.message);
}

/* All features of samples in pieces, beside each of them of the whole. */
static void compare(const mlk_settings *settings, int n, const float *samples, int64_t length, uint32_t seed)
{
    mlk_status status;
    collected c = {0};
    for (int i = 0; i < n; i++) {
        mlk_feature_shape shape;
        assert_int_equal(mlk_feature_measure(&settings[i], length, rate_hz, &shape, &status), MLK_OK);
        c.rows[i] = shape.rows;
        c.room[i] = shape.frames;
        c.width[i] = mlk_dtype_size(shape.dtype);
        c.data[i] = calloc((size_t)(shape.rows * shape.frames), c.width[i]);
    }
    mlk_live *live;
    assert_int_equal(mlk_live_new(settings, n, rate_hz, &live, &status), MLK_OK);
    push_pieces(live, samples, length, &seed, (mlk_sink){&c, collect});
    mlk_live_free(live);
    for (int i = 0; i < n; i++) {
        assert_int_equal(c.frames[i], c.room[i]);
        mlk_feature_shape shape;
        mlk_feature_measure(&settings[i], length, rate_hz, &shape, &status);
        size_t bytes = (size_t)(shape.rows * shape.frames) * c.width[i];
        void *whole = malloc(bytes);
        mlk_waveform *waveform = mlk_waveform_of(samples, length, rate_hz, &status);
        assert_int_equal(mlk_sweep_into(&settings[i], waveform, &shape, whole, &status), MLK_OK);
        if (memcmp(whole, c.data[i], bytes) != 0)
            fail_msg("%s: a stream of %lld samples has other bits", settings[i].feature->name, (long long)length);
        mlk_waveform_free(waveform);
        free(whole);
        free(c.data[i]);
    }
}

static void pieces_give_the_bits_of_the_whole(void **state)
{
    (void)state;
    static float samples[LONGEST];
    static mlk_settings settings[MOST];
    int n = streamable(settings);
    assert_true(n >= 20);
    for (uint32_t seed = 1; seed <= 6; seed++) {
        uint32_t draw = seed;
        int64_t length = 4096 + (int64_t)(fixture_uniform(&draw) * (LONGEST - 4096));
        fixture_noise(samples, length, seed);
        for (int64_t i = 0; i < length; i++) /* silence, and a tone that comes and goes */
            samples[i] = i % 9000 < 2500 ? 0 : samples[i] * 0.1f + 0.5f * (float)sin(0.05 * (double)i * (1 + (double)i * 1e-5));
        set_all(settings, n, "center", seed % 2);
        set_all(settings, n, "pad_mode", seed % 3);
        set_all(settings, n, "hop_length", seed < 3 ? 512 : seed == 3 ? 100 : seed == 4 ? 3000 : 331);
        compare(settings, n, samples, length, seed);
    }
}

/* Clips shorter than a frame, as far as there are such. */
static void short_clips(void **state)
{
    (void)state;
    static float samples[3000];
    static mlk_settings settings[MOST];
    int n = streamable(settings);
    fixture_noise(samples, 3000, 9);
    set_all(settings, n, "pad_mode", 1);
    for (int64_t length = 1; length < 3000; length = length * 3 + 1)
        compare(settings, n, samples, length, 5);
}

static mlk_code ignore(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status)
{
    (void)feature, (void)data, (void)status;
    *(int64_t *)context = part->first + part->frames;
    return MLK_OK;
}

/* Frame t is there as soon as t * hop + ahead samples are. */
static void frames_come_when_they_are_complete(void **state)
{
    (void)state;
    mlk_live *live;
    mlk_status status;
    mlk_settings settings;
    int64_t frames = 0;
    float sample = 0.25f;
    mlk_settings_init(&settings, mlk_feature_find("mel"));
    assert_int_equal(mlk_live_new(&settings, 1, rate_hz, &live, &status), MLK_OK);
    assert_int_equal(mlk_live_ahead(live), 1024);
    for (int64_t n = 1; n < 5000; n++) {
        assert_int_equal(mlk_live_push(live, &sample, 1, (mlk_sink){&frames, ignore}, &status), MLK_OK);
        assert_int_equal(frames, n < 1024 ? 0 : (n - 1024) / 512 + 1);
    }
    mlk_live_free(live);
}

static void refuses(const char *name, const char *words)
{
    mlk_live *live;
    mlk_status status;
    mlk_settings settings;
    mlk_settings_init(&settings, mlk_feature_find(name));
    assert_int_equal(mlk_live_new(&settings, 1, rate_hz, &live, &status), MLK_INVALID);
    if (!strstr(status.message, words))
        fail_msg("'%s' does not say '%s'", status.message, words);
}

static void what_needs_the_clip_is_refused(void **state)
{
    (void)state;
    refuses("mfcc", "mfcc of a stream cannot know the clip's loudest decibel: give top_db = false");
    refuses("chroma_stft", "give tuning = 0");
    refuses("spectral_contrast", "give linear = true");
    refuses("pyin", "the whole clip");
    refuses("chroma_cqt", "the whole clip");
}

static void samples_are_checked(void **state)
{
    (void)state;
    mlk_live *live;
    mlk_status status;
    mlk_settings settings;
    int64_t frames = 0;
    float good[2] = {0, 1}, bad[2] = {0, NAN};
    mlk_sink sink = {&frames, ignore};
    mlk_settings_init(&settings, mlk_feature_find("rms"));
    assert_int_equal(mlk_live_new(&settings, 1, rate_hz, &live, &status), MLK_OK);
    assert_int_equal(mlk_live_push(live, good, 2, sink, &status), MLK_OK);
    assert_int_equal(mlk_live_push(live, bad, 2, sink, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "NaN at sample 3"));
    assert_int_equal(mlk_live_heard(live), 2);
    assert_int_equal(mlk_live_finish(live, sink, &status), MLK_OK);
    assert_int_equal(frames, 1);
    assert_int_equal(mlk_live_push(live, good, 2, sink, &status), MLK_INVALID);
    assert_int_equal(mlk_live_finish(live, sink, &status), MLK_INVALID);
    mlk_live_free(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_give_the_bits_of_the_whole),
        cmocka_unit_test(short_clips),
        cmocka_unit_test(frames_come_when_they_are_complete),
        cmocka_unit_test(what_needs_the_clip_is_refused),
        cmocka_unit_test(samples_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

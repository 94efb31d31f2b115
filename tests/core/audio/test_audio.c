/* Sound that is read in part, one channel of it, and what is said of it; memory that follows what is there. */
#include "test.h"

#include "audio/audio.h"
#include "audio/writer.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE = 8000, FRAMES = 40000 };

static char folder[] = "/tmp/moonlark-audio-XXXXXX";

static const char *place(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* `right` times the left channel. */
static float sample(int channel, int64_t frame, float right)
{
    float left = .5f * (float)sin((double)frame * .05);
    return channel == 0 ? left : right * left;
}

static const char *save(const char *name, int channels, float right)
{
    static float samples[2 * FRAMES];
    for (int channel = 0; channel < channels; channel++)
        for (int64_t i = 0; i < FRAMES; i++)
            samples[channel * FRAMES + i] = sample(channel, i, right);
    mlk_audio_format format = {.quality = -1};
    mlk_audio_saved saved;
    mlk_status status;
    assert_int_equal(mlk_audio_save(place(name), samples, channels, FRAMES, RATE, &format, &saved, &status), MLK_OK);
    return place(name);
}

static mlk_audio_options as_it_is(int channel)
{
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = 0;
    options.channel = channel;
    return options;
}

static mlk_audio load(const char *path, mlk_audio_options options)
{
    mlk_audio audio;
    mlk_status status;
    if (mlk_audio_load(path, &options, &audio, &status))
        fail_msg("%s", status.message);
    return audio;
}

static void change(const char *path, long at, const unsigned char *bytes, size_t n)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* --- tests --- */

static void test_one_channel_is_that_channel(void **state)
{
    (void)state;
    const char *path = save("stereo.wav", 2, .25f);
    for (int channel = 0; channel < 2; channel++) {
        mlk_audio audio = load(path, as_it_is(channel));
        assert_int_equal(audio.channels, 1);
        assert_int_equal(audio.frames, FRAMES);
        for (int64_t i = 0; i < FRAMES; i++)
            assert_true(fabsf(audio.samples[i] - sample(channel, i, .25f)) <= 1.f / 32768);
        assert_string_equal(audio.notes.warning, "");
        mlk_audio_free(&audio);
    }
}

static void test_a_channel_that_is_not_there_is_refused(void **state)
{
    (void)state;
    mlk_audio audio;
    mlk_status status;
    mlk_audio_options options = as_it_is(1);
    assert_int_equal(mlk_audio_load(save("mono.wav", 1, 0), &options, &audio, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "mono.wav: channel must be 0"));
}

static void test_channels_that_cancel_are_told(void **state)
{
    (void)state;
    const char *path = save("inverted.wav", 2, -1);
    mlk_audio mixed = load(path, as_it_is(MLK_CHANNELS_MIXED)), left = load(path, as_it_is(0));
    assert_non_null(strstr(mixed.notes.warning, "cancel"));
    assert_string_equal(left.notes.warning, "");
    mlk_audio_free(&mixed);
    mlk_audio_free(&left);
}

static void test_nothing_is_told_of_other_sound(void **state)
{
    (void)state;
    const float rights[] = {1, 0, -.99f}; /* -.99 leaves 40 dB */
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        mlk_audio audio = load(save("stereo.wav", 2, rights[i]), as_it_is(MLK_CHANNELS_MIXED));
        assert_string_equal(audio.notes.warning, "");
        assert_string_equal(audio.notes.partial, "");
        mlk_audio_free(&audio);
    }
}

static void test_a_file_cut_short_is_kept_when_asked(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s", save("whole.flac", 2, .5f));
    mlk_audio whole = load(path, as_it_is(MLK_CHANNELS_ALL));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long half = ftell(file) / 2;
    fclose(file);
    assert_int_equal(truncate(path, half), 0);

    mlk_audio part;
    mlk_status status;
    mlk_audio_options options = as_it_is(MLK_CHANNELS_ALL);
    assert_int_equal(mlk_audio_load(path, &options, &part, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "partial = \"keep\""));

    options.keep_partial = true;
    part = load(path, options);
    assert_true(part.frames > FRAMES / 4 && part.frames < FRAMES);
    for (int channel = 0; channel < 2; channel++)
        assert_memory_equal(part.samples + channel * part.frames, whole.samples + channel * whole.frames,
                            (size_t)part.frames * sizeof(float));
    char words[64];
    snprintf(words, sizeof words, "%.3f of 5.000 s are there", (double)part.frames / RATE);
    assert_non_null(strstr(part.notes.partial, words));
    assert_null(strstr(part.notes.partial, folder));
    mlk_audio_free(&part);

    options.duration_s = .1; /* before the fault: nothing is missing */
    part = load(path, options);
    assert_int_equal(part.frames, RATE / 10);
    assert_string_equal(part.notes.partial, "");
    mlk_audio_free(&part);
    mlk_audio_free(&whole);
}

static void test_a_file_without_a_good_frame_is_refused_all_the_same(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s", save("none.flac", 1, 0));
    unsigned char bytes[16384];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file), at = 42;
    fclose(file);
    while (at + 1 < n && !(bytes[at] == 0xff && (bytes[at + 1] & 0xfe) == 0xf8))
        at++;
    assert_int_equal(truncate(path, (off_t)at + 16), 0); /* into the first frame */
    mlk_audio audio;
    mlk_status status;
    mlk_audio_options options = as_it_is(MLK_CHANNELS_MIXED);
    options.keep_partial = true;
    assert_int_equal(mlk_audio_load(path, &options, &audio, &status), MLK_INVALID);
    assert_null(strstr(status.message, "partial ="));
}

static void test_memory_follows_what_is_there_not_the_header(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s", save("claim.flac", 1, 0));
    /* The low half of STREAMINFO's number of samples: 2 to the 31st and some. */
    change(path, 22, (const unsigned char[]){0x80, 0, 0, 0}, 4);
    mlk_audio_options options = as_it_is(MLK_CHANNELS_MIXED);
    options.keep_partial = true;
    mlk_audio audio = load(path, options);
    assert_int_equal(audio.frames, FRAMES);
    assert_true(malloc_usable_size(audio.samples) < (size_t)16 << 20);
    mlk_audio_free(&audio);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"stereo.wav", "mono.wav", "inverted.wav", "whole.flac", "none.flac",
                                        "claim.flac"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(place(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_channel_is_that_channel),
        cmocka_unit_test(test_a_channel_that_is_not_there_is_refused),
        cmocka_unit_test(test_channels_that_cancel_are_told),
        cmocka_unit_test(test_nothing_is_told_of_other_sound),
        cmocka_unit_test(test_a_file_cut_short_is_kept_when_asked),
        cmocka_unit_test(test_a_file_without_a_good_frame_is_refused_all_the_same),
        cmocka_unit_test(test_memory_follows_what_is_there_not_the_header),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* The head of a WAV of floats: libsndfile reads it, short or wider than 4 GiB. */
#include "test.h"

#include "audio/audio.h"
#include "audio/wave.h"

#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_file(char *path, int rate, int channels, int64_t promised, const float *samples, size_t n)
{
    unsigned char head[MLK_WAVE_HEAD];
    int file = mkstemps(path, 4);
    assert_true(file >= 0);
    mlk_wave_head(head, rate, channels, promised);
    assert_int_equal(write(file, head, sizeof head), sizeof head);
    assert_int_equal(write(file, samples, n * sizeof *samples), n * sizeof *samples);
    return file;
}

static void short_files_are_waves(void **state)
{
    (void)state;
    char path[] = "/tmp/moonlark-wave-XXXXXX.wav";
    const float samples[] = {0.5f, -0.25f, 1e-9f, 3.5f, -1, 0};
    close(write_file(path, 44100, 2, 3, samples, 6));
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = 0;
    options.channel = MLK_CHANNELS_ALL;
    mlk_audio audio;
    mlk_status status;
    assert_int_equal(mlk_audio_load(path, &options, &audio, &status), MLK_OK);
    assert_int_equal(audio.channels, 2);
    assert_int_equal(audio.frames, 3);
    assert_true(audio.rate_hz == 44100);
    for (int i = 0; i < 6; i++)
        assert_memory_equal(&audio.samples[i % 2 * 3 + i / 2], &samples[i], sizeof(float));
    mlk_audio_free(&audio);
    unlink(path);
}

/* A file with holes that takes no room on the disk. */
static void wide_files_are_rf64(void **state)
{
    (void)state;
    char path[] = "/tmp/moonlark-wave-XXXXXX.wav";
    const int64_t frames = (int64_t)3 << 29; /* 6 GiB */
    const float first = 0.5f, last = -0.75f;
    int file = write_file(path, 8000, 1, frames, &first, 1);
    if (ftruncate(file, MLK_WAVE_HEAD + 4 * frames) != 0 ||
        pwrite(file, &last, sizeof last, MLK_WAVE_HEAD + 4 * (frames - 1)) != (ssize_t)sizeof last) {
        close(file);
        unlink(path);
        skip();
    }
    close(file);
    mlk_audio_info info;
    mlk_status status;
    assert_int_equal(mlk_audio_probe(path, &info, &status), MLK_OK);
    assert_string_equal(info.format, "rf64");
    assert_int_equal(info.frames, frames);
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = 0;
    options.start_s = (double)(frames - 2) / 8000;
    mlk_audio audio;
    assert_int_equal(mlk_audio_load(path, &options, &audio, &status), MLK_OK);
    assert_int_equal(audio.frames, 2);
    assert_true(audio.samples[0] == 0 && audio.samples[1] == last);
    mlk_audio_free(&audio);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_files_are_waves),
        cmocka_unit_test(wide_files_are_rf64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

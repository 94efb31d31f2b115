/* audio.c: sound files of every format, through the decoders of libsndfile and FFmpeg. The libraries themselves are
 * not instrumented: this finds what their numbers do to our memory. */
#include "fuzz.h"

#include "audio/audio.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

static void load(const char *path, mlk_audio_options options)
{
    mlk_audio audio;
    mlk_status status = {0};
    mlk_code code = mlk_audio_load(path, &options, &audio, &status);
    FUZZ_CHECK(!code || status.message[0]);
    if (code)
        return;
    FUZZ_CHECK(audio.frames >= 0 && audio.channels >= 1 && audio.rate_hz > 0);
    for (int64_t i = 0; i < audio.frames * audio.channels; i++)
        FUZZ_CHECK(isfinite(audio.samples[i]));
    mlk_audio_free(&audio);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    char path[32];
    mlk_status status = {0};
    mlk_audio_info info;
    FUZZ_CHECK(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);

    FUZZ_CHECK(!mlk_audio_probe(path, &info, &status) || status.message[0]);
    mlk_audio_options options = mlk_audio_defaults();
    options.keep_partial = true;
    load(path, options);
    options.rate_hz = 0;
    options.channel = MLK_CHANNELS_ALL;
    options.start_s = 0.05;
    options.duration_s = 0.1;
    load(path, options);
    close(file);
    return 0;
}

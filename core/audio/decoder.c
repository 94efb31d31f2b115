#include "decoder.h"

#include "backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mlk_decoder {
    const mlk_backend *backend;
    void *stream;
    mlk_audio_info info;
};

/* What the decoding libraries would only call "unknown format". */
static mlk_code check_file(const char *path, mlk_status *status)
{
    struct stat file;
    if (stat(path, &file) != 0 || access(path, R_OK) != 0)
        return mlk_fail(status, MLK_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(file.st_mode))
        return mlk_fail(status, MLK_INVALID, "%s is a folder, not a sound file", path);
    if (!S_ISREG(file.st_mode))
        return mlk_fail(status, MLK_INVALID, "%s is not a regular file", path);
    if (file.st_size == 0)
        return mlk_fail(status, MLK_INVALID, "%s is empty", path);
    return MLK_OK;
}

static mlk_code check_info(const char *path, const mlk_audio_info *info, mlk_status *status)
{
    if (info->channels < 1 || info->channels > MLK_MAX_CHANNELS)
        return mlk_fail(status, MLK_INVALID, "%s: 1..%d channels can be read, the file has %d", path,
                        MLK_MAX_CHANNELS, info->channels);
    if (info->rate < 1)
        return mlk_fail(status, MLK_INVALID, "%s: the sample rate must be 1 Hz or more, the file says %d", path,
                        info->rate);
    return MLK_OK;
}

mlk_code mlk_decoder_open(const char *path, mlk_decoder **decoder, mlk_status *status)
{
    static const mlk_backend *const backends[] = {&mlk_backend_sndfile, &mlk_backend_ffmpeg};

    mlk_code code = check_file(path, status);
    if (code)
        return code;
    mlk_decoder *opened = calloc(1, sizeof *opened);
    if (!opened)
        return mlk_fail_memory(status, "a decoder");
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        memset(&opened->info, 0, sizeof opened->info);
        opened->backend = backends[i];
        code = opened->backend->open(path, &opened->info, &opened->stream, status);
        if (code != MLK_UNSUPPORTED)
            break;
    }
    if (!code) {
        code = check_info(path, &opened->info, status);
        if (code)
            opened->backend->close(opened->stream);
    }
    if (code) {
        free(opened);
        return code;
    }
    *decoder = opened;
    return MLK_OK;
}

const mlk_audio_info *mlk_decoder_info(const mlk_decoder *decoder)
{
    return &decoder->info;
}

mlk_code mlk_decoder_seek(mlk_decoder *decoder, int64_t frame, mlk_status *status)
{
    return decoder->backend->seek(decoder->stream, frame, status);
}

mlk_code mlk_decoder_read(mlk_decoder *decoder, float *samples, int64_t capacity, int64_t *got, mlk_status *status)
{
    return decoder->backend->read(decoder->stream, samples, capacity, got, status);
}

void mlk_decoder_free(mlk_decoder *decoder)
{
    if (!decoder)
        return;
    decoder->backend->close(decoder->stream);
    free(decoder);
}

#include "writer.h"

#include "decoder.h"
#include "interrupt.h"
#include "sndfile.h"
#include "store/atomic.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECE = 4096 }; /* frames at a time: libvorbis takes its scratch from the stack */

static const struct {
    const char *ending;
    int container;
    const char *usual;
} containers[] = {
    {".wav", SF_FORMAT_WAV, "pcm16"},   {".flac", SF_FORMAT_FLAC, "pcm16"}, {".ogg", SF_FORMAT_OGG, "vorbis"},
    {".opus", SF_FORMAT_OGG, "opus"},   {".mp3", SF_FORMAT_MPEG, "mp3"},    {".aiff", SF_FORMAT_AIFF, "pcm16"},
    {".aif", SF_FORMAT_AIFF, "pcm16"},  {".au", SF_FORMAT_AU, "pcm16"},     {".w64", SF_FORMAT_W64, "pcm16"},
    {".caf", SF_FORMAT_CAF, "pcm16"},
};

static const struct {
    const char *name;
    int subtype;
    int bits; /* of an integer format; 0: samples go as float */
} subtypes[] = {
    {"pcm_s8", SF_FORMAT_PCM_S8, 8}, {"pcm_u8", SF_FORMAT_PCM_U8, 8}, {"pcm16", SF_FORMAT_PCM_16, 16},
    {"pcm24", SF_FORMAT_PCM_24, 24}, {"pcm32", SF_FORMAT_PCM_32, 32}, {"float", SF_FORMAT_FLOAT, 0},
    {"double", SF_FORMAT_DOUBLE, 0}, {"alaw", SF_FORMAT_ALAW, 0},     {"ulaw", SF_FORMAT_ULAW, 0},
    {"vorbis", SF_FORMAT_VORBIS, 0}, {"opus", SF_FORMAT_OPUS, 0},     {"mp3", SF_FORMAT_MPEG_LAYER_III, 0},
};

enum { N_CONTAINERS = sizeof containers / sizeof *containers, N_SUBTYPES = sizeof subtypes / sizeof *subtypes };

typedef struct encoding {
    int format;
    int bits;    /* of integer samples, else 0 */
    bool bounded; /* samples beyond -1..1 are cut */
} encoding;

static mlk_code choose(const char *path, const char *wanted, encoding *chosen, mlk_status *status)
{
    const char *ending = strrchr(path, '.');
    int c = 0;
    while (c < N_CONTAINERS && (!ending || strcasecmp(ending, containers[c].ending) != 0))
        c++;
    if (c == N_CONTAINERS)
        return mlk_fail(status, MLK_INVALID,
                        "%s: the ending must be .wav, .flac, .ogg, .opus, .mp3, .aiff, .au, .w64 or .caf", path);
    if (!wanted)
        wanted = containers[c].usual;
    int s = 0;
    while (s < N_SUBTYPES && strcmp(wanted, subtypes[s].name) != 0)
        s++;
    if (s == N_SUBTYPES)
        return mlk_fail(status, MLK_INVALID,
                        "subtype must be pcm_s8, pcm_u8, pcm16, pcm24, pcm32, float, double, alaw, ulaw, vorbis, opus "
                        "or mp3, got %s", wanted);
    chosen->format = containers[c].container | subtypes[s].subtype;
    chosen->bits = subtypes[s].bits;
    chosen->bounded = subtypes[s].subtype != SF_FORMAT_FLOAT && subtypes[s].subtype != SF_FORMAT_DOUBLE;
    return MLK_OK;
}

static SNDFILE *open_encoder(FILE *stream, const char *path, const encoding *encoding, int channels, int rate_hz,
                             double quality, mlk_status *status)
{
    SF_INFO info = {.samplerate = rate_hz, .channels = channels, .format = encoding->format};
    if (!sf_format_check(&info)) {
        mlk_fail(status, MLK_INVALID, "%s: this format cannot hold %d channels of this subtype at %d Hz", path,
                 channels, rate_hz);
        return NULL;
    }
    int error;
    errno = 0;
    SNDFILE *file = mlk_sndfile_open(fileno(stream), SFM_WRITE, &info, &error);
    if (!file) {
        if (error == SF_ERR_SYSTEM && errno)
            mlk_fail_system(status, errno, "cannot write", path);
        else
            mlk_fail(status, MLK_INVALID, "%s: %s", path, sf_error_number(error));
        return NULL;
    }
    if (quality >= 0) {
        sf_command(file, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
    }
    sf_command(file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    return file;
}

/* Full scale is 2^(bits-1), so that samples read from a file are written back exactly. libsndfile takes
 * integers from the upper end of 32 bits. */
static void to_integers(const float *in, int64_t count, int bits, int *out)
{
    double scale = ldexp(1, bits - 1);
    for (int64_t i = 0; i < count; i++) {
        double value = rint((double)in[i] * scale);
        value = value < -scale ? -scale : value > scale - 1 ? scale - 1 : value;
        out[i] = (int)((int64_t)value * ((int64_t)1 << (32 - bits)));
    }
}

static mlk_code write_pieces(SNDFILE *file, const float *samples, int channels, int64_t frames, int bits,
                             const char *path, mlk_status *status)
{
    float *piece = malloc(sizeof(float) * PIECE * (size_t)channels);
    int *integers = malloc(sizeof(int) * PIECE * (size_t)channels);
    mlk_code code = piece && integers ? MLK_OK : mlk_fail_memory(status, "a piece of sound to write");
    for (int64_t first = 0; first < frames && !code; first += PIECE) {
        int64_t count = frames - first < PIECE ? frames - first : PIECE;
        for (int64_t i = 0; i < count; i++)
            for (int channel = 0; channel < channels; channel++)
                piece[i * channels + channel] = samples[channel * frames + first + i];
        sf_count_t written;
        errno = 0;
        if (bits > 0) {
            to_integers(piece, count * channels, bits, integers);
            written = sf_writef_int(file, integers, count);
        } else {
            written = sf_writef_float(file, piece, count);
        }
        if (written != count)
            code = errno ? mlk_fail_system(status, errno, "cannot write", path)
                         : mlk_fail(status, MLK_IO, "%s: %s", path, sf_strerror(file));
        else if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(piece);
    free(integers);
    return code;
}

static mlk_code check_samples(const float *samples, int channels, int64_t frames, bool bounded,
                              mlk_audio_saved *saved, mlk_status *status)
{
    saved->clipped = 0;
    for (int64_t i = 0; i < channels * frames; i++) {
        if (bounded && !isfinite(samples[i]))
            return mlk_fail(status, MLK_INVALID, "sample %lld of channel %d is %s: only float files hold such",
                            (long long)(i % frames), (int)(i / frames), isnan(samples[i]) ? "NaN" : "infinite");
        saved->clipped += bounded && fabsf(samples[i]) > 1;
    }
    return MLK_OK;
}

mlk_code mlk_audio_save(const char *path, const float *samples, int channels, int64_t frames, int rate_hz,
                        const mlk_audio_format *format, mlk_audio_saved *saved, mlk_status *status)
{
    if (channels < 1 || channels > MLK_MAX_CHANNELS)
        return mlk_fail(status, MLK_INVALID, "1..%d channels can be written, got %d", MLK_MAX_CHANNELS, channels);
    encoding encoding = {0};
    mlk_code code = choose(path, format->subtype, &encoding, status);
    if (!code)
        code = check_samples(samples, channels, frames, encoding.bounded, saved, status);
    if (code)
        return code;

    mlk_atomic place;
    code = mlk_atomic_open(path, &place, status);
    if (code)
        return code;
    SNDFILE *file = open_encoder(place.stream, path, &encoding, channels, rate_hz, format->quality, status);
    if (!file) {
        mlk_atomic_abort(&place);
        return MLK_INVALID;
    }
    code = write_pieces(file, samples, channels, frames, encoding.bits, path, status);
    errno = 0;
    int failed = sf_close(file);
    if (!code && failed)
        code = errno ? mlk_fail_system(status, errno, "cannot write", path)
                     : mlk_fail(status, MLK_IO, "%s: %s", path, sf_error_number(failed));
    if (code) {
        mlk_atomic_abort(&place);
        return code;
    }
    return mlk_atomic_commit(&place, status);
}

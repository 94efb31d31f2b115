#include "audio/opus.h"

#include "library.h"

#include <limits.h>
#include <stdlib.h>

typedef struct decoder decoder;

#define OPUS_FUNCTIONS(X)                                                                                          \
    X(decoder *, opus_decoder_create, (int32_t rate, int channels, int *error))                                    \
    X(int, opus_decode_float, (decoder *, const unsigned char *, int32_t length, float *, int frames, int repair)) \
    X(void, opus_decoder_destroy, (decoder *))                                                                     \
    X(const char *, opus_strerror, (int))

#define FIELD(result, name, arguments) result(*name) arguments;
static struct {
    OPUS_FUNCTIONS(FIELD)
} libopus;
#undef FIELD

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"libopus.so.0", NULL};
#define SYMBOL(result, name, arguments) {#name, (void *)&libopus.name},
    static const mlk_symbol symbols[] = {OPUS_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, NULL,
                                          "Opus cannot be decoded: libopus", "libopus0"};
    return mlk_library_find(&wish, status);
}

struct mlk_opus {
    decoder *decoder;
    int rate_hz;
};

mlk_code mlk_opus_new(int rate_hz, int channels, mlk_opus **opus, mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    mlk_code code = mlk_library_load(&library, load, status);
    if (code)
        return code;
    mlk_opus *made = malloc(sizeof *made);
    if (!made)
        return mlk_fail_memory(status, "a decoder of Opus");
    int error = 0;
    *made = (mlk_opus){.decoder = libopus.opus_decoder_create(rate_hz, channels, &error), .rate_hz = rate_hz};
    if (!made->decoder) {
        free(made);
        return mlk_fail(status, MLK_INVALID, "Opus cannot be decoded to %d channels at %d Hz: %s", channels, rate_hz,
                        libopus.opus_strerror(error));
    }
    *opus = made;
    return MLK_OK;
}

mlk_code mlk_opus_decode(mlk_opus *opus, const unsigned char *packet, size_t length, float *out, int64_t *frames,
                         mlk_status *status)
{
    enum { LOST_MS = 20 };
    *frames = 0;
    if (length > INT_MAX)
        return mlk_fail(status, MLK_INVALID, "a packet of Opus cannot have %zu bytes", length);
    int room = opus->rate_hz / 1000 * (length > 0 ? MLK_OPUS_MOST_MS : LOST_MS);
    int made = libopus.opus_decode_float(opus->decoder, length > 0 ? packet : NULL, (int32_t)length, out, room, 0);
    if (made < 0)
        return mlk_fail(status, MLK_INVALID, "this is no packet of Opus: %s", libopus.opus_strerror(made));
    *frames = made;
    return MLK_OK;
}

void mlk_opus_free(mlk_opus *opus)
{
    if (!opus)
        return;
    libopus.opus_decoder_destroy(opus->decoder);
    free(opus);
}

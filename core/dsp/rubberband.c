#include "dsp/rubberband.h"

#include "dsp/stretch.h"
#include "interrupt.h"
#include "library.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What we call of the library's interface, which its soname ("2") vouches for. */
typedef struct RubberBandState_ *state;
typedef unsigned int uint;

enum {
    OFFLINE = 0,
    THREADING_NEVER = 0x00010000,
    PITCH_HIGH_QUALITY = 0x02000000,
    CHANNELS_TOGETHER = 0x10000000,
    ENGINE_FINER = 0x20000000,
};

#define FUNCTIONS(X)                                                                                                   \
    X(state, new, (uint rate, uint channels, int options, double time_ratio, double pitch_scale))                      \
    X(void, delete, (state))                                                                                           \
    X(int, get_engine_version, (state)) /* not called: versions without it lack the finer engine */                    \
    X(void, set_default_debug_level, (int level))                                                                      \
    X(void, set_expected_input_duration, (state, uint samples))                                                        \
    X(void, set_max_process_size, (state, uint samples))                                                               \
    X(void, study, (state, const float *const *input, uint samples, int final))                                        \
    X(void, process, (state, const float *const *input, uint samples, int final))                                      \
    X(int, available, (state))                                                                                         \
    X(uint, retrieve, (state, float *const *output, uint samples))

#define FIELD(result, name, arguments) result(*name) arguments;
static struct {
    FUNCTIONS(FIELD)
} rubberband;

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"librubberband.so.2", NULL};
#define SYMBOL(result, name, arguments) {"rubberband_" #name, (void *)&rubberband.name},
    static const mlk_symbol symbols[] = {FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, "version 3 or later",
                                          "the Rubber Band library", "librubberband2"};
    mlk_code code = mlk_library_find(&wish, status);
    if (!code)
        rubberband.set_default_debug_level(-1); /* not a word on the user's screen */
    return code;
}

mlk_code mlk_rubberband_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}

enum { BLOCK = 8192, MOST_CHANNELS = 64, SHORTEST = 8192 };

typedef struct work {
    state state;
    const float *samples;
    float *out;
    int channels, block;
    int64_t n, length, done;
} work;

/* Takes what is ready; more than the length asked for is left. */
static void retrieve(work *w)
{
    int ready;
    while (w->done < w->length && (ready = rubberband.available(w->state)) > 0) {
        float *out[MOST_CHANNELS];
        int64_t room = w->length - w->done;
        for (int c = 0; c < w->channels; c++)
            out[c] = w->out + c * w->length + w->done;
        int64_t got = rubberband.retrieve(w->state, out, (uint)(ready < room ? ready : room));
        if (got == 0)
            break;
        w->done += got;
    }
}

/* Feeds the whole sound to `feed`, block by block; the result is taken on the way. */
static mlk_code feed_all(work *w, void feed(state, const float *const *, uint, int), mlk_status *status)
{
    for (int64_t first = 0; first < w->n; first += w->block) {
        const float *in[MOST_CHANNELS];
        int64_t count = w->n - first < w->block ? w->n - first : w->block;
        for (int c = 0; c < w->channels; c++)
            in[c] = w->samples + c * w->n + first;
        feed(w->state, in, (uint)count, first + count == w->n);
        if (feed == rubberband.process)
            retrieve(w);
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    return MLK_OK;
}

static mlk_code check(const float *samples, int channels, int64_t n, int64_t length, mlk_status *status)
{
    if (channels < 1 || channels > MOST_CHANNELS)
        return mlk_fail(status, MLK_INVALID, "song must have 1..%d channels for Rubber Band, got %d", MOST_CHANNELS,
                        channels);
    if (n > INT_MAX || length > INT_MAX)
        return mlk_fail(status, MLK_INVALID, "Rubber Band takes and makes %d samples at most, not %lld", INT_MAX,
                        (long long)(n > length ? n : length));
    for (int64_t i = 0; i < n * channels; i++)
        if (!isfinite(samples[i]))
            return mlk_fail(status, MLK_INVALID, "song must be finite, got %s at sample %lld of channel %lld",
                            isnan(samples[i]) ? "nan" : "infinity", (long long)(i % n), (long long)(i / n));
    return MLK_OK;
}

static mlk_code run(work *w, double sample_rate_hz, double rate, double pitch_scale, mlk_status *status)
{
    /* The rate only tells the library how long its windows are; it knows these. */
    double known_rate = fmin(fmax(rint(sample_rate_hz), 8000), 192000);
    w->state = rubberband.new((uint)known_rate, (uint)w->channels,
                              OFFLINE | THREADING_NEVER | PITCH_HIGH_QUALITY | CHANNELS_TOGETHER | ENGINE_FINER,
                              1 / rate, pitch_scale);
    if (!w->state)
        return mlk_fail_memory(status, "Rubber Band");
    rubberband.set_expected_input_duration(w->state, (uint)w->n);
    rubberband.set_max_process_size(w->state, BLOCK);
    mlk_code code = feed_all(w, rubberband.study, status);
    if (!code)
        code = feed_all(w, rubberband.process, status);
    rubberband.delete(w->state);
    return code;
}

mlk_code mlk_rubberband_stretch(const float *samples, int channels, int64_t n, double sample_rate_hz, double rate,
                                double pitch_scale, float *out, mlk_status *status)
{
    work w = {.samples = samples, .out = out, .channels = channels, .n = n, .length = mlk_stretched_length(n, rate)};
    mlk_code code = mlk_rubberband_load(status);
    if (!code)
        code = check(samples, channels, n, w.length, status);
    if (code)
        return code;
    memset(out, 0, (size_t)(w.length * channels) * sizeof *out);
    if (w.length == 0)
        return MLK_OK;
    /* The library drops what does not fit its buffer, which holds some blocks at the original speed. */
    w.block = rate < 1 ? (int)fmax(BLOCK * rate, 1) : BLOCK;
    if (n >= SHORTEST)
        return run(&w, sample_rate_hz, rate, pitch_scale, status);
    /* It makes nothing of sounds that are shorter than its windows: silence is put behind. */
    float *longer = calloc((size_t)channels * SHORTEST, sizeof *longer);
    if (!longer)
        return mlk_fail_memory(status, "a short sound");
    for (int c = 0; c < channels; c++)
        memcpy(longer + c * SHORTEST, samples + c * n, (size_t)n * sizeof *longer);
    w.samples = longer;
    w.n = SHORTEST;
    code = run(&w, sample_rate_hz, rate, pitch_scale, status);
    free(longer);
    return code;
}

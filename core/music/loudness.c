#include "loudness.h"

#ifdef MLK_HAVE_EBUR128

#include "interrupt.h"
#include "music/true_peak.h"

#include <ebur128.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { MOST_CHANNELS = 64, LOWEST_HZ = 100, HIGHEST_HZ = 2822400 };
enum { STEPS_MOMENTARY = 4, STEPS_SHORT_TERM = 30 }; /* of 100 ms */

typedef struct curve {
    float *values;
    int64_t count, capacity;
} curve;

struct mlk_loudness {
    ebur128_state *meter;
    int channels;
    int64_t rate_hz;
    int64_t step;   /* frames between two values of the curves */
    int64_t filled; /* of `piece` */
    int64_t steps;  /* heard */
    float *piece;   /* one step, interleaved */
    mlk_true_peak *peaks; /* of each channel */
    double energies[STEPS_SHORT_TERM]; /* of the last steps, in a ring */
    curve momentary, short_term;
};

mlk_code mlk_loudness_new(int channels, int64_t rate_hz, mlk_loudness **loudness, mlk_status *status)
{
    if (channels < 1 || channels > MOST_CHANNELS)
        return mlk_fail(status, MLK_INVALID, "loudness is defined for 1..%d channels, got %d", MOST_CHANNELS, channels);
    if (rate_hz < LOWEST_HZ || rate_hz > HIGHEST_HZ)
        return mlk_fail(status, MLK_INVALID, "the rate must be %d..%d Hz, got %lld", LOWEST_HZ, HIGHEST_HZ,
                        (long long)rate_hz);
    mlk_loudness *made = calloc(1, sizeof *made);
    if (!made)
        return mlk_fail_memory(status, "a loudness meter");
    made->channels = channels;
    made->rate_hz = rate_hz;
    made->step = (rate_hz + 5) / 10; /* as libebur128 counts */
    made->piece = malloc(sizeof(float) * (size_t)(made->step * channels));
    made->meter = ebur128_init((unsigned)channels, (unsigned long)rate_hz,
                               EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_SAMPLE_PEAK);
    made->peaks = malloc(sizeof *made->peaks * (size_t)channels);
    if (!made->piece || !made->meter || !made->peaks) {
        mlk_loudness_free(made);
        return mlk_fail_memory(status, "a loudness meter");
    }
    for (int channel = 0; channel < channels; channel++)
        mlk_true_peak_start(&made->peaks[channel], rate_hz);
    *loudness = made;
    return MLK_OK;
}

int mlk_loudness_channels(const mlk_loudness *self)
{
    return self->channels;
}

static bool append(curve *self, double value)
{
    if (self->count == self->capacity) {
        int64_t capacity = self->capacity ? 2 * self->capacity : 1024;
        float *grown = realloc(self->values, sizeof(float) * (size_t)capacity);
        if (!grown)
            return false;
        self->values = grown;
        self->capacity = capacity;
    }
    self->values[self->count++] = (float)value;
    return true;
}

static double decibels_of_energy(double energy)
{
    return energy > 0 ? 10 * log10(energy) - 0.691 : -INFINITY;
}

/* The loudness of the last `steps` steps, of which each is weighed by channels already. */
static double loudness_of(const mlk_loudness *self, int steps)
{
    double sum = 0;
    for (int i = 1; i <= steps; i++)
        sum += self->energies[(self->steps - i) % STEPS_SHORT_TERM];
    return decibels_of_energy(sum / steps);
}

/* libebur128 adds up all samples of a window whenever it is asked for one: it is asked for each 100 ms once. */
static void note_energy(mlk_loudness *self)
{
    double loudness = -INFINITY;
    if (ebur128_loudness_window(self->meter, 100, &loudness))
        loudness = -INFINITY;
    self->energies[self->steps % STEPS_SHORT_TERM] = isinf(loudness) ? 0 : pow(10, (loudness + 0.691) / 10);
}

static mlk_code hear_piece(mlk_loudness *self, mlk_status *status)
{
    if (mlk_interrupted())
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (ebur128_add_frames_float(self->meter, self->piece, (size_t)self->filled))
        return mlk_fail_memory(status, "the history of a loudness meter");
    bool whole = self->filled == self->step;
    self->filled = 0;
    if (!whole)
        return MLK_OK;
    note_energy(self);
    self->steps++;
    bool kept = true;
    if (self->steps >= STEPS_MOMENTARY)
        kept = append(&self->momentary, loudness_of(self, STEPS_MOMENTARY));
    if (kept && self->steps >= STEPS_SHORT_TERM)
        kept = append(&self->short_term, loudness_of(self, STEPS_SHORT_TERM));
    return kept ? MLK_OK : mlk_fail_memory(status, "the curve of a loudness meter");
}

mlk_code mlk_loudness_add(mlk_loudness *self, const float *samples, int64_t frames, mlk_status *status)
{
    for (int64_t i = 0; i < frames; i++) {
        for (int channel = 0; channel < self->channels; channel++) {
            float sample = samples[channel * frames + i];
            if (!isfinite(sample))
                return mlk_fail(status, MLK_INVALID, "sound must be finite, a sample of channel %d is %s", channel,
                                isnan(sample) ? "NaN" : "infinite");
            self->piece[self->filled * self->channels + channel] = sample;
        }
        if (++self->filled == self->step) {
            mlk_code code = hear_piece(self, status);
            if (code)
                return code;
        }
    }
    for (int channel = 0; channel < self->channels; channel++)
        mlk_true_peak_add(&self->peaks[channel], samples + channel * frames, frames);
    return MLK_OK;
}

static double decibels(double amplitude)
{
    return amplitude > 0 ? 20 * log10(amplitude) : -INFINITY;
}

mlk_code mlk_loudness_get(mlk_loudness *self, mlk_loudness_result *result, mlk_status *status)
{
    if (self->filled > 0) {
        mlk_code code = hear_piece(self, status);
        if (code)
            return code;
    }
    double true_peak = 0, sample_peak = 0;
    for (unsigned channel = 0; channel < (unsigned)self->channels; channel++) {
        double peak;
        true_peak = fmax(true_peak, self->peaks[channel].peak);
        if (!ebur128_sample_peak(self->meter, channel, &peak))
            sample_peak = fmax(sample_peak, peak);
    }
    *result = (mlk_loudness_result){
        .true_peak_dbtp = decibels(true_peak),
        .sample_peak_dbfs = decibels(sample_peak),
        .rate_hz = (double)self->rate_hz / (double)self->step,
        .momentary_lufs = self->momentary.values,
        .short_term_lufs = self->short_term.values,
        .n_momentary = self->momentary.count,
        .n_short_term = self->short_term.count,
    };
    if (ebur128_loudness_global(self->meter, &result->integrated_lufs) ||
        ebur128_loudness_range(self->meter, &result->range_lu))
        return mlk_fail_memory(status, "the history of a loudness meter");
    return MLK_OK;
}

void mlk_loudness_free(mlk_loudness *self)
{
    if (!self)
        return;
    if (self->meter)
        ebur128_destroy(&self->meter);
    free(self->piece);
    free(self->peaks);
    free(self->momentary.values);
    free(self->short_term.values);
    free(self);
}

#else

mlk_code mlk_loudness_new(int channels, int64_t rate_hz, mlk_loudness **loudness, mlk_status *status)
{
    (void)channels, (void)rate_hz, (void)loudness;
    return mlk_fail(status, MLK_UNSUPPORTED, "this build has no loudness: install libebur128-dev (scripts/setup.sh) "
                                             "and build again");
}

int mlk_loudness_channels(const mlk_loudness *loudness)
{
    (void)loudness;
    return 0;
}

mlk_code mlk_loudness_add(mlk_loudness *loudness, const float *samples, int64_t frames, mlk_status *status)
{
    return mlk_loudness_new(samples != 0, frames, &loudness, status);
}

mlk_code mlk_loudness_get(mlk_loudness *loudness, mlk_loudness_result *result, mlk_status *status)
{
    return mlk_loudness_new(result != 0, 0, &loudness, status);
}

void mlk_loudness_free(mlk_loudness *loudness)
{
    (void)loudness;
}

#endif

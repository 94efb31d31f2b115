#include "loudness.h"

#include "interrupt.h"
#include "music/true_peak.h"
#include "music/weighting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHANNELS = 64, LOWEST_HZ = 100, HIGHEST_HZ = 2822400 };
enum { STEPS_MOMENTARY = 4, STEPS_SHORT_TERM = 30, STEPS_SECOND = 10 }; /* of 100 ms */
enum { GROUPS = (MOST_CHANNELS + MLK_WEIGHTING_LANES - 1) / MLK_WEIGHTING_LANES };

static const double gate_lufs = -70, offset_db = -0.691; /* of a sum of squares: the ear's weighting of 1 kHz */
static const double relative_gate = 0.1, range_gate = 0.01; /* -10 and -20 LU */

struct mlk_loudness {
    int channels;
    int64_t rate_hz;
    int64_t step;   /* frames of 100 ms */
    int64_t filled; /* of the step that is heard */
    mlk_weighting weighting;
    mlk_weighting_state states[GROUPS]; /* of four channels each */
    double energy[MOST_CHANNELS];       /* of this step */
    double *steps;                      /* the energy of each step, of all channels as they count */
    int64_t n_steps, room, forgotten;
    mlk_true_peak *peaks; /* of each channel */
    float *momentary, *short_term;
};

mlk_code mlk_loudness_new(int channels, int64_t rate_hz, mlk_loudness **loudness, mlk_status *status)
{
    if (channels < 1 || channels > MOST_CHANNELS)
        return mlk_fail(status, MLK_INVALID, "loudness is defined for 1..%d channels, got %d", MOST_CHANNELS, channels);
    if (rate_hz < LOWEST_HZ || rate_hz > HIGHEST_HZ)
        return mlk_fail(status, MLK_INVALID, "the rate must be %d..%d Hz, got %lld", LOWEST_HZ, HIGHEST_HZ,
                        (long long)rate_hz);
    mlk_loudness *made = aligned_alloc(sizeof(mlk_weighting_lanes), (sizeof *made + 31) / 32 * 32);
    if (!made)
        return mlk_fail_memory(status, "a loudness meter");
    *made = (mlk_loudness){.channels = channels, .rate_hz = rate_hz, .step = (rate_hz + 5) / 10};
    made->peaks = malloc(sizeof *made->peaks * (size_t)channels);
    if (!made->peaks) {
        mlk_loudness_free(made);
        return mlk_fail_memory(status, "a loudness meter");
    }
    mlk_weighting_start(&made->weighting, (double)rate_hz);
    for (int channel = 0; channel < channels; channel++)
        mlk_true_peak_start(&made->peaks[channel], rate_hz);
    *loudness = made;
    return MLK_OK;
}

int mlk_loudness_channels(const mlk_loudness *self)
{
    return self->channels;
}

/* What a channel counts: those from behind more, the one of low frequencies not at all. */
static double weight_of(int channel, int channels)
{
    static const double by_four[] = {1, 1, 1.41, 1.41}, by_five[] = {1, 1, 1, 1.41, 1.41};
    static const double by_more[] = {1, 1, 1, 0, 1.41, 1.41};
    if (channels == 4)
        return by_four[channel];
    if (channels == 5)
        return by_five[channel];
    return channel < 6 ? by_more[channel] : 0;
}

static mlk_code end_step(mlk_loudness *self, mlk_status *status)
{
    if (self->n_steps == self->room) {
        int64_t room = self->room ? 2 * self->room : 1024;
        double *more = realloc(self->steps, sizeof *more * (size_t)room);
        if (!more)
            return mlk_fail_memory(status, "the history of a loudness meter");
        self->steps = more;
        self->room = room;
    }
    double sum = 0;
    for (int c = 0; c < self->channels; c++)
        sum += weight_of(c, self->channels) * self->energy[c];
    self->steps[self->n_steps++] = sum / (double)self->step;
    memset(self->energy, 0, sizeof self->energy);
    self->filled = 0;
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

static mlk_code check_finite(const mlk_loudness *self, const float *samples, int64_t frames, mlk_status *status)
{
    for (int channel = 0; channel < self->channels; channel++) {
        const float *x = samples + channel * frames;
        int bad = 0;
        for (int64_t i = 0; i < frames; i++)
            bad |= !(fabsf(x[i]) < INFINITY);
        for (int64_t i = 0; bad && i < frames; i++)
            if (!isfinite(x[i]))
                return mlk_fail(status, MLK_INVALID, "sound must be finite, a sample of channel %d is %s", channel,
                                isnan(x[i]) ? "NaN" : "infinite");
    }
    return MLK_OK;
}

mlk_code mlk_loudness_add(mlk_loudness *self, const float *samples, int64_t frames, mlk_status *status)
{
    mlk_code code = check_finite(self, samples, frames, status);
    for (int64_t at = 0, n; !code && at < frames; at += n) {
        n = self->step - self->filled < frames - at ? self->step - self->filled : frames - at;
        for (int first = 0; first < self->channels; first += MLK_WEIGHTING_LANES) {
            int left = self->channels - first, count = left < MLK_WEIGHTING_LANES ? left : MLK_WEIGHTING_LANES;
            mlk_weighting_add(&self->weighting, &self->states[first / MLK_WEIGHTING_LANES],
                              samples + first * frames + at, count, frames, n, self->energy + first);
        }
        self->filled += n;
        if (self->filled == self->step)
            code = end_step(self, status);
    }
    for (int channel = 0; !code && channel < self->channels; channel++)
        mlk_true_peak_add(&self->peaks[channel], samples + channel * frames, frames);
    return code;
}

/* --- what is said of it --- */

static double loudness_of(double energy)
{
    return energy > 0 ? 10 * log10(energy) + offset_db : -INFINITY;
}

static double energy_of(double lufs)
{
    return pow(10, (lufs - offset_db) / 10);
}

/* The mean energy of the window of so many steps that begins at `first`. */
static double window_energy(const mlk_loudness *self, int64_t first, int steps)
{
    double sum = 0;
    for (int i = 0; i < steps; i++)
        sum += self->steps[first + i];
    return sum / steps;
}

/* The energies of the windows of so many steps that reach the gate, one every `hop` steps; NULL: no memory. */
static double *gated(const mlk_loudness *self, int steps, int hop, int64_t *count)
{
    double *found = malloc(sizeof *found * (size_t)(self->n_steps + 1));
    *count = 0;
    for (int64_t i = 0; found && i + steps <= self->n_steps; i += hop) {
        double energy = window_energy(self, i, steps);
        if (energy >= energy_of(gate_lufs))
            found[(*count)++] = energy;
    }
    return found;
}

/* The mean of those of n numbers that reach `least`; 0 where none does. */
static double mean_from(const double *x, int64_t n, double least)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        if (x[i] >= least) {
            sum += x[i];
            count++;
        }
    return count > 0 ? sum / (double)count : 0;
}

static mlk_code find_integrated(const mlk_loudness *self, double *lufs, mlk_status *status)
{
    int64_t n;
    double *windows = gated(self, STEPS_MOMENTARY, 1, &n);
    if (!windows)
        return mlk_fail_memory(status, "the history of a loudness meter");
    *lufs = loudness_of(mean_from(windows, n, relative_gate * mean_from(windows, n, 0)));
    free(windows);
    return MLK_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* From the lowest tenth to the highest twentieth of what is not far under the mean (EBU Tech 3342). */
static mlk_code find_range(const mlk_loudness *self, double *lu, mlk_status *status)
{
    int64_t n, first = 0;
    double *windows = gated(self, STEPS_SHORT_TERM, STEPS_SECOND, &n);
    if (!windows)
        return mlk_fail_memory(status, "the history of a loudness meter");
    double gate = range_gate * mean_from(windows, n, 0);
    qsort(windows, (size_t)n, sizeof *windows, ascending);
    while (first < n && windows[first] < gate)
        first++;
    double last = (double)(n - first - 1);
    *lu = first < n ? loudness_of(windows[first + (int64_t)(0.95 * last + 0.5)]) -
                          loudness_of(windows[first + (int64_t)(0.1 * last + 0.5)])
                    : 0;
    free(windows);
    return MLK_OK;
}

static mlk_code make_curve(const mlk_loudness *self, int steps, float **curve, int64_t *count, mlk_status *status)
{
    int64_t n = self->n_steps >= steps ? self->n_steps - steps + 1 : 0;
    float *made = realloc(*curve, sizeof *made * (size_t)(n + 1));
    if (!made)
        return mlk_fail_memory(status, "the curve of a loudness meter");
    for (int64_t i = 0; i < n; i++)
        made[i] = (float)loudness_of(window_energy(self, i, steps));
    *curve = made;
    *count = n;
    return MLK_OK;
}

static double decibels(double amplitude)
{
    return amplitude > 0 ? 20 * log10(amplitude) : -INFINITY;
}

mlk_code mlk_loudness_get(mlk_loudness *self, mlk_loudness_result *result, mlk_status *status)
{
    double true_peak = 0, sample_peak = 0;
    for (int channel = 0; channel < self->channels; channel++) {
        true_peak = fmax(true_peak, (double)self->peaks[channel].peak);
        sample_peak = fmax(sample_peak, (double)self->peaks[channel].sample_peak);
    }
    *result = (mlk_loudness_result){
        .true_peak_dbtp = decibels(true_peak), .sample_peak_dbfs = decibels(sample_peak),
        .rate_hz = (double)self->rate_hz / (double)self->step,
    };
    mlk_code code = find_integrated(self, &result->integrated_lufs, status);
    if (!code)
        code = find_range(self, &result->range_lu, status);
    if (!code)
        code = make_curve(self, STEPS_MOMENTARY, &self->momentary, &result->n_momentary, status);
    if (!code)
        code = make_curve(self, STEPS_SHORT_TERM, &self->short_term, &result->n_short_term, status);
    result->momentary_lufs = self->momentary;
    result->short_term_lufs = self->short_term;
    return code;
}

static double now(const mlk_loudness *self, int steps)
{
    return self->n_steps < steps ? NAN : loudness_of(window_energy(self, self->n_steps - steps, steps));
}

void mlk_loudness_now(const mlk_loudness *self, double *momentary_lufs, double *short_term_lufs, int64_t *steps)
{
    *momentary_lufs = now(self, STEPS_MOMENTARY);
    *short_term_lufs = now(self, STEPS_SHORT_TERM);
    *steps = self->forgotten + self->n_steps;
}

void mlk_loudness_forget(mlk_loudness *self)
{
    int64_t gone = self->n_steps - STEPS_SHORT_TERM;
    if (gone <= 0)
        return;
    memmove(self->steps, self->steps + gone, sizeof *self->steps * STEPS_SHORT_TERM);
    self->n_steps = STEPS_SHORT_TERM;
    self->forgotten += gone;
}

void mlk_loudness_free(mlk_loudness *self)
{
    if (!self)
        return;
    free(self->steps);
    free(self->peaks);
    free(self->momentary);
    free(self->short_term);
    free(self);
}

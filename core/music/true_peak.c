#include "music/true_peak.h"

#include "clones.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256, LANES = 8 };

static const double pi = 3.14159265358979323846;

void mlk_true_peak_start(mlk_true_peak *self, int64_t rate_hz)
{
    memset(self, 0, sizeof *self);
    self->factor = rate_hz < 96000 ? 4 : rate_hz < 192000 ? 2 : 1;
    if (self->factor == 1) /* nobody looks between samples */
        return;
    for (int j = 0; j < MLK_TRUE_PEAK_TAPS; j++) {
        double m = j - (MLK_TRUE_PEAK_TAPS - 1) / 2.0, x = m * pi / self->factor;
        double window = 0.5 * (1 - cos(2 * pi * j / (MLK_TRUE_PEAK_TAPS - 1)));
        self->taps[j % self->factor][j / self->factor] = (float)(window * (m == 0 ? 1 : sin(x) / x));
    }
    self->count = (MLK_TRUE_PEAK_TAPS + self->factor - 1) / self->factor;
    for (int phase = 0; phase < self->factor; phase++) {
        float sum = 0;
        for (int k = 0; k < self->count; k++)
            sum += fabsf(self->taps[phase][k]);
        self->reach = fmaxf(self->reach, 1.0001f * sum); /* with what rounding may add */
    }
}

/* The larger of `most` and the largest magnitude of n numbers. */
static inline float largest(const float *x, int n, float most)
{
    float lanes[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float magnitude = fabsf(x[i + j]);
            lanes[j] = magnitude > lanes[j] ? magnitude : lanes[j];
        }
    for (; i < n; i++)
        most = fmaxf(most, fabsf(x[i]));
    for (int j = 0; j < LANES; j++)
        most = fmaxf(most, lanes[j]);
    return most;
}

/* x: n samples, up to BLOCK, after those that the taps reach back to. */
MLK_CLONES static float between(const mlk_true_peak *self, const float *x, int n, float most)
{
    float sums[BLOCK];
    for (int phase = 0; phase < self->factor; phase++) {
        memset(sums, 0, sizeof sums);
        for (int k = 0; k < self->count; k++) {
            float tap = self->taps[phase][k];
            const float *moved = x - k;
            for (int i = 0; i < n; i++)
                sums[i] += tap * moved[i];
        }
        most = largest(sums, n, most);
    }
    return most;
}

/* Between samples that lie so low that nothing there can reach the peak, nobody looks. */
MLK_CLONES static void hear_block(mlk_true_peak *self, const float *x, int n)
{
    float highest = largest(x, n, 0), around = largest(x - MLK_TRUE_PEAK_PAST, MLK_TRUE_PEAK_PAST, highest);
    self->sample_peak = fmaxf(self->sample_peak, highest);
    self->peak = fmaxf(self->peak, highest);
    if (self->factor > 1 && around * self->reach > self->peak)
        self->peak = between(self, x, n, self->peak);
}

void mlk_true_peak_add(mlk_true_peak *self, const float *samples, int64_t n)
{
    float heard[MLK_TRUE_PEAK_PAST + BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        int count = n - at < BLOCK ? (int)(n - at) : BLOCK;
        memcpy(heard, self->past, sizeof self->past);
        memcpy(heard + MLK_TRUE_PEAK_PAST, samples + at, sizeof *samples * (size_t)count);
        hear_block(self, heard + MLK_TRUE_PEAK_PAST, count);
        memcpy(self->past, heard + count, sizeof self->past);
    }
}

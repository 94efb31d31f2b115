#include "dsp/augment.h"

#include <math.h>

bool mlk_augment_draw(const mlk_augment *augment, uint64_t seed, mlk_change *change)
{
    *change = (mlk_change){.augment = augment, .random = mlk_random_seeded(seed)};
    bool happens = mlk_random_uniform(&change->random) < augment->p;
    change->value = augment->low + (augment->high - augment->low) * mlk_random_uniform(&change->random);
    if (augment->kind == MLK_AUGMENT_MIXUP)
        change->value = mlk_random_beta(&change->random, change->value);
    return happens;
}

static void reverse(float *values, int64_t n)
{
    for (int64_t i = 0; i < n / 2; i++) {
        float swap = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = swap;
    }
}

void mlk_shift(float *values, int64_t n, int64_t by, bool wrap, float fill)
{
    int64_t later = by < 0 ? by + n : by;
    reverse(values, n);
    reverse(values, later);
    reverse(values + later, n - later);
    if (wrap)
        return;
    for (int64_t i = 0; i < by; i++)
        values[i] = fill;
    for (int64_t i = n + by; i < n; i++)
        values[i] = fill;
}

int64_t mlk_change_distance(const mlk_change *change, int64_t n, double rate)
{
    double by = rint(change->value * (change->augment->relative ? (double)n : rate));
    return change->augment->wrap ? (int64_t)fmod(by, (double)n) : (int64_t)fmax(-(double)n, fmin((double)n, by));
}

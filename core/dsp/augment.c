#include "dsp/augment.h"

#include <math.h>

const char *const mlk_augment_names[] = {
    [MLK_AUGMENT_NOISE] = "noise",
    [MLK_AUGMENT_POLARITY] = "polarity",
    [MLK_AUGMENT_TIME_STRETCH] = "time_stretch",
    [MLK_AUGMENT_PITCH_SHIFT] = "pitch_shift",
    [MLK_AUGMENT_GAIN] = "gain",
    [MLK_AUGMENT_SHIFT] = "shift",
    [MLK_AUGMENT_EQUALIZER] = "equalizer",
    [MLK_AUGMENT_MIXUP] = "mixup",
    [MLK_AUGMENT_TIME_MASK] = "time_mask",
    [MLK_AUGMENT_FREQUENCY_MASK] = "frequency_mask",
    [MLK_AUGMENT_FREQUENCY_SHIFT] = "frequency_shift",
    [MLK_AUGMENT_KINDS] = NULL,
};
_Static_assert(sizeof mlk_augment_names / sizeof *mlk_augment_names == MLK_AUGMENT_KINDS + 1, "every kind has a name");

const mlk_parameter mlk_augment_parameters[] = {
    MLK_CHOICE("kind", 0, mlk_augment_names, "what happens", MLK_IN(mlk_augment, kind), .required = true),
    MLK_BOOLEAN("on_features", 0, "changes features, not the sound", MLK_IN(mlk_augment, on_features)),
    MLK_REAL("p", 1, 0, 1, "how likely it happens", MLK_IN(mlk_augment, p)),
    MLK_REAL("low", 0, -1e9, 1e9, "the least amount", MLK_IN(mlk_augment, low)),
    MLK_REAL("high", 0, -1e9, 1e9, "the largest amount", MLK_IN(mlk_augment, high)),
    MLK_INTEGER("count", 1, 0, MLK_MAX_BANDS, "how many masks or bands", MLK_IN(mlk_augment, count)),
    MLK_BOOLEAN("relative", 0, "amounts are fractions of the whole", MLK_IN(mlk_augment, relative)),
    MLK_BOOLEAN("wrap", 0, "what leaves at one end comes in at the other", MLK_IN(mlk_augment, wrap)),
    MLK_PARAMETERS_END,
};

mlk_code mlk_augments_check(const mlk_augment *augments, int n, mlk_status *status)
{
    int mixups = 0;
    for (int i = 0; i < n; i++) {
        mixups += augments[i].kind == MLK_AUGMENT_MIXUP;
        if (i > 0 && !augments[i].on_features && augments[i - 1].on_features)
            return mlk_fail(status, MLK_INVALID, "augmentations of sounds come before those of features");
        if (augments[i].on_features && augments[i].kind == MLK_AUGMENT_TIME_STRETCH && !augments[0].on_features)
            return mlk_fail(status, MLK_INVALID,
                            "time_stretch on features goes with no augmentation of sounds (%s): give it on = \"sound\"",
                            mlk_augment_names[augments[0].kind]);
    }
    return mixups < 2 ? MLK_OK : mlk_fail(status, MLK_INVALID, "augment may hold one mixup, got %d", mixups);
}

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

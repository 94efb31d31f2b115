#include "dsp/median.h"

#include <math.h>

/* Position i of a sequence of n mirrored at its ends, the ends repeated. */
static int64_t mirrored(int64_t i, int64_t n)
{
    int64_t period = 2 * n;
    i = (i % period + period) % period;
    return i < n ? i : period - 1 - i;
}

/* Puts a value into the first `count` of each lane, which are in order. */
MLK_CLONES static void insert(mlk_floats *sorted, int count, const mlk_floats *value)
{
    mlk_floats rising = *value;
    for (int i = 0; i < count; i++) {
        mlk_floats here = sorted[i];
        mlk_masks below = rising < here;
        sorted[i] = MLK_WHERE(below, rising, here);
        rising = MLK_WHERE(below, here, rising);
    }
    sorted[count] = rising;
}

/* Takes `old` out of `count` values in order and puts `new` in: what is larger than the one and not the other moves
 * by one place. */
MLK_CLONES static void replace(mlk_floats *restrict sorted, int count, const mlk_floats *restrict old,
                               const mlk_floats *restrict new)
{
    const mlk_floats gone = *old, rising = *new;
    mlk_floats before = {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY};
    mlk_masks out = {0};      /* `old` was met: from here on later values move down */
    mlk_floats here = sorted[0];
    for (int i = 0; i < count; i++) {
        /* Element i of the values with `new` among them is the middle one of before, new and here. */
        mlk_floats next = i + 1 < count ? sorted[i + 1] : rising;
        mlk_floats with = MLK_SMALLER(rising, here);
        with = MLK_LARGER(before, with);
        mlk_floats low = i + 1 < count ? MLK_SMALLER(rising, next) : rising;
        mlk_floats after = MLK_LARGER(here, low);
        out |= with == gone;
        sorted[i] = MLK_WHERE(out, after, with);
        before = here;
        here = next;
    }
}

void mlk_running_median(const float *in, int64_t in_step, int64_t n, int length, float *out, int64_t out_step,
                        mlk_floats *sorted)
{
    int64_t back = length / 2;
    for (int i = 0; i < length; i++)
        insert(sorted, i, (const mlk_floats *)(in + mirrored(i - back, n) * in_step));
    for (int64_t t = 0;; t++) {
        *(mlk_floats *)(out + t * out_step) = sorted[length / 2];
        if (t + 1 == n)
            return;
        replace(sorted, length, (const mlk_floats *)(in + mirrored(t - back, n) * in_step),
                (const mlk_floats *)(in + mirrored(t - back + length, n) * in_step));
    }
}

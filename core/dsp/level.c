#include "dsp/level.h"

#include "dsp/fft.h"
#include "dsp/lanes.h"

#include <math.h>

/* Calls measure for each frame. */
static mlk_code each_frame(const mlk_frames *frames, double (*measure)(const float *, int, double), double option,
                           float *out, mlk_status *status)
{
    float *scratch = (float *)mlk_fft_buffer((size_t)frames->length);
    if (!scratch)
        return mlk_fail_memory(status, "a frame");
    for (int64_t t = 0; t < frames->count; t++) {
        int64_t start = (frames->first + t) * frames->hop - (frames->center ? frames->length / 2 : 0);
        out[t] = (float)measure(mlk_view_frame(frames->view, start, frames->length, frames->pad, scratch),
                                frames->length, option);
    }
    mlk_fft_release(scratch);
    return MLK_OK;
}

MLK_CLONES static double sum_of_squares(const float *restrict frame, int length)
{
    double parts[8] = {0}; /* sums side by side */
    int i = 0;
    for (; i + 8 <= length; i += 8)
        for (int j = 0; j < 8; j++)
            parts[j] += (double)frame[i + j] * frame[i + j];
    double sum = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
    for (; i < length; i++)
        sum += (double)frame[i] * frame[i];
    return sum;
}

static double root_mean_square(const float *frame, int length, double unused)
{
    (void)unused;
    return sqrt(sum_of_squares(frame, length) / length);
}

mlk_code mlk_rms(const mlk_frames *frames, float *out, mlk_status *status)
{
    return each_frame(frames, root_mean_square, 0, out, status);
}

MLK_CLONES static int sign_changes(const float *restrict frame, int length, float least)
{
    int changes = 0;
    for (int i = 1; i < length; i++)
        changes += (frame[i] < least) != (frame[i - 1] < least);
    return changes;
}

/* `least` is a float in a double's clothes. */
static double crossing_rate(const float *frame, int length, double least)
{
    return (double)sign_changes(frame, length, (float)least) / length;
}

mlk_code mlk_zero_crossing_rate(const mlk_frames *frames, double threshold, float *out, mlk_status *status)
{
    float least = (float)-threshold; /* a float lies below -threshold just when below the next float from there */
    if ((double)least < -threshold)
        least = nextafterf(least, INFINITY);
    return each_frame(frames, crossing_rate, least, out, status);
}

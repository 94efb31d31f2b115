#include "dsp/level.h"

#include "dsp/fft.h"
#include "dsp/lanes.h"

#include <math.h>

/* Calls measure for each frame, in double precision. */
static mlk_code each_frame(const mlk_frames *frames, double (*measure)(const double *, int, double), double option,
                           float *out, mlk_status *status)
{
    double *frame = mlk_fft_buffer((size_t)frames->length);
    if (!frame)
        return mlk_fail_memory(status, "a frame");
    for (int64_t t = 0; t < frames->count; t++) {
        int64_t start = (frames->first + t) * frames->hop - (frames->center ? frames->length / 2 : 0);
        mlk_view_read(frames->view, start, frames->length, frames->pad, frame);
        out[t] = (float)measure(frame, frames->length, option);
    }
    mlk_fft_release(frame);
    return MLK_OK;
}

MLK_CLONES static double sum_of_squares(const double *restrict frame, int length)
{
    double parts[8] = {0}; /* sums side by side */
    int i = 0;
    for (; i + 8 <= length; i += 8)
        for (int j = 0; j < 8; j++)
            parts[j] += frame[i + j] * frame[i + j];
    double sum = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
    for (; i < length; i++)
        sum += frame[i] * frame[i];
    return sum;
}

static double root_mean_square(const double *frame, int length, double unused)
{
    (void)unused;
    return sqrt(sum_of_squares(frame, length) / length);
}

mlk_code mlk_rms(const mlk_frames *frames, float *out, mlk_status *status)
{
    return each_frame(frames, root_mean_square, 0, out, status);
}

MLK_CLONES static int sign_changes(const double *restrict frame, int length, double least)
{
    int64_t changes = 0;
    for (int i = 1; i < length; i++)
        changes += (frame[i] < least) != (frame[i - 1] < least);
    return (int)changes;
}

static double crossing_rate(const double *frame, int length, double threshold)
{
    return (double)sign_changes(frame, length, -threshold) / length;
}

mlk_code mlk_zero_crossing_rate(const mlk_frames *frames, double threshold, float *out, mlk_status *status)
{
    return each_frame(frames, crossing_rate, threshold, out, status);
}

#include "dsp/level.h"

#include "dsp/fft.h"

#include <math.h>

/* Calls measure for each frame. */
static mlk_code each_frame(const float *samples, int64_t n, int frame_length, int hop_length, bool center,
                           mlk_pad pad, double (*measure)(const double *, int, double), double option, float *out,
                           mlk_status *status)
{
    double *frame = mlk_fft_buffer((size_t)frame_length);
    if (!frame)
        return mlk_fail_memory(status, "a frame");
    mlk_view view = mlk_view_whole(samples, n);
    int64_t frames = mlk_frame_count(n, frame_length, hop_length, center);
    for (int64_t t = 0; t < frames; t++) {
        mlk_view_read(&view, t * hop_length - (center ? frame_length / 2 : 0), frame_length, pad, frame);
        out[t] = (float)measure(frame, frame_length, option);
    }
    mlk_fft_release(frame);
    return MLK_OK;
}

static double root_mean_square(const double *frame, int length, double unused)
{
    (void)unused;
    double parts[4] = {0}; /* four sums side by side */
    int i = 0;
    for (; i + 4 <= length; i += 4)
        for (int j = 0; j < 4; j++)
            parts[j] += frame[i + j] * frame[i + j];
    double sum = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    for (; i < length; i++)
        sum += frame[i] * frame[i];
    return sqrt(sum / length);
}

mlk_code mlk_rms(const float *samples, int64_t n, int frame_length, int hop_length, bool center, mlk_pad pad,
                 float *out, mlk_status *status)
{
    return each_frame(samples, n, frame_length, hop_length, center, pad, root_mean_square, 0, out, status);
}

static double sign_changes(const double *frame, int length, double threshold)
{
    int changes = 0;
    for (int i = 1; i < length; i++)
        changes += (frame[i] < -threshold) != (frame[i - 1] < -threshold);
    return (double)changes / length;
}

mlk_code mlk_zero_crossing_rate(const float *samples, int64_t n, int frame_length, int hop_length, bool center,
                                double threshold, float *out, mlk_status *status)
{
    return each_frame(samples, n, frame_length, hop_length, center, MLK_PAD_EDGE, sign_changes, threshold, out,
                      status);
}

#include "music/peaks.h"

#define IN(member) MLK_IN(mlk_peaks_options, member)

const mlk_parameter mlk_peaks_parameters[] = {
    MLK_INTEGER("pre_max", 0, 0, INT32_MAX, "frames before a peak that are no larger", IN(pre_max), .required = true),
    MLK_INTEGER("post_max", 0, 1, INT32_MAX, "frames from a peak on that are no larger", IN(post_max), .required = true),
    MLK_INTEGER("pre_avg", 0, 0, INT32_MAX, "frames before a peak for the mean", IN(pre_avg), .required = true),
    MLK_INTEGER("post_avg", 0, 1, INT32_MAX, "frames from a peak on for the mean", IN(post_avg), .required = true),
    MLK_REAL("delta", 0, 0, HUGE_VAL, "how far a peak lies over the mean", IN(delta), .required = true),
    MLK_INTEGER("wait", 0, 0, INT32_MAX, "frames after a peak that are passed over", IN(wait), .required = true),
    MLK_PARAMETERS_END,
};

static int stands_out(const float *x, int64_t n, int64_t t, const mlk_peaks_options *o)
{
    int64_t first = t - o->pre_max > 0 ? t - o->pre_max : 0, stop = t + o->post_max < n ? t + o->post_max : n;
    for (int64_t i = first; i < stop; i++)
        if (x[i] > x[t])
            return 0;
    first = t - o->pre_avg > 0 ? t - o->pre_avg : 0;
    stop = t + o->post_avg < n ? t + o->post_avg : n;
    double sum = 0;
    for (int64_t i = first; i < stop; i++)
        sum += x[i];
    return x[t] >= sum / (double)(stop - first) + o->delta;
}

int64_t mlk_peaks(const float *x, int64_t n, const mlk_peaks_options *o, int64_t *peaks)
{
    int64_t count = 0;
    for (int64_t t = 0; t < n; t++)
        if (stands_out(x, n, t, o)) {
            peaks[count++] = t;
            t += o->wait;
        }
    return count;
}

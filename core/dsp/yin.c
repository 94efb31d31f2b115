#include "dsp/yin.h"

#include "dsp/fft.h"
#include "interrupt.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

struct mlk_yin_scratch {
    mlk_yin yin;
    const mlk_fft *fft;
    int fft_length;
    double *time; /* fft_length values: the frame, then its autocorrelation */
    double complex *bins;
    double *energy; /* sums of the frame's first squares */
};

mlk_code mlk_yin_check(const mlk_yin *yin, double rate, mlk_status *status)
{
    if (yin->fmax > rate / 2)
        return mlk_fail(status, MLK_INVALID, "fmax must not exceed half the sample rate (%g Hz), got %g", rate / 2,
                        yin->fmax);
    if (yin->fmin >= yin->fmax)
        return mlk_fail(status, MLK_INVALID, "fmin must lie below fmax (%g Hz), got %g", yin->fmax, yin->fmin);
    if (rate / yin->fmin >= yin->frame_length - 1)
        return mlk_fail(status, MLK_INVALID,
                        "frame_length must exceed a period of fmin (%g Hz: %.0f samples) by more than 1, got %d",
                        yin->fmin, ceil(rate / yin->fmin), yin->frame_length);
    return MLK_OK;
}

mlk_code mlk_yin_scan_begin(mlk_yin_scan *scan, const mlk_yin *yin, double rate, mlk_status *status)
{
    *scan = (mlk_yin_scan){.min_period = (int)floor(rate / yin->fmax)};
    mlk_code code = mlk_yin_check(yin, rate, status);
    if (code)
        return code;
    int max_period = (int)fmin(ceil(rate / yin->fmin), yin->frame_length - 1);
    scan->n_periods = max_period - scan->min_period + 1;
    struct mlk_yin_scratch *s = scan->scratch = calloc(1, sizeof *s);
    if (!s)
        return mlk_fail_memory(status, "the periods of a frame");
    s->yin = *yin;
    s->fft_length = mlk_fft_fast_length(yin->frame_length + max_period); /* lags up to max_period do not wrap */
    s->fft = mlk_fft_plan(s->fft_length, status);
    if (!s->fft)
        return status->code;
    s->time = mlk_fft_buffer((size_t)s->fft_length);
    s->bins = (double complex *)mlk_fft_buffer((size_t)s->fft_length + 2);
    s->energy = malloc(((size_t)max_period + 1) * sizeof *s->energy);
    scan->difference = malloc((size_t)scan->n_periods * sizeof *scan->difference);
    return s->time && s->bins && s->energy && scan->difference ? MLK_OK
                                                               : mlk_fail_memory(status, "the periods of a frame");
}

void mlk_yin_scan_end(mlk_yin_scan *scan)
{
    free(scan->difference);
    if (!scan->scratch)
        return;
    mlk_fft_release(scan->scratch->time);
    mlk_fft_release(scan->scratch->bins);
    free(scan->scratch->energy);
    free(scan->scratch);
}

/* Leaves r(0), r(1) ... in s->time, and the sums of squares before each sample in s->energy. */
static void autocorrelate(struct mlk_yin_scratch *s, int max_period)
{
    s->energy[0] = 0;
    for (int i = 0; i < max_period; i++)
        s->energy[i + 1] = s->energy[i] + s->time[i] * s->time[i];
    s->energy[1] = 0; /* as the reference has it: the sum of one square is left out */
    for (int i = s->yin.frame_length; i < s->fft_length; i++)
        s->time[i] = 0;
    mlk_fft_forward(s->fft, s->time, s->bins);
    for (int k = 0; k <= s->fft_length / 2; k++)
        s->bins[k] = creal(s->bins[k]) * creal(s->bins[k]) + cimag(s->bins[k]) * cimag(s->bins[k]);
    mlk_fft_inverse(s->fft, s->bins, s->time);
}

void mlk_yin_scan_frame(mlk_yin_scan *scan, const mlk_view *view, int64_t frame)
{
    struct mlk_yin_scratch *s = scan->scratch;
    int length = s->yin.frame_length, max_period = scan->min_period + scan->n_periods - 1;
    int64_t start = frame * s->yin.hop_length - (s->yin.center ? length / 2 : 0);
    mlk_view_read(view, start, length, s->yin.pad_mode, s->time);
    autocorrelate(s, max_period);
    double sum = 0;
    for (int period = 1; period <= max_period; period++) {
        double difference = 2 * (s->time[0] - s->time[period]) - s->energy[period];
        sum += difference;
        if (period >= scan->min_period)
            scan->difference[period - scan->min_period] = difference / (sum / period + DBL_MIN);
    }
}

bool mlk_yin_is_trough(const mlk_yin_scan *scan, int i)
{
    const double *d = scan->difference;
    if (i == 0)
        return d[0] < d[1];
    return d[i] < d[i - 1] && (i == scan->n_periods - 1 || d[i] <= d[i + 1]);
}

double mlk_yin_period(const mlk_yin_scan *scan, int i)
{
    double period = scan->min_period + i;
    if (i == 0 || i == scan->n_periods - 1)
        return period;
    const double *d = scan->difference + i;
    double a = d[1] + d[-1] - 2 * d[0], b = (d[1] - d[-1]) / 2;
    return fabs(b) >= fabs(a) ? period : period - b / a;
}

/* The first trough under the threshold; the lowest value when there is none. */
static int choose(const mlk_yin_scan *scan, double trough_threshold)
{
    int lowest = 0;
    for (int i = 0; i < scan->n_periods; i++) {
        if (scan->difference[i] < trough_threshold && mlk_yin_is_trough(scan, i))
            return i;
        if (scan->difference[i] < scan->difference[lowest])
            lowest = i;
    }
    return lowest;
}

mlk_code mlk_yin_pitch(const mlk_yin *yin, double trough_threshold, const mlk_view *view, int64_t frames, double rate,
                       float *out, mlk_status *status)
{
    mlk_yin_scan scan;
    mlk_code code = mlk_yin_scan_begin(&scan, yin, rate, status);
    for (int64_t t = 0; !code && t < frames; t++) {
        mlk_yin_scan_frame(&scan, view, t);
        out[t] = (float)(rate / mlk_yin_period(&scan, choose(&scan, trough_threshold)));
        if (t % 64 == 0 && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    mlk_yin_scan_end(&scan);
    return code;
}

#include "dsp/cqt_filter.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_FRAME = 1 << 22 }; /* samples of the longest filter: beyond it memory, not sense, would be the limit */

/* Relative width of a filter: the same for all bins of an evenly spaced scale. */
static double relative_width(const mlk_cqt *cqt)
{
    double step = pow(4, 1.0 / cqt->bins_per_octave);
    return (step - 1) / (step + 1);
}

/* The default makes a filter as wide as the ear's equivalent rectangular bandwidth (Glasberg and Moore, 1990). */
double mlk_cqt_gamma(const mlk_cqt *cqt)
{
    return isnan(cqt->gamma) ? 24.7 * relative_width(cqt) / 0.108 : cqt->gamma;
}

double mlk_cqt_filter_length(const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate)
{
    double alpha = relative_width(cqt);
    return cqt->filter_scale / alpha / (hz_over_rate + gamma_over_rate / alpha);
}

/* Width in bins of the window's spectrum, as the rectangle of the same energy. */
static double window_bandwidth(mlk_window window)
{
    static const double widths[] = {
        [MLK_WINDOW_HANN] = 1.50018310546875,       [MLK_WINDOW_HAMMING] = 1.3629455320350348,
        [MLK_WINDOW_BLACKMAN] = 1.7269681554262326, [MLK_WINDOW_BARTLETT] = 1.3334961334912805,
        [MLK_WINDOW_ONES] = 1.0,
    };
    return widths[window];
}

double mlk_cqt_cutoff(const mlk_cqt *cqt)
{
    double tuning = isnan(cqt->tuning) ? 0 : cqt->tuning;
    double top = cqt->fmin * pow(2, (tuning + cqt->n_bins - 1) / cqt->bins_per_octave);
    return top * (1 + 0.5 * window_bandwidth(cqt->window) * relative_width(cqt) / cqt->filter_scale) +
           mlk_cqt_gamma(cqt) / 2;
}

mlk_code mlk_cqt_transform_length(double longest, int *n_fft, mlk_status *status)
{
    if (longest > MAX_FRAME)
        return mlk_fail(status, MLK_INVALID,
                        "the constant-Q filter at the lowest frequency is %.0f samples long: raise fmin", longest);
    *n_fft = (int)exp2(ceil(log2(longest)));
    *n_fft = *n_fft < 2 ? 2 : *n_fft;
    return MLK_OK;
}

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* Moves the values of low..high-1 below the pivot to the front and those above it to the end; *below and *above: where the
 * equal ones begin and end. What the values below sum to. */
static double part(double *values, int low, int high, double pivot, int *below, int *above)
{
    double sum = 0;
    int i = low;
    *below = low;
    *above = high;
    while (i < *above) {
        if (values[i] < pivot) {
            sum += values[i];
            swap(&values[i++], &values[(*below)++]);
        } else if (values[i] > pivot) {
            swap(&values[i], &values[--*above]);
        } else {
            i++;
        }
    }
    return sum;
}

/* The magnitude below which bins are dropped: the smallest ones, together under `share` of the whole. It is looked for as
 * quickselect does, by sums in place of counts: sorting took half of the time that a filter takes. */
static double least_kept(const double *magnitudes, int bins, double share, double *values)
{
    double total = 0, pivot = 0;
    for (int k = 0; k < bins; k++)
        total += values[k] = magnitudes[k];
    double left = share * total;
    for (int low = 0, high = bins; low < high;) {
        int below, above;
        pivot = values[low + (high - low) / 2];
        double smaller = part(values, low, high, pivot, &below, &above);
        if (smaller >= left && below > low) {
            high = below;
            continue;
        }
        left -= smaller + pivot * (above - below);
        if (left <= 0)
            break;
        low = above;
    }
    return pivot;
}

bool mlk_filter_maker_open(mlk_filter_maker *w, int n_fft, mlk_status *status)
{
    size_t n = (size_t)n_fft;
    *w = (mlk_filter_maker){.n_fft = n_fft, .fft = mlk_fft_plan(n_fft, status)};
    if (!w->fft)
        return false;
    w->real = mlk_fft_buffer(n);
    w->imaginary = mlk_fft_buffer(n);
    w->window = mlk_fft_buffer(n);
    w->magnitudes = mlk_fft_buffer(n);
    w->values = mlk_fft_buffer(n);
    w->bins = (double complex *)mlk_fft_buffer(n + 2);
    w->more = (double complex *)mlk_fft_buffer(n + 2);
    if (w->real && w->imaginary && w->window && w->magnitudes && w->values && w->bins && w->more)
        return true;
    mlk_fail_memory(status, "constant-Q filters");
    return false;
}

void mlk_filter_maker_close(mlk_filter_maker *w)
{
    mlk_fft_release(w->real);
    mlk_fft_release(w->imaginary);
    mlk_fft_release(w->window);
    mlk_fft_release(w->magnitudes);
    mlk_fft_release(w->values);
    mlk_fft_release(w->bins);
    mlk_fft_release(w->more);
}

/* The whole spectrum, and its magnitudes. */
static void transform(mlk_filter_maker *w, const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate)
{
    double length = mlk_cqt_filter_length(cqt, hz_over_rate, gamma_over_rate);
    int from = (int)floor(-length / 2), count = (int)floor(length / 2) - from, left = (w->n_fft - count) / 2;
    double norm = 0;
    mlk_window_fill(cqt->window, count, true, w->window);
    for (int i = 0; i < count; i++) {
        double size = fabs(w->window[i]);
        if (cqt->norm == MLK_NORM_INF)
            norm = size > norm ? size : norm;
        else
            norm += cqt->norm == MLK_NORM_1 ? size : size * size;
    }
    norm = cqt->norm == MLK_NORM_NONE ? 1 : (cqt->norm == MLK_NORM_2 ? sqrt(norm) : norm);
    for (int i = 0; i < w->n_fft; i++)
        w->real[i] = w->imaginary[i] = 0;
    for (int i = 0; i < count; i++) {
        double size = w->window[i] / norm * length / w->n_fft, phase = 2 * M_PI * hz_over_rate * (from + i);
        w->real[left + i] = size * cos(phase);
        w->imaginary[left + i] = size * sin(phase);
    }
    mlk_fft_forward(w->fft, w->real, w->bins);
    mlk_fft_forward(w->fft, w->imaginary, w->more);
    for (int k = 0; k <= w->n_fft / 2; k++) {
        w->bins[k] += I * w->more[k];
        w->magnitudes[k] = cabs(w->bins[k]);
    }
}

void mlk_filter_make(mlk_filter_maker *w, const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate)
{
    int bins = w->n_fft / 2 + 1;
    transform(w, cqt, hz_over_rate, gamma_over_rate);
    double least = least_kept(w->magnitudes, bins, cqt->sparsity, w->values);
    w->first = bins;
    w->end = 0;
    for (int k = 0; k < bins; k++)
        if (w->magnitudes[k] < least)
            w->bins[k] = w->magnitudes[k] = 0;
        else {
            w->first = k < w->first ? k : w->first;
            w->end = k + 1;
        }
}

#include "dsp/cqt.h"

#include "dsp/fft.h"
#include "dsp/memo.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_FRAME = 1 << 22 }; /* samples of the longest filter: beyond it memory, not sense, would be the limit */

/* --- filters --- */

/* Filters of one octave in the frequency domain, each a run of bins. */
typedef struct bank {
    int n_fft, count;
    int *first, *start;    /* row r: bins first[r] .., weights start[r] .. start[r + 1] - 1 */
    float complex *weights;
} bank;

/* What the filters of an octave depend on. */
typedef struct octave {
    const mlk_cqt *cqt;
    double lowest; /* frequency of the first filter over the sample rate */
    int count;
} octave;

/* Relative width of a filter: the same for all bins of an evenly spaced scale. */
static double relative_width(const mlk_cqt *cqt)
{
    double step = pow(4, 1.0 / cqt->bins_per_octave);
    return (step - 1) / (step + 1);
}

/* Length of the filter for a frequency, in samples. */
static double filter_length(const mlk_cqt *cqt, double hz_over_rate)
{
    return cqt->filter_scale / (relative_width(cqt) * hz_over_rate);
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

static void bank_release(void *value)
{
    bank *b = value;
    free(b->first);
    free(b->start);
    free(b->weights);
    free(b);
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The magnitude below which bins are dropped: the smallest ones, together under `share` of the whole. */
static double least_kept(const double *magnitudes, int bins, double share, double *sorted)
{
    double total = 0, running = 0;
    for (int k = 0; k < bins; k++)
        total += sorted[k] = magnitudes[k];
    qsort(sorted, (size_t)bins, sizeof *sorted, descending);
    for (int k = bins - 1; k >= 0; k--) {
        running += sorted[k];
        if (running / total >= share)
            return sorted[k];
    }
    return sorted[0];
}

/* Scratch for making filters. */
typedef struct workshop {
    const mlk_fft *fft;
    double *real, *imaginary, *window, *magnitudes, *sorted;
    double complex *bins, *more;
} workshop;

static bool workshop_open(workshop *w, int n_fft, mlk_status *status)
{
    size_t n = (size_t)n_fft;
    *w = (workshop){.fft = mlk_fft_plan(n_fft, status)};
    if (!w->fft)
        return false;
    w->real = mlk_fft_buffer(n);
    w->imaginary = mlk_fft_buffer(n);
    w->window = mlk_fft_buffer(n);
    w->magnitudes = mlk_fft_buffer(n);
    w->sorted = mlk_fft_buffer(n);
    w->bins = (double complex *)mlk_fft_buffer(n + 2);
    w->more = (double complex *)mlk_fft_buffer(n + 2);
    if (w->real && w->imaginary && w->window && w->magnitudes && w->sorted && w->bins && w->more)
        return true;
    mlk_fail_memory(status, "constant-Q filters");
    return false;
}

static void workshop_close(workshop *w)
{
    mlk_fft_release(w->real);
    mlk_fft_release(w->imaginary);
    mlk_fft_release(w->window);
    mlk_fft_release(w->magnitudes);
    mlk_fft_release(w->sorted);
    mlk_fft_release(w->bins);
    mlk_fft_release(w->more);
}

/* The spectrum of one filter, a windowed complex tone, in w->bins, its magnitudes beside it. */
static void make_filter(workshop *w, const mlk_cqt *cqt, double hz_over_rate, int n_fft)
{
    double length = filter_length(cqt, hz_over_rate);
    int from = (int)floor(-length / 2), count = (int)floor(length / 2) - from, left = (n_fft - count) / 2;
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
    for (int i = 0; i < n_fft; i++)
        w->real[i] = w->imaginary[i] = 0;
    for (int i = 0; i < count; i++) {
        double size = w->window[i] / norm * length / n_fft, phase = 2 * M_PI * hz_over_rate * (from + i);
        w->real[left + i] = size * cos(phase);
        w->imaginary[left + i] = size * sin(phase);
    }
    mlk_fft_forward(w->fft, w->real, w->bins);
    mlk_fft_forward(w->fft, w->imaginary, w->more);
    for (int k = 0; k <= n_fft / 2; k++) {
        w->bins[k] += I * w->more[k];
        w->magnitudes[k] = cabs(w->bins[k]);
    }
}

static bool store_filter(bank *b, int row, workshop *w, double sparsity)
{
    int bins = b->n_fft / 2 + 1, first = 0, end = bins;
    double least = least_kept(w->magnitudes, bins, sparsity, w->sorted);
    while (first < end && w->magnitudes[first] < least)
        first++;
    while (end > first && w->magnitudes[end - 1] < least)
        end--;
    int used = b->start[row];
    float complex *grown = realloc(b->weights, (size_t)(used + end - first + 1) * sizeof *grown);
    if (!grown)
        return false;
    b->weights = grown;
    b->first[row] = first;
    for (int k = first; k < end; k++)
        b->weights[used++] = w->magnitudes[k] < least ? 0 : (float complex)w->bins[k];
    b->start[row + 1] = used;
    return true;
}

static void *bank_make(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const octave *o = context;
    double longest = filter_length(o->cqt, o->lowest);
    if (longest > MAX_FRAME) {
        mlk_fail(status, MLK_INVALID, "the constant-Q filter at the lowest frequency is %.0f samples long: raise fmin",
                 longest);
        return NULL;
    }
    int n_fft = (int)exp2(ceil(log2(longest)));
    n_fft = n_fft < 2 ? 2 : n_fft;
    bank *b = calloc(1, sizeof *b);
    workshop w = {0};
    if (b) {
        b->n_fft = n_fft;
        b->count = o->count;
        b->first = calloc((size_t)o->count, sizeof *b->first);
        b->start = calloc((size_t)o->count + 1, sizeof *b->start);
    }
    bool made = b && b->first && b->start && workshop_open(&w, n_fft, status);
    for (int row = 0; made && row < o->count; row++) {
        make_filter(&w, o->cqt, o->lowest * pow(2, (double)row / o->cqt->bins_per_octave), n_fft);
        made = store_filter(b, row, &w, o->cqt->sparsity);
    }
    workshop_close(&w);
    if (made)
        return b;
    mlk_fail_memory(status, "constant-Q filters");
    if (b)
        bank_release(b);
    return NULL;
}

static const bank *find_bank(const mlk_cqt *cqt, double lowest, int count, mlk_status *status)
{
    static const mlk_memo_kind banks = {bank_make, bank_release};
    octave o = {cqt, lowest, count};
    double key[] = {lowest, count, cqt->bins_per_octave, cqt->filter_scale, cqt->norm, cqt->sparsity, cqt->window};
    return mlk_memo_get(mlk_memo_shared(), &banks, key, 7, &o, status);
}

/* --- the walk down the octaves --- */

mlk_code mlk_cqt_measure(const mlk_cqt *cqt, int64_t n, double rate, mlk_cqt_plan *plan, mlk_status *status)
{
    double tuning = isnan(cqt->tuning) ? 0 : cqt->tuning;
    double top = cqt->fmin * pow(2, (tuning + cqt->n_bins - 1) / cqt->bins_per_octave);
    double cutoff =
        top * (1 + 0.5 * window_bandwidth(cqt->window) * relative_width(cqt) / cqt->filter_scale);
    if (cutoff > rate / 2)
        return mlk_fail(status, MLK_INVALID,
                        "the highest of %d bins from fmin %g Hz needs %.0f Hz, above half the sample rate (%g Hz): "
                        "lower n_bins or fmin",
                        cqt->n_bins, cqt->fmin, cutoff, rate / 2);
    int octaves = (cqt->n_bins + cqt->bins_per_octave - 1) / cqt->bins_per_octave;
    int twos = 0;
    while ((cqt->hop_length >> twos) % 2 == 0)
        twos++;
    int by_band = (int)ceil(log2(rate / 2 / cutoff)) - 2, by_hop = twos - octaves + 1;
    int early = by_band < by_hop ? by_band : by_hop;
    early = early > 0 ? early : 0;
    if (early > 0 && n < (int64_t)1 << early)
        return mlk_fail(status, MLK_INVALID, "a constant-Q transform of %d octaves needs at least %d samples, got %lld",
                        octaves, 1 << early, (long long)n);
    *plan = (mlk_cqt_plan){.octaves = octaves, .early = early, .hop_length = cqt->hop_length >> early};
    int64_t length = (n + (1 << early) - 1) >> early;
    int hop = plan->hop_length;
    for (int i = 0; i < octaves; i++) {
        int64_t frames = 1 + length / hop;
        plan->frames = i == 0 || frames < plan->frames ? frames : plan->frames;
        if (hop % 2 == 0) {
            hop /= 2;
            length = (length + 1) / 2;
        }
    }
    return MLK_OK;
}

/* One octave: frames of the waveform under no window, transformed, times each filter. Row r of `out` gets gain[r]
 * times the response. */
static mlk_code filter_octave(const bank *b, const mlk_octave *octave, int hop, mlk_pad pad, int64_t frames,
                              const double *gain, float complex *out, mlk_status *status)
{
    const mlk_fft *fft = mlk_fft_plan(b->n_fft, status);
    if (!fft)
        return MLK_MEMORY;
    double *frame = mlk_fft_buffer((size_t)b->n_fft);
    double *bins = mlk_fft_buffer(2 * ((size_t)b->n_fft / 2 + 1));
    mlk_code code = frame && bins ? MLK_OK : mlk_fail_memory(status, "a constant-Q transform");
    const float *weights = (const float *)b->weights;
    for (int64_t t = 0; !code && t < frames; t++) {
        mlk_view_read(&(mlk_view){octave->samples, 0, octave->n, octave->n}, t * hop - b->n_fft / 2, b->n_fft, pad, frame);
        mlk_fft_forward(fft, frame, (double complex *)bins);
        for (int row = 0; row < b->count; row++) {
            double rr = 0, ii = 0, ri = 0, ir = 0; /* four sums: one would wait for itself */
            const double *x = bins + 2 * b->first[row];
            for (int i = 2 * b->start[row]; i < 2 * b->start[row + 1]; i += 2, x += 2) {
                rr += x[0] * weights[i];
                ii += x[1] * weights[i + 1];
                ri += x[0] * weights[i + 1];
                ir += x[1] * weights[i];
            }
            float *to = (float *)(out + row * frames + t);
            to[0] = (float)(gain[row] * (rr - ii));
            to[1] = (float)(gain[row] * (ri + ir));
        }
        if (t % 64 == 0 && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    mlk_fft_release(frame);
    mlk_fft_release(bins);
    return code;
}

mlk_code mlk_cqt_compute(const mlk_cqt *cqt, double rate, const mlk_cqt_plan *plan, mlk_octave_source *source,
                         void *context, float complex *out, mlk_status *status)
{
    int bpo = cqt->bins_per_octave, filters = bpo < cqt->n_bins ? bpo : cqt->n_bins;
    double start_rate = rate / (1 << plan->early), octave_rate = start_rate;
    int hop = plan->hop_length, level = 0;
    double *gain = malloc((size_t)filters * sizeof *gain);
    if (!gain)
        return mlk_fail_memory(status, "a constant-Q transform");
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < plan->octaves; i++) {
        int end = cqt->n_bins - i * filters, first = end > filters ? end - filters : 0;
        /* Written so that the ratio to the rate is the same number in every octave, and so are the filters. */
        double skipped = first - (cqt->n_bins - (i + 1) * filters);
        double lowest = cqt->fmin * pow(2, (cqt->tuning + cqt->n_bins - filters + skipped) / bpo) * exp2(-i);
        if (cqt->n_bins <= bpo)
            lowest = cqt->fmin * pow(2, cqt->tuning / bpo);
        for (int row = 0; row < end - first; row++) {
            double hz = lowest * pow(2, (double)row / bpo);
            gain[row] = sqrt(start_rate / octave_rate);
            if (cqt->scale)
                gain[row] /= sqrt(filter_length(cqt, hz / start_rate));
            else
                gain[row] *= sqrt(1 << plan->early);
        }
        mlk_octave octave;
        code = source(context, plan->early, level, &octave, status);
        const bank *b = code ? NULL : find_bank(cqt, lowest / octave_rate, end - first, status);
        if (!code)
            code = b ? filter_octave(b, &octave, hop, cqt->pad_mode, plan->frames, gain,
                                     out + first * plan->frames, status)
                     : status->code;
        if (hop % 2 == 0) {
            hop /= 2;
            octave_rate /= 2;
            level++;
        }
    }
    free(gain);
    return code;
}

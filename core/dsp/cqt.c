#include "dsp/cqt.h"

#include "dsp/fft.h"
#include "dsp/memo.h"
#include "dsp/lanes.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FRAME = 1 << 22 }; /* samples of the longest filter: beyond it memory, not sense, would be the limit */

/* --- filters --- */

/* What a packed transform's bin k and its mirror image count in a filter: see fft.h. */
typedef struct weight {
    float complex direct, mirrored;
} weight;

/* Filters of one octave in the frequency domain, each a run of bins. */
typedef struct bank {
    int n_fft, count;
    int lowest, end;    /* bins of all of them */
    int *first, *start; /* row r: bins first[r] .., weights start[r] .. start[r + 1] - 1 */
    weight *weights;
} bank;

/* What the filters of an octave depend on. */
typedef struct octave {
    const mlk_cqt *cqt;
    double lowest, gamma; /* frequency of the first filter, and gamma, over the sample rate */
    int count;
} octave;

/* Relative width of a filter: the same for all bins of an evenly spaced scale. */
static double relative_width(const mlk_cqt *cqt)
{
    double step = pow(4, 1.0 / cqt->bins_per_octave);
    return (step - 1) / (step + 1);
}

/* Hz. The default makes a filter as wide as the ear's equivalent rectangular bandwidth (Glasberg and Moore, 1990). */
static double gamma_of(const mlk_cqt *cqt)
{
    return isnan(cqt->gamma) ? 24.7 * relative_width(cqt) / 0.108 : cqt->gamma;
}

/* Length of the filter for a frequency, in samples. */
static double filter_length(const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate)
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
static void make_filter(workshop *w, const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate, int n_fft)
{
    double length = filter_length(cqt, hz_over_rate, gamma_over_rate);
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

static weight weight_of(double complex response, int k, int n_fft)
{
    double complex turn = I * cexp(-2 * M_PI * I * k / n_fft);
    return (weight){(float complex)(response * (1 - turn) / 2), (float complex)(response * (1 + turn) / 2)};
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
    weight *grown = realloc(b->weights, (size_t)(used + end - first + 1) * sizeof *grown);
    if (!grown)
        return false;
    b->weights = grown;
    b->first[row] = first;
    for (int k = first; k < end; k++)
        b->weights[used++] = weight_of(w->magnitudes[k] < least ? 0 : (float complex)w->bins[k], k, b->n_fft);
    b->start[row + 1] = used;
    b->lowest = row == 0 || first < b->lowest ? first : b->lowest;
    b->end = end > b->end ? end : b->end;
    return true;
}

static void *bank_make(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const octave *o = context;
    double longest = filter_length(o->cqt, o->lowest, o->gamma);
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
        make_filter(&w, o->cqt, o->lowest * pow(2, (double)row / o->cqt->bins_per_octave), o->gamma, n_fft);
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

static const bank *find_bank(const mlk_cqt *cqt, double lowest, double gamma, int count, mlk_status *status)
{
    static const mlk_memo_kind banks = {bank_make, bank_release};
    octave o = {cqt, lowest, gamma, count};
    double key[] = {lowest,    gamma,         count,      cqt->bins_per_octave, cqt->filter_scale,
                    cqt->norm, cqt->sparsity, cqt->window};
    return mlk_memo_get(mlk_memo_shared(), &banks, key, 8, &o, status);
}

/* --- the walk down the octaves --- */

mlk_code mlk_cqt_measure(const mlk_cqt *cqt, int64_t n, double rate, mlk_cqt_plan *plan, mlk_status *status)
{
    double tuning = isnan(cqt->tuning) ? 0 : cqt->tuning;
    double top = cqt->fmin * pow(2, (tuning + cqt->n_bins - 1) / cqt->bins_per_octave);
    double cutoff =
        top * (1 + 0.5 * window_bandwidth(cqt->window) * relative_width(cqt) / cqt->filter_scale) + gamma_of(cqt) / 2;
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

/* Eight frames side by side: row k holds the complex numbers of one bin. */
typedef struct lanes {
    mlk_floats low, high; /* of frames 0..3 and 4..7, real and imaginary parts in turn */
} lanes;

/* Scratch for one octave. */
typedef struct octave_work {
    const bank *bank;
    const mlk_fft_packed *fft;
    double *wide;    /* a frame that needs padding */
    float *frame;
    float complex *bins;
    lanes *direct, *mirrored; /* bins bank->lowest .. bank->end - 1 of a tile */
} octave_work;

static void octave_close(octave_work *w)
{
    mlk_fft_release(w->wide);
    mlk_fft_release(w->frame);
    mlk_fft_release(w->bins);
    free(w->direct);
    free(w->mirrored);
}

static mlk_code octave_open(octave_work *w, const bank *b, mlk_status *status)
{
    size_t n = (size_t)b->n_fft, count = (size_t)(b->end - b->lowest + 1);
    *w = (octave_work){.bank = b, .fft = mlk_fft_packed_plan(b->n_fft, status)};
    if (!w->fft)
        return status->code;
    w->wide = mlk_fft_buffer(n);
    w->frame = (float *)mlk_fft_buffer(n);
    w->bins = (float complex *)mlk_fft_buffer(n);
    w->direct = aligned_alloc(sizeof(lanes), count * sizeof *w->direct);
    w->mirrored = aligned_alloc(sizeof(lanes), count * sizeof *w->mirrored);
    if (w->wide && w->frame && w->bins && w->direct && w->mirrored)
        return MLK_OK;
    octave_close(w);
    return mlk_fail_memory(status, "a constant-Q transform");
}

/* Transforms the frame that starts at `start` into lane j. */
static void transform(octave_work *w, const mlk_view *view, int64_t start, mlk_pad pad, int j)
{
    const bank *b = w->bank;
    if (start >= 0 && start + b->n_fft <= view->n)
        memcpy(w->frame, view->samples + (start - view->first), (size_t)b->n_fft * sizeof *w->frame);
    else {
        mlk_view_read(view, start, b->n_fft, pad, w->wide);
        for (int i = 0; i < b->n_fft; i++)
            w->frame[i] = (float)w->wide[i];
    }
    mlk_fft_packed_forward(w->fft, w->frame, w->bins);
    int half = b->n_fft / 2;
    float complex *direct = (float complex *)w->direct + j, *mirrored = (float complex *)w->mirrored + j;
    for (int k = b->lowest; k < b->end; k++, direct += MLK_TILE, mirrored += MLK_TILE) {
        *direct = w->bins[k < half ? k : 0];
        *mirrored = w->bins[k > 0 ? half - k : 0];
    }
}

/* The response of a filter of `count` bins in eight frames: real parts, then imaginary ones. */
MLK_CLONES static void respond(const weight *restrict weights, int count, const lanes *restrict direct,
                               const lanes *restrict mirrored, float *restrict out)
{
    mlk_floats zero = {0}, sums[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
    const float *w = (const float *)weights;
    for (int i = 0; i < count; i++, w += 4) {
        sums[0] += w[0] * direct[i].low;
        sums[1] += w[0] * direct[i].high;
        sums[2] += w[1] * direct[i].low;
        sums[3] += w[1] * direct[i].high;
        sums[4] += w[2] * mirrored[i].low;
        sums[5] += w[2] * mirrored[i].high;
        sums[6] += w[3] * mirrored[i].low;
        sums[7] += w[3] * mirrored[i].high;
    }
    for (int j = 0; j < MLK_TILE; j++) {
        int part = j / 4, real = j % 4 * 2, imaginary = real + 1;
        out[j] = (sums[part][real] - sums[2 + part][imaginary]) + (sums[4 + part][real] + sums[6 + part][imaginary]);
        out[MLK_TILE + j] =
            (sums[part][imaginary] + sums[2 + part][real]) + (sums[6 + part][real] - sums[4 + part][imaginary]);
    }
}

/* One octave: frames of the waveform under no window, transformed, times each filter. Row r of `out` gets gain[r]
 * times the response. */
static mlk_code filter_octave(const bank *b, const mlk_view *view, int hop, mlk_pad pad, int64_t first, int64_t frames,
                              const float *gain, float complex *out, mlk_status *status)
{
    octave_work w;
    mlk_code code = octave_open(&w, b, status);
    if (code)
        return code;
    for (int64_t t = 0; !code && t < frames; t += MLK_TILE) {
        int width = frames - t < MLK_TILE ? (int)(frames - t) : MLK_TILE;
        for (int j = 0; j < width; j++)
            transform(&w, view, (first + t + j) * hop - b->n_fft / 2, pad, j);
        for (int row = 0; row < b->count; row++) {
            float response[2 * MLK_TILE], *to = (float *)(out + row * frames + t);
            int skipped = b->first[row] - b->lowest;
            respond(b->weights + b->start[row], b->start[row + 1] - b->start[row], w.direct + skipped,
                    w.mirrored + skipped, response);
            for (int j = 0; j < width; j++) {
                to[2 * j] = gain[row] * response[j];
                to[2 * j + 1] = gain[row] * response[MLK_TILE + j];
            }
        }
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    octave_close(&w);
    return code;
}

mlk_code mlk_cqt_compute(const mlk_cqt *cqt, double rate, const mlk_cqt_plan *plan, int64_t first, int64_t frames,
                         mlk_octave_source *source, void *context, float complex *out, mlk_status *status)
{
    int bpo = cqt->bins_per_octave, filters = bpo < cqt->n_bins ? bpo : cqt->n_bins;
    double start_rate = rate / (1 << plan->early), octave_rate = start_rate;
    int hop = plan->hop_length, level = 0;
    float *gain = malloc((size_t)filters * sizeof *gain);
    if (!gain)
        return mlk_fail_memory(status, "a constant-Q transform");
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < plan->octaves; i++) {
        int end = cqt->n_bins - i * filters, row = end > filters ? end - filters : 0, count = end - row;
        /* Written so that the ratio to the rate is the same number in every octave, and so are the filters. */
        double skipped = row - (cqt->n_bins - (i + 1) * filters);
        double lowest = cqt->fmin * pow(2, (cqt->tuning + cqt->n_bins - filters + skipped) / bpo) * exp2(-i);
        if (cqt->n_bins <= bpo)
            lowest = cqt->fmin * pow(2, cqt->tuning / bpo);
        for (int r = 0; r < count; r++) {
            double hz = lowest * pow(2, (double)r / bpo), full = sqrt(start_rate / octave_rate);
            gain[r] = (float)(cqt->scale ? full / sqrt(filter_length(cqt, hz / start_rate, gamma_of(cqt) / start_rate))
                                         : full * sqrt(1 << plan->early));
        }
        const bank *b = find_bank(cqt, lowest / octave_rate, gamma_of(cqt) / octave_rate, count, status);
        if (!b) {
            code = status->code;
            break;
        }
        /* As much again to both sides as padding may mirror. */
        int64_t begin = first * hop - b->n_fft / 2, over = begin + (frames - 1) * hop + b->n_fft;
        mlk_view view;
        code = source(context, plan->early, level, begin - b->n_fft, over + b->n_fft, &view, status);
        if (!code)
            code = filter_octave(b, &view, hop, cqt->pad_mode, first, frames, gain, out + row * frames, status);
        if (hop % 2 == 0) {
            hop /= 2;
            octave_rate /= 2;
            level++;
        }
    }
    free(gain);
    return code;
}

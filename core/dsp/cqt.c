#include "dsp/cqt.h"

#include "dsp/cqt_filter.h"
#include "dsp/memo.h"
#include "dsp/lanes.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static void bank_release(void *value)
{
    bank *b = value;
    free(b->first);
    free(b->start);
    free(b->weights);
    free(b);
}

static weight weight_of(double complex response, int k, int n_fft)
{
    double complex turn = I * cexp(-2 * M_PI * I * k / n_fft);
    return (weight){(float complex)(response * (1 - turn) / 2), (float complex)(response * (1 + turn) / 2)};
}

static bool store_filter(bank *b, int row, const mlk_filter_maker *maker)
{
    int used = b->start[row], first = maker->first, end = maker->end;
    weight *grown = realloc(b->weights, (size_t)(used + end - first + 1) * sizeof *grown);
    if (!grown)
        return false;
    b->weights = grown;
    b->first[row] = first;
    for (int k = first; k < end; k++)
        b->weights[used++] = weight_of((float complex)maker->bins[k], k, b->n_fft);
    b->start[row + 1] = used;
    b->lowest = row == 0 || first < b->lowest ? first : b->lowest;
    b->end = end > b->end ? end : b->end;
    return true;
}

static void *bank_make(const void *context, mlk_status *status)
{
    const octave *o = context;
    int n_fft;
    if (mlk_cqt_transform_length(mlk_cqt_filter_length(o->cqt, o->lowest, o->gamma), &n_fft, status))
        return NULL;
    bank *b = calloc(1, sizeof *b);
    mlk_filter_maker maker = {0};
    if (b) {
        b->n_fft = n_fft;
        b->count = o->count;
        b->first = calloc((size_t)o->count, sizeof *b->first);
        b->start = calloc((size_t)o->count + 1, sizeof *b->start);
    }
    bool made = b && b->first && b->start && mlk_filter_maker_open(&maker, n_fft, status);
    for (int row = 0; made && row < o->count; row++) {
        mlk_filter_make(&maker, o->cqt, o->lowest * pow(2, (double)row / o->cqt->bins_per_octave), o->gamma);
        made = store_filter(b, row, &maker);
    }
    mlk_filter_maker_close(&maker);
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
    mlk_key key = {0};
    mlk_cqt_filter_key(&key, cqt);
    mlk_key_add(&key, lowest, gamma, count);
    return mlk_memo_get(mlk_memo_shared(), &banks, &key, &o, status);
}

/* --- the walk down the octaves --- */

mlk_code mlk_cqt_check(const mlk_cqt *cqt, double rate, mlk_status *status)
{
    double cutoff = mlk_cqt_cutoff(cqt);
    if (cutoff <= rate / 2)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID,
                    "the highest of %d bins from fmin %g Hz needs %.0f Hz, above half the sample rate (%g Hz): "
                    "lower n_bins or fmin",
                    cqt->n_bins, cqt->fmin, cutoff, rate / 2);
}

mlk_code mlk_cqt_measure(const mlk_cqt *cqt, int64_t n, double rate, mlk_cqt_plan *plan, mlk_status *status)
{
    double cutoff = mlk_cqt_cutoff(cqt);
    mlk_code code = mlk_cqt_check(cqt, rate, status);
    if (code)
        return code;
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

/* A complex bin, moved as one word. */
typedef uint64_t pair __attribute__((may_alias));

/* Bins bank->lowest .. bank->end - 1 and their mirror images to one lane. */
static void spread(const bank *b, const pair *bins, pair *direct, pair *mirrored)
{
    int half = b->n_fft / 2, count = b->end - b->lowest;
    const pair *up = bins + b->lowest, *down = bins + half - b->lowest;
    for (int i = 0; i < count; i++) {
        direct[i * MLK_TILE] = up[i];
        mirrored[i * MLK_TILE] = down[-i];
    }
    if (b->lowest == 0) /* the transform has `half` bins, and bin `half` is bin 0 */
        mirrored[0] = bins[0];
    if (b->end > half)
        direct[(half - b->lowest) * MLK_TILE] = bins[0];
}

/* Transforms the frame that starts at `start` into lane j. */
static void transform(octave_work *w, const mlk_view *view, int64_t start, mlk_pad pad, int j)
{
    const bank *b = w->bank;
    const float *frame = w->frame;
    if (start < 0 || start + b->n_fft > view->n) {
        mlk_view_read(view, start, b->n_fft, pad, w->wide);
        for (int i = 0; i < b->n_fft; i++)
            w->frame[i] = (float)w->wide[i];
    } else if (mlk_fft_packed_takes(view->samples + (start - view->first))) {
        frame = view->samples + (start - view->first);
    } else {
        memcpy(w->frame, view->samples + (start - view->first), (size_t)b->n_fft * sizeof *w->frame);
    }
    mlk_fft_packed_forward(w->fft, frame, w->bins);
    spread(b, (const pair *)w->bins, (pair *)w->direct + j, (pair *)w->mirrored + j);
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
            double length = mlk_cqt_filter_length(cqt, hz / start_rate, mlk_cqt_gamma(cqt) / start_rate);
            gain[r] = (float)(cqt->scale ? full / sqrt(length) : full * sqrt(1 << plan->early));
        }
        const bank *b = find_bank(cqt, lowest / octave_rate, mlk_cqt_gamma(cqt) / octave_rate, count, status);
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

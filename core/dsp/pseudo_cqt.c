#include "dsp/pseudo_cqt.h"

#include "dsp/cqt_filter.h"
#include "dsp/memo.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_N_FFT = 1 << 19 }; /* 24 s at 22 050 Hz */

/* Frequency of bin k, over the sample rate. */
static double place(const mlk_cqt *cqt, double rate, int k)
{
    double tuning = isnan(cqt->tuning) ? 0 : cqt->tuning;
    return cqt->fmin / rate * pow(2, (tuning + k) / cqt->bins_per_octave);
}

static double length_of(const mlk_cqt *cqt, double rate, int k)
{
    return mlk_cqt_filter_length(cqt, place(cqt, rate, k), mlk_cqt_gamma(cqt) / rate);
}

mlk_code mlk_pseudo_cqt_stft(const mlk_cqt *cqt, double rate, mlk_stft *stft, mlk_status *status)
{
    int n_fft;
    mlk_code code = mlk_cqt_check(cqt, rate, status);
    if (!code)
        code = mlk_cqt_transform_length(length_of(cqt, rate, 0), &n_fft, status);
    if (code)
        return code;
    while (n_fft < 2 * cqt->hop_length) /* frames overlap by half or more */
        n_fft *= 2;
    if (n_fft > MAX_N_FFT)
        return mlk_fail(status, MLK_INVALID,
                        "a pseudo constant-Q transform would take frames of %d samples, above %d: raise fmin, or lower "
                        "hop_length, filter_scale or bins_per_octave",
                        n_fft, MAX_N_FFT);
    *stft = (mlk_stft){.n_fft = n_fft, .hop_length = cqt->hop_length, .win_length = n_fft, .window = MLK_WINDOW_HANN,
                       .center = true, .pad_mode = cqt->pad_mode};
    return MLK_OK;
}

int mlk_hybrid_cqt_split(const mlk_cqt *cqt, double rate)
{
    int low = 0;
    while (low < cqt->n_bins && exp2(ceil(log2(length_of(cqt, rate, low)))) >= 2.0 * cqt->hop_length)
        low++;
    return low;
}

/* --- filters --- */

typedef struct bank {
    int *first, *start; /* row r: bins first[r] .., weights start[r] .. start[r + 1] - 1 */
    float *weights;
} bank;

typedef struct request {
    const mlk_cqt *cqt;
    double rate;
    int n_fft;
} request;

static void bank_release(void *value)
{
    bank *b = value;
    free(b->first);
    free(b->start);
    free(b->weights);
    free(b);
}

static bool store_filter(bank *b, int row, const mlk_filter_maker *maker)
{
    int used = b->start[row], count = maker->end - maker->first;
    float *grown = realloc(b->weights, (size_t)(used + count + 1) * sizeof *grown);
    if (!grown)
        return false;
    b->weights = grown;
    b->first[row] = maker->first;
    for (int i = 0; i < count; i++)
        b->weights[used + i] = (float)maker->magnitudes[maker->first + i];
    b->start[row + 1] = used + count;
    return true;
}

static void *bank_make(const void *context, mlk_status *status)
{
    const request *r = context;
    mlk_filter_maker maker = {0};
    bank *b = calloc(1, sizeof *b);
    if (b) {
        b->first = calloc((size_t)r->cqt->n_bins, sizeof *b->first);
        b->start = calloc((size_t)r->cqt->n_bins + 1, sizeof *b->start);
    }
    bool made = b && b->first && b->start && mlk_filter_maker_open(&maker, r->n_fft, status);
    for (int row = 0; made && row < r->cqt->n_bins; row++) {
        mlk_filter_make(&maker, r->cqt, place(r->cqt, r->rate, row), mlk_cqt_gamma(r->cqt) / r->rate);
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

static const bank *find_bank(const request *r, mlk_status *status)
{
    static const mlk_memo_kind banks = {bank_make, bank_release};
    const mlk_cqt *cqt = r->cqt;
    mlk_key key = {0};
    mlk_cqt_filter_key(&key, cqt);
    mlk_key_add(&key, r->rate, r->n_fft, cqt->fmin, cqt->n_bins, cqt->tuning, cqt->gamma);
    return mlk_memo_get(mlk_memo_shared(), &banks, &key, r, status);
}

/* --- filtering --- */

MLK_CLONES static void filter_tile(const bank *b, int n_bins, const float *restrict gain,
                                   const mlk_floats *restrict tile, mlk_floats *restrict out)
{
    for (int row = 0; row < n_bins; row++) {
        mlk_floats sum = {0};
        const mlk_floats *from = tile + b->first[row];
        for (int w = b->start[row]; w < b->start[row + 1]; w++)
            sum += b->weights[w] * *from++;
        out[row] = gain[row] * sum;
    }
}

mlk_code mlk_pseudo_cqt(const mlk_cqt *cqt, double rate, const mlk_tiles *magnitude, float *out, mlk_status *status)
{
    request r = {cqt, rate, (int)(2 * (magnitude->rows - 1))};
    const bank *b = find_bank(&r, status);
    mlk_tiles *made = b ? mlk_tiles_new(cqt->n_bins, magnitude->frames, status) : NULL;
    if (!made)
        return status->code;
    float *gain = malloc((size_t)cqt->n_bins * sizeof *gain);
    if (!gain) {
        mlk_tiles_free(made);
        return mlk_fail_memory(status, "a pseudo constant-Q transform");
    }
    for (int k = 0; k < cqt->n_bins; k++)
        gain[k] = (float)sqrt((cqt->scale ? 1 : length_of(cqt, rate, k)) / r.n_fft);
    for (int64_t i = 0; i < mlk_tile_count(made->frames); i++)
        filter_tile(b, cqt->n_bins, gain, mlk_tile_rows(magnitude, i), (mlk_floats *)mlk_tile(made, i));
    mlk_tiles_unpack(made, out);
    mlk_tiles_free(made);
    free(gain);
    return MLK_OK;
}

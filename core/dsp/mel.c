#include "dsp/mel.h"

#include "dsp/memo.h"
#include "dsp/normalize.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const mlk_mel_norm_names[] = {"slaney", "none", "1", "2", "inf", NULL};
const char *const mlk_mel_triangle_names[] = {"hz", "mel", NULL};

#define IN(member) MLK_IN(mlk_mel_inversion, member)

const mlk_parameter mlk_mel_inversion_parameters[] = {
    MLK_REAL("sample_rate", 0, 1e-3, 1e9, "of the sound", IN(rate), .unit = "Hz", .required = true),
    MLK_INTEGER("n_fft", 0, 2, 1 << 24, "samples in a frame", IN(n_fft), .required = true),
    MLK_REAL("fmin", 0, 0, HUGE_VAL, "where the lowest band begins", IN(mel.fmin), .unit = "Hz"),
    MLK_REAL("fmax", 0, 0, HUGE_VAL, "where the highest band ends", IN(mel.fmax), .unit = "Hz", .required = true),
    MLK_BOOLEAN("htk", false, "HTK's scale, not Slaney's", IN(mel.htk)),
    MLK_CHOICE("triangles", 0, mlk_mel_triangle_names, "where they are straight", IN(mel.straight_in_mel)),
    MLK_CHOICE("norm", MLK_MEL_SLANEY, mlk_mel_norm_names, "what weights are divided by", IN(mel.norm)),
    MLK_INTEGER("n_iter", 100, 0, 1000000, "steps", IN(n_iter)),
    MLK_PARAMETERS_END,
};

/* Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 mels for a factor of 6.4. */
static const double linear_hz = 200.0 / 3, break_hz = 1000, break_mel = 15;

static double log_step(void)
{
    return log(6.4) / 27;
}

double mlk_mel_from_hz(double hz, bool htk)
{
    if (htk)
        return 2595 * log10(1 + hz / 700);
    return hz < break_hz ? hz / linear_hz : break_mel + log(hz / break_hz) / log_step();
}

double mlk_mel_to_hz(double mel, bool htk)
{
    if (htk)
        return 700 * (pow(10, mel / 2595) - 1);
    return mel < break_mel ? mel * linear_hz : break_hz * exp(log_step() * (mel - break_mel));
}

/* Corner i of the triangles, 0..n_mels + 1, on the mel scale. */
static double corner_mel(const mlk_mel *mel, int i)
{
    double low = mlk_mel_from_hz(mel->fmin, mel->htk), high = mlk_mel_from_hz(mel->fmax, mel->htk);
    return low + (high - low) * i / (mel->n_mels + 1);
}

/* In Hz. */
static double corner(const mlk_mel *mel, int i)
{
    return mlk_mel_to_hz(corner_mel(mel, i), mel->htk);
}

void mlk_mel_centres(const mlk_mel *mel, double *out)
{
    for (int i = 0; i < mel->n_mels; i++)
        out[i] = corner(mel, i + 1);
}

/* A band is a run of bins: first[b] .. first[b] + (start[b + 1] - start[b]) - 1. */
typedef struct bank {
    int *first, *start;
    float *weights;
} bank;

static void release(void *value)
{
    bank *b = value;
    free(b->first);
    free(b->start);
    free(b->weights);
    free(b);
}

/* A filter, on the scale that it is straight on. */
typedef struct triangle {
    double low, centre, high, height;
} triangle;

static triangle triangle_of(const mlk_mel *mel, int band)
{
    double (*place)(const mlk_mel *, int) = mel->straight_in_mel ? corner_mel : corner;
    triangle made = {place(mel, band), place(mel, band + 1), place(mel, band + 2), 1};
    if (mel->norm == MLK_MEL_SLANEY)
        made.height = 2 / (corner(mel, band + 2) - corner(mel, band));
    return made;
}

static double weight_at(const triangle *t, double place)
{
    return fmin((place - t->low) / (t->centre - t->low), (t->high - place) / (t->high - t->centre)) * t->height;
}

typedef struct request {
    const mlk_mel *mel;
    double rate;
    int n_fft;
} request;

static void *make(const void *context, mlk_status *status)
{
    static const mlk_norm norms[] = {
        [MLK_MEL_SLANEY] = MLK_NORM_NONE, [MLK_MEL_NONE] = MLK_NORM_NONE, [MLK_MEL_1] = MLK_NORM_1,
        [MLK_MEL_2] = MLK_NORM_2,         [MLK_MEL_INF] = MLK_NORM_INF,
    };
    const request *r = context;
    const mlk_mel *mel = r->mel;
    int bins = r->n_fft / 2 + 1;
    bank *b = calloc(1, sizeof *b);
    if (b) {
        b->first = calloc((size_t)mel->n_mels, sizeof *b->first);
        b->start = calloc((size_t)mel->n_mels + 1, sizeof *b->start);
        b->weights = malloc(2 * ((size_t)bins + (size_t)mel->n_mels) * sizeof *b->weights); /* a bin is in 2 bands */
    }
    if (!b || !b->first || !b->start || !b->weights) {
        mlk_fail_memory(status, "a mel filter bank");
        if (b)
            release(b);
        return NULL;
    }
    int used = 0;
    for (int i = 0; i < mel->n_mels; i++) {
        triangle band = triangle_of(mel, i);
        b->start[i] = used;
        for (int k = 0; k < bins; k++) {
            double hz = k * r->rate / r->n_fft;
            double weight = weight_at(&band, mel->straight_in_mel ? mlk_mel_from_hz(hz, mel->htk) : hz);
            if (!(weight > 0))
                continue;
            if (used == b->start[i])
                b->first[i] = k;
            b->weights[used++] = (float)weight;
        }
        mlk_normalize_columns(b->weights + b->start[i], used - b->start[i], 1, norms[mel->norm]);
    }
    b->start[mel->n_mels] = used;
    return b;
}

MLK_CLONES static void filter_tile(const bank *b, int n_mels, const mlk_floats *restrict tile, mlk_floats *restrict out)
{
    for (int band = 0; band < n_mels; band++) {
        mlk_floats sum = {0};
        const mlk_floats *from = tile + b->first[band];
        for (int w = b->start[band]; w < b->start[band + 1]; w++)
            sum += b->weights[w] * *from++;
        out[band] = sum;
    }
}

static const bank *bank_of(const mlk_mel *mel, double rate, int n_fft, mlk_status *status)
{
    static const mlk_memo_kind banks = {make, release};
    request r = {mel, rate, n_fft};
    mlk_key key = {0};
    mlk_mel_key(&key, mel);
    mlk_key_add(&key, rate, n_fft);
    return mlk_memo_get(mlk_memo_shared(), &banks, &key, &r, status);
}

int mlk_mel_empty(const mlk_mel *mel, double rate, int n_fft)
{
    mlk_status status;
    const bank *b = bank_of(mel, rate, n_fft, &status);
    int count = 0;
    for (int i = 0; b && i < mel->n_mels; i++)
        count += b->start[i] == b->start[i + 1];
    return count;
}

mlk_code mlk_mel_apply(const mlk_mel *mel, double rate, int n_fft, const mlk_tiles *spectrum, float *out,
                       mlk_status *status)
{
    const bank *b = bank_of(mel, rate, n_fft, status);
    mlk_tiles *bands = b ? mlk_tiles_new(mel->n_mels, spectrum->frames, status) : NULL;
    if (!bands)
        return status->code;
    for (int64_t i = 0; i < mlk_tile_count(spectrum->frames); i++)
        filter_tile(b, mel->n_mels, mlk_tile_rows(spectrum, i), (mlk_floats *)mlk_tile(bands, i));
    mlk_tiles_unpack(bands, out);
    mlk_tiles_free(bands);
    return MLK_OK;
}

/* --- the way back --- */

typedef struct inversion {
    const bank *bank;
    int n_mels, n_iter;
    float *weights; /* the bank's, each band's summing to 1 */
    float *shares;  /* 1 / sum of a bin's weights; 0 where no band holds it */
    mlk_tiles *bands, *spectrum, *steps; /* steps: a tile for each worker */
} inversion;

/* Spreads each band's `values` over its bins. */
MLK_CLONES static void spread(const inversion *v, const mlk_floats *restrict values, int64_t rows,
                              mlk_floats *restrict bins)
{
    const bank *b = v->bank;
    memset(bins, 0, (size_t)rows * sizeof *bins);
    for (int band = 0; band < v->n_mels; band++) {
        mlk_floats value = values[band], *to = bins + b->first[band];
        for (int w = b->start[band]; w < b->start[band + 1]; w++)
            *to++ += v->weights[w] * value;
    }
    for (int64_t k = 0; k < rows; k++)
        bins[k] *= v->shares[k];
}

/* How many times too small each band is, as the spectrum stands: `bands` over what the filters make of it. */
MLK_CLONES static void compare(const inversion *v, const mlk_floats *restrict bands, const mlk_floats *restrict bins,
                               mlk_floats *restrict factors)
{
    const bank *b = v->bank;
    const mlk_floats least = (mlk_floats){0} + 1e-20f;
    for (int band = 0; band < v->n_mels; band++) {
        mlk_floats sum = {0};
        const mlk_floats *from = bins + b->first[band];
        for (int w = b->start[band]; w < b->start[band + 1]; w++)
            sum += v->weights[w] * *from++;
        factors[band] = bands[band] / MLK_LARGER(sum, least);
    }
}

static void invert_tile(void *context, int task, int worker)
{
    const inversion *v = context;
    int64_t rows = v->spectrum->rows;
    mlk_floats *bands = (mlk_floats *)mlk_tile(v->bands, task), *bins = (mlk_floats *)mlk_tile(v->spectrum, task);
    mlk_floats *factors = (mlk_floats *)mlk_tile(v->steps, worker), *steps = factors + v->n_mels;
    spread(v, bands, rows, bins);
    for (int i = 0; i < v->n_iter; i++) {
        compare(v, bands, bins, factors);
        spread(v, factors, rows, steps);
        for (int64_t k = 0; k < rows; k++)
            bins[k] *= steps[k];
    }
}

/* Bands to tiles, over the sums of the bank's weights; those sums leave the weights, too. */
static mlk_code prepare(inversion *v, const float *bands, int64_t frames, mlk_status *status)
{
    const bank *b = v->bank;
    int64_t rows = v->spectrum->rows;
    memset(v->bands->data, 0, (size_t)(mlk_tile_count(frames) * v->n_mels * MLK_TILE) * sizeof *v->bands->data);
    memset(v->shares, 0, (size_t)rows * sizeof *v->shares);
    for (int band = 0; band < v->n_mels; band++) {
        double sum = 0;
        for (int w = b->start[band]; w < b->start[band + 1]; w++)
            sum += b->weights[w];
        for (int w = b->start[band]; w < b->start[band + 1]; w++) {
            v->weights[w] = (float)(b->weights[w] / sum);
            v->shares[b->first[band] + w - b->start[band]] += v->weights[w];
        }
        for (int64_t t = 0; t < frames; t++) {
            float value = bands[band * frames + t];
            if (!(value >= 0 && value <= 1e18f))
                return mlk_fail(status, MLK_INVALID, "mel must be finite and not negative, got %g in band %d, frame "
                                "%lld", isnan(value) ? NAN : (double)value, band, (long long)t);
            if (sum > 0)
                mlk_tile(v->bands, t / MLK_TILE)[band * MLK_TILE + t % MLK_TILE] = (float)(value / sum);
        }
    }
    for (int64_t k = 0; k < rows; k++)
        v->shares[k] = v->shares[k] > 0 ? 1 / v->shares[k] : 0;
    return MLK_OK;
}

mlk_code mlk_mel_invert(const mlk_mel_inversion *wanted, const float *bands, int64_t frames, float *out,
                        mlk_status *status)
{
    const mlk_mel *mel = &wanted->mel;
    int rows = wanted->n_fft / 2 + 1, tiles = (int)mlk_tile_count(frames), workers = mlk_cores();
    inversion v = {.bank = bank_of(mel, wanted->rate, wanted->n_fft, status), .n_mels = mel->n_mels,
                   .n_iter = wanted->n_iter};
    if (!v.bank)
        return MLK_MEMORY;
    v.weights = malloc(((size_t)v.bank->start[mel->n_mels] + 1) * sizeof *v.weights);
    v.shares = malloc((size_t)rows * sizeof *v.shares);
    v.bands = mlk_tiles_new(mel->n_mels, frames, status);
    v.spectrum = mlk_tiles_new(rows, frames, status);
    v.steps = mlk_tiles_new(mel->n_mels + rows, (int64_t)workers * MLK_TILE, status);
    mlk_code code = MLK_OK;
    if (!v.weights || !v.shares || !v.bands || !v.spectrum || !v.steps)
        code = mlk_fail_memory(status, "a mel inversion");
    if (!code)
        code = prepare(&v, bands, frames, status);
    if (!code && mlk_parallel(tiles, workers, invert_tile, &v) < tiles)
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code)
        mlk_tiles_unpack(v.spectrum, out);
    free(v.weights);
    free(v.shares);
    mlk_tiles_free(v.bands);
    mlk_tiles_free(v.spectrum);
    mlk_tiles_free(v.steps);
    return code;
}

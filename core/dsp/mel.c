#include "dsp/mel.h"

#include "dsp/memo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Corner i of the triangles, 0..n_mels + 1, in Hz. */
static double corner(const mlk_mel *mel, int i)
{
    double low = mlk_mel_from_hz(mel->fmin, mel->htk), high = mlk_mel_from_hz(mel->fmax, mel->htk);
    return mlk_mel_to_hz(low + (high - low) * i / (mel->n_mels + 1), mel->htk);
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

static void *make(void *context, const double *key, mlk_status *status)
{
    const mlk_mel *mel = context;
    double rate = key[0];
    int n_fft = (int)key[1], bins = n_fft / 2 + 1;
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
        double low = corner(mel, i), centre = corner(mel, i + 1), high = corner(mel, i + 2);
        b->start[i] = used;
        for (int k = 0; k < bins; k++) {
            double hz = k * rate / n_fft;
            double weight = fmin((hz - low) / (centre - low), (high - hz) / (high - centre));
            if (!(weight > 0))
                continue;
            if (used == b->start[i])
                b->first[i] = k;
            b->weights[used++] = (float)(mel->area_normalise ? weight * (2 / (high - low)) : weight);
        }
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

mlk_code mlk_mel_apply(const mlk_mel *mel, double rate, int n_fft, const mlk_tiles *spectrum, float *out,
                       mlk_status *status)
{
    static const mlk_memo_kind banks = {make, release};
    double key[] = {rate, n_fft, mel->n_mels, mel->fmin, mel->fmax, mel->htk, mel->area_normalise};
    const bank *b = mlk_memo_get(mlk_memo_shared(), &banks, key, 7, (void *)mel, status);
    mlk_tiles *bands = b ? mlk_tiles_new(mel->n_mels, spectrum->frames, status) : NULL;
    if (!bands)
        return status->code;
    for (int64_t i = 0; i < mlk_tile_count(spectrum->frames); i++)
        filter_tile(b, mel->n_mels, mlk_tile_rows(spectrum, i), (mlk_floats *)mlk_tile(bands, i));
    mlk_tiles_unpack(bands, out);
    mlk_tiles_free(bands);
    return MLK_OK;
}

#include "dsp/stretch.h"

#include "dsp/istft.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t mlk_stretched_length(int64_t n, double rate)
{
    return (int64_t)rint((double)n / rate);
}

/* Magnitudes and unit phasors of a frame; the phasor of nothing is 1. */
MLK_CLONES static void take_apart(const float *restrict bins, int64_t rows, float *restrict size, double *restrict real,
                                  double *restrict imaginary)
{
    for (int64_t k = 0; k < rows; k++) {
        double x = bins[2 * k], y = bins[2 * k + 1], length = sqrt(x * x + y * y);
        double by = length > 0 ? length : 1;
        size[k] = (float)length;
        real[k] = length > 0 ? x / by : 1;
        imaginary[k] = y / by;
    }
}

/* Turns the phasors by the angle from frame a to frame b. */
MLK_CLONES static void advance(const double *restrict a_real, const double *restrict a_imaginary,
                               const double *restrict b_real, const double *restrict b_imaginary, int64_t rows,
                               double *restrict real, double *restrict imaginary)
{
    for (int64_t k = 0; k < rows; k++) {
        double turn = b_real[k] * a_real[k] + b_imaginary[k] * a_imaginary[k];
        double across = b_imaginary[k] * a_real[k] - b_real[k] * a_imaginary[k];
        double x = real[k] * turn - imaginary[k] * across, y = real[k] * across + imaginary[k] * turn;
        double length = sqrt(x * x + y * y);
        real[k] = x / length;
        imaginary[k] = y / length;
    }
}

MLK_CLONES static void compose(const float *restrict a, const float *restrict b, float share,
                               const double *restrict real, const double *restrict imaginary, int64_t rows,
                               float *restrict out)
{
    for (int64_t k = 0; k < rows; k++) {
        double size = (1 - share) * a[k] + share * b[k];
        out[2 * k] = (float)(size * real[k]);
        out[2 * k + 1] = (float)(size * imaginary[k]);
    }
}

/* A frame taken apart. */
typedef struct column {
    int64_t frame;
    float *size;
    double *real, *imaginary;
} column;

typedef struct vocoder {
    const float complex *bins; /* frames x rows */
    int64_t rows, frames;
    column columns[2];
    double *real, *imaginary; /* of the frame to come */
    float complex *silence;
    void *memory;
} vocoder;

static bool vocoder_open(vocoder *v, const float complex *bins, int64_t rows, int64_t frames)
{
    *v = (vocoder){.bins = bins, .rows = rows, .frames = frames};
    double *at = v->memory = calloc((size_t)(8 * rows), sizeof *at);
    if (!at)
        return false;
    for (int i = 0; i < 2; i++) {
        v->columns[i] = (column){-1, (float *)(at + 4 * rows + i * rows), at + 2 * i * rows, at + (2 * i + 1) * rows};
    }
    v->real = at + 6 * rows;
    v->imaginary = at + 7 * rows;
    v->silence = calloc((size_t)rows, sizeof *v->silence);
    return v->silence;
}

static void vocoder_close(vocoder *v)
{
    free(v->memory);
    free(v->silence);
}

/* Column `frame`, beyond the last silence; it stays until two others were asked for. */
static const column *look(vocoder *v, int64_t frame)
{
    column *found = &v->columns[frame % 2];
    if (found->frame != frame) {
        const float complex *bins = frame < v->frames ? v->bins + frame * v->rows : v->silence;
        take_apart((const float *)bins, v->rows, found->size, found->real, found->imaginary);
        found->frame = frame;
    }
    return found;
}

static mlk_code run(vocoder *v, double rate, int64_t count, float complex *out, mlk_status *status)
{
    const column *first = look(v, 0);
    memcpy(v->real, first->real, (size_t)v->rows * sizeof *v->real);
    memcpy(v->imaginary, first->imaginary, (size_t)v->rows * sizeof *v->imaginary);
    for (int64_t t = 0; t < count; t++) {
        double place = (double)t * rate;
        int64_t frame = (int64_t)place;
        const column *a = look(v, frame), *b = look(v, frame + 1);
        compose(a->size, b->size, (float)(place - (double)frame), v->real, v->imaginary, v->rows,
                (float *)(out + t * v->rows));
        advance(a->real, a->imaginary, b->real, b->imaginary, v->rows, v->real, v->imaginary);
        if (t % 64 == 0 && mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    return MLK_OK;
}

mlk_code mlk_time_stretch(const mlk_stft *stft, const float *samples, int64_t n, double rate, float *out,
                          mlk_status *status)
{
    mlk_view view = mlk_view_whole(samples, n);
    int64_t rows = stft->n_fft / 2 + 1;
    int64_t frames = mlk_frame_count(n, stft->n_fft, stft->hop_length, stft->center);
    int64_t count = (int64_t)ceil((double)frames / rate);
    float complex *bins = malloc((size_t)(frames * rows + 1) * sizeof *bins);
    float complex *stretched = malloc((size_t)(count * rows + 1) * sizeof *stretched);
    vocoder v = {0};
    mlk_code code = MLK_OK;
    if (!bins || !stretched || !vocoder_open(&v, bins, rows, frames))
        code = mlk_fail_memory(status, "a time stretch");
    if (!code)
        code = mlk_stft_frames(stft, &view, 0, frames, bins, status);
    if (!code)
        code = run(&v, rate, count, stretched, status);
    mlk_spectrum spectrum = {stretched, count, 1, rows};
    if (!code)
        code = mlk_istft_of(stft, &spectrum, mlk_stretched_length(n, rate), out, status);
    vocoder_close(&v);
    free(bins);
    free(stretched);
    return code;
}

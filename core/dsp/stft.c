#include "dsp/stft.h"

#include "dsp/fft.h"
#include "interrupt.h"

#include <stdlib.h>
#include <string.h>

const mlk_parameter mlk_frame_parameters[] = {
    MLK_INTEGER("n_fft", 2048, 2, 1 << 24, "samples in a frame", MLK_IN(mlk_stft, n_fft)),
    MLK_INTEGER("hop_length", 512, 1, 1 << 24, "samples from frame to frame", MLK_IN(mlk_stft, hop_length)),
    MLK_PARAMETERS_END,
};

int64_t mlk_frame_count(int64_t n, int frame_length, int hop_length, bool center)
{
    int64_t length = center ? n + 2 * (frame_length / 2) : n;
    return length < frame_length ? 0 : 1 + (length - frame_length) / hop_length;
}

mlk_tiles *mlk_tiles_new(int64_t rows, int64_t frames, mlk_status *status)
{
    mlk_tiles *tiles = malloc(sizeof *tiles);
    size_t count = (size_t)(mlk_tile_count(frames) * rows * MLK_TILE);
    float *data = aligned_alloc(32, (count ? count : MLK_TILE) * sizeof *data);
    if (!tiles || !data) {
        free(tiles);
        free(data);
        mlk_fail(status, MLK_MEMORY, "not enough memory for %lld frames of %lld values", (long long)frames,
                 (long long)rows);
        return NULL;
    }
    *tiles = (mlk_tiles){rows, frames, data};
    return tiles;
}

void mlk_tiles_free(void *tiles)
{
    if (tiles)
        free(((mlk_tiles *)tiles)->data);
    free(tiles);
}

void mlk_tiles_unpack(const mlk_tiles *tiles, float *out)
{
    for (int64_t i = 0; i < mlk_tile_count(tiles->frames); i++) {
        const float *tile = mlk_tile(tiles, i);
        int64_t first = i * MLK_TILE;
        int width = tiles->frames - first < MLK_TILE ? (int)(tiles->frames - first) : MLK_TILE;
        for (int64_t row = 0; row < tiles->rows; row++)
            memcpy(out + row * tiles->frames + first, tile + row * MLK_TILE, (size_t)width * sizeof *out);
    }
}

/* What transforming one frame needs; buffers are NULL when memory was short. */
typedef struct transformer {
    const mlk_stft *stft;
    const mlk_view *view;
    const mlk_fft *fft;
    const double *window;
    double *frame;
    double complex *bins;
} transformer;

static void transformer_close(transformer *t)
{
    mlk_fft_release(t->frame);
    mlk_fft_release(t->bins);
}

static mlk_code transformer_open(transformer *t, const mlk_stft *stft, const mlk_view *view, mlk_status *status)
{
    *t = (transformer){.stft = stft, .view = view};
    t->fft = mlk_fft_plan(stft->n_fft, status);
    if (!t->fft)
        return MLK_MEMORY;
    t->window = mlk_window_centred(stft->window, stft->win_length, stft->n_fft, status);
    if (!t->window)
        return MLK_MEMORY;
    t->frame = mlk_fft_buffer((size_t)stft->n_fft);
    t->bins = (double complex *)mlk_fft_buffer(2 * ((size_t)stft->n_fft / 2 + 1));
    if (t->frame && t->bins)
        return MLK_OK;
    transformer_close(t);
    return mlk_fail_memory(status, "a transform");
}

MLK_CLONES static void weigh(double *restrict out, const float *restrict samples, const double *restrict window, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = samples[i] * window[i];
}

static void transform(transformer *t, int64_t frame)
{
    const mlk_stft *stft = t->stft;
    int64_t start = frame * stft->hop_length - (stft->center ? stft->n_fft / 2 : 0);
    if (start >= 0 && start + stft->n_fft <= t->view->n)
        weigh(t->frame, t->view->samples + (start - t->view->first), t->window, stft->n_fft);
    else {
        mlk_view_read(t->view, start, stft->n_fft, stft->pad_mode, t->frame);
        for (int i = 0; i < stft->n_fft; i++)
            t->frame[i] *= t->window[i];
    }
    mlk_fft_forward(t->fft, t->frame, t->bins);
}

MLK_CLONES static void squares(const double *restrict bins, int rows, float *restrict out)
{
    for (int k = 0; k < rows; k++)
        out[k] = (float)(bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1]);
}

/* MLK_TILE frames of `stride` values each, to a tile. */
MLK_CLONES static void interleave(const float *restrict frames, size_t stride, int rows, float *restrict tile)
{
    for (int k = 0; k < rows; k++)
        for (int j = 0; j < MLK_TILE; j++)
            tile[k * MLK_TILE + j] = frames[(size_t)j * stride + (size_t)k];
}

mlk_tiles *mlk_stft_power(const mlk_stft *stft, const mlk_view *view, int64_t first, int64_t frames,
                          mlk_status *status)
{
    int rows = stft->n_fft / 2 + 1;
    size_t stride = (size_t)rows + 15; /* frames of 1025 bins must not meet in the same lines of the cache */
    transformer t;
    if (transformer_open(&t, stft, view, status))
        return NULL;
    mlk_tiles *tiles = mlk_tiles_new(rows, frames, status);
    float *block = malloc(MLK_TILE * stride * sizeof *block);
    bool failed = !tiles || !block;
    if (tiles && !block)
        mlk_fail_memory(status, "a transform");
    for (int64_t i = 0; !failed && i < mlk_tile_count(frames); i++) {
        for (int j = 0; j < MLK_TILE; j++) {
            float *column = block + (size_t)j * stride;
            if (i * MLK_TILE + j < frames) {
                transform(&t, first + i * MLK_TILE + j);
                squares((const double *)t.bins, rows, column);
            } else
                memset(column, 0, (size_t)rows * sizeof *column);
        }
        interleave(block, stride, rows, mlk_tile(tiles, i));
        if (mlk_interrupted()) {
            mlk_fail(status, MLK_INTERRUPTED, "interrupted");
            failed = true;
        }
    }
    free(block);
    transformer_close(&t);
    if (failed) {
        mlk_tiles_free(tiles);
        return NULL;
    }
    return tiles;
}

mlk_code mlk_stft_complex(const mlk_stft *stft, const mlk_view *view, int64_t first, int64_t frames,
                          float complex *out, mlk_status *status)
{
    int rows = stft->n_fft / 2 + 1;
    transformer t;
    mlk_code code = transformer_open(&t, stft, view, status);
    if (code)
        return code;
    for (int64_t i = 0; !code && i < frames; i++) {
        transform(&t, first + i);
        for (int k = 0; k < rows; k++)
            out[k * frames + i] = (float complex)t.bins[k];
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    transformer_close(&t);
    return code;
}

mlk_code mlk_stft_frames(const mlk_stft *stft, const mlk_view *view, int64_t first, int64_t frames, float complex *out,
                         mlk_status *status)
{
    int rows = stft->n_fft / 2 + 1;
    transformer t;
    mlk_code code = transformer_open(&t, stft, view, status);
    if (code)
        return code;
    for (int64_t i = 0; !code && i < frames; i++) {
        transform(&t, first + i);
        for (int k = 0; k < rows; k++)
            out[i * rows + k] = (float complex)t.bins[k];
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    transformer_close(&t);
    return code;
}

/* stft.h: the short-time Fourier transform and its inverse.
 *
 * A frame is n_fft samples under a window, the next one hop_length further; with
 * `center` the waveform is padded by n_fft/2 on both sides, so that frame t is
 * centred on sample t * hop_length. Everything runs in double precision and is
 * stored in single.
 *
 * Real spectra are kept in tiles of MLK_TILE frames, [tile][bin][frame in the
 * tile]: a loop over bins then works on MLK_TILE frames side by side (lanes.h)
 * without changing the order of any sum. Frames beyond the last hold zeros.
 */
#ifndef MLK_STFT_H
#define MLK_STFT_H

#include "dsp/lanes.h"
#include "dsp/memo.h"
#include "dsp/view.h"
#include "dsp/window.h"
#include "parameters.h"
#include "status.h"

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct mlk_stft {
    int n_fft, hop_length, win_length;
    mlk_window window;
    bool center;
    mlk_pad pad_mode;
} mlk_stft;

extern const mlk_parameter mlk_frame_parameters[]; /* n_fft and hop_length */

static inline void mlk_stft_key(mlk_key *key, const mlk_stft *stft)
{
    mlk_key_add(key, stft->n_fft, stft->hop_length, stft->win_length, stft->window, stft->center, stft->pad_mode);
}

typedef struct mlk_tiles {
    int64_t rows, frames;
    float *data; /* ceil(frames / MLK_TILE) tiles of rows * MLK_TILE */
} mlk_tiles;

/* Number of frames of frame_length samples in n samples; 0 when there is not one (only without center). */
int64_t mlk_frame_count(int64_t n, int frame_length, int hop_length, bool center);

/* |STFT|^2 of frames first .. first + frames - 1 as tiles of n_fft/2 + 1 rows. Free with mlk_tiles_free. */
mlk_tiles *mlk_stft_power(const mlk_stft *stft, const mlk_view *view, int64_t first, int64_t frames,
                          mlk_status *status);

/* The transform itself, (n_fft/2 + 1) x frames, into the caller's memory. */
mlk_code mlk_stft_complex(const mlk_stft *stft, const mlk_view *view, int64_t first, int64_t frames,
                          float complex *out, mlk_status *status);

/* The same frame after frame: frames x (n_fft/2 + 1). */
mlk_code mlk_stft_frames(const mlk_stft *stft, const mlk_view *view, int64_t first, int64_t frames, float complex *out,
                         mlk_status *status);

mlk_tiles *mlk_tiles_new(int64_t rows, int64_t frames, mlk_status *status);
void mlk_tiles_free(void *tiles);

/* Copies tiles to a dense rows x frames matrix. */
void mlk_tiles_unpack(const mlk_tiles *tiles, float *out);

static inline float *mlk_tile(const mlk_tiles *tiles, int64_t index)
{
    return tiles->data + index * tiles->rows * MLK_TILE;
}

/* The same as rows of lanes. */
static inline const mlk_floats *mlk_tile_rows(const mlk_tiles *tiles, int64_t index)
{
    return (const mlk_floats *)mlk_tile(tiles, index);
}

static inline int64_t mlk_tile_count(int64_t frames)
{
    return (frames + MLK_TILE - 1) / MLK_TILE;
}

#endif

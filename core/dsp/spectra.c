#include "dsp/spectra.h"

#include "dsp/stft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A cell holds the floats that agree in exponent and the first four bits of the mantissa: it is at most 1/16 wide, a
 * level 0.12, so a cell lies in one level or two. */
enum { CELL_SHIFT = 19, CELLS = 1 << 12, /* of positive numbers */ BATCH = 8 * MLK_TILE };

static const float window_power = MLK_SPECTRA_FFT * 3.0f / 8; /* the sum of a squared Hann window */

struct mlk_spectra {
    int64_t frames;
    double sum[MLK_SPECTRA_BINS];
    float begins[MLK_SPECTRA_LEVELS + 1]; /* power at which each level begins; a last one that none reaches */
    int16_t level_of[CELLS];              /* the level in which a cell begins */
    uint32_t counts[MLK_SPECTRA_BINS][MLK_SPECTRA_LEVELS];
};

static uint32_t cell_of(float power)
{
    uint32_t bits;
    memcpy(&bits, &power, sizeof bits);
    return bits >> CELL_SHIFT;
}

static float cell_begin(uint32_t cell)
{
    uint32_t bits = cell << CELL_SHIFT;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

static void fill_levels(mlk_spectra *s)
{
    s->begins[0] = 0;
    for (int i = 1; i < MLK_SPECTRA_LEVELS; i++)
        s->begins[i] = (float)pow(10, (-180 + 0.5 * i) / 10);
    s->begins[MLK_SPECTRA_LEVELS] = INFINITY;
    int level = 0;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        while (level + 1 < MLK_SPECTRA_LEVELS && !(cell_begin(cell) < s->begins[level + 1]))
            level++;
        s->level_of[cell] = (int16_t)level;
    }
}

mlk_spectra *mlk_spectra_new(mlk_status *status)
{
    mlk_spectra *made = calloc(1, sizeof *made);
    if (!made) {
        mlk_fail_memory(status, "spectra");
        return NULL;
    }
    fill_levels(made);
    return made;
}

static void count_tile(mlk_spectra *s, const mlk_floats *rows, int width)
{
    for (int k = 0; k < MLK_SPECTRA_BINS; k++)
        for (int j = 0; j < width; j++) {
            float power = rows[k][j] / window_power;
            int level = s->level_of[cell_of(power) % CELLS];
            s->sum[k] += power;
            s->counts[k][level + (power >= s->begins[level + 1])]++;
        }
}

mlk_code mlk_spectra_add(mlk_spectra *s, const float *samples, int64_t n, mlk_status *status)
{
    mlk_stft stft = {MLK_SPECTRA_FFT, MLK_SPECTRA_FFT / 2, MLK_SPECTRA_FFT, MLK_WINDOW_HANN, false, MLK_PAD_CONSTANT};
    mlk_view view = mlk_view_whole(samples, n);
    int64_t frames = mlk_frame_count(n, stft.n_fft, stft.hop_length, stft.center);
    for (int64_t first = 0; first < frames; first += BATCH) {
        int64_t count = frames - first < BATCH ? frames - first : BATCH;
        mlk_tiles *power = mlk_stft_power(&stft, &view, first, count, status);
        if (!power)
            return status->code;
        for (int64_t i = 0; i < mlk_tile_count(count); i++) {
            int64_t left = count - i * MLK_TILE;
            count_tile(s, mlk_tile_rows(power, i), left < MLK_TILE ? (int)left : MLK_TILE);
        }
        mlk_tiles_free(power);
    }
    s->frames += frames;
    return MLK_OK;
}

int64_t mlk_spectra_frames(const mlk_spectra *spectra)
{
    return spectra->frames;
}

void mlk_spectra_get(const mlk_spectra *spectra, double *sum, float *counts)
{
    memcpy(sum, spectra->sum, sizeof spectra->sum);
    for (int k = 0; k < MLK_SPECTRA_BINS; k++)
        for (int level = 0; level < MLK_SPECTRA_LEVELS; level++)
            *counts++ = (float)spectra->counts[k][level];
}

void mlk_spectra_free(mlk_spectra *spectra)
{
    free(spectra);
}

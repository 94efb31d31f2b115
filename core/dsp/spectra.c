#include "dsp/spectra.h"

#include "dsp/stft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A cell holds the floats that agree in exponent and the first four bits of the mantissa: it is at most 1/16 wide, a
 * level 0.12, so a cell lies in one level or two. */
enum { CELL_SHIFT = 19, CELLS = 1 << 12, /* of positive numbers */ BATCH = 8 * MLK_TILE };
enum { HOP = MLK_SPECTRA_FFT / 2, ROOM = 16 * MLK_SPECTRA_FFT };

static const float window_power = MLK_SPECTRA_FFT * 3.0f / 8; /* the sum of a squared Hann window */

struct mlk_spectra {
    int64_t frames;
    int64_t waiting; /* samples of `heard` */
    float heard[ROOM];
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

/* Counts the whole frames of what waits, and keeps what the next one needs. */
static mlk_code count_waiting(mlk_spectra *s, mlk_status *status)
{
    mlk_stft stft = {MLK_SPECTRA_FFT, HOP, MLK_SPECTRA_FFT, MLK_WINDOW_HANN, false, MLK_PAD_CONSTANT};
    mlk_view view = mlk_view_whole(s->heard, s->waiting);
    int64_t frames = mlk_frame_count(s->waiting, stft.n_fft, stft.hop_length, stft.center);
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
    s->waiting -= frames * HOP;
    memmove(s->heard, s->heard + frames * HOP, sizeof *s->heard * (size_t)s->waiting);
    return MLK_OK;
}

mlk_code mlk_spectra_add(mlk_spectra *s, const float *samples, int64_t n, mlk_status *status)
{
    mlk_code code = MLK_OK;
    while (!code && n > 0) {
        int64_t count = n < ROOM - s->waiting ? n : ROOM - s->waiting;
        memcpy(s->heard + s->waiting, samples, sizeof *samples * (size_t)count);
        s->waiting += count;
        samples += count;
        n -= count;
        if (s->waiting >= MLK_SPECTRA_FFT)
            code = count_waiting(s, status);
    }
    return code;
}

int64_t mlk_spectra_frames(const mlk_spectra *spectra)
{
    return spectra->frames;
}

void mlk_spectra_sum(const mlk_spectra *spectra, double *sum)
{
    memcpy(sum, spectra->sum, sizeof spectra->sum);
}

void mlk_spectra_quantile(const mlk_spectra *spectra, double share, int *levels)
{
    double wanted = share * (double)spectra->frames;
    for (int k = 0; k < MLK_SPECTRA_BINS; k++) {
        double reached = spectra->counts[k][0];
        int level = 0;
        while (level + 1 < MLK_SPECTRA_LEVELS && reached < wanted)
            reached += spectra->counts[k][++level];
        levels[k] = level;
    }
}

void mlk_spectra_free(mlk_spectra *spectra)
{
    free(spectra);
}

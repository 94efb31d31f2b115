#include "dsp/analysis.h"

#include "dsp/decibel.h"
#include "dsp/lanes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

MLK_CLONES static bool all_finite(const float *samples, int64_t n)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return !bad;
}

mlk_analysis *mlk_analysis_new(const float *samples, int64_t n, double rate, mlk_status *status)
{
    bool finite = all_finite(samples, n);
    for (int64_t i = 0; !finite && i < n; i++)
        if (!isfinite(samples[i])) {
            mlk_fail(status, MLK_INVALID, "samples must be finite, got %s at sample %lld (%.3f s)",
                     isnan(samples[i]) ? "NaN" : "infinity", (long long)i, (double)i / rate);
            return NULL;
        }
    mlk_analysis *analysis = malloc(sizeof *analysis);
    if (!analysis) {
        mlk_fail_memory(status, "an analysis");
        return NULL;
    }
    *analysis = (mlk_analysis){.samples = samples, .n = n, .rate = rate};
    mlk_memo_init(&analysis->memo);
    return analysis;
}

void mlk_analysis_free(mlk_analysis *analysis)
{
    if (analysis)
        mlk_memo_clear(&analysis->memo);
    free(analysis);
}

mlk_matrix *mlk_matrix_new(int64_t rows, int64_t frames, mlk_status *status)
{
    mlk_matrix *matrix = malloc(sizeof *matrix);
    float *data = malloc(((size_t)(rows * frames) + 1) * sizeof *data); /* never 0 bytes */
    if (!matrix || !data) {
        free(matrix);
        free(data);
        mlk_fail(status, MLK_MEMORY, "not enough memory for %lld x %lld values", (long long)rows, (long long)frames);
        return NULL;
    }
    *matrix = (mlk_matrix){rows, frames, data};
    return matrix;
}

void mlk_matrix_free(void *matrix)
{
    if (matrix)
        free(((mlk_matrix *)matrix)->data);
    free(matrix);
}

/* --- spectra --- */

typedef struct request {
    mlk_analysis *analysis;
    const mlk_stft *stft;
    const mlk_mel *mel;
    double power;
} request;

enum { STFT_KEY = 7, MEL_KEY = 5, DB_KEY = 3 };

static void stft_key(const mlk_stft *stft, double power, double *key)
{
    key[0] = power;
    key[1] = stft->n_fft;
    key[2] = stft->hop_length;
    key[3] = stft->win_length;
    key[4] = stft->window;
    key[5] = stft->center;
    key[6] = stft->pad_mode;
}

MLK_CLONES static void roots(const float *restrict from, int64_t count, float *restrict to)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = sqrtf(from[i]);
}

static void *make_spectrum(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const request *r = context;
    if (r->power == 2) {
        mlk_view view = mlk_view_whole(r->analysis->samples, r->analysis->n);
        int64_t frames = mlk_frame_count(view.n, r->stft->n_fft, r->stft->hop_length, r->stft->center);
        return mlk_stft_power(r->stft, &view, 0, frames, status);
    }

    const mlk_tiles *squares = mlk_analysis_spectrum(r->analysis, r->stft, 2, status);
    mlk_tiles *made = squares ? mlk_tiles_new(squares->rows, squares->frames, status) : NULL;
    if (!made)
        return NULL;
    int64_t count = mlk_tile_count(squares->frames) * squares->rows * MLK_TILE;
    if (r->power == 1)
        roots(squares->data, count, made->data);
    else
        for (int64_t i = 0; i < count; i++)
            made->data[i] = (float)pow(squares->data[i], r->power / 2);
    return made;
}

const mlk_tiles *mlk_analysis_spectrum(mlk_analysis *analysis, const mlk_stft *stft, double power,
                                       mlk_status *status)
{
    static const mlk_memo_kind spectra = {make_spectrum, mlk_tiles_free};
    double key[STFT_KEY];
    stft_key(stft, power, key);
    request r = {.analysis = analysis, .stft = stft, .power = power};
    return mlk_memo_get(&analysis->memo, &spectra, key, STFT_KEY, &r, status);
}

static void *make_mel(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const request *r = context;
    const mlk_tiles *spectrum = mlk_analysis_spectrum(r->analysis, r->stft, r->power, status);
    mlk_matrix *made = spectrum ? mlk_matrix_new(r->mel->n_mels, spectrum->frames, status) : NULL;
    if (made && mlk_mel_apply(r->mel, r->analysis->rate, r->stft->n_fft, spectrum, made->data, status)) {
        mlk_matrix_free(made);
        made = NULL;
    }
    return made;
}

static void mel_key(const mlk_stft *stft, double power, const mlk_mel *mel, double *key)
{
    stft_key(stft, power, key);
    double *own = key + STFT_KEY;
    own[0] = mel->n_mels;
    own[1] = mel->fmin;
    own[2] = mel->fmax;
    own[3] = mel->htk;
    own[4] = mel->area_normalise;
}

const mlk_matrix *mlk_analysis_mel(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                   mlk_status *status)
{
    static const mlk_memo_kind mels = {make_mel, mlk_matrix_free};
    double key[STFT_KEY + MEL_KEY];
    mel_key(stft, power, mel, key);
    request r = {analysis, stft, mel, power};
    return mlk_memo_get(&analysis->memo, &mels, key, STFT_KEY + MEL_KEY, &r, status);
}

static void *make_mel_db(void *context, const double *key, mlk_status *status)
{
    const request *r = context;
    const double *db = key + STFT_KEY + MEL_KEY;
    const mlk_matrix *power = mlk_analysis_mel(r->analysis, r->stft, r->power, r->mel, status);
    mlk_matrix *made = power ? mlk_matrix_new(power->rows, power->frames, status) : NULL;
    if (made)
        mlk_power_to_db(power->data, power->rows * power->frames, db[0], db[1], db[2], made->data);
    return made;
}

const mlk_matrix *mlk_analysis_mel_db(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                      double ref, double amin, double top_db, mlk_status *status)
{
    static const mlk_memo_kind decibels = {make_mel_db, mlk_matrix_free};
    double key[STFT_KEY + MEL_KEY + DB_KEY];
    mel_key(stft, power, mel, key);
    double *own = key + STFT_KEY + MEL_KEY;
    own[0] = ref;
    own[1] = amin;
    own[2] = top_db;
    request r = {analysis, stft, mel, power};
    return mlk_memo_get(&analysis->memo, &decibels, key, STFT_KEY + MEL_KEY + DB_KEY, &r, status);
}

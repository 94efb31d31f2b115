#include "dsp/analysis.h"

#include "dsp/decibel.h"
#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES = 32 << 20 }; /* of what a survey leaves for the final pass; beyond it is made again */

/* --- the clip and its blocks --- */

mlk_analysis *mlk_analysis_of(mlk_waveform *waveform, mlk_status *status)
{
    mlk_analysis *analysis = malloc(sizeof *analysis);
    if (!analysis) {
        mlk_fail_memory(status, "an analysis");
        return NULL;
    }
    *analysis = (mlk_analysis){.waveform = waveform, .rate = mlk_waveform_rate(waveform)};
    mlk_memo_init(&analysis->memo);
    return analysis;
}

mlk_analysis *mlk_analysis_new(const float *samples, int64_t n, double rate, mlk_status *status)
{
    mlk_waveform *waveform = mlk_waveform_of(samples, n, rate, status);
    mlk_analysis *analysis = waveform ? mlk_analysis_of(waveform, status) : NULL;
    if (analysis && mlk_analysis_enter_whole(analysis, status)) {
        mlk_analysis_free(analysis);
        analysis = NULL;
    }
    if (!analysis)
        mlk_waveform_free(waveform);
    else
        analysis->owns_waveform = true;
    return analysis;
}

void mlk_analysis_free(mlk_analysis *analysis)
{
    if (!analysis)
        return;
    mlk_memo_clear(&analysis->memo);
    if (analysis->owns_waveform)
        mlk_waveform_free(analysis->waveform);
    free(analysis);
}

mlk_code mlk_analysis_enter(mlk_analysis *analysis, mlk_block block, int64_t ahead, mlk_status *status)
{
    mlk_memo_forget(&analysis->memo);
    if (analysis->block.pass == MLK_PASS_FINAL)
        mlk_memo_drop(&analysis->memo, analysis->block.index);
    analysis->block = block;
    analysis->samples = NULL;
    mlk_waveform_mark(analysis->waveform, block.first);
    return mlk_waveform_reach(analysis->waveform, block.end + ahead, &analysis->n, status);
}

mlk_code mlk_analysis_enter_whole(mlk_analysis *analysis, mlk_status *status)
{
    mlk_memo_forget(&analysis->memo);
    mlk_view view;
    mlk_waveform_mark(analysis->waveform, 0);
    mlk_code code = mlk_waveform_view(analysis->waveform, 0, INT64_MAX, &view, status);
    if (code)
        return code;
    analysis->block = (mlk_block){MLK_PASS_WHOLE, 0, 0, INT64_MAX};
    analysis->samples = view.samples;
    analysis->n = view.n;
    return MLK_OK;
}

mlk_key mlk_analysis_key(const mlk_analysis *analysis)
{
    return analysis->block.pass == MLK_PASS_WHOLE
               ? (mlk_key){.scope = MLK_KEY_CLIP}
               : (mlk_key){.scope = MLK_KEY_BLOCK, .block = analysis->block.index};
}

mlk_key mlk_analysis_clip_key(const mlk_analysis *analysis)
{
    return (mlk_key){.scope = analysis->block.pass == MLK_PASS_WHOLE ? MLK_KEY_CLIP : MLK_KEY_SURVEYED};
}

void *mlk_analysis_carry(mlk_analysis *analysis, size_t bytes, mlk_status *status)
{
    mlk_carry *carry = analysis->carry;
    if (bytes <= carry->size)
        return carry->memory;
    unsigned char *grown = realloc(carry->memory, bytes);
    if (!grown) {
        mlk_fail_memory(status, "what a feature carries from block to block");
        return NULL;
    }
    memset(grown + carry->size, 0, bytes - carry->size);
    *carry = (mlk_carry){grown, bytes};
    return grown;
}

mlk_span mlk_analysis_span(const mlk_analysis *analysis, int64_t hop_length, int64_t total)
{
    int64_t first = (analysis->block.first + hop_length - 1) / hop_length;
    int64_t end = analysis->block.end == INT64_MAX ? total : (analysis->block.end + hop_length - 1) / hop_length;
    end = end < total ? end : total;
    return (mlk_span){first, end > first ? end - first : 0};
}

mlk_code mlk_analysis_view(mlk_analysis *analysis, int frame_length, int hop_length, bool center, mlk_span span,
                           mlk_view *view, mlk_status *status)
{
    int64_t first = span.first * hop_length - (center ? frame_length / 2 : 0);
    int64_t end = first + (span.frames - 1) * hop_length + frame_length;
    return mlk_waveform_view(analysis->waveform, first - frame_length, end + frame_length, view, status);
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

static size_t matrix_size(const mlk_matrix *matrix)
{
    return sizeof *matrix + (size_t)(matrix->rows * matrix->frames) * sizeof *matrix->data;
}

/* --- numbers of the clip --- */

/* The largest of some matrices' values so far. */
typedef struct highest {
    float value[2];
} highest;

static void *make_highest(const void *nothing, mlk_status *status)
{
    (void)nothing;
    highest *made = malloc(sizeof *made);
    if (made)
        *made = (highest){{-INFINITY, -INFINITY}};
    else
        mlk_fail_memory(status, "the largest value");
    return made;
}

/* That of the values under a key of the clip's; made at -infinity. NULL: see status. */
static highest *highest_of(mlk_analysis *analysis, const mlk_key *key, mlk_status *status)
{
    static const mlk_memo_kind kind = {make_highest, free};
    highest *found = mlk_memo_get(&analysis->memo, &kind, key, NULL, status);
    if (found)
        mlk_memo_keep(&analysis->memo, &kind, key, sizeof *found, SIZE_MAX);
    return found;
}

static void lift(float *value, const float *data, int64_t count)
{
    float highest = mlk_largest(data, count);
    *value = highest > *value ? highest : *value;
}

/* --- spectra --- */

typedef struct spectrum_request {
    mlk_analysis *analysis;
    const mlk_stft *stft;
    double power;
} spectrum_request;

static mlk_key spectrum_key(mlk_key key, const spectrum_request *r)
{
    mlk_stft_key(&key, r->stft);
    mlk_key_add(&key, r->power);
    return key;
}

MLK_CLONES static void roots(const float *restrict from, int64_t count, float *restrict to)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = sqrtf(from[i]);
}

static mlk_tiles *squares_of(const spectrum_request *r, mlk_status *status)
{
    const mlk_stft *stft = r->stft;
    mlk_view view;
    mlk_span span =
        mlk_analysis_span(r->analysis, stft->hop_length,
                          mlk_frame_count(r->analysis->n, stft->n_fft, stft->hop_length, stft->center));
    if (mlk_analysis_view(r->analysis, stft->n_fft, stft->hop_length, stft->center, span, &view, status))
        return NULL;
    return mlk_stft_power(stft, &view, span.first, span.frames, status);
}

static void *make_spectrum(const void *context, mlk_status *status)
{
    const spectrum_request *r = context;
    if (r->power == 2)
        return squares_of(r, status);
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

static size_t tiles_size(const mlk_tiles *tiles)
{
    return sizeof *tiles + (size_t)(mlk_tile_count(tiles->frames) * tiles->rows * MLK_TILE) * sizeof *tiles->data;
}

static const mlk_memo_kind spectra = {make_spectrum, mlk_tiles_free};

const mlk_tiles *mlk_analysis_spectrum(mlk_analysis *analysis, const mlk_stft *stft, double power,
                                       mlk_status *status)
{
    spectrum_request r = {analysis, stft, power};
    mlk_key key = spectrum_key(mlk_analysis_key(analysis), &r);
    return mlk_memo_get(&analysis->memo, &spectra, &key, &r, status);
}

void mlk_analysis_keep_spectrum(mlk_analysis *analysis, const mlk_stft *stft, double power)
{
    spectrum_request r = {analysis, stft, power};
    mlk_key key = spectrum_key(mlk_analysis_key(analysis), &r);
    mlk_status unused;
    const mlk_tiles *made = mlk_memo_get(&analysis->memo, &spectra, &key, &r, &unused);
    if (made)
        mlk_memo_keep(&analysis->memo, &spectra, &key, tiles_size(made), KEPT_BYTES);
}

/* --- mel --- */

typedef struct mel_request {
    spectrum_request spectrum;
    const mlk_mel *mel;
} mel_request;

static mlk_key mel_key(mlk_key key, const mel_request *r)
{
    key = spectrum_key(key, &r->spectrum);
    mlk_mel_key(&key, r->mel);
    return key;
}

static void *make_mel(const void *context, mlk_status *status)
{
    const mel_request *r = context;
    const spectrum_request *from = &r->spectrum;
    const mlk_tiles *spectrum = mlk_analysis_spectrum(from->analysis, from->stft, from->power, status);
    mlk_matrix *made = spectrum ? mlk_matrix_new(r->mel->n_mels, spectrum->frames, status) : NULL;
    if (made && mlk_mel_apply(r->mel, from->analysis->rate, from->stft->n_fft, spectrum, made->data, status)) {
        mlk_matrix_free(made);
        made = NULL;
    }
    return made;
}

const mlk_matrix *mlk_analysis_mel(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                   mlk_status *status)
{
    static const mlk_memo_kind mels = {make_mel, mlk_matrix_free};
    mel_request r = {{analysis, stft, power}, mel};
    mlk_key key = mel_key(mlk_analysis_key(analysis), &r);
    return mlk_memo_get(&analysis->memo, &mels, &key, &r, status);
}

/* --- decibels --- */

typedef struct decibel_request {
    mel_request mel;
    double ref, amin;
} decibel_request;

static mlk_key decibel_key(mlk_key key, const decibel_request *r)
{
    key = mel_key(key, &r->mel);
    mlk_key_add(&key, r->ref, r->amin);
    return key;
}

static highest *loudest_of(const decibel_request *r, mlk_status *status)
{
    mlk_analysis *analysis = r->mel.spectrum.analysis;
    mlk_key key = decibel_key(mlk_analysis_clip_key(analysis), r);
    return highest_of(analysis, &key, status);
}

static void *make_decibels(const void *context, mlk_status *status);

static const mlk_memo_kind raw_decibels = {make_decibels, mlk_matrix_free};

/* The clip's from what a survey kept of its blocks, or NULL when not all is there. */
static mlk_matrix *assemble(const decibel_request *r)
{
    mlk_analysis *analysis = r->mel.spectrum.analysis;
    const mlk_stft *stft = r->mel.spectrum.stft;
    mlk_key key = decibel_key((mlk_key){.scope = MLK_KEY_BLOCK}, r);
    int64_t total = mlk_frame_count(analysis->n, stft->n_fft, stft->hop_length, stft->center), at = 0;
    mlk_matrix *made = mlk_matrix_new(r->mel.mel->n_mels, total, NULL);
    for (; made && at < total; key.block++) {
        const mlk_matrix *part = mlk_memo_find(&analysis->memo, &raw_decibels, &key);
        if (!part) {
            mlk_matrix_free(made);
            return NULL;
        }
        for (int64_t row = 0; row < made->rows; row++)
            memcpy(made->data + row * total + at, part->data + row * part->frames,
                   (size_t)part->frames * sizeof *made->data);
        at += part->frames;
    }
    return made;
}

static mlk_matrix *convert(const decibel_request *r, mlk_status *status)
{
    const spectrum_request *from = &r->mel.spectrum;
    const mlk_matrix *power = mlk_analysis_mel(from->analysis, from->stft, from->power, r->mel.mel, status);
    mlk_matrix *made = power ? mlk_matrix_new(power->rows, power->frames, status) : NULL;
    if (made)
        mlk_power_to_db(power->data, power->rows * power->frames, r->ref, r->amin, NAN, made->data);
    return made;
}

static void *make_decibels(const void *context, mlk_status *status)
{
    const decibel_request *r = context;
    highest *loudest = loudest_of(r, status);
    if (!loudest)
        return NULL;
    mlk_matrix *made = r->mel.spectrum.analysis->block.pass == MLK_PASS_WHOLE ? assemble(r) : NULL;
    if (!made)
        made = convert(r, status);
    if (made)
        lift(&loudest->value[0], made->data, made->rows * made->frames);
    return made;
}

/* Without a floor. In a survey kept for the final pass. */
static const mlk_matrix *decibels(const decibel_request *r, mlk_status *status)
{
    mlk_analysis *analysis = r->mel.spectrum.analysis;
    mlk_key key = decibel_key(mlk_analysis_key(analysis), r);
    const mlk_matrix *made = mlk_memo_get(&analysis->memo, &raw_decibels, &key, r, status);
    if (made && analysis->block.pass == MLK_PASS_SURVEY)
        mlk_memo_keep(&analysis->memo, &raw_decibels, &key, matrix_size(made), KEPT_BYTES);
    return made;
}

typedef struct lifted_request {
    decibel_request decibels;
    double top_db;
} lifted_request;

static void *make_lifted(const void *context, mlk_status *status)
{
    const lifted_request *r = context;
    const mlk_matrix *raw = decibels(&r->decibels, status);
    const highest *loudest = raw ? loudest_of(&r->decibels, status) : NULL;
    mlk_matrix *made = loudest ? mlk_matrix_new(raw->rows, raw->frames, status) : NULL;
    if (!made)
        return NULL;
    float lowest = (float)(loudest->value[0] - r->top_db);
    for (int64_t i = 0; i < made->rows * made->frames; i++)
        made->data[i] = raw->data[i] > lowest ? raw->data[i] : lowest;
    return made;
}

const mlk_matrix *mlk_analysis_mel_db(mlk_analysis *analysis, const mlk_stft *stft, double power, const mlk_mel *mel,
                                      double ref, double amin, double top_db, mlk_status *status)
{
    static const mlk_memo_kind kind = {make_lifted, mlk_matrix_free};
    lifted_request r = {{{{analysis, stft, power}, mel}, ref, amin}, top_db};
    if (isnan(top_db) || analysis->block.pass == MLK_PASS_SURVEY)
        return decibels(&r.decibels, status);
    mlk_key key = decibel_key(mlk_analysis_key(analysis), &r.decibels);
    mlk_key_add(&key, top_db);
    return mlk_memo_get(&analysis->memo, &kind, &key, &r, status);
}

/* --- contrast --- */

typedef struct contrast_request {
    mlk_analysis *analysis;
    const mlk_stft *stft;
    const mlk_contrast *contrast;
} contrast_request;

static mlk_key contrast_key(mlk_key key, const contrast_request *r)
{
    mlk_stft_key(&key, r->stft);
    mlk_contrast_key(&key, r->contrast);
    return key;
}

static highest *extremes_of(const contrast_request *r, mlk_status *status)
{
    mlk_key key = contrast_key(mlk_analysis_clip_key(r->analysis), r);
    return highest_of(r->analysis, &key, status);
}

static void *make_contrast(const void *context, mlk_status *status)
{
    const contrast_request *r = context;
    highest *found = extremes_of(r, status);
    const mlk_tiles *magnitude = found ? mlk_analysis_spectrum(r->analysis, r->stft, 1, status) : NULL;
    int64_t bands = r->contrast->n_bands + 1;
    mlk_matrix *made = magnitude ? mlk_matrix_new(2 * bands, magnitude->frames, status) : NULL;
    if (!made)
        return NULL;
    int64_t count = bands * made->frames;
    float *parts[2] = {made->data, made->data + count};
    if (mlk_spectral_extremes(r->contrast, magnitude, r->analysis->rate / r->stft->n_fft, parts[0], parts[1], status)) {
        mlk_matrix_free(made);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        if (!r->contrast->linear)
            mlk_power_to_db(parts[i], count, 1, 1e-10, NAN, parts[i]);
        lift(&found->value[i], parts[i], count);
    }
    return made;
}

const mlk_matrix *mlk_analysis_contrast(mlk_analysis *analysis, const mlk_stft *stft, const mlk_contrast *contrast,
                                        float *highest_peak, float *highest_valley, mlk_status *status)
{
    static const mlk_memo_kind kind = {make_contrast, mlk_matrix_free};
    contrast_request r = {analysis, stft, contrast};
    mlk_key key = contrast_key(mlk_analysis_key(analysis), &r);
    const mlk_matrix *made = mlk_memo_get(&analysis->memo, &kind, &key, &r, status);
    if (made && analysis->block.pass == MLK_PASS_SURVEY)
        mlk_memo_keep(&analysis->memo, &kind, &key, matrix_size(made), KEPT_BYTES);
    const highest *found = made ? extremes_of(&r, status) : NULL;
    if (!found)
        return NULL;
    *highest_peak = found->value[0];
    *highest_valley = found->value[1];
    return made;
}

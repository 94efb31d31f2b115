#include "extract/material.h"

#include "dsp/decibel.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Mean and sum of squared deviations of some values. */
typedef struct moments {
    double count, mean, squares;
} moments;

typedef struct holding {
    float *data;    /* NULL: not kept so */
    int16_t *words; /* samples that are whole 32768ths, as sound of 16 bit is at its own rate: half the memory */
    int64_t length;
    moments *rows;
} holding;

struct mlk_material {
    atomic_int owners;
    mlk_extraction *extraction;
    const mlk_recipe *recipe;
    mlk_material_settings settings;
    int n;
    int64_t rows;
    holding *holdings;
    atomic_size_t kept; /* bytes */
};

const mlk_parameter mlk_material_parameters[] = {
    MLK_INTEGER("memory", 0x1p31, 0, 1e18, "of frames or samples kept; the rest is read again each time",
                MLK_IN(mlk_material_settings, memory), .unit = "bytes"),
    MLK_PARAMETERS_END,
};

const mlk_parameter mlk_material_decibel_parameters[] = {
    MLK_REAL("amin", 1e-10, 0, HUGE_VAL, "the least power that is seen", MLK_IN(mlk_material_settings, amin),
             .above = true),
    MLK_PARAMETERS_END,
};

mlk_material *mlk_material_new(mlk_extraction *extraction, int n, mlk_material_settings settings, mlk_status *status)
{
    mlk_material *made = calloc(1, sizeof *made);
    holding *holdings = calloc((size_t)n + 1, sizeof *holdings);
    if (!made || !holdings) {
        free(made);
        free(holdings);
        mlk_extraction_free(extraction);
        mlk_fail(status, MLK_MEMORY, "not enough memory for %d tracks", n);
        return NULL;
    }
    atomic_init(&made->owners, 1);
    made->extraction = extraction;
    made->recipe = mlk_extraction_recipe(extraction);
    made->settings = settings;
    made->n = n;
    made->holdings = holdings;
    for (int i = 0; i < made->recipe->n_features; i++)
        made->rows += made->recipe->rows[i];
    return made;
}

mlk_material *mlk_material_keep(mlk_material *material)
{
    atomic_fetch_add(&material->owners, 1);
    return material;
}

void mlk_material_free(mlk_material *material)
{
    if (!material || atomic_fetch_sub(&material->owners, 1) > 1)
        return;
    for (int i = 0; i < material->n; i++) {
        free(material->holdings[i].data);
        free(material->holdings[i].words);
        free(material->holdings[i].rows);
    }
    free(material->holdings);
    mlk_extraction_free(material->extraction);
    free(material);
}

mlk_extraction *mlk_material_extraction(const mlk_material *material)
{
    return material->extraction;
}

const mlk_recipe *mlk_material_recipe(const mlk_material *material)
{
    return material->recipe;
}

bool mlk_material_is_sound(const mlk_material *material)
{
    return material->settings.sound;
}

int64_t mlk_material_rows(const mlk_material *material)
{
    return material->rows;
}

int64_t mlk_material_length(const mlk_material *material, int index)
{
    return material->holdings[index].length;
}

bool mlk_material_decibel(const mlk_material *material, int feature)
{
    return material->settings.powers[feature] > 0;
}

int64_t mlk_material_frames(const mlk_material *material, int64_t n)
{
    mlk_feature_shape shape;
    mlk_status unused;
    if (n < 1 || mlk_feature_measure(&material->recipe->features[0], n, material->recipe->rate, &shape, &unused))
        return 0;
    return shape.frames;
}

/* --- features below each other --- */

static void to_decibel(const mlk_material *m, int feature, float *values, int64_t count)
{
    double power = m->settings.powers[feature];
    if (power <= 0)
        return;
    mlk_power_to_db(values, count, 1, pow(m->settings.amin, power / 2), NAN, values);
    if (power != 2)
        for (int64_t i = 0; i < count; i++)
            values[i] *= (float)(2 / power);
}

static void copy_rows(const mlk_bundle *bundle, int feature, float *out)
{
    const mlk_feature_shape *shape = &bundle->shapes[feature];
    const float *from = bundle->data[feature];
    int64_t count = shape->rows * shape->frames;
    if (shape->dtype == MLK_COMPLEX64)
        for (int64_t i = 0; i < count; i++)
            out[i] = hypotf(from[2 * i], from[2 * i + 1]);
    else
        memcpy(out, from, (size_t)count * sizeof *out);
}

mlk_code mlk_material_check(const mlk_recipe *recipe, const mlk_feature_shape *shapes, mlk_status *status)
{
    const char *first = recipe->features[0].feature->name;
    for (int i = 1; i < recipe->n_features; i++) {
        const char *name = recipe->features[i].feature->name;
        if (fabs(shapes[i].rate - shapes[0].rate) > 1e-9 * shapes[0].rate)
            return mlk_fail(status, MLK_INVALID,
                            "features of one rate can be joined: %s has %.6g frames a second, %s %.6g (give both the "
                            "same hop_length)",
                            first, shapes[0].rate, name, shapes[i].rate);
        if (shapes[i].frames != shapes[0].frames)
            return mlk_fail(status, MLK_INVALID, "features of the same frames can be joined: %s has %lld, %s %lld",
                            first, (long long)shapes[0].frames, name, (long long)shapes[i].frames);
    }
    return MLK_OK;
}

static mlk_matrix *stack(const mlk_material *m, const mlk_bundle *bundle, mlk_status *status)
{
    int64_t frames = bundle->shapes[0].frames;
    if (mlk_material_check(m->recipe, bundle->shapes, status))
        return NULL;
    mlk_matrix *matrix = mlk_matrix_new(m->rows, frames, status);
    float *at = matrix ? matrix->data : NULL;
    for (int i = 0; matrix && i < bundle->count; i++) {
        copy_rows(bundle, i, at);
        to_decibel(m, i, at, bundle->shapes[i].rows * frames);
        at += bundle->shapes[i].rows * frames;
    }
    return matrix;
}

mlk_matrix *mlk_material_analyse(const mlk_material *material, const float *samples, int64_t n, mlk_status *status)
{
    mlk_bundle *bundle = mlk_extraction_analyse(material->recipe, samples, n, material->recipe->rate, status);
    mlk_matrix *matrix = bundle ? stack(material, bundle, status) : NULL;
    mlk_bundle_free(bundle);
    return matrix;
}

/* --- tracks --- */

/* The matrix' memory, without the matrix. */
static float *strip(mlk_matrix *matrix, int64_t *length)
{
    float *data = matrix->data;
    *length = matrix->frames;
    matrix->data = NULL;
    mlk_matrix_free(matrix);
    return data;
}

static float *read_frames(const mlk_material *m, int index, bool first, int64_t *length, mlk_status *status)
{
    mlk_bundle *made = NULL;
    const mlk_bundle *bundle = first ? (made = mlk_extraction_obtain(m->extraction, index, status))
                                     : mlk_extraction_frames(m->extraction, index, &made, status);
    mlk_matrix *matrix = bundle ? stack(m, bundle, status) : NULL;
    mlk_bundle_free(made);
    return matrix ? strip(matrix, length) : NULL;
}

static float *read_samples(const mlk_material *m, int index, bool first, int64_t *length, mlk_status *status)
{
    const mlk_track *track = mlk_extraction_track(m->extraction, index);
    mlk_audio_options options = mlk_extraction_decoding(m->recipe, track);
    mlk_audio audio;
    if (mlk_audio_load(track->path, &options, &audio, status))
        return NULL;
    if (audio.frames == 0) {
        mlk_audio_free(&audio);
        mlk_fail(status, MLK_INVALID, "%s: there is no sound in the part asked for", track->path);
        return NULL;
    }
    if (first && mlk_extraction_note(m->extraction, index, &audio.notes, status)) {
        mlk_audio_free(&audio);
        return NULL;
    }
    *length = audio.frames;
    return audio.samples;
}

static float *read_track(const mlk_material *m, int index, bool first, int64_t *length, mlk_status *status)
{
    return m->settings.sound ? read_samples(m, index, first, length, status)
                             : read_frames(m, index, first, length, status);
}

/* Samples as words, when that loses nothing; NULL otherwise. */
static int16_t *to_words(const float *samples, int64_t n)
{
    int16_t *words = malloc((size_t)n * sizeof *words);
    for (int64_t i = 0; words && i < n; i++) {
        float value = samples[i] * 32768;
        words[i] = value >= INT16_MIN && value <= INT16_MAX ? (int16_t)value : 0;
        if ((float)words[i] != value) {
            free(words);
            words = NULL;
        }
    }
    return words;
}

static void from_words(const int16_t *words, int64_t n, float *samples)
{
    for (int64_t i = 0; i < n; i++)
        samples[i] = words[i] * (1.0f / 32768);
}

/* Whether so many more bytes may be kept; they then are. */
static bool claim(mlk_material *m, size_t bytes)
{
    if (atomic_fetch_add(&m->kept, bytes) + bytes <= m->settings.memory)
        return true;
    atomic_fetch_sub(&m->kept, bytes);
    return false;
}

mlk_code mlk_material_load(void *material, int index, mlk_status *status)
{
    mlk_material *m = material;
    holding *holding = &m->holdings[index];
    float *data = read_track(m, index, true, &holding->length, status);
    if (!data)
        return status->code;
    size_t count = (size_t)holding->length * (size_t)(m->settings.sound ? 1 : m->rows);
    int16_t *words = m->settings.sound ? to_words(data, holding->length) : NULL;
    if (words && claim(m, count * sizeof *words)) {
        holding->words = words;
        words = NULL;
    } else if (!words && claim(m, count * sizeof *data)) {
        holding->data = data;
        data = NULL;
    }
    free(words);
    free(data);
    return MLK_OK;
}

/* The whole of a track that is not kept, or kept as words. NULL: see status. */
static float *fetch(const mlk_material *m, int index, mlk_status *status)
{
    const holding *holding = &m->holdings[index];
    if (holding->words) {
        float *samples = malloc((size_t)holding->length * sizeof *samples);
        if (samples)
            from_words(holding->words, holding->length, samples);
        else
            mlk_fail_memory(status, "a track's samples");
        return samples;
    }
    int64_t length = 0;
    float *data = read_track(m, index, false, &length, status);
    if (data && length != holding->length) {
        free(data);
        data = NULL;
        mlk_fail(status, MLK_INVALID, "%s has changed while it was in use",
                 mlk_extraction_track(m->extraction, index)->path);
    }
    return data;
}

mlk_code mlk_material_borrow(const mlk_material *material, int index, mlk_piece *piece, mlk_status *status)
{
    const holding *holding = &material->holdings[index];
    *piece = (mlk_piece){holding->data, material->settings.sound ? 1 : material->rows, holding->length, NULL};
    if (!holding->data)
        piece->data = piece->made = fetch(material, index, status);
    return piece->data ? MLK_OK : status->code;
}

mlk_code mlk_material_samples(const mlk_material *material, int index, int64_t first, int64_t n, float *out,
                              mlk_status *status)
{
    const holding *holding = &material->holdings[index];
    if (holding->words) {
        from_words(holding->words + first, n, out);
        return MLK_OK;
    }
    mlk_piece piece;
    if (mlk_material_borrow(material, index, &piece, status))
        return status->code;
    memcpy(out, piece.data + first, (size_t)n * sizeof *out);
    mlk_piece_release(&piece);
    return MLK_OK;
}

void mlk_piece_release(mlk_piece *piece)
{
    free(piece->made);
    *piece = (mlk_piece){0};
}

/* --- statistics --- */

static moments moments_of(const float *values, int64_t n)
{
    moments m = {0};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            m.count++;
        }
    m.mean = m.count > 0 ? sum / m.count : 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(values[i]))
            squares += (values[i] - m.mean) * (values[i] - m.mean);
    m.squares = squares;
    return m;
}

/* Two sets in one (Chan, Golub and LeVeque, 1979). */
static moments joined(moments a, moments b)
{
    double count = a.count + b.count, apart = b.mean - a.mean;
    if (count == 0)
        return a;
    return (moments){count, a.mean + apart * b.count / count,
                     a.squares + b.squares + apart * apart * a.count * b.count / count};
}

mlk_code mlk_material_measure(void *material, int index, mlk_status *status)
{
    mlk_material *m = material;
    mlk_piece piece;
    if (mlk_material_borrow(m, index, &piece, status))
        return status->code;
    mlk_matrix *matrix = NULL;
    if (m->settings.sound) {
        matrix = mlk_material_analyse(m, piece.data, piece.length, status);
        mlk_piece_release(&piece);
        if (!matrix)
            return status->code;
        piece = (mlk_piece){matrix->data, matrix->rows, matrix->frames, NULL};
    }
    moments *rows = malloc((size_t)m->rows * sizeof *rows);
    for (int64_t row = 0; rows && row < m->rows; row++)
        rows[row] = moments_of(piece.data + row * piece.length, piece.length);
    mlk_piece_release(&piece);
    mlk_matrix_free(matrix);
    free(m->holdings[index].rows);
    m->holdings[index].rows = rows;
    return rows ? MLK_OK : mlk_fail_memory(status, "a track's statistics");
}

void mlk_material_statistics(const mlk_material *material, const int *tracks, int n, float *mean, float *std)
{
    for (int64_t row = 0; row < material->rows; row++) {
        moments all = {0};
        for (int i = 0; i < n; i++)
            all = joined(all, material->holdings[tracks[i]].rows[row]);
        double deviation = all.count > 0 ? sqrt(all.squares / all.count) : 0;
        mean[row] = (float)all.mean;
        std[row] = deviation > 0 ? (float)deviation : 1;
    }
}

#include "extract/example.h"

#include "dsp/decibel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_mixup(const mlk_change *change)
{
    return change->augment->kind == MLK_AUGMENT_MIXUP;
}

/* out = share * out + (1 - share) * other */
static void mix(float *out, const float *other, int64_t n, double share)
{
    float own = (float)share, rest = (float)(1 - share);
    for (int64_t i = 0; i < n; i++)
        out[i] = own * out[i] + rest * other[i];
}

/* --- sounds --- */

/* Samples that a segment takes of a track of `total` so that `length` are left of them after the changes. */
static int64_t needed(const mlk_plan *plan, const mlk_example *example, int64_t length)
{
    mlk_change change;
    for (int i = plan->n_sound - 1; i >= 0; i--)
        if (mlk_plan_change(plan, example, i, &change))
            length = mlk_change_needs(&change, length);
    return length;
}

/* A copy of the segment, with as much more of the track as stretching asks for. */
static mlk_code cut_sound(const mlk_plan *plan, const mlk_example *example, mlk_sound *sound, int64_t *length,
                          mlk_status *status)
{
    int track = plan->tracks[example->track];
    int64_t total = mlk_material_length(plan->material, track), start = example->start;
    *length = plan->grid.length > 0 ? plan->grid.length : total;
    int64_t n = needed(plan, example, *length);
    n = n < total ? n : total;
    start = start < total - n ? start : total - n;
    *sound = (mlk_sound){malloc((size_t)n * sizeof(float)), n, mlk_material_recipe(plan->material)->rate};
    if (!sound->samples)
        return mlk_fail_memory(status, "a segment");
    return mlk_material_samples(plan->material, track, start, n, sound->samples, status);
}

/* Exactly `length` samples; *real of them are not padding. */
static mlk_code fit(mlk_sound *sound, int64_t length, int64_t *real, mlk_status *status)
{
    *real = sound->n < length ? sound->n : length;
    float *samples = realloc(sound->samples, (size_t)length * sizeof *samples);
    if (!samples)
        return mlk_fail_memory(status, "a segment");
    memset(samples + *real, 0, (size_t)(length - *real) * sizeof *samples);
    sound->samples = samples;
    sound->n = length;
    return MLK_OK;
}

static mlk_code make_sound(const mlk_plan *plan, const mlk_example *example, mlk_blend *blend, mlk_sound *sound,
                           int64_t *real, mlk_status *status);

/* Mixes a second example in, as far as both go. */
static mlk_code mix_sound(const mlk_plan *plan, const mlk_example *example, mlk_change *mixup, mlk_blend *blend,
                          mlk_sound *sound, mlk_status *status)
{
    mlk_example partner = mlk_plan_partner(plan, example, mixup);
    mlk_sound other = {0};
    int64_t real;
    mlk_code code = make_sound(plan, &partner, NULL, &other, &real, status);
    if (!code) {
        int64_t both = other.n < sound->n ? other.n : sound->n;
        mix(sound->samples, other.samples, both, mixup->value);
        for (int64_t i = both; i < sound->n; i++)
            sound->samples[i] *= (float)mixup->value;
        blend->share = mixup->value;
        blend->other = partner.track;
    }
    free(other.samples);
    return code;
}

/* The changed samples of a segment; `blend` is NULL for who is mixed into another. Free sound->samples in any case. */
static mlk_code make_sound(const mlk_plan *plan, const mlk_example *example, mlk_blend *blend, mlk_sound *sound,
                           int64_t *real, mlk_status *status)
{
    int64_t length = 0;
    mlk_code code = cut_sound(plan, example, sound, &length, status);
    mlk_change change, mixup = {0};
    for (int i = 0; !code && i < plan->n_sound; i++)
        if (mlk_plan_change(plan, example, i, &change)) {
            if (is_mixup(&change))
                mixup = change;
            else
                code = mlk_change_sound(&change, sound, status);
        }
    if (!code)
        code = fit(sound, length, real, status);
    if (!code && mixup.augment && blend)
        code = mix_sound(plan, example, &mixup, blend, sound, status);
    return code;
}

/* --- features --- */

/* Frames beyond the first `frames` leave each row. */
static void narrow(mlk_matrix *matrix, int64_t frames)
{
    if (frames >= matrix->frames)
        return;
    for (int64_t row = 1; row < matrix->rows; row++)
        memmove(matrix->data + row * frames, matrix->data + row * matrix->frames, (size_t)frames * sizeof(float));
    matrix->frames = frames;
}

static mlk_matrix *from_sound(const mlk_plan *plan, const mlk_example *example, mlk_blend *blend, mlk_status *status)
{
    mlk_sound sound = {0};
    int64_t real;
    mlk_matrix *matrix = NULL;
    if (!make_sound(plan, example, blend, &sound, &real, status))
        matrix = mlk_material_analyse(plan->material, sound.samples, sound.n, status);
    free(sound.samples);
    if (matrix) {
        int64_t frames = mlk_material_frames(plan->material, real);
        narrow(matrix, frames > 0 ? frames : 1);
    }
    return matrix;
}

/* How much faster the features run. */
static double pace(const mlk_plan *plan, const mlk_example *example)
{
    double rate = 1;
    mlk_change change;
    for (int i = plan->n_sound; i < plan->n_augments; i++)
        if (plan->augments[i].kind == MLK_AUGMENT_TIME_STRETCH && mlk_plan_change(plan, example, i, &change))
            rate *= change.value;
    return rate;
}

/* Frames start, start + rate, start + 2 rate ... of each row, in between on straight lines. */
static mlk_matrix *cut_frames(const mlk_piece *piece, int64_t start, double rate, int64_t frames, mlk_status *status)
{
    mlk_matrix *matrix = mlk_matrix_new(piece->rows, frames, status);
    for (int64_t row = 0; matrix && row < piece->rows; row++) {
        const float *from = piece->data + row * piece->length;
        float *to = matrix->data + row * frames;
        if (rate == 1)
            memcpy(to, from + start, (size_t)frames * sizeof *to);
        for (int64_t t = 0; rate != 1 && t < frames; t++) {
            double place = (double)start + (double)t * rate;
            int64_t left = (int64_t)place, right = left + 1 < piece->length ? left + 1 : left;
            float share = (float)(place - (double)left);
            to[t] = from[left] + share * (from[right] - from[left]);
        }
    }
    return matrix;
}

static mlk_matrix *from_frames(const mlk_plan *plan, const mlk_example *example, mlk_status *status)
{
    mlk_piece piece;
    if (mlk_material_borrow(plan->material, plan->tracks[example->track], &piece, status))
        return NULL;
    double rate = pace(plan, example);
    int64_t wanted = plan->grid.length > 0 ? plan->grid.length : piece.length;
    int64_t most = (int64_t)((double)(piece.length - 1) / rate) + 1, frames = wanted < most ? wanted : most;
    int64_t last = (int64_t)((double)(piece.length - 1) - (double)(frames - 1) * rate);
    mlk_matrix *matrix = cut_frames(&piece, example->start < last ? example->start : last, rate, frames, status);
    mlk_piece_release(&piece);
    return matrix;
}

/* Decibels no more than top_db under the loudest of their feature. */
static void lift(const mlk_plan *plan, mlk_matrix *matrix)
{
    int n = isnan(plan->top_db) ? 0 : mlk_material_recipe(plan->material)->n_features;
    for (int i = 0; i < n; i++) {
        if (!plan->bands[i].decibel)
            continue;
        float *values = matrix->data + plan->bands[i].first * matrix->frames;
        int64_t count = plan->bands[i].rows * matrix->frames;
        float lowest = (float)(mlk_largest(values, count) - plan->top_db);
        for (int64_t k = 0; k < count; k++)
            values[k] = values[k] > lowest ? values[k] : lowest;
    }
}

static mlk_matrix *make_features(const mlk_plan *plan, const mlk_example *example, mlk_blend *blend,
                                 mlk_status *status);

/* Mixes a second example in; where it is shorter, what stands for nothing. */
static mlk_code mix_features(const mlk_plan *plan, const mlk_example *example, mlk_change *mixup, mlk_blend *blend,
                             mlk_sheet *sheet, mlk_status *status)
{
    mlk_example partner = mlk_plan_partner(plan, example, mixup);
    mlk_matrix *other = make_features(plan, &partner, NULL, status);
    if (!other)
        return status->code;
    int64_t both = other->frames < sheet->frames ? other->frames : sheet->frames;
    for (int64_t row = 0; row < sheet->rows; row++) {
        float *out = sheet->data + row * sheet->frames, fill = mlk_sheet_fill(sheet, row);
        mix(out, other->data + row * other->frames, both, mixup->value);
        for (int64_t t = both; t < sheet->frames; t++)
            mix(out + t, &fill, 1, mixup->value);
    }
    mlk_matrix_free(other);
    blend->share = mixup->value;
    blend->other = partner.track;
    return MLK_OK;
}

/* The changed features of a segment; `blend` is NULL for who is mixed into another: then up to the mixup. NULL: see
 * status. */
static mlk_matrix *make_features(const mlk_plan *plan, const mlk_example *example, mlk_blend *blend,
                                 mlk_status *status)
{
    mlk_matrix *matrix = mlk_material_is_sound(plan->material) ? from_sound(plan, example, blend, status)
                                                               : from_frames(plan, example, status);
    if (!matrix)
        return NULL;
    lift(plan, matrix);
    mlk_sheet sheet = {matrix->data, matrix->rows, matrix->frames, plan->frame_rate, plan->bands,
                       mlk_material_recipe(plan->material)->n_features, plan->mean};
    mlk_code code = MLK_OK;
    mlk_change change;
    for (int i = plan->n_sound; !code && i < plan->n_augments; i++) {
        if (!blend && plan->augments[i].kind == MLK_AUGMENT_MIXUP)
            break;
        if (!mlk_plan_change(plan, example, i, &change))
            continue;
        if (is_mixup(&change))
            code = mix_features(plan, example, &change, blend, &sheet, status);
        else
            mlk_change_features(&change, &sheet);
    }
    if (code) {
        mlk_matrix_free(matrix);
        matrix = NULL;
    }
    return matrix;
}

/* --- into the batch --- */

/* Rows of a segment, wherever they lie. */
typedef struct rows {
    const float *data;
    int64_t n, frames, step; /* step: from row to row */
} rows;

/* What is not finite becomes the mean, 0: networks cannot take it. */
static void normalise_row(const float *in, int64_t n, float mean, float scale, float *out)
{
    for (int64_t i = 0; i < n; i++) {
        float value = (in[i] - mean) * scale;
        out[i] = isfinite(value) ? value : 0;
    }
}

static void place(const mlk_plan *plan, const rows *from, int64_t frames, float *out)
{
    for (int64_t row = 0; row < from->n; row++) {
        float *to = out + row * frames;
        normalise_row(from->data + row * from->step, from->frames, plan->mean ? plan->mean[row] : 0,
                      plan->mean ? plan->scale[row] : 1, to);
        memset(to + from->frames, 0, (size_t)(frames - from->frames) * sizeof *to);
    }
}

/* Straight from the material: no change, no copy. */
static mlk_code place_unchanged(const mlk_plan *plan, const mlk_example *example, int64_t frames, float *out,
                                mlk_blend *blend, mlk_status *status)
{
    mlk_piece piece;
    if (mlk_material_borrow(plan->material, plan->tracks[example->track], &piece, status))
        return status->code;
    blend->frames = mlk_grid_length(&plan->grid, piece.length);
    place(plan, &(rows){piece.data + example->start, piece.rows, blend->frames, piece.length}, frames, out);
    mlk_piece_release(&piece);
    return MLK_OK;
}

mlk_code mlk_example_make(const mlk_plan *plan, const mlk_example *example, int64_t frames, float *out,
                          mlk_blend *blend, mlk_status *status)
{
    *blend = (mlk_blend){.share = 1, .other = example->track};
    if (plan->n_augments == 0 && isnan(plan->top_db) && !mlk_material_is_sound(plan->material))
        return place_unchanged(plan, example, frames, out, blend, status);
    mlk_matrix *matrix = make_features(plan, example, blend, status);
    if (!matrix)
        return status->code;
    blend->frames = matrix->frames;
    place(plan, &(rows){matrix->data, matrix->rows, matrix->frames, matrix->frames}, frames, out);
    mlk_matrix_free(matrix);
    return MLK_OK;
}

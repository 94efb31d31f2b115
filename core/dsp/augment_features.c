#include "dsp/augment.h"

#include <math.h>
#include <string.h>

static float *row_of(const mlk_sheet *sheet, int64_t row)
{
    return sheet->data + row * sheet->frames;
}

float mlk_sheet_fill(const mlk_sheet *sheet, int64_t row)
{
    if (sheet->fill)
        return sheet->fill[row];
    double sum = 0;
    for (int64_t t = 0; t < sheet->frames; t++)
        sum += row_of(sheet, row)[t];
    return (float)(sum / (double)sheet->frames);
}

static void add(float *values, int64_t n, float what)
{
    for (int64_t i = 0; i < n; i++)
        values[i] += what;
}

/* --- level --- */

static void add_gain(const mlk_change *change, mlk_sheet *sheet)
{
    for (int i = 0; i < sheet->n_bands; i++)
        if (sheet->bands[i].decibel)
            add(row_of(sheet, sheet->bands[i].first), sheet->bands[i].rows * sheet->frames, (float)change->value);
}

/* The curve of straight pieces through `count` points, at `place` from 0 (the first) to 1 (the last). */
static double curve(const double *points, int count, double place)
{
    double at = place * (count - 1);
    int left = (int)at < count - 1 ? (int)at : count - 1;
    int right = left + 1 < count ? left + 1 : left;
    return points[left] + (points[right] - points[left]) * (at - left);
}

static void equalize(mlk_change *change, mlk_sheet *sheet)
{
    const mlk_augment *augment = change->augment;
    double db[MLK_MAX_BANDS];
    for (int k = 0; k < augment->count; k++)
        db[k] = augment->low + (augment->high - augment->low) * mlk_random_uniform(&change->random);
    for (int i = 0; i < sheet->n_bands; i++) {
        const mlk_band *band = &sheet->bands[i];
        for (int64_t row = 0; band->decibel && row < band->rows; row++) {
            double place = band->rows > 1 ? (double)row / (double)(band->rows - 1) : 0;
            add(row_of(sheet, band->first + row), sheet->frames, (float)curve(db, augment->count, place));
        }
    }
}

/* --- places --- */

static void shift_time(const mlk_change *change, mlk_sheet *sheet)
{
    int64_t by = mlk_change_distance(change, sheet->frames, sheet->rate);
    for (int64_t row = 0; row < sheet->rows; row++)
        mlk_shift(row_of(sheet, row), sheet->frames, by, change->augment->wrap, mlk_sheet_fill(sheet, row));
}

/* Rows from 0 to `rows` - 1 move up by `by`; the outermost row stands for those that come in. */
static void shift_rows(float *data, int64_t rows, int64_t frames, int64_t by)
{
    int64_t kept = rows - (by < 0 ? -by : by);
    size_t row_bytes = (size_t)frames * sizeof *data;
    if (by > 0)
        memmove(data + by * frames, data, (size_t)kept * row_bytes);
    else
        memmove(data, data - by * frames, (size_t)kept * row_bytes);
    for (int64_t row = 0; row < by; row++)
        memmove(data + row * frames, data + by * frames, row_bytes);
    for (int64_t row = kept; by < 0 && row < rows; row++)
        memmove(data + row * frames, data + (kept - 1) * frames, row_bytes);
}

static void shift_frequency(const mlk_change *change, mlk_sheet *sheet)
{
    for (int i = 0; i < sheet->n_bands; i++) {
        const mlk_band *band = &sheet->bands[i];
        double most = (double)(band->rows - 1);
        int64_t by = (int64_t)fmax(-most, fmin(most, rint(change->value)));
        shift_rows(row_of(sheet, band->first), band->rows, sheet->frames, by);
    }
}

/* --- masks --- */

typedef struct span {
    int64_t first, n;
} span;

/* A stretch of `total` places. */
static span draw_span(mlk_change *change, int64_t total)
{
    const mlk_augment *augment = change->augment;
    double drawn = mlk_random_uniform(&change->random);
    double width = augment->relative ? (augment->low + (augment->high - augment->low) * drawn) * (double)total + 0.5
                                     : augment->low + floor((augment->high - augment->low + 1) * drawn);
    int64_t n = (int64_t)fmin(floor(width), (double)total);
    return (span){mlk_random_below(&change->random, total - n + 1), n};
}

static void hide(mlk_sheet *sheet, int64_t row, int64_t first, int64_t n, float fill)
{
    for (int64_t t = first; t < first + n; t++)
        row_of(sheet, row)[t] = fill;
}

static void mask_time(mlk_change *change, mlk_sheet *sheet)
{
    span spans[MLK_MAX_BANDS];
    for (int i = 0; i < change->augment->count; i++)
        spans[i] = draw_span(change, sheet->frames);
    for (int64_t row = 0; row < sheet->rows; row++) {
        float fill = mlk_sheet_fill(sheet, row);
        for (int i = 0; i < change->augment->count; i++)
            hide(sheet, row, spans[i].first, spans[i].n, fill);
    }
}

static void mask_frequency(mlk_change *change, mlk_sheet *sheet)
{
    for (int i = 0; i < change->augment->count; i++) {
        span rows = draw_span(change, sheet->rows);
        for (int64_t row = rows.first; row < rows.first + rows.n; row++)
            hide(sheet, row, 0, sheet->frames, mlk_sheet_fill(sheet, row));
    }
}

void mlk_change_features(mlk_change *change, mlk_sheet *sheet)
{
    switch (change->augment->kind) {
    case MLK_AUGMENT_GAIN:
        add_gain(change, sheet);
        break;
    case MLK_AUGMENT_EQUALIZER:
        equalize(change, sheet);
        break;
    case MLK_AUGMENT_SHIFT:
        shift_time(change, sheet);
        break;
    case MLK_AUGMENT_FREQUENCY_SHIFT:
        shift_frequency(change, sheet);
        break;
    case MLK_AUGMENT_TIME_MASK:
        mask_time(change, sheet);
        break;
    case MLK_AUGMENT_FREQUENCY_MASK:
        mask_frequency(change, sheet);
        break;
    default:
        break;
    }
}

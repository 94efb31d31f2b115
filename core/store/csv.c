#include "store/csv.h"

#include "store/atomic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a line a row --- */

/* True for a text that a spreadsheet would calculate, or that has an apostrophe before such a text already. */
static bool is_formula(const char *text)
{
    text += strspn(text, "'");
    return *text && strchr("=+-@\t\r\n", *text);
}

/* A text in a CSV line: harmless to spreadsheets, and quoted where RFC 4180 asks for it. */
static void write_field(FILE *out, const char *text)
{
    const char *apostrophe = is_formula(text) ? "'" : "";
    if (!strpbrk(text, ",\"\t\r\n")) {
        fprintf(out, "%s%s", apostrophe, text);
        return;
    }
    fprintf(out, "\"%s", apostrophe);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void mlk_csv_print_table(FILE *out, const mlk_table *t)
{
    fputs(t->labels ? "path,label" : "path", out);
    for (int64_t k = 0; k < t->width; k++)
        fprintf(out, ",%s", t->columns[k]);
    fputc('\n', out);
    for (int64_t i = 0; i < t->n; i++) {
        write_field(out, t->paths[i]);
        if (t->labels) {
            fputc(',', out);
            write_field(out, t->labels[i]);
        }
        for (int64_t k = 0; k < t->width; k++)
            fprintf(out, ",%.9g", t->rows[i][k]);
        fputc('\n', out);
    }
}

/* --- a line a frame --- */

static mlk_code check_common_frames(const mlk_frames *frames, mlk_status *status)
{
    const mlk_frames_item *first = &frames->items[0];
    for (int i = 0; i < frames->count; i++) {
        const mlk_frames_item *item = &frames->items[i];
        if (item->array.dtype != MLK_FLOAT32)
            return mlk_fail(status, MLK_INVALID, "%s is complex: .csv has no place for it, .npz and .safetensors do",
                            item->name);
        if (item->array.shape[1] != first->array.shape[1] || item->rate != first->rate || item->start != first->start)
            return mlk_fail(status, MLK_INVALID,
                            "%s and %s have other frames: .csv needs the same hop_length and centring in all",
                            first->name, item->name);
    }
    return MLK_OK;
}

static void write_frame_names(FILE *out, const mlk_frames *frames)
{
    fputs("time_s", out);
    for (int i = 0; i < frames->count; i++)
        for (int64_t row = 0; row < frames->items[i].array.shape[0]; row++)
            if (frames->items[i].array.shape[0] == 1)
                fprintf(out, ",%s", frames->items[i].name);
            else
                fprintf(out, ",%s_%lld", frames->items[i].name, (long long)row);
}

static void write_frame_lines(FILE *out, const mlk_frames *frames)
{
    const mlk_frames_item *first = &frames->items[0];
    int64_t count = first->array.shape[1];
    for (int64_t frame = 0; frame < count; frame++) {
        fprintf(out, "\n%.6f", first->start + (double)frame / first->rate);
        for (int i = 0; i < frames->count; i++)
            for (int64_t row = 0; row < frames->items[i].array.shape[0]; row++)
                fprintf(out, ",%.9g", ((const float *)frames->items[i].array.data)[row * count + frame]);
    }
    fputc('\n', out);
}

mlk_code mlk_csv_write_frames(const char *path, const mlk_frames *frames, mlk_status *status)
{
    mlk_atomic file;
    if (check_common_frames(frames, status) || mlk_atomic_open(path, &file, status))
        return status->code;
    write_frame_names(file.stream, frames);
    write_frame_lines(file.stream, frames);
    return mlk_atomic_commit(&file, status);
}

/* --- numbers alone --- */

/* The fewest digits, of those that a type may need, that give the number back; whole ones end in ".0". */
static void write_real(FILE *out, double value, int least, int most, bool is_float)
{
    char text[40];
    for (int digits = least; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double read = strtod(text, NULL);
        if (is_float ? (float)read == (float)value : read == value)
            break;
    }
    fprintf(out, "%s%s", text, strpbrk(text, ".enai") ? "" : ".0");
}

static void write_number(FILE *out, const mlk_array *array, int64_t i)
{
    switch (array->dtype) {
    case MLK_FLOAT32: write_real(out, ((const float *)array->data)[i], 6, 9, true); break;
    case MLK_FLOAT64: write_real(out, ((const double *)array->data)[i], 15, 17, false); break;
    case MLK_INT64: fprintf(out, "%" PRId64, ((const int64_t *)array->data)[i]); break;
    case MLK_INT32: fprintf(out, "%d", ((const int32_t *)array->data)[i]); break;
    case MLK_INT16: fprintf(out, "%d", ((const int16_t *)array->data)[i]); break;
    case MLK_INT8: fprintf(out, "%d", ((const int8_t *)array->data)[i]); break;
    default: fprintf(out, "%d", ((const uint8_t *)array->data)[i]);
    }
}

static void write_matrix(FILE *out, char delimiter, const mlk_array *array, const char *const *names)
{
    int64_t rows = array->shape[0], width = array->rank == 2 ? array->shape[1] : 1;
    for (int64_t k = 0; names && k < width; k++) {
        if (k > 0)
            fputc(delimiter, out);
        write_field(out, names[k]);
    }
    fputs(names ? "\n" : "", out);
    for (int64_t i = 0; i < rows * width; i++) {
        write_number(out, array, i);
        fputc((i + 1) % width == 0 ? '\n' : delimiter, out);
    }
}

mlk_code mlk_csv_write_matrix(const char *path, char delimiter, const mlk_array *array, const char *const *names,
                              mlk_status *status)
{
    mlk_atomic file;
    if (array->rank < 1 || array->rank > 2)
        return mlk_fail(status, MLK_INVALID, "a .csv file holds a tensor of 1 or 2 axes, got %d", array->rank);
    if (mlk_array_count(array) == 0)
        return mlk_fail(status, MLK_INVALID, "a .csv file has no place for a tensor without numbers");
    if (array->dtype == MLK_FLOAT16 || array->dtype == MLK_BFLOAT16 || array->dtype >= MLK_COMPLEX64)
        return mlk_fail(status, MLK_UNSUPPORTED, ".csv has no %s; convert it to float32 first",
                        mlk_dtype_name(array->dtype));
    if (mlk_atomic_open(path, &file, status))
        return status->code;
    write_matrix(file.stream, delimiter, array, names);
    return mlk_atomic_commit(&file, status);
}

#include "extract/output.h"

#include "store/atomic.h"
#include "store/npy.h"
#include "store/npz.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { SAFETENSORS, NPZ, NPY, CSV, UNKNOWN } kind;

static kind kind_of(const char *path)
{
    static const char *const endings[] = {".safetensors", ".npz", ".npy", ".csv"};
    size_t length = strlen(path);
    for (int i = 0; i < UNKNOWN; i++) {
        size_t n = strlen(endings[i]);
        if (length > n && strcmp(path + length - n, endings[i]) == 0)
            return (kind)i;
    }
    return UNKNOWN;
}

/* Adds a view under a copy of the name. */
static mlk_code add_view(mlk_tensors *tensors, const char *name, const mlk_array *array, mlk_status *status)
{
    char *copy = strdup(name);
    return copy ? mlk_tensors_add(tensors, copy, array, NULL, status) : mlk_fail_memory(status, "a name");
}

static mlk_code add_text(mlk_tensors *tensors, const char *key, const char *value, mlk_status *status)
{
    mlk_text_pair *grown =
        realloc(tensors->metadata, ((size_t)tensors->metadata_count + 1) * sizeof *tensors->metadata);
    if (!grown)
        return mlk_fail_memory(status, "metadata");
    tensors->metadata = grown;
    mlk_text_pair pair = {strdup(key), strdup(value)};
    grown[tensors->metadata_count++] = pair;
    return pair.key && pair.value ? MLK_OK : mlk_fail_memory(status, "metadata");
}

static mlk_array view(const mlk_bundle *bundle, int i)
{
    const mlk_feature_shape *shape = &bundle->shapes[i];
    return (mlk_array){.dtype = shape->dtype, .rank = 2, .shape = {shape->rows, shape->frames},
                       .data = bundle->data[i]};
}

/* --- frames --- */

/* Each feature's frame rate and first time, so that the file says when its frames lie. */
static mlk_code add_times(mlk_tensors *tensors, const mlk_recipe *recipe, const mlk_bundle *bundle,
                          mlk_status *status)
{
    mlk_code code = add_text(tensors, "recipe", recipe->text, status);
    for (int i = 0; !code && i < bundle->count; i++) {
        char key[96], value[64];
        snprintf(key, sizeof key, "%s.rate", recipe->features[i].feature->name);
        snprintf(value, sizeof value, "%.17g", bundle->shapes[i].rate);
        code = add_text(tensors, key, value, status);
        snprintf(key, sizeof key, "%s.start", recipe->features[i].feature->name);
        snprintf(value, sizeof value, "%.17g", bundle->shapes[i].start);
        if (!code)
            code = add_text(tensors, key, value, status);
    }
    return code;
}

static mlk_code write_arrays(const char *path, kind kind, const mlk_recipe *recipe, const mlk_bundle *bundle,
                             mlk_status *status)
{
    mlk_tensors tensors = {0};
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < bundle->count; i++) {
        mlk_array array = view(bundle, i);
        code = add_view(&tensors, recipe->features[i].feature->name, &array, status);
    }
    if (!code && kind == SAFETENSORS)
        code = add_times(&tensors, recipe, bundle, status);
    if (!code)
        code = mlk_tensors_sort(&tensors, status);
    if (!code)
        code = kind == NPZ ? mlk_npz_write(path, &tensors, status) : mlk_safetensors_write(path, &tensors, status);
    mlk_tensors_free(&tensors);
    return code;
}

static mlk_code check_common_frames(const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    const mlk_feature_shape *first = &bundle->shapes[0];
    for (int i = 0; i < bundle->count; i++) {
        const mlk_feature_shape *shape = &bundle->shapes[i];
        if (shape->dtype != MLK_FLOAT32)
            return mlk_fail(status, MLK_INVALID, "%s is complex: .csv has no place for it, .npz and .safetensors do",
                            recipe->features[i].feature->name);
        if (shape->frames != first->frames || shape->rate != first->rate || shape->start != first->start)
            return mlk_fail(status, MLK_INVALID,
                            "%s and %s have other frames: .csv needs the same hop_length and centring in all",
                            recipe->features[0].feature->name, recipe->features[i].feature->name);
    }
    return MLK_OK;
}

static void write_frame_lines(FILE *out, const mlk_recipe *recipe, const mlk_bundle *bundle)
{
    fputs("time_s", out);
    for (int i = 0; i < bundle->count; i++)
        for (int64_t row = 0; row < bundle->shapes[i].rows; row++) {
            const char *name = recipe->features[i].feature->name;
            if (bundle->shapes[i].rows == 1)
                fprintf(out, ",%s", name);
            else
                fprintf(out, ",%s_%lld", name, (long long)row);
        }
    for (int64_t frame = 0; frame < bundle->shapes[0].frames; frame++) {
        fprintf(out, "\n%.6f", bundle->shapes[0].start + (double)frame / bundle->shapes[0].rate);
        for (int i = 0; i < bundle->count; i++)
            for (int64_t row = 0; row < bundle->shapes[i].rows; row++)
                fprintf(out, ",%.9g", ((const float *)bundle->data[i])[row * bundle->shapes[i].frames + frame]);
    }
    fputc('\n', out);
}

static mlk_code write_frame_csv(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle,
                                mlk_status *status)
{
    mlk_atomic file;
    if (check_common_frames(recipe, bundle, status) || mlk_atomic_open(path, &file, status))
        return status->code;
    write_frame_lines(file.stream, recipe, bundle);
    return mlk_atomic_commit(&file, status);
}

/* A file holds one array: several features go to NAME.FEATURE.npy each. */
static mlk_code write_npys(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    mlk_code code = MLK_OK;
    int stem = (int)(strlen(path) - strlen(".npy"));
    for (int i = 0; !code && i < bundle->count; i++) {
        char *own = NULL;
        if (bundle->count > 1 && asprintf(&own, "%.*s.%s.npy", stem, path, recipe->features[i].feature->name) < 0)
            return mlk_fail_memory(status, "a path");
        mlk_array array = view(bundle, i);
        code = mlk_npy_write(own ? own : path, &array, status);
        free(own);
    }
    return code;
}

mlk_code mlk_output_check(const char *path, mlk_status *status)
{
    if (kind_of(path) == UNKNOWN)
        return mlk_fail(status, MLK_INVALID,
                        "the file's name must end in .safetensors, .npz, .npy or .csv, got %.120s", path);
    return MLK_OK;
}

mlk_code mlk_output_frames(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    if (mlk_output_check(path, status))
        return status->code;
    kind kind = kind_of(path);
    if (kind == CSV)
        return write_frame_csv(path, recipe, bundle, status);
    if (kind == NPY)
        return write_npys(path, recipe, bundle, status);
    return write_arrays(path, kind, recipe, bundle, status);
}

/* --- tables --- */

/* A field of a CSV line, quoted where RFC 4180 asks for it. */
static void write_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static mlk_code write_table_csv(const char *path, const mlk_recipe *recipe, const mlk_table *table,
                                mlk_status *status)
{
    mlk_atomic file;
    if (mlk_atomic_open(path, &file, status))
        return status->code;
    fputs(table->labels ? "path,label" : "path", file.stream);
    for (int64_t column = 0; column < recipe->n_columns; column++) {
        char name[128];
        mlk_recipe_column(recipe, column, name, sizeof name);
        fprintf(file.stream, ",%s", name);
    }
    for (int i = 0; i < table->n; i++) {
        fputc('\n', file.stream);
        write_field(file.stream, table->paths[i]);
        if (table->labels) {
            fputc(',', file.stream);
            write_field(file.stream, table->labels[i]);
        }
        for (int64_t column = 0; column < recipe->n_columns; column++)
            fprintf(file.stream, ",%.9g", table->rows[i][column]);
    }
    fputc('\n', file.stream);
    return mlk_atomic_commit(&file, status);
}

static mlk_code write_table_safetensors(const char *path, const mlk_array *x, const mlk_table *table,
                                        mlk_status *status)
{
    mlk_tensors tensors = {0};
    mlk_code code = add_view(&tensors, "x", x, status);
    if (!code && table->ids) {
        mlk_array y = {.dtype = MLK_INT64, .rank = 1, .shape = {table->n}, .data = (void *)table->ids};
        code = add_view(&tensors, "y", &y, status);
    }
    for (int i = 0; !code && i < table->n_metadata; i++)
        code = add_text(&tensors, table->metadata[i].key, table->metadata[i].value, status);
    if (!code)
        code = mlk_tensors_sort(&tensors, status);
    if (!code)
        code = mlk_safetensors_write(path, &tensors, status);
    mlk_tensors_free(&tensors);
    return code;
}

mlk_code mlk_output_table(const char *path, const mlk_recipe *recipe, const mlk_table *table, mlk_status *status)
{
    kind kind = kind_of(path);
    if (kind == CSV)
        return write_table_csv(path, recipe, table, status);
    if (kind != SAFETENSORS && kind != NPY)
        return mlk_fail(status, MLK_INVALID, "a table's name must end in .safetensors, .npy or .csv, got %.120s",
                        path);
    size_t width = (size_t)recipe->n_columns;
    float *values = malloc(((size_t)table->n * width + 1) * sizeof *values);
    if (!values)
        return mlk_fail(status, MLK_MEMORY, "not enough memory for %d rows of %zu numbers", table->n, width);
    for (int i = 0; i < table->n; i++)
        memcpy(values + (size_t)i * width, table->rows[i], width * sizeof *values);
    mlk_array x = {.dtype = MLK_FLOAT32, .rank = 2, .shape = {table->n, recipe->n_columns}, .data = values};
    mlk_code code =
        kind == NPY ? mlk_npy_write(path, &x, status) : write_table_safetensors(path, &x, table, status);
    free(values);
    return code;
}

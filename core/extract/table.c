#include "extract/table.h"

#include "store/atomic.h"
#include "store/hdf5.h"
#include "store/json.h"
#include "store/npy.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdbool.h>
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
    if (!strpbrk(text, ",\"\r\n")) {
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

static void write_csv(FILE *out, const mlk_table *t)
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

static void write_jsonl(FILE *out, const mlk_table *t)
{
    for (int64_t i = 0; i < t->n; i++) {
        fputs("{\"path\":", out);
        mlk_json_write_string(out, t->paths[i]);
        if (t->labels) {
            fputs(",\"label\":", out);
            mlk_json_write_string(out, t->labels[i]);
        }
        for (int64_t k = 0; k < t->width; k++)
            if (isfinite(t->rows[i][k]))
                fprintf(out, ",\"%s\":%.9g", t->columns[k], t->rows[i][k]);
            else
                fprintf(out, ",\"%s\":null", t->columns[k]);
        fputs("}\n", out);
    }
}

/* A name in ARFF: quoted, for it may hold anything. */
static void write_nominal(FILE *out, const char *text)
{
    static const char special[] = "'\\%\n\r\t", *const escapes[] = {"\\'", "\\\\", "\\%", "\\n", "\\r", "\\t"};
    fputc('\'', out);
    for (; *text; text++) {
        const char *found = strchr(special, *text);
        if (found)
            fputs(escapes[found - special], out);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

static void write_comment(FILE *out, const char *text)
{
    fputs("% ", out);
    for (; *text; text++)
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    fputc('\n', out);
}

static void write_arff(FILE *out, const mlk_table *t)
{
    fputs("@RELATION moonlark\n\n", out);
    for (int64_t k = 0; k < t->width; k++)
        fprintf(out, "@ATTRIBUTE %s NUMERIC\n", t->columns[k]);
    if (t->labels) {
        fputs("@ATTRIBUTE class {", out);
        for (int64_t c = 0; c < t->n_classes; c++) {
            if (c > 0)
                fputc(',', out);
            write_nominal(out, t->classes[c]);
        }
        fputs("}\n", out);
    }
    fputs("\n@DATA\n", out);
    for (int64_t i = 0; i < t->n; i++) {
        write_comment(out, t->paths[i]);
        for (int64_t k = 0; k < t->width; k++) {
            if (k > 0)
                fputc(',', out);
            if (isfinite(t->rows[i][k]))
                fprintf(out, "%.9g", t->rows[i][k]);
            else
                fputc('?', out);
        }
        if (t->labels) {
            fputc(',', out);
            write_nominal(out, t->labels[i]);
        }
        fputc('\n', out);
    }
}

static mlk_code write_text(const char *path, const mlk_table *t, void write(FILE *out, const mlk_table *t),
                           mlk_status *status)
{
    mlk_atomic file;
    if (mlk_atomic_open(path, &file, status))
        return status->code;
    write(file.stream, t);
    return mlk_atomic_commit(&file, status);
}

static mlk_code write_csv_file(const char *path, const mlk_table *t, mlk_status *status)
{
    return write_text(path, t, write_csv, status);
}

static mlk_code write_jsonl_file(const char *path, const mlk_table *t, mlk_status *status)
{
    return write_text(path, t, write_jsonl, status);
}

static mlk_code write_arff_file(const char *path, const mlk_table *t, mlk_status *status)
{
    return write_text(path, t, write_arff, status);
}

/* --- arrays --- */

/* All rows in one block; NULL: see status. */
static float *join_rows(const mlk_table *t, mlk_array *x, mlk_status *status)
{
    size_t width = (size_t)t->width;
    float *values = malloc(((size_t)t->n * width + 1) * sizeof *values);
    if (!values) {
        mlk_fail(status, MLK_MEMORY, "not enough memory for %lld rows of %zu numbers", (long long)t->n, width);
        return NULL;
    }
    for (int64_t i = 0; i < t->n; i++)
        memcpy(values + (size_t)i * width, t->rows[i], width * sizeof *values);
    *x = (mlk_array){.dtype = MLK_FLOAT32, .rank = 2, .shape = {t->n, t->width}, .data = values};
    return values;
}

static mlk_array ids_of(const mlk_table *t)
{
    return (mlk_array){.dtype = MLK_INT64, .rank = 1, .shape = {t->n}, .data = (void *)t->ids};
}

static mlk_code write_npy(const char *path, const mlk_table *t, mlk_status *status)
{
    mlk_array x;
    float *values = join_rows(t, &x, status);
    mlk_code code = values ? mlk_npy_write(path, &x, status) : status->code;
    free(values);
    return code;
}

/* Texts as a JSON array in memory, NULL when that is short. */
static char *list_text(const char *const *texts, int64_t n)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (!memory)
        return NULL;
    mlk_json_write_strings(memory, texts, n);
    if (fclose(memory)) {
        free(text);
        return NULL;
    }
    return text;
}

static mlk_code add_array(mlk_tensors *tensors, const char *name, const mlk_array *array, mlk_status *status)
{
    char *copy = strdup(name);
    return copy ? mlk_tensors_add(tensors, copy, array, NULL, status) : mlk_fail_memory(status, "a name");
}

static mlk_code write_safetensors(const char *path, const mlk_table *t, mlk_status *status)
{
    mlk_array x, y = ids_of(t);
    float *values = join_rows(t, &x, status);
    if (!values)
        return status->code;
    mlk_text_pair texts[] = {{(char *)"classes", list_text(t->classes, t->n_classes)},
                             {(char *)"names", list_text(t->columns, t->width)},
                             {(char *)"paths", list_text(t->paths, t->n)},
                             {(char *)"recipe", (char *)t->recipe}};
    mlk_tensors tensors = {0};
    mlk_code code = add_array(&tensors, "x", &x, status);
    if (!code && t->labels)
        code = add_array(&tensors, "y", &y, status);
    for (int i = 0; i < 3 && !code; i++)
        if (!texts[i].value)
            code = mlk_fail_memory(status, "metadata");
    tensors.metadata = texts;
    tensors.metadata_count = 4;
    if (!code)
        code = mlk_safetensors_write(path, &tensors, status);
    tensors.metadata = NULL; /* not the list's own */
    tensors.metadata_count = 0;
    mlk_tensors_free(&tensors);
    for (int i = 0; i < 3; i++)
        free(texts[i].value);
    free(values);
    return code;
}

static mlk_code write_hdf5(const char *path, const mlk_table *t, mlk_status *status)
{
    mlk_array x, y = ids_of(t);
    float *values = join_rows(t, &x, status);
    mlk_hdf5 *file = values ? mlk_hdf5_create(path, status) : NULL;
    mlk_code code = file ? MLK_OK : status->code;
    if (file) {
        mlk_hdf5_text(file, NULL, "recipe", t->recipe);
        mlk_hdf5_array(file, "x", &x);
        mlk_hdf5_strings(file, "names", t->columns, t->width);
        mlk_hdf5_strings(file, "paths", t->paths, t->n);
        if (t->labels) {
            mlk_hdf5_array(file, "y", &y);
            mlk_hdf5_strings(file, "classes", t->classes, t->n_classes);
        }
        code = mlk_hdf5_commit(file, status);
    }
    free(values);
    return code;
}

/* --- by the ending --- */

typedef struct format {
    const char *ending;
    mlk_code (*write)(const char *path, const mlk_table *table, mlk_status *status);
} format;

static const format formats[] = {{".safetensors", write_safetensors}, {".npy", write_npy}, {".csv", write_csv_file},
                                 {".jsonl", write_jsonl_file},        {".arff", write_arff_file}, {".h5", write_hdf5}};

static const format *format_of(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length > ending && strcmp(path + length - ending, formats[i].ending) == 0)
            return &formats[i];
    }
    return NULL;
}

mlk_code mlk_table_check(const char *path, mlk_status *status)
{
    const format *format = format_of(path);
    if (!format)
        return mlk_fail(status, MLK_INVALID,
                        "a table's name must end in .safetensors, .npy, .csv, .jsonl, .arff or .h5, got %.120s", path);
    return format->write == write_hdf5 ? mlk_hdf5_available(status) : MLK_OK;
}

mlk_code mlk_table_write(const char *path, const mlk_table *table, mlk_status *status)
{
    mlk_code code = mlk_table_check(path, status);
    return code ? code : format_of(path)->write(path, table, status);
}

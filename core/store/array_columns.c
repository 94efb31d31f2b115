#include "store/array_columns.h"

#include "store/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    const mlk_columns_options *options;
    mlk_columns *columns;
    const mlk_tensors *tensors;
    mlk_status *status;
    const mlk_strings *names, *classes; /* NULL: none */
    const mlk_array *ids;               /* y, where there are classes */
    char *printed;                      /* where the next number whose text was asked for is written */
} reading;

enum { LONGEST_NUMBER = 32 };

/* --- metadata of .safetensors: lists of strings as JSON --- */

static int64_t count_items(const char *text)
{
    int64_t quotes = 0;
    for (; *text; text++) {
        quotes += *text == '"';
        text += *text == '\\' && text[1];
    }
    return quotes / 2;
}

static mlk_code read_list(const char *text, mlk_strings *strings, mlk_status *status)
{
    mlk_json json = {text, text + strlen(text)};
    char *to;
    *strings = (mlk_strings){.rank = 1, .shape = {count_items(text)}};
    mlk_code code = mlk_strings_make(strings, strlen(text) + 1, &to, status);
    bool fine = !code && mlk_json_take(&json, '[');
    for (int64_t i = 0; fine && i < strings->shape[0]; i++) {
        size_t length;
        strings->items[i] = to;
        fine = (i == 0 || mlk_json_take(&json, ',')) && !mlk_json_decode(&json, to, &length, status);
        to += fine ? length + 1 : 0;
    }
    if (!code && !(fine && mlk_json_take(&json, ']') && mlk_json_at_end(&json)))
        code = mlk_fail(status, MLK_INVALID, "its metadata hold no list of strings where Moonlark writes one");
    if (code)
        free(strings->items);
    return code;
}

static mlk_code add_metadata(mlk_tensors *tensors, mlk_status *status)
{
    static const char *const lists[] = {"names", "paths", "classes"};
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < tensors->metadata_count; i++) {
        const mlk_text_pair *pair = &tensors->metadata[i];
        for (size_t k = 0; !code && k < sizeof lists / sizeof *lists; k++) {
            mlk_strings strings;
            if (strcmp(pair->key, lists[k]) != 0 || *pair->value != '[' || mlk_tensors_find(tensors, pair->key))
                continue;
            if (strcmp(pair->value, "[]") == 0) /* the classes of a table without labels */
                continue;
            code = read_list(pair->value, &strings, status);
            if (!code)
                code = mlk_tensors_add_strings(tensors, pair->key, &strings, status);
        }
    }
    return code;
}

/* --- numbers of any type --- */

static double half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31  ? (fraction ? NAN : INFINITY)
                  : exponent == 0 ? ldexp(fraction, -24)
                                  : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
}

static double brain(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static double number(const mlk_array *array, int64_t i)
{
    switch (array->dtype) {
    case MLK_FLOAT32: return ((const float *)array->data)[i];
    case MLK_FLOAT64: return ((const double *)array->data)[i];
    case MLK_FLOAT16: return half(((const uint16_t *)array->data)[i]);
    case MLK_BFLOAT16: return brain(((const uint16_t *)array->data)[i]);
    case MLK_INT64: return (double)((const int64_t *)array->data)[i];
    case MLK_INT32: return ((const int32_t *)array->data)[i];
    case MLK_INT16: return ((const int16_t *)array->data)[i];
    case MLK_INT8: return ((const int8_t *)array->data)[i];
    default: return ((const uint8_t *)array->data)[i];
    }
}

/* --- which arrays are columns --- */

static bool is_names(const char *name)
{
    static const char *const known[] = {"names", "columns", "feature_names"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

/* Makes a vector of what is one: n x 1, and 1 x n beside arrays of n rows; and a single number of 1 x 1 beside such. */
static void squeeze(mlk_tensors *tensors)
{
    const mlk_strings *names = mlk_tensors_find_strings(tensors, "names");
    bool narrow = names && names->rank == 1 && names->shape[0] == 1; /* a table of one column */
    int64_t rows = 0;
    for (int i = 0; i < tensors->count; i++)
        if (tensors->items[i].array.rank > 0 && tensors->items[i].array.shape[0] > rows)
            rows = tensors->items[i].array.shape[0];
    for (int i = 0; i < tensors->count; i++) {
        mlk_array *a = &tensors->items[i].array;
        bool column = a->rank == 2 && a->shape[1] == 1 && !narrow;
        bool row = a->rank == 2 && a->shape[0] == 1 && a->shape[1] == rows && rows > 1;
        bool single = column && a->shape[0] == 1 && rows > 1;
        a->rank = single ? 0 : column || row ? 1 : a->rank;
        a->shape[0] = row ? rows : a->shape[0];
    }
}

/* Sets strings that describe the others apart. */
static void find_roles(reading *r)
{
    for (int i = 0; i < r->tensors->strings_count; i++) {
        const mlk_named_strings *item = &r->tensors->strings[i];
        if (item->strings.rank != 1)
            continue;
        if (is_names(item->name))
            r->names = &item->strings;
        else if (strcmp(item->name, "classes") == 0)
            r->classes = &item->strings;
    }
    const mlk_array *y = mlk_tensors_find(r->tensors, "y");
    if (r->classes && y && y->rank == 1 && y->dtype >= MLK_INT64 && y->dtype <= MLK_UINT8)
        r->ids = y;
    else
        r->classes = NULL;
}

static bool describes(const reading *r, const mlk_strings *strings)
{
    return strings == r->names || strings == r->classes || strings->rank == 0;
}

static mlk_code check_shape(const reading *r, const char *name, int rank, const int64_t *shape)
{
    int64_t *rows = &r->columns->rows;
    if (rank > 2)
        return mlk_fail(r->status, MLK_INVALID, "array '%.80s' has %d axes: a table takes rows, or rows x columns",
                        name, rank);
    if (*rows < 0)
        *rows = shape[0];
    if (*rows != shape[0])
        return mlk_fail(r->status, MLK_INVALID, "array '%.80s' has the length %" PRId64 ", those before it %" PRId64,
                        name, shape[0], *rows);
    if (rank == 2 && shape[1] > MLK_COLUMNS_MOST)
        return mlk_fail(r->status, MLK_INVALID, "array '%.80s' has more than %d columns", name, MLK_COLUMNS_MOST);
    return MLK_OK;
}

/* Checks all and counts their columns. */
static mlk_code measure(reading *r, int64_t *count)
{
    mlk_code code = MLK_OK;
    r->columns->rows = -1;
    for (int i = 0; !code && i < r->tensors->strings_count; i++) {
        const mlk_named_strings *item = &r->tensors->strings[i];
        if (describes(r, &item->strings))
            continue;
        code = check_shape(r, item->name, item->strings.rank, item->strings.shape);
        *count += item->strings.rank == 2 ? item->strings.shape[1] : 1;
    }
    for (int i = 0; !code && i < r->tensors->count; i++) {
        const mlk_named_array *item = &r->tensors->items[i];
        if (item->array.rank == 0)
            continue;
        if (item->array.dtype >= MLK_COMPLEX64)
            return mlk_fail(r->status, MLK_INVALID, "array '%.80s' is complex: a table holds numbers", item->name);
        code = check_shape(r, item->name, item->array.rank, item->array.shape);
        *count += item->array.rank == 2 ? item->array.shape[1] : 1;
    }
    if (!code && (*count < 1 || r->columns->rows < 1))
        return mlk_fail(r->status, MLK_INVALID, "there are no rows in it");
    if (!code && *count > MLK_COLUMNS_MOST)
        return mlk_fail(r->status, MLK_INVALID, "more than %d columns", MLK_COLUMNS_MOST);
    return code;
}

/* --- columns --- */

/* The name of column k of `width` of an array. */
static mlk_code name_column(reading *r, int i, const char *name, int rank, int64_t k, int64_t width)
{
    mlk_columns *c = r->columns;
    char *made = NULL;
    if (rank == 2 && r->names && r->names->shape[0] == width && r->tensors->count > 0)
        return mlk_columns_name(c, i, r->names->items[k], strlen(r->names->items[k]), r->status);
    int length = !*name      ? asprintf(&made, "column_%" PRId64, k + 1)
                 : rank == 2 ? asprintf(&made, "%s_%" PRId64, name, k)
                             : asprintf(&made, "%s", strcmp(name, "paths") == 0 ? "path" : name);
    if (length < 0)
        return mlk_fail_memory(r->status, "a column's name");
    mlk_code code = mlk_columns_name(c, i, made, (size_t)length, r->status);
    free(made);
    return code;
}

/* Where an element of a column is. */
typedef struct source {
    const mlk_array *array;
    const mlk_strings *strings;
    int64_t first, step;
} source;

static mlk_code list_columns(reading *r, source *sources)
{
    mlk_code code = MLK_OK;
    int at = 0;
    for (int i = 0; i < r->tensors->strings_count; i++) {
        const mlk_strings *s = &r->tensors->strings[i].strings;
        int64_t width = s->rank == 2 ? s->shape[1] : 1;
        for (int64_t k = 0; !code && !describes(r, s) && k < width; k++, at++) {
            sources[at] = (source){.strings = s, .first = k, .step = width};
            r->columns->items[at].is_text = true;
            code = name_column(r, at, r->tensors->strings[i].name, s->rank, k, width);
        }
    }
    for (int i = 0; i < r->tensors->count; i++) {
        const mlk_array *a = &r->tensors->items[i].array;
        int64_t width = a->rank == 2 ? a->shape[1] : 1;
        const char *name = a == r->ids ? "label" : r->tensors->items[i].name;
        for (int64_t k = 0; !code && a->rank > 0 && k < width; k++, at++) {
            sources[at] = (source){.array = a, .first = k, .step = width};
            code = name_column(r, at, name, a->rank, k, width);
            mlk_column *column = &r->columns->items[at];
            column->is_text = !code && (a == r->ids || mlk_columns_wants_text(r->options, column->name));
        }
    }
    return code;
}

/* Moves the column of that name to the front. */
static void move_first(mlk_columns *c, source *sources, const char *name)
{
    for (int i = 1; i < c->count; i++) {
        if (strcmp(c->items[i].name, name) != 0)
            continue;
        mlk_column column = c->items[i];
        source from = sources[i];
        memmove(c->items + 1, c->items, (size_t)i * sizeof *c->items);
        memmove(sources + 1, sources, (size_t)i * sizeof *sources);
        c->items[0] = column;
        sources[0] = from;
    }
}

/* --- values --- */

static mlk_code fill_labels(const reading *r, mlk_slice *texts)
{
    for (int64_t row = 0; row < r->columns->rows; row++) {
        double id = number(r->ids, row);
        if (id < 0 || id >= (double)r->classes->shape[0])
            return mlk_fail(r->status, MLK_INVALID, "y holds %g, but there are %" PRId64 " classes", id,
                            r->classes->shape[0]);
        char *name = r->classes->items[(int64_t)id];
        texts[row] = (mlk_slice){name, strlen(name)};
    }
    return MLK_OK;
}

/* Numbers whose texts were asked for. */
static void print_numbers(reading *r, const source *s, mlk_slice *texts)
{
    for (int64_t row = 0; row < r->columns->rows; row++, r->printed += LONGEST_NUMBER) {
        int64_t i = s->first + row * s->step;
        int length = s->array->dtype == MLK_INT64
                         ? snprintf(r->printed, LONGEST_NUMBER, "%" PRId64, ((const int64_t *)s->array->data)[i])
                         : snprintf(r->printed, LONGEST_NUMBER, "%.9g", number(s->array, i));
        texts[row] = (mlk_slice){r->printed, (size_t)length};
    }
}

static mlk_code fill_texts(reading *r, const mlk_column *column, const source *s)
{
    mlk_slice *texts = r->columns->texts + column->place * r->columns->rows;
    if (s->array && s->array == r->ids)
        return fill_labels(r, texts);
    if (s->array)
        print_numbers(r, s, texts);
    for (int64_t row = 0; !s->array && row < r->columns->rows; row++) {
        char *text = s->strings->items[s->first + row * s->step];
        texts[row] = (mlk_slice){text, strlen(text)};
    }
    return MLK_OK;
}

static void fill_numbers(const mlk_columns *c, const source *sources)
{
    double *to = c->values;
    for (int64_t row = 0; row < c->rows; row++)
        for (int i = 0; i < c->count; i++)
            if (!c->items[i].is_text)
                *to++ = number(sources[i].array, sources[i].first + row * sources[i].step);
}

/* Room for the texts of numbers. */
static mlk_code make_printed(reading *r, const source *sources)
{
    size_t columns = 0;
    for (int i = 0; i < r->columns->count; i++)
        columns += r->columns->items[i].is_text && sources[i].array && sources[i].array != r->ids;
    r->columns->owned = r->printed = malloc(columns * (size_t)r->columns->rows * LONGEST_NUMBER + 1);
    return r->printed ? MLK_OK : mlk_fail_memory(r->status, "the texts of numbers");
}

static mlk_code copy_classes(const reading *r)
{
    mlk_column *column = NULL;
    for (int i = 0; r->ids && !column; i++)
        if (strcmp(r->columns->items[i].name, "label") == 0)
            column = &r->columns->items[i];
    if (!column)
        return MLK_OK;
    column->classes = calloc((size_t)r->classes->shape[0] + 1, sizeof *column->classes);
    for (int64_t i = 0; column->classes && i < r->classes->shape[0]; i++, column->n_classes++)
        if (!(column->classes[i] = strdup(r->classes->items[i])))
            return mlk_fail_memory(r->status, "the classes");
    return column->classes ? MLK_OK : mlk_fail_memory(r->status, "the classes");
}

static mlk_code copy_recipe(const reading *r)
{
    for (int i = 0; i < r->tensors->metadata_count; i++)
        if (strcmp(r->tensors->metadata[i].key, "recipe") == 0 &&
            !(r->columns->recipe = strdup(r->tensors->metadata[i].value)))
            return mlk_fail_memory(r->status, "the recipe");
    return MLK_OK;
}

static mlk_code build(reading *r, source *sources)
{
    mlk_columns *c = r->columns;
    mlk_code code = list_columns(r, sources);
    if (code)
        return code;
    move_first(c, sources, "label");
    move_first(c, sources, "path");
    if ((code = copy_classes(r)) || (code = mlk_columns_part_names(c, r->status)) ||
        (code = mlk_columns_hold(c, r->status)) || (code = make_printed(r, sources)))
        return code;
    c->named = *(r->tensors->count > 0 ? r->tensors->items[0].name : r->tensors->strings[0].name);
    fill_numbers(c, sources);
    for (int i = 0; !code && i < c->count; i++)
        if (c->items[i].is_text)
            code = fill_texts(r, &c->items[i], &sources[i]);
    return code ? code : copy_recipe(r);
}

mlk_code mlk_array_columns(mlk_tensors *tensors, const mlk_columns_options *options, mlk_columns *columns,
                           mlk_status *status)
{
    *columns = (mlk_columns){.tensors = *tensors};
    *tensors = (mlk_tensors){0};
    reading r = {.options = options, .columns = columns, .tensors = &columns->tensors, .status = status};
    int64_t count = 0;
    mlk_code code = add_metadata(&columns->tensors, status);
    if (!code) {
        squeeze(&columns->tensors);
        find_roles(&r);
        code = measure(&r, &count);
    }
    if (!code)
        code = mlk_columns_start(columns, (int)count, status);
    source *sources = code ? NULL : calloc((size_t)count, sizeof *sources);
    if (!code)
        code = sources ? build(&r, sources) : mlk_fail_memory(status, "the columns of a table");
    free(sources);
    if (code)
        mlk_columns_free(columns);
    return code;
}

#include "store/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const delimiters[] = {"auto", ",", ";", "\t", "|", " ", NULL};
static const char *const points[] = {".", ",", NULL};

const mlk_parameter mlk_columns_parameters[] = {
    MLK_CHOICE("delimiter", 0, delimiters, "between two cells of a line; auto: guessed",
               MLK_IN(mlk_columns_options, delimiter)),
    MLK_CHOICE("decimal", 0, points, "before the decimals of a number", MLK_IN(mlk_columns_options, decimal)),
    MLK_INTEGER_OR_NIL("header", NAN, 0, 100, "lines that name the columns",
                       MLK_IN(mlk_columns_options, header), .usual = "1, or 0 if the first line is all numbers"),
    MLK_PARAMETERS_END,
};

void mlk_columns_free(mlk_columns *columns)
{
    for (int i = 0; i < columns->count; i++) {
        mlk_column *column = &columns->items[i];
        for (int k = 0; k < column->n_classes; k++)
            free(column->classes[k]);
        free(column->classes);
        free(column->name);
    }
    free(columns->items);
    free(columns->values);
    free(columns->texts);
    free(columns->lines);
    free(columns->recipe);
    free(columns->owned);
    mlk_file_close(&columns->file);
    mlk_tensors_free(&columns->tensors);
    *columns = (mlk_columns){0};
}

mlk_code mlk_columns_start(mlk_columns *columns, int count, mlk_status *status)
{
    columns->items = calloc((size_t)count + 1, sizeof *columns->items);
    if (!columns->items)
        return mlk_fail_memory(status, "the columns of a table");
    columns->count = count;
    return MLK_OK;
}

/* --- names --- */

static mlk_code set_name(mlk_columns *columns, int i, char *name, mlk_status *status)
{
    free(columns->items[i].name);
    columns->items[i].name = name;
    return name ? MLK_OK : mlk_fail_memory(status, "a column's name");
}

static char *numbered(const char *word, const char *mark, int number)
{
    char *name = NULL;
    return asprintf(&name, "%s%s%d", word, mark, number) < 0 ? NULL : name;
}

mlk_code mlk_columns_name(mlk_columns *columns, int i, const char *text, size_t length, mlk_status *status)
{
    for (; length > 0 && (*text == ' ' || *text == '\t'); text++)
        length--;
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return set_name(columns, i, length > 0 ? strndup(text, length) : numbered("Unnamed", ": ", i), status);
}

mlk_code mlk_columns_number_names(mlk_columns *columns, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < columns->count; i++)
        code = set_name(columns, i, numbered("column", "_", i + 1), status);
    return code;
}

static int by_name(const void *a, const void *b)
{
    const mlk_column *x = *(const mlk_column *const *)a, *y = *(const mlk_column *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x > y) - (x < y);
}

static bool is_taken(const char *name, mlk_column **sorted, int count)
{
    int low = 0, high = count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(sorted[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && strcmp(sorted[low]->name, name) == 0;
}

/* The new names of those that have another's, by their place in `sorted`; the others keep NULL. */
static bool find_names(mlk_column **sorted, int count, char **found)
{
    for (int i = 1, suffix = 1; i < count; i++) {
        if (strcmp(sorted[i]->name, sorted[i - 1]->name) != 0) {
            suffix = 1;
            continue;
        }
        do {
            free(found[i]);
            found[i] = numbered(sorted[i]->name, ".", suffix++);
        } while (found[i] && is_taken(found[i], sorted, count));
        if (!found[i])
            return false;
    }
    return true;
}

mlk_code mlk_columns_part_names(mlk_columns *columns, mlk_status *status)
{
    size_t count = (size_t)columns->count;
    mlk_column **sorted = calloc(count + 1, sizeof *sorted);
    char **found = calloc(count + 1, sizeof *found);
    bool enough = sorted && found;
    for (size_t i = 0; enough && i < count; i++)
        sorted[i] = &columns->items[i];
    if (enough) {
        qsort(sorted, count, sizeof *sorted, by_name);
        enough = find_names(sorted, columns->count, found);
    }
    for (size_t i = 0; found && i < count; i++) {
        if (enough && found[i])
            set_name(columns, (int)(sorted[i] - columns->items), found[i], status);
        else
            free(found[i]);
    }
    free(sorted);
    free(found);
    return enough ? MLK_OK : mlk_fail_memory(status, "the names of columns");
}

/* --- kinds --- */

bool mlk_columns_wants_text(const mlk_columns_options *options, const char *name)
{
    for (const char *const *text = options->texts; text && *text; text++)
        if (strcmp(*text, name) == 0)
            return true;
    return false;
}

void mlk_columns_place(mlk_columns *columns)
{
    columns->n_numbers = columns->n_texts = 0;
    for (int i = 0; i < columns->count; i++) {
        mlk_column *column = &columns->items[i];
        column->place = column->is_text ? columns->n_texts++ : columns->n_numbers++;
    }
}

mlk_code mlk_columns_hold(mlk_columns *columns, mlk_status *status)
{
    mlk_columns_place(columns);
    int64_t numbers, texts;
    bool fits = !__builtin_mul_overflow(columns->rows, columns->n_numbers, &numbers) &&
                !__builtin_mul_overflow(columns->rows, columns->n_texts, &texts) && numbers < INT64_MAX / 16 &&
                texts < INT64_MAX / 16;
    columns->values = fits ? malloc((size_t)numbers * sizeof *columns->values + 1) : NULL;
    columns->texts = fits ? calloc((size_t)texts + 1, sizeof *columns->texts) : NULL;
    if (!columns->values || !columns->texts)
        return mlk_fail(status, MLK_MEMORY, "not enough memory for %lld rows of %d columns", (long long)columns->rows,
                        columns->count);
    for (int64_t i = 0; i < numbers; i++)
        columns->values[i] = NAN;
    return MLK_OK;
}

void mlk_columns_close_up(mlk_columns *columns)
{
    double *to = columns->values;
    const double *from = columns->values;
    if (columns->n_numbers == columns->count)
        return;
    for (int64_t row = 0; row < columns->rows; row++)
        for (int i = 0; i < columns->count; i++, from++)
            if (!columns->items[i].is_text)
                *to++ = *from;
}

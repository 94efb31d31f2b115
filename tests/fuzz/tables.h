/* tables.h: what the targets for tables of columns do with any bytes, and ask of what was accepted. */
#ifndef FUZZ_TABLES_H
#define FUZZ_TABLES_H

#include "fuzz.h"

#include "store/columns.h"
#include "store/text_file.h"

#include <stdlib.h>
#include <string.h>

typedef mlk_code fuzz_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                            mlk_status *status);

static int fuzz_by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* No name comes twice. */
static inline void fuzz_check_names(const mlk_columns *columns)
{
    char **names = malloc(((size_t)columns->count + 1) * sizeof *names);
    FUZZ_CHECK(names);
    for (int i = 0; i < columns->count; i++) {
        FUZZ_CHECK(columns->items[i].name);
        names[i] = columns->items[i].name;
    }
    qsort(names, (size_t)columns->count, sizeof *names, fuzz_by_name);
    for (int i = 1; i < columns->count; i++)
        FUZZ_CHECK(strcmp(names[i - 1], names[i]) != 0);
    free(names);
}

/* Every number and text is there to be read, every line is after the one before. */
static inline void fuzz_check_cells(const mlk_columns *columns)
{
    volatile double sum = 0;
    for (int64_t i = 0; i < columns->rows * columns->n_numbers; i++)
        sum += columns->values[i];
    for (int64_t i = 0; i < columns->rows * columns->n_texts; i++)
        for (size_t k = 0; k < columns->texts[i].length; k++)
            sum += columns->texts[i].at[k];
    for (int64_t row = 1; columns->lines && row < columns->rows; row++)
        FUZZ_CHECK(columns->lines[row - 1] < columns->lines[row]);
    for (int i = 0; i < columns->count; i++) {
        const mlk_column *column = &columns->items[i];
        FUZZ_CHECK(column->odd_line == 0 || column->is_text);
        FUZZ_CHECK(column->place < (column->is_text ? columns->n_texts : columns->n_numbers));
    }
}

/* Reads the bytes as a file is read; the settings follow from their number, so that mutants meet all of them. */
static inline void fuzz_table(const uint8_t *bytes, size_t size, fuzz_parse *parse)
{
    static const char *const asked[] = {"label", "x", "path", NULL};
    mlk_columns_options options = {.delimiter = (int)(size % 7 % 6), .decimal = size % 5 == 0,
                                   .header = (int64_t)(size % 11 % 5) - 1, .texts = size % 3 == 0 ? asked : NULL};
    uint8_t *copy = malloc(size + 1);
    mlk_text_file text;
    mlk_columns columns;
    mlk_status status = {0};
    FUZZ_CHECK(copy);
    memcpy(copy, bytes, size);
    mlk_code code = mlk_text_file_decode(copy, size, &text, &status);
    if (!code) {
        code = parse(text.at, text.end, &options, &columns, &status);
        FUZZ_CHECK(!code == !status.message[0]);
        if (!code) {
            FUZZ_CHECK(columns.rows > 0 && columns.count > 0);
            FUZZ_CHECK(columns.n_numbers + columns.n_texts == columns.count);
            fuzz_check_names(&columns);
            fuzz_check_cells(&columns);
            mlk_columns_free(&columns);
        }
        mlk_text_file_close(&text);
    }
    free(copy);
}

#endif

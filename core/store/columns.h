/* columns.h: a table that was read from a file: named columns of numbers or of texts.
 *
 * The numbers of all columns lie in one matrix, row after row, as learners want
 * them; a text is a slice of the file in memory. A column is text when any cell
 * of it is neither a number nor missing, or when the caller asked for its text.
 *
 *     mlk_columns_options options;
 *     mlk_parameters_defaults(mlk_columns_parameters, ..., &options);
 *     mlk_columns columns;
 *     if (mlk_format_read_columns("features.csv", &options, &columns, &status)) ...
 *     columns.values[row * columns.n_numbers + columns.items[i].place]
 *     mlk_columns_free(&columns);
 */
#ifndef MLK_COLUMNS_H
#define MLK_COLUMNS_H

#include "parameters.h"
#include "status.h"
#include "store/tensors.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes somewhere; no zero after them. */
typedef struct mlk_slice {
    char *at;
    size_t length;
} mlk_slice;

typedef struct mlk_column {
    char *name;
    bool is_text;
    int place;        /* among the columns of numbers, or among those of texts */
    int64_t odd_line; /* of the first cell that is no number; 0: none, or text was asked for */
    mlk_slice odd;    /* that cell, cut to a length to show */
    int n_classes;
    char **classes; /* those that the file declares, in its order; or NULL */
} mlk_column;

typedef struct mlk_columns {
    int64_t rows;
    int count, n_numbers, n_texts;
    bool named; /* the names are the file's */
    mlk_column *items;
    double *values;   /* rows x n_numbers; NAN where missing */
    mlk_slice *texts; /* n_texts x rows: column after column */
    int64_t *lines;   /* of the file, where each row begins; NULL in formats without lines */
    char *recipe;     /* what Moonlark wrote with its table, or NULL */
    mlk_file file;    /* what slices point into: the file, */
    void *owned;      /* a block, */
    mlk_tensors tensors; /* or arrays */
} mlk_columns;

typedef struct mlk_columns_options {
    int delimiter;            /* index of its choices; 0: guessed */
    int decimal;              /* the same */
    int64_t header;           /* lines that name the columns; -1: guessed */
    const char *const *texts; /* names of columns whose texts are kept whatever they hold, NULL at the end; or NULL */
} mlk_columns_options;

enum { MLK_COLUMNS_MOST = 1000000 };

extern const mlk_parameter mlk_columns_parameters[];

/* Frees all that a reading function made; harmless on a zeroed table. */
void mlk_columns_free(mlk_columns *columns);

/* Makes room for `count` columns without names. */
mlk_code mlk_columns_start(mlk_columns *columns, int count, mlk_status *status);

/* The name of column i: a copy of the text, "Unnamed: i" where it is empty. */
mlk_code mlk_columns_name(mlk_columns *columns, int i, const char *text, size_t length, mlk_status *status);

/* "column_1" and so on for all. */
mlk_code mlk_columns_number_names(mlk_columns *columns, mlk_status *status);

/* Makes names differ: of those that are there twice the second becomes "name.1", as pandas has it. */
mlk_code mlk_columns_part_names(mlk_columns *columns, mlk_status *status);

/* True when the caller asked for the texts of a column of that name. */
bool mlk_columns_wants_text(const mlk_columns_options *options, const char *name);

/* Gives each column its place, by is_text. */
void mlk_columns_place(mlk_columns *columns);

/* After kinds and rows are known: gives places, and makes room for values (NAN) and texts (empty). */
mlk_code mlk_columns_hold(mlk_columns *columns, mlk_status *status);

/* From a matrix of rows x count to one of the columns of numbers alone, in place. */
void mlk_columns_close_up(mlk_columns *columns);

#endif

/* table.h: the pooled rows of many tracks, to a file. */
#ifndef MLK_TABLE_H
#define MLK_TABLE_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_table {
    int64_t n, width;
    const float *const *rows;    /* n rows of width */
    const char *const *columns;  /* width names */
    const char *const *paths;    /* n */
    const char *const *labels;   /* n, or NULL for an unlabelled table: then there are neither ids nor classes */
    const int64_t *ids;          /* n: the class of each */
    const char *const *classes;
    int64_t n_classes;
    const char *recipe; /* in words */
} mlk_table;

/* Writes by the path's ending:
 *   .safetensors  x (n x width), y (n), and as JSON texts names, paths, classes, recipe
 *   .npy          x alone
 *   .csv          path, label, columns
 *   .jsonl        an object a line: path, label, columns; a number that is not finite is null
 *   .arff         columns and the class, for Weka: paths stand as comments above their rows
 *   .h5           x, y, names, paths, classes; the recipe is an attribute
 * Paths and labels come back to the byte: .csv and .arff have the bytes themselves, the others as text.h keeps them.
 * In .csv a text that a spreadsheet would take for a formula begins with an apostrophe (moonlark.base.csv). */
mlk_code mlk_table_write(const char *path, const mlk_table *table, mlk_status *status);

/* Whether mlk_table_write can write what the path's ending says. */
mlk_code mlk_table_check(const char *path, mlk_status *status);

#endif

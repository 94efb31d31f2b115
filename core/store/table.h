/* table.h: the pooled rows of many tracks, to be written to a file. */
#ifndef MLK_TABLE_H
#define MLK_TABLE_H

#include "store/tensors.h"

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

/* Adds x (n x width) to an empty list. With `ids` adds y (n) of a labelled table; with `texts` adds metadata: classes,
 * names and paths as JSON, and the recipe. Sorted, as files of tensors must be. */
mlk_code mlk_table_list(const mlk_table *table, bool texts, bool ids, mlk_tensors *tensors, mlk_status *status);

/* Copies all rows to one block (malloc), which *x views. NULL: see status. */
float *mlk_table_join(const mlk_table *table, mlk_array *x, mlk_status *status);

/* The class of each row of a labelled table, as a view. */
mlk_array mlk_table_ids(const mlk_table *table);

#endif

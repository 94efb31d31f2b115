/* rows.h: the rows of a table, made ready for distances between them.
 *
 * Distances are float32. Euclidean rows have a mean taken out and are scaled so that no square overflows or vanishes;
 * cosine rows have length 1 (a row of zeros, which has no direction, is given one of its own: it is at distance 0 from
 * other zeros and at 1 from the rest). So the same pair of rows has the same distance to the bit wherever it is
 * computed.
 */
#ifndef MLK_LEARN_ROWS_H
#define MLK_LEARN_ROWS_H

#include "samples.h"

typedef enum mlk_row_metric {
    MLK_ROWS_EUCLIDEAN,
    MLK_ROWS_COSINE,    /* 1 - cos */
    MLK_ROWS_MANHATTAN, /* the sum of the columns' absolute differences */
} mlk_row_metric;

extern const char *const mlk_row_metric_names[]; /* NULL-terminated */

typedef struct mlk_row_table {
    mlk_row_metric metric;
    int64_t n, d; /* d: with the columns of zeros that fill up whole vectors */
    float *x;     /* n x d */
    float *half;  /* n: half the squared lengths; not for Manhattan */
    double *mean; /* of the columns */
    double scale; /* Euclidean and Manhattan: rows were divided by it */
} mlk_row_table;

/* Makes the rows ready. `like`: the table whose mean and scale are taken, so that rows of both can be compared; NULL:
 * their own. Refuses samples that are not finite. */
mlk_code mlk_row_table_new(mlk_samples samples, mlk_row_metric metric, const mlk_row_table *like, mlk_row_table *table,
                           mlk_status *status);
void mlk_row_table_free(mlk_row_table *table);

/* How far row i of one table is from row j of another. It grows with the distance, and is quick to compute. */
float mlk_rows_apart(const mlk_row_table *a, int64_t i, const mlk_row_table *b, int64_t j);

/* The distance that an `apart` stands for. */
float mlk_rows_distance(const mlk_row_table *table, float apart);

/* Rows i .. i+rows-1 of a beside rows j .. j+columns-1 of b: apart (rows x columns) to float32's precision of products,
 * not to the bit of mlk_rows_apart; the error is within `mlk_rows_slack` of the numbers themselves. BLAS must be set to
 * one thread. */
void mlk_rows_block(const mlk_row_table *a, int64_t i, int64_t rows, const mlk_row_table *b, int64_t j,
                    int64_t columns, float *apart);

#endif

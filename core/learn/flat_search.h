/* flat_search.h: the vectors of a file that are most like one: all of them are looked at, by their cosine.
 *
 * What is found is what comparing every row gives (mlk_rows_apart of rows.h, the distance of `neighbors.h` to the
 * bit), the earlier row of equals first. Most rows are not compared, for it is proved of them that they are too far:
 *
 *   few queries    a row x is kept a second time as 8-bit numbers c, x = m + s c + r, with a mean row m, a step s and
 *                  a rest r whose length is known. Then q.x = q.m + s q.c + q.r, and |q.r| <= |q| |r|: an upper bound
 *                  of the cosine that reads a quarter of the memory.
 *   many queries   products of matrices in float32, whose rounding is bounded.
 *
 * A row whose upper bound reaches the worst of the best k so far is compared. The 8-bit rows are made at the second search
 * (making them costs as much as several; a command asks once), and for rows that were added since.
 */
#ifndef MLK_LEARN_FLAT_SEARCH_H
#define MLK_LEARN_FLAT_SEARCH_H

#include "codes.h"
#include "rows.h"
#include "store/vectors.h"

typedef struct mlk_flat_search {
    mlk_vectors vectors; /* rows as mlk_row_table_new makes them of cosine */
    mlk_codes codes;
    bool asked;          /* it was searched before */
    int64_t compared;    /* pairs that the last search compared number by number */
} mlk_flat_search;

/* path and columns: as of mlk_vectors_open. */
mlk_code mlk_flat_search_open(const char *path, int64_t columns, mlk_flat_search *search, mlk_status *status);

/* Appends rows of any length; a row of zeros is like other zeros only. *first: the row that the first became. */
mlk_code mlk_flat_search_add(mlk_flat_search *search, mlk_samples samples, int64_t *first, mlk_status *status);

/* For each query the k nearest rows; k = 1..rows of the file (those that are `allowed`).
 * keys (keys.h): queries x k, nearest first; distance: mlk_key_apart / 2 = 1 - cosine.
 * allowed: of each row, as many as `vectors.n` is after mlk_vectors_refresh, whether it may be found; NULL: all. */
mlk_code mlk_flat_search_find(mlk_flat_search *search, mlk_samples queries, int64_t k, const bool *allowed,
                              uint64_t *keys, mlk_status *status);

void mlk_flat_search_close(mlk_flat_search *search);

#endif

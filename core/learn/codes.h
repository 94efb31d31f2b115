/* codes.h: rows as 8-bit numbers, from which an upper bound of their products with a vector follows.
 *
 * A row is x = m + s c + r: a mean row m that all share, a step s, whole numbers c of -127..127, and a rest r, of which
 * only the length is kept, rounded up.
 */
#ifndef MLK_LEARN_CODES_H
#define MLK_LEARN_CODES_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_codes {
    int64_t n, d, room; /* rows, their numbers (a multiple of 16), rows that there is memory for */
    int8_t *c;          /* n x d */
    float *steps;       /* n */
    float *rests;       /* n: |r| or more */
    float *mean;        /* d: of the rows that came first */
} mlk_codes;

/* Makes codes of rows n.. of the first `count` rows of x (count x d), each of length 2 or less. */
mlk_code mlk_codes_extend(mlk_codes *codes, const float *x, int64_t count, int64_t d, mlk_status *status);
void mlk_codes_free(mlk_codes *codes);

/* A vector to be multiplied with rows, of length 2 or less; freed by free(whole). */
typedef struct mlk_coded_query {
    int16_t *whole; /* d: the vector is about scale * whole */
    float scale;
    float length; /* of the vector, or more */
    float base;   /* its product with the mean */
    float slack;  /* what its own rounding and that of the bound may come to */
} mlk_coded_query;

mlk_code mlk_coded_query_new(const mlk_codes *codes, const float *vector, mlk_coded_query *query, mlk_status *status);

/* bounds: `count` numbers, none below the product of the vector with rows first .. first+count-1. */
void mlk_codes_bounds(const mlk_codes *codes, const mlk_coded_query *query, int64_t first, int64_t count, float *bounds);

#endif

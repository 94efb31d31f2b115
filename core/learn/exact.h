/* exact.h: nearest rows by looking at all of them. */
#ifndef MLK_LEARN_EXACT_H
#define MLK_LEARN_EXACT_H

#include "rows.h"

/* keys (keys.h): n x k, ascending, of the k rows of `train` that are nearest to each of the `rows`. `own`: the row of
 * `train` that each of the rows is, and that is not its own neighbour; NULL: they are of another table. BLAS must be
 * set to one thread. */
mlk_code mlk_exact_search(const mlk_row_table *train, const mlk_row_table *rows, const int32_t *own, int64_t k,
                          uint64_t *keys, mlk_status *status);

#endif

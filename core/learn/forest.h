/* forest.h: nearest rows of large tables, approximately: random projection trees (Dasgupta and Freund 2008) bring near
 * rows into the same leaves, then neighbours of neighbours are tried (Dong, Moses and Li 2011; with trees before,
 * Tang, Liu, Zhang and Mei 2016), until a sample of rows has found what the exact search finds for it.
 */
#ifndef MLK_LEARN_FOREST_H
#define MLK_LEARN_FOREST_H

#include "rows.h"

/* keys (keys.h): n x k, ascending, of k rows that are near each row. *recall: the share of the truly nearest among
 * them, measured on a sample of rows. BLAS must be set to one thread. */
mlk_code mlk_forest_search(const mlk_row_table *table, int64_t k, uint64_t seed, uint64_t *keys, double *recall,
                           mlk_status *status);

#endif

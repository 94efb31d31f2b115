/* jsonl.h: a JSON object in each line: path, label of a labelled table, columns. A number that is not finite is
 * null. */
#ifndef MLK_JSONL_H
#define MLK_JSONL_H

#include "store/table.h"

mlk_code mlk_jsonl_write_table(const char *path, const mlk_table *table, mlk_status *status);

#endif

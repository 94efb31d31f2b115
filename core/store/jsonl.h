/* jsonl.h: a JSON object in each line: path, label of a labelled table, columns. A number that is not finite is
 * null. */
#ifndef MLK_JSONL_H
#define MLK_JSONL_H

#include "store/table.h"

#include <stdio.h>

void mlk_jsonl_print_table(FILE *out, const mlk_table *table);

#endif

/* jsonl.h: a JSON object in each line: path, label of a labelled table, columns. A number that is not finite is
 * null. */
#ifndef MLK_JSONL_H
#define MLK_JSONL_H

#include "store/columns.h"
#include "store/table.h"

#include <stdio.h>

void mlk_jsonl_print_table(FILE *out, const mlk_table *table);

/* Reads anybody's table of such lines; true and false are 1 and 0, null and what a line lacks are missing. The text is
 * changed, and the columns point into it. */
mlk_code mlk_jsonl_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                         mlk_status *status);

#endif

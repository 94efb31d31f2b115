/* arff.h: Weka's tables: the columns and the class; paths stand as comments above their rows. */
#ifndef MLK_ARFF_H
#define MLK_ARFF_H

#include "store/columns.h"
#include "store/table.h"

#include <stdio.h>

void mlk_arff_print_table(FILE *out, const mlk_table *table);

/* Reads anybody's table: attributes that are numeric, nominal, strings or dates, `?` is missing. Sparse rows, weights
 * and relational attributes are refused. Of Moonlark's own the comments are a column `path`. The text is changed, and
 * the columns point into it. */
mlk_code mlk_arff_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                        mlk_status *status);

#endif

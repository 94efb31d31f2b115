/* arff.h: Weka's tables: the columns and the class; paths stand as comments above their rows. */
#ifndef MLK_ARFF_H
#define MLK_ARFF_H

#include "store/table.h"

#include <stdio.h>

void mlk_arff_print_table(FILE *out, const mlk_table *table);

#endif

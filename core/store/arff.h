/* arff.h: Weka's tables: the columns and the class; paths stand as comments above their rows. */
#ifndef MLK_ARFF_H
#define MLK_ARFF_H

#include "store/table.h"

mlk_code mlk_arff_write_table(const char *path, const mlk_table *table, mlk_status *status);

#endif

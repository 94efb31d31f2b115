/* array_columns.h: files of named arrays as a table.
 *
 * Arrays of one axis are columns; those of two are as many columns as they are
 * wide, named by a list of strings `names`, `columns` or `feature_names` of that
 * length, else NAME_0, NAME_1 and so on. All have the same length; numbers
 * without axes are left out. A row of numbers beside arrays of as many rows is
 * a column, for MATLAB has no other vectors. What Moonlark writes comes back as it wrote it: x
 * with its names, `paths` as the column path, y and `classes` as the column label
 * of texts.
 */
#ifndef MLK_ARRAY_COLUMNS_H
#define MLK_ARRAY_COLUMNS_H

#include "store/columns.h"
#include "store/tensors.h"

/* Takes the list over, also when it fails. */
mlk_code mlk_array_columns(mlk_tensors *tensors, const mlk_columns_options *options, mlk_columns *columns,
                           mlk_status *status);

#endif

/* csv.h: comma-separated lines, as RFC 4180 has them.
 *
 * A text that a spreadsheet would take for a formula begins with an apostrophe
 * (moonlark.base.csv); other bytes stay as they are.
 */
#ifndef MLK_CSV_H
#define MLK_CSV_H

#include "store/frames.h"
#include "store/table.h"

#include <stdio.h>

/* A line for each row: path, label of a labelled table, columns. */
void mlk_csv_print_table(FILE *out, const mlk_table *table);

/* A line for each frame: time_s, then every row of every feature. All must share their frames; complex ones are
 * refused. */
mlk_code mlk_csv_write_frames(const char *path, const mlk_frames *frames, mlk_status *status);

/* Writes an array of real numbers of one axis (a column) or two, so that each comes back as it was; `names` (or NULL)
 * are the first line. The delimiter is a comma or a tab. */
mlk_code mlk_csv_write_matrix(const char *path, char delimiter, const mlk_array *array, const char *const *names,
                              mlk_status *status);

#endif

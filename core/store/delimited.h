/* delimited.h: reads tables of delimited text, CSV and TSV, as programs and spreadsheets write them.
 *
 * RFC 4180: quoted cells may hold delimiters, line breaks and doubled quotes.
 * Lines end in LF, CRLF or CR; a byte-order mark (UTF-8, UTF-16), empty lines,
 * a first line "sep=;" and comments (#) before the table are skipped. The
 * delimiter is guessed from the first lines. An apostrophe before a text that a
 * spreadsheet would calculate is taken away, as csv.c puts it there.
 */
#ifndef MLK_DELIMITED_H
#define MLK_DELIMITED_H

#include "store/columns.h"

/* The text is changed, and the columns point into it. */
mlk_code mlk_delimited_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                             mlk_status *status);

#endif

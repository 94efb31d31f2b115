/* number.h: numbers in text, as people's files hold them.
 *
 * Correctly rounded, whatever the locale: what is read is the double nearest to
 * the decimal text, as strtod's. 19 digits and powers of ten up to 27 take one
 * product of 64 by 128 bits; what is longer goes through strtod.
 */
#ifndef MLK_NUMBER_H
#define MLK_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the longest number that begins at `at` and lies before `end`: digits with an optional sign, decimal `point`
 * and exponent, or inf, infinity, nan in any case. Returns its end, or NULL where there is none. */
const char *mlk_number_read(const char *at, const char *end, char point, double *value);

/* True when the text, blanks around it aside, is one number; or true or false, which are 1 and 0; or says that one is
 * missing (then it is NAN): nothing, ?, NA, N/A, #N/A, <NA>, NULL, None. In any case. */
bool mlk_number_cell(const char *at, size_t length, char point, double *value);

#endif

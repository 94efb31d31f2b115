/* decibel.h: between power or amplitude and decibels. */
#ifndef MLK_DECIBEL_H
#define MLK_DECIBEL_H

#include <stdint.h>

/* 10 log10(max(amin, x) / max(amin, ref)), lifted to top_db under the largest value of the whole array
 * (NAN: not at all). `in` may be `out`. */
void mlk_power_to_db(const float *in, int64_t count, double ref, double amin, double top_db, float *out);

/* The largest value; -INFINITY when there is none. */
float mlk_largest(const float *values, int64_t count);

/* ref * 10^(x / 10) */
void mlk_db_to_power(const float *in, int64_t count, double ref, float *out);

#endif

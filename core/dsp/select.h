/* select.h: the smallest of many values, without sorting them. */
#ifndef MLK_SELECT_H
#define MLK_SELECT_H

#include <stdint.h>

/* Moves the `count` smallest of n values to the front, in no order. No value may be NaN. */
void mlk_select_smallest(float *values, int64_t n, int64_t count);

/* The middle value, or the mean of the two middle ones; reorders values. n is 1 or more. */
float mlk_median(float *values, int64_t n);

#endif

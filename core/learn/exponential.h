/* exponential.h: exp of many numbers at once. */
#ifndef MLK_LEARN_EXPONENTIAL_H
#define MLK_LEARN_EXPONENTIAL_H

#include <stdint.h>

/* x[i] = exp(x[i]) for n numbers of 0 or less, -inf included; within 2e-15 of exp, relative; below exp(-708) 0.
 * The compiler makes several of it for different processors; all give the same bits. */
void mlk_exp_negative(double *x, int64_t n);

#endif

/* softmax.h: exponentials of a row of scores, as attention needs them.
 *
 * The numerators of softmax, in place; the row is divided by their sum later, when it has become a few numbers.
 */
#ifndef MLK_SOFTMAX_H
#define MLK_SOFTMAX_H

#include <stddef.h>

/* Each x of the row becomes exp(s - the row's largest s), s = scale x + addend; returns their sum. The addend (NULL:
 * none) is a mask, whose -infinity makes 1e-38, as all do that are so small. A row that is -infinity throughout, or holds
 * NaN, gives NaN, as libtorch's softmax does. scale must be positive. */
float mlk_softmax_numerators(float *row, const float *addend, size_t n, float scale);

#endif

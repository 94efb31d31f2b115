#include "exponential.h"

#include "clones.h"

#include <string.h>

/* exp(x) = 2^k exp(r) with k the integer nearest to x / ln 2: a polynomial (Taylor, to r^12; |r| < 0.35) for
 * exp(r), and k added to the exponent's bits. Adding ROUND leaves k in the low bits of the sum. */
static const double ROUND = 6755399441055744.0; /* 1.5 * 2^52 */
static const double LOG2_E = 1.4426950408889634074;
static const double LN2_HIGH = 6.93147180369123816490e-01;
static const double LN2_LOW = 1.90821492927058770002e-10;

MLK_WIDE_CLONES
void mlk_exp_negative(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double value = x[i] > -708 ? x[i] : -708;
        double shifted = value * LOG2_E + ROUND, k = shifted - ROUND;
        double r = (value - k * LN2_HIGH) - k * LN2_LOW;
        double sum = 1.0 / 479001600;
        sum = sum * r + 1.0 / 39916800;
        sum = sum * r + 1.0 / 3628800;
        sum = sum * r + 1.0 / 362880;
        sum = sum * r + 1.0 / 40320;
        sum = sum * r + 1.0 / 5040;
        sum = sum * r + 1.0 / 720;
        sum = sum * r + 1.0 / 120;
        sum = sum * r + 1.0 / 24;
        sum = sum * r + 1.0 / 6;
        sum = sum * r + 0.5;
        sum = sum * r + 1;
        sum = sum * r + 1;
        int64_t bits, power;
        memcpy(&bits, &sum, sizeof bits);
        memcpy(&power, &shifted, sizeof power);
        bits += (int64_t)((uint64_t)power << 52);
        memcpy(&sum, &bits, sizeof sum);
        x[i] = x[i] > -708 ? sum : 0;
    }
}

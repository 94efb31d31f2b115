/* platt.h: probabilities from the decisions of classifiers that tell pairs of classes apart.
 *
 * A decision f becomes the probability 1 / (1 + exp(slope f + intercept)) of the pair's first class (Platt 1999). Those
 * of all pairs become one probability a class (Wu, Lin and Weng 2004, their second approach), as in libsvm.
 */
#ifndef MLK_LEARN_PLATT_H
#define MLK_LEARN_PLATT_H

#include <stdbool.h>
#include <stdint.h>

/* The likeliest slope and intercept for decisions whose truth is known, by Newton's method with a line search (Lin, Lin
 * and Weng 2007). Truths count as slightly less than sure, so that none becomes infinite. n may be 0. */
void mlk_platt_fit(const double *decisions, const bool *first, int64_t n, double *slope, double *intercept);

/* exp(-z) does not overflow, whichever sign z = slope f + intercept has. */
double mlk_platt_probability(double decision, double slope, double intercept);

/* p (k): how probable each class is, from `pairs` (k x k): pairs[a * k + b] is the probability of a where it is a or b.
 * `q` (k x k) and `qp` (k) are scratch. */
void mlk_platt_couple(const double *pairs, int64_t k, double *q, double *qp, double *p);

#endif

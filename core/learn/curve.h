/* curve.h: how near two points are in UMAP's embedding: 1 / (1 + a r^2b) of their distance r, fitted to a curve that is
 * 1 up to min_dist and falls as exp(-(r - min_dist) / spread) beyond; and the forces that follow from it, from tables.
 */
#ifndef MLK_LEARN_CURVE_H
#define MLK_LEARN_CURVE_H

#include <stdint.h>
#include <string.h>

/* Tables have MLK_CURVE_STEPS entries for each power of two of r squared, from 2^MLK_CURVE_LOW on. */
enum { MLK_CURVE_LOW = -30, MLK_CURVE_HIGH = 20, MLK_CURVE_BITS = 5, MLK_CURVE_STEPS = 1 << MLK_CURVE_BITS };
enum { MLK_CURVE_SIZE = (MLK_CURVE_HIGH - MLK_CURVE_LOW) * MLK_CURVE_STEPS };

typedef struct mlk_curve {
    double a, b;
    float pull[MLK_CURVE_SIZE + 1], push[MLK_CURVE_SIZE + 1]; /* by r squared */
} mlk_curve;

/* min_dist is at most spread; repulsion: a factor of all pushes. */
void mlk_curve_fit(double min_dist, double spread, double repulsion, mlk_curve *curve);

/* A table's value at r squared, between the entries on a straight line. */
static inline float mlk_curve_at(const float *table, float squared)
{
    uint32_t bits;
    memcpy(&bits, &squared, sizeof bits);
    int32_t at = (int32_t)(bits >> (23 - MLK_CURVE_BITS)) - (127 + MLK_CURVE_LOW) * MLK_CURVE_STEPS;
    float part = (float)(bits & ((1u << (23 - MLK_CURVE_BITS)) - 1)) * (1.0f / (float)(1 << (23 - MLK_CURVE_BITS)));
    if (at < 0)
        return table[0];
    if (at >= MLK_CURVE_SIZE)
        return table[MLK_CURVE_SIZE];
    return table[at] + part * (table[at + 1] - table[at]);
}

#endif

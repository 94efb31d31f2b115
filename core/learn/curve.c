#include "curve.h"

#include <math.h>

enum { POINTS = 300, STEPS = 200 };

typedef struct wanted {
    double r[POINTS], value[POINTS];
} wanted;

/* The squared error of a and b; with `slopes` not NULL also the sums of Gauss and Newton's equations: aa, ab, bb, a,
 * b. */
static double error_of(const wanted *wanted, double a, double b, double *slopes)
{
    double error = 0;
    for (int i = 0; i < POINTS; i++) {
        double power = wanted->r[i] > 0 ? pow(wanted->r[i], 2 * b) : 0, value = 1 / (1 + a * power);
        double off = wanted->value[i] - value, by_a = -value * value * power;
        double by_b = wanted->r[i] > 0 ? 2 * a * log(wanted->r[i]) * by_a : 0;
        error += off * off;
        if (!slopes)
            continue;
        slopes[0] += by_a * by_a;
        slopes[1] += by_a * by_b;
        slopes[2] += by_b * by_b;
        slopes[3] += by_a * off;
        slopes[4] += by_b * off;
    }
    return error;
}

/* Least squares by Levenberg (1944) and Marquardt (1963). */
static void fit(const wanted *wanted, double *a, double *b)
{
    double damping = 1e-3;
    for (int step = 0; step < STEPS && damping < 1e12; step++) {
        double s[5] = {0}, error = error_of(wanted, *a, *b, s);
        double aa = s[0] * (1 + damping), bb = s[2] * (1 + damping), determinant = aa * bb - s[1] * s[1];
        double by_a = (bb * s[3] - s[1] * s[4]) / determinant, by_b = (aa * s[4] - s[1] * s[3]) / determinant;
        double next_a = *a + by_a, next_b = *b + by_b;
        if (next_a > 0 && next_b > 0 && error_of(wanted, next_a, next_b, NULL) <= error) {
            *a = next_a;
            *b = next_b;
            damping /= 10;
            if (fabs(by_a) < 1e-12 * next_a && fabs(by_b) < 1e-12 * next_b)
                return;
        } else {
            damping *= 10;
        }
    }
}

void mlk_curve_fit(double min_dist, double spread, double repulsion, mlk_curve *curve)
{
    wanted wanted;
    for (int i = 0; i < POINTS; i++) {
        double r = wanted.r[i] = 3 * spread * i / (POINTS - 1);
        wanted.value[i] = r < min_dist ? 1 : exp(-(r - min_dist) / spread);
    }
    curve->a = curve->b = 1;
    fit(&wanted, &curve->a, &curve->b);
    double a = curve->a, b = curve->b;
    for (int i = 0; i <= MLK_CURVE_SIZE; i++) {
        double octave = MLK_CURVE_LOW + i / MLK_CURVE_STEPS, part = (double)(i % MLK_CURVE_STEPS) / MLK_CURVE_STEPS;
        double squared = exp2(octave) * (1 + part), power = pow(squared, b);
        curve->pull[i] = (float)(-2 * a * b * power / squared / (1 + a * power));
        curve->push[i] = (float)(2 * repulsion * b / ((0.001 + squared) * (1 + a * power)));
    }
}

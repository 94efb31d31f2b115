#include "platt.h"

#include <math.h>

/* The truths that are aimed at: as of a sample with one more of each class. */
typedef struct targets {
    double first, second;
} targets;

static targets targets_of(const bool *first, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += first[i];
    return (targets){.first = (double)(count + 1) / (double)(count + 2), .second = 1.0 / (double)(n - count + 2)};
}

/* -log of the likelihood. */
static double loss(const double *decisions, const bool *first, int64_t n, targets aim, double slope, double intercept)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double z = slope * decisions[i] + intercept, t = first[i] ? aim.first : aim.second;
        sum += z >= 0 ? t * z + log1p(exp(-z)) : (t - 1) * z + log1p(exp(z));
    }
    return sum;
}

typedef struct derivatives {
    double slope, intercept; /* the gradient */
    double h11, h22, h21;    /* the Hessian, a little more than positive */
} derivatives;

static derivatives derive(const double *decisions, const bool *first, int64_t n, targets aim, double slope,
                          double intercept)
{
    derivatives d = {.h11 = 1e-12, .h22 = 1e-12};
    for (int64_t i = 0; i < n; i++) {
        double f = decisions[i], p = mlk_platt_probability(f, slope, intercept), t = first[i] ? aim.first : aim.second;
        double curve = p * (1 - p);
        d.h11 += f * f * curve;
        d.h22 += curve;
        d.h21 += f * curve;
        d.slope += f * (t - p);
        d.intercept += t - p;
    }
    return d;
}

void mlk_platt_fit(const double *decisions, const bool *first, int64_t n, double *slope, double *intercept)
{
    enum { MOST_STEPS = 100 };
    targets aim = targets_of(first, n);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += first[i];
    double a = 0, b = log((double)(n - count + 1) / (double)(count + 1));
    double now = loss(decisions, first, n, aim, a, b);
    for (int step = 0; step < MOST_STEPS; step++) {
        derivatives d = derive(decisions, first, n, aim, a, b);
        if (fabs(d.slope) < 1e-8 && fabs(d.intercept) < 1e-8)
            break;
        double determinant = d.h11 * d.h22 - d.h21 * d.h21;
        double da = -(d.h22 * d.slope - d.h21 * d.intercept) / determinant;
        double db = -(d.h11 * d.intercept - d.h21 * d.slope) / determinant;
        double along = d.slope * da + d.intercept * db, length = 1;
        for (; length >= 1e-10; length /= 2) {
            double next = loss(decisions, first, n, aim, a + length * da, b + length * db);
            if (next < now + 1e-4 * length * along) {
                a += length * da, b += length * db, now = next;
                break;
            }
        }
        if (length < 1e-10)
            break; /* as good as rounding lets it be */
    }
    *slope = a, *intercept = b;
}

double mlk_platt_probability(double decision, double slope, double intercept)
{
    double z = slope * decision + intercept;
    return z >= 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z));
}

void mlk_platt_couple(const double *pairs, int64_t k, double *q, double *qp, double *p)
{
    double tolerance = 1e-10 / (double)k;
    for (int64_t a = 0; a < k; a++) {
        p[a] = 1.0 / (double)k;
        q[a * k + a] = 0;
        for (int64_t b = 0; b < k; b++) {
            if (a == b)
                continue;
            q[a * k + a] += pairs[b * k + a] * pairs[b * k + a];
            q[a * k + b] = -pairs[b * k + a] * pairs[a * k + b];
        }
    }
    for (int64_t round = 0; round < 100 * k; round++) {
        double whole = 0, worst = 0; /* p Q p */
        for (int64_t a = 0; a < k; a++) {
            qp[a] = 0;
            for (int64_t b = 0; b < k; b++)
                qp[a] += q[a * k + b] * p[b];
            whole += p[a] * qp[a];
        }
        for (int64_t a = 0; a < k; a++)
            worst = fmax(worst, fabs(qp[a] - whole));
        if (worst < tolerance)
            break;
        for (int64_t a = 0; a < k; a++) {
            double by = (whole - qp[a]) / q[a * k + a];
            p[a] += by;
            whole = (whole + by * (by * q[a * k + a] + 2 * qp[a])) / (1 + by) / (1 + by);
            for (int64_t b = 0; b < k; b++) {
                qp[b] = (qp[b] + by * q[a * k + b]) / (1 + by);
                p[b] /= 1 + by;
            }
        }
    }
}

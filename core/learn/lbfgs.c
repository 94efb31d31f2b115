#include "lbfgs.h"

#include "blas/blas.h"
#include "interrupt.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 10, MOST_STEPS = 30 };

typedef struct search {
    mlk_objective *objective;
    void *context;
    int64_t n;
    double *x, *gradient;             /* where we are */
    double *trial_x, *trial_gradient; /* where we look */
    double *direction;
    double *steps[MEMORY], *changes[MEMORY]; /* of x and of the gradient, newest at (count - 1) % MEMORY */
    double curvature[MEMORY];                /* step . change */
    int count;
    double value;
} search;

static double dot(const search *self, const double *a, const double *b)
{
    return mlk_blas()->cblas_ddot((int)self->n, a, 1, b, 1);
}

static void scale(double *values, int n, double factor)
{
    for (int i = 0; i < n; i++)
        values[i] *= factor;
}

/* The two-loop recursion: direction = - H gradient. */
static void find_direction(search *self)
{
    int n = (int)self->n, oldest = self->count > MEMORY ? self->count - MEMORY : 0;
    double weight[MEMORY];
    memcpy(self->direction, self->gradient, sizeof(double) * (size_t)n);
    for (int i = self->count - 1; i >= oldest; i--) {
        int at = i % MEMORY;
        weight[at] = dot(self, self->steps[at], self->direction) / self->curvature[at];
        mlk_blas()->cblas_daxpy(n, -weight[at], self->changes[at], 1, self->direction, 1);
    }
    if (self->count > 0) {
        int at = (self->count - 1) % MEMORY;
        scale(self->direction, n, self->curvature[at] / dot(self, self->changes[at], self->changes[at]));
    }
    for (int i = oldest; i < self->count; i++) {
        int at = i % MEMORY;
        double back = dot(self, self->changes[at], self->direction) / self->curvature[at];
        mlk_blas()->cblas_daxpy(n, weight[at] - back, self->steps[at], 1, self->direction, 1);
    }
    scale(self->direction, n, -1);
}

static double look(search *self, double step)
{
    memcpy(self->trial_x, self->x, sizeof(double) * (size_t)self->n);
    mlk_blas()->cblas_daxpy((int)self->n, step, self->direction, 1, self->trial_x, 1);
    return self->objective(self->context, self->trial_x, self->trial_gradient);
}

/* Bisection and doubling until the strong Wolfe conditions hold; false when no step helps. */
static bool find_step(search *self, double first, double *value)
{
    double slope = dot(self, self->gradient, self->direction), low = 0, high = INFINITY, step = first;
    if (slope >= 0)
        return false;
    for (int i = 0; i < MOST_STEPS; i++) {
        *value = look(self, step);
        double now = dot(self, self->trial_gradient, self->direction);
        if (!(*value <= self->value + 1e-4 * step * slope))
            high = step;
        else if (now < 0.9 * slope)
            low = step;
        else
            return true;
        step = isinf(high) ? 2 * step : (low + high) / 2;
    }
    return *value < self->value;
}

/* Keeps the step that was taken, and goes there. */
static void advance(search *self, double value)
{
    int at = self->count % MEMORY;
    for (int64_t i = 0; i < self->n; i++) {
        self->steps[at][i] = self->trial_x[i] - self->x[i];
        self->changes[at][i] = self->trial_gradient[i] - self->gradient[i];
    }
    self->curvature[at] = dot(self, self->steps[at], self->changes[at]);
    if (self->curvature[at] > 0)
        self->count++;
    memcpy(self->x, self->trial_x, sizeof(double) * (size_t)self->n);
    memcpy(self->gradient, self->trial_gradient, sizeof(double) * (size_t)self->n);
    self->value = value;
}

static double largest(const double *values, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabs(values[i]) > most ? fabs(values[i]) : most;
    return most;
}

static double sum_of_sizes(const double *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(values[i]);
    return sum;
}

mlk_code mlk_lbfgs(mlk_objective *objective, void *context, int64_t n, double tol, int max_iter, double *x,
                   int *iterations, mlk_status *status)
{
    double *memory = malloc(sizeof(double) * (size_t)n * (4 + 2 * MEMORY));
    if (!memory)
        return mlk_fail_memory(status, "L-BFGS");
    search self = {.objective = objective, .context = context, .n = n, .x = x, .gradient = memory};
    self.trial_x = memory + n;
    self.trial_gradient = memory + 2 * n;
    self.direction = memory + 3 * n;
    for (int i = 0; i < MEMORY; i++) {
        self.steps[i] = memory + (4 + i) * n;
        self.changes[i] = memory + (4 + MEMORY + i) * n;
    }
    self.value = objective(context, x, self.gradient);
    mlk_code code = MLK_OK;
    for (*iterations = 0; *iterations < max_iter && largest(self.gradient, n) > tol; ++*iterations) {
        double value, before = self.value;
        find_direction(&self);
        double first = self.count > 0 ? 1 : fmin(1, 1 / sum_of_sizes(self.gradient, n));
        if (!find_step(&self, first, &value))
            break;
        advance(&self, value);
        if (mlk_interrupted()) {
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
            break;
        }
        if (before - value <= 64 * 2.220446049250313e-16 * fmax(fabs(before), 1))
            break;
    }
    free(memory);
    return code;
}

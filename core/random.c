#include "random.h"

#include <math.h>

static uint64_t rotated(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static uint64_t next(mlk_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotated(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

static uint64_t scattered(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

mlk_random mlk_random_seeded(uint64_t seed)
{
    mlk_random random;
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15u;
        random.state[i] = scattered(seed);
    }
    return random;
}

double mlk_random_uniform(mlk_random *random)
{
    return (double)(next(random) >> 11) * 0x1p-53;
}

int64_t mlk_random_below(mlk_random *random, int64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % (uint64_t)n;
    uint64_t drawn;
    do
        drawn = next(random);
    while (drawn >= limit);
    return (int64_t)(drawn % (uint64_t)n);
}

uint64_t mlk_random_branch(uint64_t seed, uint64_t number)
{
    return scattered(scattered(seed + 0x9e3779b97f4a7c15u) + 0x9e3779b97f4a7c15u * (number + 1));
}

/* Two independent normal numbers. */
static void normal_pair(mlk_random *random, double *first, double *second)
{
    double x, y, square;
    do {
        x = 2 * mlk_random_uniform(random) - 1;
        y = 2 * mlk_random_uniform(random) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double stretch = sqrt(-2 * log(square) / square);
    *first = x * stretch;
    *second = y * stretch;
}

double mlk_random_normal(mlk_random *random)
{
    double first, second;
    normal_pair(random, &first, &second);
    return first;
}

void mlk_random_normals(mlk_random *random, float scale, int64_t n, float *out)
{
    double first, second;
    for (int64_t i = 0; i < n; i += 2) {
        normal_pair(random, &first, &second);
        out[i] = scale * (float)first;
        if (i + 1 < n)
            out[i + 1] = scale * (float)second;
    }
}

/* The logarithm of a Gamma(shape, 1) variable: for small shapes the variable itself would underflow. */
static double log_gamma_variable(mlk_random *random, double shape)
{
    double raise = 0;
    if (shape < 1) {
        raise = log(1 - mlk_random_uniform(random)) / shape;
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = mlk_random_normal(random), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        double u = 1 - mlk_random_uniform(random);
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return log(d * v) + raise;
    }
}

double mlk_random_beta(mlk_random *random, double alpha)
{
    double a = log_gamma_variable(random, alpha), b = log_gamma_variable(random, alpha);
    return 1 / (1 + exp(b - a));
}

#include "random.h"

#include <math.h>
#include <pthread.h>

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

/* The bell curve under LAYERS rectangles of equal area, the lowest with the tail beyond x[1]. */
enum { LAYERS = 128 };

static struct {
    double x[LAYERS + 1]; /* right edges */
    double inside[LAYERS]; /* the part of a rectangle that is under the curve at every height */
} ziggurat;

static pthread_once_t ziggurat_once = PTHREAD_ONCE_INIT;

static void build_ziggurat(void)
{
    const double edge = 3.442619855899, area = 9.91256303526217e-3;
    double f = exp(-0.5 * edge * edge), *x = ziggurat.x;
    x[0] = area / f;
    x[1] = edge;
    for (int i = 2; i < LAYERS; i++) {
        x[i] = sqrt(-2 * log(area / x[i - 1] + f));
        f = exp(-0.5 * x[i] * x[i]);
    }
    x[LAYERS] = 0;
    for (int i = 0; i < LAYERS; i++)
        ziggurat.inside[i] = x[i + 1] / x[i];
}

/* Uniform in (0, 1]. */
static double positive_uniform(mlk_random *random)
{
    return 1 - mlk_random_uniform(random);
}

static double tail(mlk_random *random)
{
    double x, y;
    do {
        x = log(positive_uniform(random)) / ziggurat.x[1];
        y = log(positive_uniform(random));
    } while (-2 * y < x * x);
    return ziggurat.x[1] - x;
}

static inline double normal(mlk_random *random)
{
    for (;;) {
        uint64_t bits = next(random);
        int layer = (int)(bits % LAYERS); /* the number takes the upper bits */
        double u = (double)(int64_t)(bits >> 11) * 0x1p-52 - 1;
        double x = u * ziggurat.x[layer];
        if (fabs(u) < ziggurat.inside[layer])
            return x;
        if (layer == 0)
            return copysign(tail(random), u);
        const double *edges = &ziggurat.x[layer];
        double low = exp(-0.5 * (edges[0] * edges[0] - x * x)), high = exp(-0.5 * (edges[1] * edges[1] - x * x));
        if (high + mlk_random_uniform(random) * (low - high) < 1)
            return x;
    }
}

double mlk_random_normal(mlk_random *random)
{
    pthread_once(&ziggurat_once, build_ziggurat);
    return normal(random);
}

void mlk_random_normals(mlk_random *random, float scale, int64_t n, float *out)
{
    pthread_once(&ziggurat_once, build_ziggurat);
    for (int64_t i = 0; i < n; i++)
        out[i] = scale * (float)normal(random);
}

/* The logarithm of a Gamma(shape, 1) variable: for small shapes the variable itself would underflow. */
static double log_gamma_variable(mlk_random *random, double shape)
{
    double raise = 0;
    if (shape < 1) {
        raise = log(positive_uniform(random)) / shape;
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = mlk_random_normal(random), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        double u = positive_uniform(random);
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return log(d * v) + raise;
    }
}

double mlk_random_beta(mlk_random *random, double alpha)
{
    double a = log_gamma_variable(random, alpha), b = log_gamma_variable(random, alpha);
    return 1 / (1 + exp(b - a));
}

/* random.h: seeded random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64.
 * The same seed gives the same numbers on every machine. */
#ifndef MLK_RANDOM_H
#define MLK_RANDOM_H

#include <stdint.h>

typedef struct mlk_random {
    uint64_t state[4];
} mlk_random;

mlk_random mlk_random_seeded(uint64_t seed);

/* Uniform in [0, 1). */
double mlk_random_uniform(mlk_random *random);

/* Uniform in 0..n-1, n >= 1. */
int64_t mlk_random_below(mlk_random *random, int64_t n);

/* Normal with mean 0 and variance 1: the ziggurat (Marsaglia and Tsang, 2000; as corrected by Doornik, 2005). */
double mlk_random_normal(mlk_random *random);

/* Fills with normal numbers times `scale`. */
void mlk_random_normals(mlk_random *random, float scale, int64_t n, float *out);

/* Beta(alpha, alpha), alpha > 0, by two gamma variables (Marsaglia and Tsang, 2000). */
double mlk_random_beta(mlk_random *random, double alpha);

/* The seed of a branch in a tree of independent generators: seed -> epoch -> item. */
uint64_t mlk_random_branch(uint64_t seed, uint64_t number);

#endif

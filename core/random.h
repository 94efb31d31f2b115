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

#endif

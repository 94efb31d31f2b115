#include "distance.h"

#include <string.h>

enum { LANES = 4 };
typedef float floats __attribute__((vector_size(4 * LANES)));
typedef double doubles __attribute__((vector_size(8 * LANES)));

static inline __attribute__((always_inline)) void add_squares(const float *a, const float *b, doubles *sum)
{
    floats left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    doubles apart = __builtin_convertvector(left, doubles) - __builtin_convertvector(right, doubles);
    *sum += apart * apart;
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("avx2", "default")))
#endif
void mlk_squared_distances(const float *row, const float *rows, int64_t n, int64_t d, double *squared)
{
    for (int64_t i = 0; i < n; i++) {
        const float *other = rows + i * d;
        doubles even = {0}, odd = {0};
        int64_t j = 0;
        for (; j + 2 * LANES <= d; j += 2 * LANES) {
            add_squares(row + j, other + j, &even);
            add_squares(row + j + LANES, other + j + LANES, &odd);
        }
        even += odd;
        double sum = (even[0] + even[2]) + (even[1] + even[3]);
        for (; j < d; j++) {
            double apart = (double)row[j] - other[j];
            sum += apart * apart;
        }
        squared[i] = sum;
    }
}

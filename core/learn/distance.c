#include "distance.h"

enum { LANES = 8 }; /* sums side by side, which the compiler makes vectors of */

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("avx2", "default")))
#endif
void mlk_squared_distances(const float *restrict row, const float *restrict rows, int64_t n, int64_t d,
                           double *restrict squared)
{
    for (int64_t i = 0; i < n; i++) {
        const float *other = rows + i * d;
        double lane[LANES] = {0};
        int64_t j = 0;
        for (; j + LANES <= d; j += LANES) {
            for (int l = 0; l < LANES; l++) {
                double apart = (double)row[j + l] - other[j + l];
                lane[l] += apart * apart;
            }
        }
        double sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
        for (; j < d; j++) {
            double apart = (double)row[j] - other[j];
            sum += apart * apart;
        }
        squared[i] = sum;
    }
}

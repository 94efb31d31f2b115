#include "gap.h"

#include "random.h"

#include <stdlib.h>

void mlk_gap_reference(mlk_samples samples, uint64_t seed, float *out)
{
    int64_t n = samples.n, d = samples.d;
    for (int64_t j = 0; j < d; j++) {
        mlk_random random = mlk_random_seeded(mlk_random_branch(seed, (uint64_t)j));
        float low = samples.x[j], high = low;
        for (int64_t i = 1; i < n; i++) {
            float value = samples.x[i * d + j];
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        for (int64_t i = 0; i < n; i++)
            out[i * d + j] = (float)(low + mlk_random_uniform(&random) * ((double)high - low));
    }
}

mlk_code mlk_gap_within(mlk_samples samples, const int64_t *labels, int64_t k, double *within, mlk_status *status)
{
    int64_t n = samples.n, d = samples.d;
    double *means = calloc((size_t)(k * d), sizeof *means);
    int64_t *sizes = calloc((size_t)k, sizeof *sizes);
    mlk_code code = means && sizes ? MLK_OK : mlk_fail_memory(status, "centres");
    for (int64_t i = 0; i < n && !code; i++) {
        if (labels[i] < 0 || labels[i] >= k)
            code = mlk_fail(status, MLK_INVALID, "labels must be 0..%lld, row %lld has %lld", (long long)k - 1,
                            (long long)i, (long long)labels[i]);
        else
            sizes[labels[i]]++;
    }
    for (int64_t i = 0; i < n * d && !code; i++)
        means[labels[i / d] * d + i % d] += samples.x[i] / (double)sizes[labels[i / d]];
    *within = 0;
    for (int64_t i = 0; i < n * d && !code; i++) {
        double apart = samples.x[i] - means[labels[i / d] * d + i % d];
        *within += apart * apart;
    }
    free(means), free(sizes);
    return code;
}

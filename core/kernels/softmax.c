#include "kernels/softmax.h"

#include "clones.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 }; /* partial results, the same for every processor: results do not depend on it */

static inline float larger(float a, float b)
{
    return a > b ? a : b; /* one instruction, unlike fmaxf */
}

/* exp of a number that is not positive: 2^n by the exponent's bits times a polynomial of the rest (Cephes' expf). */
static inline float exponential(float x)
{
    const float shift = 12582912.0f; /* 1.5 · 2^23: adding it rounds to an integer, kept in the lowest bits */
    const float least = -87.0f;      /* below, the result would be subnormal; 1e-38 stands for it */
    float within = larger(least, x);
    float shifted = within * 1.44269504f + shift, n = shifted - shift;
    float r = within - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + 0x3f800000u;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

MLK_WIDE_CLONES
static float largest(const float *row, size_t n)
{
    float most = -INFINITY;
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < n; i++)
        most = larger(row[i], most);
    return most;
}

MLK_WIDE_CLONES
static void add(float *row, const float *addend, size_t n, float times)
{
    for (size_t i = 0; i < n; i++)
        row[i] += addend[i] * times;
}

MLK_WIDE_CLONES
static float exponentials(float *row, size_t n, float scale, float most)
{
    float lane[LANES] = {0}, sum = 0;
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (int j = 0; j < LANES; j++) {
            row[i + j] = exponential((row[i + j] - most) * scale);
            lane[j] += row[i + j];
        }
    for (size_t i = whole; i < n; i++)
        sum += row[i] = exponential((row[i] - most) * scale);
    for (int j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}

float mlk_softmax_numerators(float *row, const float *addend, size_t n, float scale)
{
    if (addend)
        add(row, addend, n, 1 / scale);
    return exponentials(row, n, scale, largest(row, n));
}

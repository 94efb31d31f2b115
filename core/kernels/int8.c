#include "kernels/int8.h"

#include "clones.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_VECTORS
#endif

enum { PANEL = MLK_INT8_PANEL, OFFSET = 128 };

size_t mlk_int8_depth(size_t k)
{
    return (k + 3) / 4 * 4;
}

size_t mlk_int8_packed_size(size_t outputs, size_t k)
{
    return (outputs + PANEL - 1) / PANEL * PANEL * mlk_int8_depth(k);
}

/* --- rounding ------------------------------------------------------------------- */

/* The largest absolute value; NaN where there is one. */
MLK_WIDE_CLONES
static float largest(const float *row, size_t k)
{
    float most = 0, zeros = 0;
#pragma omp simd reduction(max : most) reduction(+ : zeros)
    for (size_t i = 0; i < k; i++) {
        float size = fabsf(row[i]);
        most = size > most ? size : most;
        zeros += row[i] * 0.0f; /* NaN of NaN and of infinity */
    }
    return most + zeros;
}

MLK_WIDE_CLONES
static int32_t rounded_by(const float *row, size_t k, float inverse, int8_t *rounded)
{
    const float shift = 12582912.0f; /* 1.5 · 2^23: adding it rounds to an integer, kept in the lowest bits */
    int32_t sum = 0;
    for (size_t i = 0; i < k; i++) {
        float shifted = row[i] * inverse + shift;
        int32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        int32_t whole = (int32_t)((uint32_t)bits << 9) >> 9;
        rounded[i] = (int8_t)whole;
        sum += (int8_t)whole;
    }
    return sum;
}

/* What makes the largest 127; 0 where it is 0 or no number. */
static float inverse_of(float most)
{
    float inverse = 127 / most;
    return isfinite(inverse) ? inverse : 0;
}

void mlk_int8_round(const float *row, size_t k, int8_t *rounded, float *scale, int32_t *sum)
{
    float most = largest(row, k);
    *scale = most / 127;
    *sum = rounded_by(row, k, inverse_of(most), rounded);
    memset(rounded + k, 0, mlk_int8_depth(k) - k);
}

void mlk_int8_pack(const float *weight, size_t outputs, size_t k, uint8_t *packed, float *scales)
{
    const size_t depth = mlk_int8_depth(k);
    memset(packed, OFFSET, mlk_int8_packed_size(outputs, k));
    for (size_t o = 0; o < outputs; o++) {
        const float *row = weight + o * k;
        uint8_t *to = packed + o / PANEL * PANEL * depth + o % PANEL * 4;
        float most = largest(row, k);
        int8_t some[256];
        scales[o] = most / 127;
        for (size_t i = 0; i < k; i++) {
            if (i % sizeof some == 0)
                rounded_by(row + i, k - i < sizeof some ? k - i : sizeof some, inverse_of(most), some);
            to[i / 4 * 4 * PANEL + i % 4] = (uint8_t)(OFFSET + some[i % sizeof some]);
        }
    }
}

/* --- products -------------------------------------------------------------------- */

/* Sums of products become floats: what the offset of the weights added is taken off. */
static void store(const int32_t *sums, const mlk_int8_rows *rows, size_t row, const mlk_int8_panel *panel, float *out)
{
    const int32_t added = OFFSET * rows->sums[row];
    const float scale = rows->scales[row];
    for (size_t o = 0; o < panel->outputs; o++)
        out[o] = (float)(sums[o] - added) * (scale * panel->scales[o]) + (panel->bias ? panel->bias[o] : 0);
}

static void plain_product(const mlk_int8_rows *rows, const mlk_int8_panel *panel, float *out, size_t stride)
{
    const size_t depth = mlk_int8_depth(rows->k);
    for (size_t i = 0; i < rows->count; i++) {
        const int8_t *x = rows->rounded + i * depth;
        const uint8_t *weights = panel->packed;
        int32_t sums[PANEL] = {0};
        for (size_t at = 0; at < depth; at += 4, weights += 4 * PANEL)
            for (int o = 0; o < PANEL; o++)
                sums[o] += x[at] * weights[4 * o] + x[at + 1] * weights[4 * o + 1] + x[at + 2] * weights[4 * o + 2] +
                           x[at + 3] * weights[4 * o + 3];
        store(sums, rows, i, panel, out + i * stride);
    }
}

#ifdef HAVE_VECTORS

/* Loops over a tile are unrolled, so that its sums stay in registers. */
#define UNROLLED _Pragma("GCC unroll 8") for
#define INLINED __attribute__((always_inline)) static inline

typedef struct tile {
    const mlk_int8_rows *rows;
    const mlk_int8_panel *panel;
    size_t first; /* row */
    float *out;
    size_t stride;
} tile;

INLINED int32_t four_at(const tile *t, int row, size_t at)
{
    int32_t four;
    memcpy(&four, t->rows->rounded + (t->first + (size_t)row) * mlk_int8_depth(t->rows->k) + at, sizeof four);
    return four;
}

INLINED void store_row(const tile *t, int row, const int32_t *sums)
{
    size_t i = t->first + (size_t)row;
    store(sums, t->rows, i, t->panel, t->out + i * t->stride);
}

/* --- AVX-512 VNNI: sums of four products at once; 6 rows × 64 outputs -------------- */

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))

VNNI INLINED void vnni_tile(int count, const tile *t)
{
    const size_t depth = mlk_int8_depth(t->rows->k);
    const uint8_t *weights = t->panel->packed;
    __m512i sums[6][4], w[4];
    UNROLLED(int i = 0; i < count; i++)
        UNROLLED(int j = 0; j < 4; j++)
            sums[i][j] = _mm512_setzero_si512();
    for (size_t at = 0; at < depth; at += 4, weights += 4 * PANEL) {
        UNROLLED(int j = 0; j < 4; j++)
            w[j] = _mm512_loadu_si512(weights + 64 * j);
        UNROLLED(int i = 0; i < count; i++) {
            __m512i x = _mm512_set1_epi32(four_at(t, i, at));
            UNROLLED(int j = 0; j < 4; j++)
                sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], w[j], x);
        }
    }
    UNROLLED(int i = 0; i < count; i++) {
        int32_t row[PANEL];
        UNROLLED(int j = 0; j < 4; j++)
            _mm512_storeu_si512(row + 16 * j, sums[i][j]);
        store_row(t, i, row);
    }
}

VNNI static void vnni_product(tile t)
{
    for (; t.first + 6 <= t.rows->count; t.first += 6)
        vnni_tile(6, &t);
    for (; t.first + 2 <= t.rows->count; t.first += 2)
        vnni_tile(2, &t);
    if (t.first < t.rows->count)
        vnni_tile(1, &t);
}

/* --- AVX2: sums of two products of 16 bits; 3 rows × 16 outputs at once ------------ */

#define AVX2 __attribute__((target("avx2")))

AVX2 INLINED void avx2_tile(int count, const tile *t)
{
    const size_t depth = mlk_int8_depth(t->rows->k);
    int32_t row[3][PANEL];
    for (int part = 0; part < 4; part++) {
        const uint8_t *weights = t->panel->packed + 64 * part;
        __m256i sums[3][4], x[3];
        UNROLLED(int i = 0; i < count; i++)
            UNROLLED(int j = 0; j < 4; j++)
                sums[i][j] = _mm256_setzero_si256();
        for (size_t at = 0; at < depth; at += 4, weights += 4 * PANEL) {
            UNROLLED(int i = 0; i < count; i++)
                x[i] = _mm256_cvtepi8_epi16(_mm_set1_epi32(four_at(t, i, at)));
            UNROLLED(int j = 0; j < 4; j++) {
                __m256i w = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16 * j)));
                UNROLLED(int i = 0; i < count; i++)
                    sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(w, x[i]));
            }
        }
        UNROLLED(int i = 0; i < count; i++)
            UNROLLED(int j = 0; j < 4; j++) { /* two sums an output */
                int32_t pairs[8];
                _mm256_storeu_si256((__m256i *)pairs, sums[i][j]);
                for (int o = 0; o < 4; o++)
                    row[i][16 * part + 4 * j + o] = pairs[2 * o] + pairs[2 * o + 1];
            }
    }
    for (int i = 0; i < count; i++)
        store_row(t, i, row[i]);
}

AVX2 static void avx2_product(tile t)
{
    for (; t.first + 3 <= t.rows->count; t.first += 3)
        avx2_tile(3, &t);
    for (; t.first < t.rows->count; t.first++)
        avx2_tile(1, &t);
}
#endif

mlk_int8_way mlk_int8_best(void)
{
#ifdef HAVE_VECTORS
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
        return MLK_INT8_VNNI;
    if (__builtin_cpu_supports("avx2"))
        return MLK_INT8_AVX2;
#endif
    return MLK_INT8_PLAIN;
}

void mlk_int8_product(mlk_int8_way way, const mlk_int8_rows *rows, const mlk_int8_panel *panel, float *out,
                      size_t stride)
{
#ifdef HAVE_VECTORS
    if (way == MLK_INT8_VNNI) {
        vnni_product((tile){rows, panel, 0, out, stride});
        return;
    }
    if (way == MLK_INT8_AVX2) {
        avx2_product((tile){rows, panel, 0, out, stride});
        return;
    }
#endif
    (void)way;
    plain_product(rows, panel, out, stride);
}

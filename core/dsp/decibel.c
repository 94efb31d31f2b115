#include "dsp/decibel.h"

#include "dsp/lanes.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef int32_t half_words __attribute__((vector_size(16), may_alias));

/* log2 of four normal numbers. With x = 2^e m, 1/sqrt(2) <= m < sqrt(2), and s = (m - 1) / (m + 1), log2(m) is
 * 2 / ln 2 (s + s^3 / 3 + s^5 / 5 ...): to 1e-12. */
static inline void logarithms(const mlk_half_floats *x, mlk_half_doubles *out)
{
    half_words bits = (half_words)*x, exponent = (bits - 0x3f3504f3) >> 23;
    mlk_half_doubles m = __builtin_convertvector((mlk_half_floats)(bits - (exponent << 23)), mlk_half_doubles);
    mlk_half_doubles s = (m - 1) / (m + 1), z = s * s;
    mlk_half_doubles sum = z * (1.0 / 13) + 1.0 / 11;
    sum = sum * z + 1.0 / 9;
    sum = sum * z + 1.0 / 7;
    sum = sum * z + 1.0 / 5;
    sum = sum * z + 1.0 / 3;
    sum = sum * z + 1;
    *out = __builtin_convertvector(exponent, mlk_half_doubles) + 2 / M_LN2 * s * sum;
}

/* scale * log2(max(in, floor)) - offset; `floor` is a normal number. */
MLK_CLONES static void scale_logarithms(const float *in, int64_t count, float floor, double scale, double offset,
                                        float *out)
{
    mlk_half_floats lowest = {0}, x = {1, 1, 1, 1}, db;
    mlk_half_doubles log2s;
    lowest += floor;
    for (int64_t i = 0; i < count; i += 4) {
        bool full = count - i >= 4;
        if (full)
            memcpy(&x, in + i, sizeof x);
        else
            memcpy(&x, in + i, (size_t)(count - i) * sizeof *in);
        half_words above = x > lowest;
        x = (mlk_half_floats)((above & (half_words)x) | (~above & (half_words)lowest));
        logarithms(&x, &log2s);
        db = __builtin_convertvector(scale * log2s - offset, mlk_half_floats);
        half_words infinite = x > FLT_MAX;
        db = (mlk_half_floats)((infinite & (half_words)x) | (~infinite & (half_words)db));
        if (full)
            memcpy(out + i, &db, sizeof db);
        else
            memcpy(out + i, &db, (size_t)(count - i) * sizeof *out);
    }
}

static void scale_slowly(const float *in, int64_t count, float floor, double scale, double offset, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(scale * log2f(in[i] > floor ? in[i] : floor) - offset);
}

MLK_CLONES float mlk_largest(const float *values, int64_t count)
{
    mlk_floats row = {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY}, next;
    int64_t whole = count - count % MLK_TILE;
    for (int64_t i = 0; i < whole; i += MLK_TILE) {
        memcpy(&next, values + i, sizeof next);
        row = MLK_LARGER(next, row);
    }
    float highest = -INFINITY;
    for (int j = 0; j < MLK_TILE; j++)
        highest = row[j] > highest ? row[j] : highest;
    for (int64_t i = whole; i < count; i++)
        highest = values[i] > highest ? values[i] : highest;
    return highest;
}

void mlk_power_to_db(const float *in, int64_t count, double ref, double amin, double top_db, float *out)
{
    double scale = 10 * log10(2), offset = 10 * log10(fmax(amin, fabs(ref)));
    float floor = (float)amin;
    (floor >= FLT_MIN ? scale_logarithms : scale_slowly)(in, count, floor, scale, offset, out);
    if (isnan(top_db))
        return;
    float lowest = (float)(mlk_largest(out, count) - top_db);
    for (int64_t i = 0; i < count; i++)
        out[i] = out[i] > lowest ? out[i] : lowest;
}

void mlk_db_to_power(const float *in, int64_t count, double ref, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(ref * pow(10, 0.1 * in[i]));
}

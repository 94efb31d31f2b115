#include "codes.h"

#include "clones.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES = 16,
    ROWS = 4096,        /* a task */
    MEAN_ROWS = 100000, /* that the mean is of, at most */
};

/* What rounding takes part in a number of float32: half a unit of its last place. */
static const double ROUNDING = 0x1p-24;

/* --- rows ------------------------------------------------------------------------- */

/* Row minus mean. */
static inline float largest_of(const float *x, const float *mean, int64_t d, float *centered)
{
    float most[LANES] = {0}, largest = 0;
    for (int64_t j = 0; j < d; j += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            float value = x[j + lane] - mean[j + lane], size = fabsf(value);
            centered[j + lane] = value;
            most[lane] = size > most[lane] ? size : most[lane];
        }
    for (int lane = 0; lane < LANES; lane++)
        largest = most[lane] > largest ? most[lane] : largest;
    return largest;
}

/* The length of what the codes leave of a row. */
MLK_WIDE_CLONES
static float encode(const float *x, const float *mean, int64_t d, float *centered, int8_t *c, float *step)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float squares[LANES] = {0}, largest = largest_of(x, mean, d, centered), sum = 0;
    float inverse = largest > 1e-30f ? 127 / largest : 0, s = largest > 1e-30f ? largest / 127 : 0;
    for (int64_t j = 0; j < d; j += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            float whole = (centered[j + lane] * inverse + shift) - shift;
            float rest = centered[j + lane] - s * whole;
            c[j + lane] = (int8_t)whole;
            squares[lane] += rest * rest;
        }
    for (int lane = 0; lane < LANES; lane++)
        sum += squares[lane];
    *step = s;
    return sqrtf(sum);
}

typedef struct encoding {
    mlk_codes *codes;
    const float *x;
    int64_t first, count; /* rows to be coded */
    float *centered;      /* workers x d */
} encoding;

/* The length was computed of rounded numbers: each of the row's parts, of length 4 or less, may be off by its rounding. */
static float rounded_up(float length, int64_t d)
{
    return (float)(length * (1 + (double)(d / LANES + 64) * ROUNDING) + 32 * ROUNDING);
}

static void encode_rows(void *context, int task, int worker)
{
    const encoding *self = context;
    mlk_codes *codes = self->codes;
    int64_t d = codes->d, first = self->first + task * (int64_t)ROWS, end = self->first + self->count;
    for (int64_t i = first; i < end && i < first + ROWS; i++)
        codes->rests[i] = rounded_up(encode(self->x + i * d, codes->mean, d, self->centered + worker * d,
                                            codes->c + i * d, &codes->steps[i]), d);
}

static mlk_code make_mean(mlk_codes *codes, const float *x, int64_t count, mlk_status *status)
{
    int64_t n = count < MEAN_ROWS ? count : MEAN_ROWS;
    double *sums = calloc((size_t)codes->d, sizeof(double));
    codes->mean = malloc(sizeof(float) * (size_t)codes->d);
    if (!sums || !codes->mean) {
        free(sums);
        return mlk_fail_memory(status, "the mean of vectors");
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < codes->d; j++)
            sums[j] += x[i * codes->d + j];
    for (int64_t j = 0; j < codes->d; j++)
        codes->mean[j] = (float)(sums[j] / (double)n);
    free(sums);
    return MLK_OK;
}

static bool grow(void *pointer, size_t size)
{
    void **memory = pointer, *grown = realloc(*memory, size);
    if (grown)
        *memory = grown;
    return grown != NULL;
}

static mlk_code make_room(mlk_codes *codes, int64_t count, mlk_status *status)
{
    if (count <= codes->room)
        return MLK_OK;
    int64_t room = codes->room + codes->room / 4 > count ? codes->room + codes->room / 4 : count;
    if (!grow(&codes->c, (size_t)(room * codes->d)) || !grow(&codes->steps, sizeof(float) * (size_t)room) ||
        !grow(&codes->rests, sizeof(float) * (size_t)room))
        return mlk_fail_memory(status, "the codes of vectors");
    codes->room = room;
    return MLK_OK;
}

mlk_code mlk_codes_extend(mlk_codes *codes, const float *x, int64_t count, int64_t d, mlk_status *status)
{
    if (count <= codes->n)
        return MLK_OK;
    codes->d = d;
    mlk_code code = make_room(codes, count, status);
    if (!code && !codes->mean)
        code = make_mean(codes, x, count, status);
    encoding self = {.codes = codes, .x = x, .first = codes->n, .count = count - codes->n};
    int workers = mlk_cores();
    if (!code && !(self.centered = malloc(sizeof(float) * (size_t)(workers * d))))
        code = mlk_fail_memory(status, "a vector");
    if (!code) {
        mlk_parallel((int)((self.count + ROWS - 1) / ROWS), workers, encode_rows, &self);
        code = mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
    }
    if (!code)
        codes->n = count;
    free(self.centered);
    return code;
}

void mlk_codes_free(mlk_codes *codes)
{
    free(codes->c), free(codes->steps), free(codes->rests), free(codes->mean);
    *codes = (mlk_codes){0};
}

/* --- bounds ------------------------------------------------------------------------ */

mlk_code mlk_coded_query_new(const mlk_codes *codes, const float *vector, mlk_coded_query *query, mlk_status *status)
{
    int64_t d = codes->d;
    double largest = 0, base = 0, squares = 0, rests = 0;
    *query = (mlk_coded_query){.whole = malloc(sizeof(int16_t) * (size_t)d)};
    if (!query->whole)
        return mlk_fail_memory(status, "a vector");
    for (int64_t j = 0; j < d; j++)
        largest = fmax(largest, fabs(vector[j]));
    double most = fmin(INT16_MAX, floor(INT32_MAX / (127.0 * (double)d))); /* the sums of products fit into 32 bits */
    query->scale = (float)(largest / most);
    for (int64_t j = 0; j < d; j++) {
        double whole = query->scale > 0 ? fmax(-most, fmin(most, rint(vector[j] / (double)query->scale))) : 0;
        double rest = vector[j] - query->scale * whole;
        query->whole[j] = (int16_t)whole;
        base += (double)vector[j] * codes->mean[j];
        squares += (double)vector[j] * vector[j];
        rests += rest * rest;
    }
    query->length = (float)(sqrt(squares) * (1 + 4 * ROUNDING));
    query->base = (float)base;
    /* |s c| = |x - m - r| is 2 + 2 + 4 or less; the bound is a sum of three numbers of 16 or less. */
    query->slack = (float)(8 * sqrt(rests) + 256 * ROUNDING);
    return MLK_OK;
}

static inline int32_t product(const int8_t *c, const int16_t *whole, int64_t d)
{
    int32_t sum = 0;
    for (int64_t j = 0; j < d / LANES * LANES; j++)
        sum += (int32_t)(int16_t)c[j] * (int32_t)whole[j];
    return sum;
}

/* d is a multiple of LANES. */
MLK_CLONES
static void products(const int8_t *c, const int16_t *whole, int64_t d, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)product(c + i * d, whole, d);
}

MLK_WIDE_CLONES
static void complete(const mlk_coded_query *query, const float *steps, const float *rests, int64_t count, float *bounds)
{
    float scale = query->scale, length = query->length, base = query->base + query->slack;
    for (int64_t i = 0; i < count; i++)
        bounds[i] = base + bounds[i] * scale * steps[i] + length * rests[i];
}

void mlk_codes_bounds(const mlk_codes *codes, const mlk_coded_query *query, int64_t first, int64_t count, float *bounds)
{
    products(codes->c + first * codes->d, query->whole, codes->d, count, bounds);
    complete(query, codes->steps + first, codes->rests + first, count, bounds);
}

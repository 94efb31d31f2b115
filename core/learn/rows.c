#include "rows.h"

#include "blas/blas.h"
#include "chunks.h"
#include "clones.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };

const char *const mlk_row_metric_names[] = {"euclidean", "cosine", "manhattan", NULL};

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t masks __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline float sum_of(const float *sums)
{
    float total = 0;
    for (int lane = 0; lane < LANES; lane++)
        total += sums[lane];
    return total;
}

/* d is a multiple of LANES. */
MLK_WIDE_CLONES
static float squared(const float *a, const float *b, int64_t d)
{
    lanes sums = {0};
    for (int64_t j = 0; j < d; j += LANES) {
        lanes apart = *(const lanes *)(a + j) - *(const lanes *)(b + j);
        sums += apart * apart;
    }
    return sum_of((const float *)&sums);
}

MLK_WIDE_CLONES
static float absolute(const float *a, const float *b, int64_t d)
{
    lanes sums = {0};
    for (int64_t j = 0; j < d; j += LANES) {
        lanes apart = *(const lanes *)(a + j) - *(const lanes *)(b + j);
        sums += (lanes)((masks)apart & 0x7fffffff);
    }
    return sum_of((const float *)&sums);
}

typedef struct preparation {
    mlk_samples samples;
    mlk_row_table *table;
    int chunks;
    double *largest; /* chunks */
} preparation;

static void measure_chunk(void *context, int task, int worker)
{
    (void)worker;
    const preparation *self = context;
    mlk_rows rows = mlk_chunk(self->samples.n, self->chunks, task);
    double largest = 0;
    for (int64_t i = rows.first; i < rows.first + rows.count; i++)
        for (int64_t j = 0; j < self->samples.d; j++)
            largest = fmax(largest, fabs(self->samples.x[i * self->samples.d + j] - self->table->mean[j]));
    self->largest[task] = largest;
}

/* The power of two that brings the largest magnitude to 0.5..1. */
static double scale_of(preparation *self)
{
    double largest = 0;
    mlk_parallel(self->chunks, 0, measure_chunk, self);
    for (int chunk = 0; chunk < self->chunks; chunk++)
        largest = fmax(largest, self->largest[chunk]);
    int exponent = 0;
    frexp(largest, &exponent);
    return ldexp(1, exponent);
}

static void center_row(const mlk_row_table *table, const float *in, int64_t d, float *out)
{
    for (int64_t j = 0; j < d; j++)
        out[j] = (float)((in[j] - table->mean[j]) / table->scale);
}

static void normalize_row(const float *in, int64_t d, float *out)
{
    double largest = 0, sum = 0;
    for (int64_t j = 0; j < d; j++)
        largest = fmax(largest, fabs(in[j]));
    for (int64_t j = 0; j < d; j++)
        sum += in[j] / largest * (in[j] / largest);
    for (int64_t j = 0; j < d && largest > 0; j++)
        out[j] = (float)(in[j] / largest / sqrt(sum));
    out[d] = largest > 0 ? 0 : 1; /* the direction that rows of zeros share */
}

static void prepare_chunk(void *context, int task, int worker)
{
    (void)worker;
    const preparation *self = context;
    mlk_row_table *table = self->table;
    mlk_rows rows = mlk_chunk(self->samples.n, self->chunks, task);
    for (int64_t i = rows.first; i < rows.first + rows.count; i++) {
        const float *in = self->samples.x + i * self->samples.d;
        float *out = table->x + i * table->d;
        memset(out, 0, sizeof(float) * (size_t)table->d);
        if (table->metric == MLK_ROWS_COSINE)
            normalize_row(in, self->samples.d, out);
        else
            center_row(table, in, self->samples.d, out);
        float zero[LANES] = {0}, sum = 0;
        for (int64_t j = 0; j < table->d; j += LANES)
            sum += squared(out + j, zero, LANES);
        table->half[i] = sum / 2;
    }
}

void mlk_row_table_free(mlk_row_table *table)
{
    free(table->x), free(table->half), free(table->mean);
    *table = (mlk_row_table){0};
}

static mlk_code allocate(mlk_row_table *table, int64_t columns, mlk_status *status)
{
    table->x = malloc(sizeof(float) * (size_t)(table->n * table->d + 1));
    table->half = malloc(sizeof(float) * (size_t)(table->n + 1));
    table->mean = calloc((size_t)columns, sizeof(double));
    return table->x && table->half && table->mean ? MLK_OK : mlk_fail_memory(status, "a copy of the table");
}

mlk_code mlk_row_table_new(mlk_samples samples, mlk_row_metric metric, const mlk_row_table *like, mlk_row_table *table,
                           mlk_status *status)
{
    int64_t d = metric == MLK_ROWS_COSINE ? samples.d + 1 : samples.d;
    *table = (mlk_row_table){.metric = metric, .n = samples.n, .d = (d + LANES - 1) / LANES * LANES, .scale = 1};
    mlk_code code = mlk_samples_check(samples, 0, status);
    if (!code)
        code = allocate(table, samples.d, status);
    double largest[MLK_MOST_CHUNKS];
    preparation self = {samples, table, mlk_chunks(samples.n), largest};
    if (!code && metric != MLK_ROWS_COSINE && like) {
        memcpy(table->mean, like->mean, sizeof(double) * (size_t)samples.d);
        table->scale = like->scale;
    } else if (!code && metric != MLK_ROWS_COSINE && samples.n > 0) {
        code = mlk_samples_moments(samples, table->mean, NULL, status);
        table->scale = scale_of(&self);
    }
    if (!code)
        mlk_parallel(self.chunks, 0, prepare_chunk, &self);
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (code)
        mlk_row_table_free(table);
    return code;
}

float mlk_rows_apart(const mlk_row_table *a, int64_t i, const mlk_row_table *b, int64_t j)
{
    return (a->metric == MLK_ROWS_MANHATTAN ? absolute : squared)(a->x + i * a->d, b->x + j * b->d, a->d);
}

float mlk_rows_distance(const mlk_row_table *table, float apart)
{
    if (table->metric == MLK_ROWS_COSINE)
        return apart / 2;
    return (float)(table->scale * (table->metric == MLK_ROWS_MANHATTAN ? apart : sqrt(apart)));
}

/* products (rows x columns) become squared distances. */
MLK_WIDE_CLONES
static void complete(const float *half_a, int64_t rows, const float *half_b, int64_t columns, float *products)
{
    for (int64_t r = 0; r < rows; r++) {
        float *row = products + r * columns, half = half_a[r];
        for (int64_t c = 0; c < columns; c++)
            row[c] = 2 * (half + half_b[c] + row[c]);
    }
}

void mlk_rows_block(const mlk_row_table *a, int64_t i, int64_t rows, const mlk_row_table *b, int64_t j,
                    int64_t columns, float *apart)
{
    if (a->metric == MLK_ROWS_MANHATTAN) {
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < columns; c++)
                apart[r * columns + c] = mlk_rows_apart(a, i + r, b, j + c);
        return;
    }
    mlk_blas()->cblas_sgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)rows, (int)columns, (int)a->d, -1,
                            a->x + i * a->d, (int)a->d, b->x + j * b->d, (int)b->d, 0, apart, (int)columns);
    complete(a->half + i, rows, b->half + j, columns, apart);
}

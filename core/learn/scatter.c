#include "scatter.h"

#include "blas/blas.h"
#include "chunks.h"
#include "interrupt.h"
#include "parallel.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 }; /* rows that are centred and multiplied at a time */

typedef struct scatter {
    mlk_samples samples;
    const double *mean;
    int chunks;
    double *blocks; /* chunks x BLOCK x d */
    double *sums;   /* chunks x d x d, lower triangles */
} scatter;

void mlk_center(mlk_samples samples, const double *mean, int64_t first, int64_t count, double *out)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < samples.d; j++)
            out[i * samples.d + j] = samples.x[(first + i) * samples.d + j] - mean[j];
}

static void scatter_chunk(void *context, int task, int worker)
{
    const scatter *self = context;
    int64_t d = self->samples.d;
    double *sum = self->sums + task * d * d;
    double *block = self->blocks + worker * BLOCK * d;
    mlk_rows rows = mlk_chunk(self->samples.n, self->chunks, task);
    memset(sum, 0, sizeof(double) * (size_t)(d * d));
    for (int64_t done = 0; done < rows.count && !mlk_interrupted(); done += BLOCK) {
        int64_t count = rows.count - done < BLOCK ? rows.count - done : BLOCK;
        mlk_center(self->samples, self->mean, rows.first + done, count, block);
        mlk_blas()->cblas_dsyrk(MLK_ROW_MAJOR, MLK_LOWER, MLK_TRANSPOSED, (int)d, (int)count, 1, block, (int)d, 1, sum,
                                (int)d);
    }
}

mlk_code mlk_scatter(mlk_samples samples, const double *mean, double *matrix, mlk_status *status)
{
    int64_t d = samples.d;
    int chunks = mlk_chunks(samples.n);
    if (chunks > 8)
        chunks = 8; /* each holds d x d sums */
    scatter self = {.samples = samples, .mean = mean, .chunks = chunks};
    self.blocks = malloc(sizeof(double) * BLOCK * (size_t)(d * chunks));
    self.sums = malloc(sizeof(double) * (size_t)(d * d * chunks));
    mlk_code code = MLK_OK;
    if (!self.blocks || !self.sums) {
        code = mlk_fail_memory(status, "the products of columns");
    } else {
        mlk_parallel(chunks, 0, scatter_chunk, &self);
        memcpy(matrix, self.sums, sizeof(double) * (size_t)(d * d));
        for (int chunk = 1; chunk < chunks; chunk++)
            for (int64_t i = 0; i < d * d; i++)
                matrix[i] += self.sums[chunk * d * d + i];
    }
    free(self.blocks);
    free(self.sums);
    return code;
}

#include "eigen.h"

#include "blas/blas.h"
#include "interrupt.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FEW = 400,     /* rows of a matrix that LAPACK solves as a whole */
    CYCLES = 300,  /* restarts at most */
};

/* --- small matrices ------------------------------------------------------------------- */

static mlk_code solve_whole(mlk_symmetric matrix, int64_t k, double *values, double *vectors, mlk_status *status)
{
    int64_t n = matrix.n;
    double *unit = calloc((size_t)(n * n), sizeof *unit), *whole = malloc(sizeof *whole * (size_t)(n * n));
    double *ascending = malloc(sizeof *ascending * (size_t)n);
    mlk_code code = unit && whole && ascending ? MLK_OK : mlk_fail_memory(status, "eigenvectors");
    if (!code) {
        for (int64_t i = 0; i < n; i++)
            unit[i * n + i] = 1;
        matrix.apply(matrix.context, unit, n, whole);
        int info = mlk_blas_eigen(whole, (int)n, ascending);
        if (info != 0)
            code = mlk_fail(status, MLK_INVALID, "no eigenvectors found (LAPACK says %d)", info);
    }
    for (int64_t i = 0; i < k && !code; i++) {
        values[i] = ascending[n - 1 - i];
        memcpy(vectors + i * n, whole + (n - 1 - i) * n, sizeof(double) * (size_t)n);
    }
    free(unit), free(whole), free(ascending);
    return code;
}

/* --- large ones ------------------------------------------------------------------------ */

typedef struct space {
    mlk_symmetric matrix;
    int64_t block, most;  /* vectors that are added at a time; in all */
    int64_t count;        /* vectors that there are */
    double *basis;        /* most x n, orthonormal */
    double *images;       /* most x n: A times each */
    double *shares;       /* most x most: of the basis in other vectors */
    double *small;        /* most x most: the matrix within the space; then its eigenvectors */
    double *values;       /* most, ascending */
    double *spare;        /* most x n */
    mlk_random random;
} space;

static void release(space *self)
{
    free(self->basis), free(self->images), free(self->shares), free(self->small), free(self->values);
    free(self->spare);
}

static mlk_code prepare(space *self, mlk_symmetric matrix, int64_t k, uint64_t seed, mlk_status *status)
{
    int64_t block = k + 2, most = block * 10 < 80 ? 80 : block * 10;
    most = most < matrix.n ? most : matrix.n;
    *self = (space){.matrix = matrix, .block = block, .most = most, .random = mlk_random_seeded(seed)};
    size_t n = (size_t)matrix.n, m = (size_t)most;
    self->basis = malloc(sizeof(double) * m * n);
    self->images = malloc(sizeof(double) * m * n);
    self->shares = malloc(sizeof(double) * m * m);
    self->small = malloc(sizeof(double) * m * m);
    self->values = malloc(sizeof(double) * m);
    self->spare = malloc(sizeof(double) * m * n);
    if (self->basis && self->images && self->shares && self->small && self->values && self->spare)
        return MLK_OK;
    return mlk_fail_memory(status, "eigenvectors");
}

/* Takes from `count` vectors what the first `from` vectors of the basis hold of them. */
static void take_away(space *self, double *vectors, int64_t count, int64_t from)
{
    int n = (int)self->matrix.n;
    if (from == 0)
        return;
    for (int pass = 0; pass < 2; pass++) { /* the second pass removes what rounding left in the first */
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)count, (int)from, n, 1, vectors, n,
                                self->basis, n, 0, self->shares, (int)from);
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)count, n, (int)from, -1, self->shares,
                                (int)from, self->basis, n, 1, vectors, n);
    }
}

static double normalise(double *vector, int64_t n)
{
    double length = sqrt(mlk_blas()->cblas_ddot((int)n, vector, 1, vector, 1));
    for (int64_t i = 0; i < n && length > 0; i++)
        vector[i] /= length;
    return length;
}

static void fill_random(space *self, double *vector)
{
    for (int64_t i = 0; i < self->matrix.n; i++)
        vector[i] = mlk_random_normal(&self->random);
}

/* Makes the vectors that stand behind the basis, `count` of them, part of it. One that says nothing new is replaced by
 * a random one. */
static void adopt(space *self, int64_t count)
{
    int64_t n = self->matrix.n;
    double *vectors = self->basis + self->count * n;
    for (int64_t i = 0; i < count; i++)
        normalise(vectors + i * n, n);
    take_away(self, vectors, count, self->count);
    for (int64_t i = 0; i < count; i++) {
        double *vector = vectors + i * n;
        double before = normalise(vector, n);
        take_away(self, vector, 1, self->count + i);
        double left = normalise(vector, n);
        while (!(before > 1e-8) || !(left > 1e-8)) {
            fill_random(self, vector);
            before = normalise(vector, n);
            take_away(self, vector, 1, self->count + i);
            left = normalise(vector, n);
        }
    }
    self->matrix.apply(self->matrix.context, vectors, count, self->images + self->count * n);
    self->count += count;
}

/* Images of the last block become new vectors, until the space is full. */
static void grow(space *self)
{
    int64_t n = self->matrix.n;
    while (self->count + self->block <= self->most && !mlk_interrupted()) {
        memcpy(self->basis + self->count * n, self->images + (self->count - self->block) * n,
               sizeof(double) * (size_t)(self->block * n));
        adopt(self, self->block);
    }
}

/* Turns the first vectors of the space into the best `kept` of it; values ascend. */
static int rotate(space *self, int64_t kept)
{
    int n = (int)self->matrix.n, m = (int)self->count;
    mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, m, m, n, 1, self->basis, n, self->images, n, 0,
                            self->small, m);
    int info = mlk_blas_eigen(self->small, m, self->values);
    double *best = self->shares; /* kept x m, the largest first */
    for (int64_t i = 0; i < kept; i++)
        memcpy(best + i * m, self->small + (m - 1 - i) * m, sizeof(double) * (size_t)m);
    double *parts[] = {self->basis, self->images};
    for (int part = 0; part < 2; part++) {
        mlk_blas()->cblas_dgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_AS_IS, (int)kept, n, m, 1, best, m, parts[part], n, 0,
                                self->spare, n);
        memcpy(parts[part], self->spare, sizeof(double) * (size_t)(kept * n));
    }
    self->count = kept;
    return info;
}

/* Puts behind the basis how far each of the first vectors is from an eigenvector (the last of `found` values is that of
 * the first); returns the largest of k lengths. */
static double residuals(space *self, int64_t k, int64_t found)
{
    int64_t n = self->matrix.n;
    double worst = 0;
    for (int64_t i = 0; i < self->block; i++) {
        double *out = self->basis + (self->count + i) * n, value = self->values[found - 1 - i], sum = 0;
        for (int64_t j = 0; j < n; j++) {
            out[j] = self->images[i * n + j] - value * self->basis[i * n + j];
            sum += out[j] * out[j];
        }
        if (i < k)
            worst = fmax(worst, sqrt(sum));
    }
    return worst;
}

/* How many vectors are kept when the space is full. */
static int64_t kept_of(const space *self)
{
    int64_t half = self->most / 2 - self->block;
    return half > self->block ? half : self->block;
}

static mlk_code iterate(space *self, int64_t k, double *values, bool *converged, mlk_status *status)
{
    for (int64_t i = 0; i < self->block; i++)
        fill_random(self, self->basis + i * self->matrix.n);
    adopt(self, self->block);
    for (int cycle = 0; cycle < CYCLES && !*converged; cycle++) {
        grow(self);
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        int64_t found = self->count;
        int info = rotate(self, kept_of(self));
        if (info != 0)
            return mlk_fail(status, MLK_INVALID, "no eigenvectors found (LAPACK says %d)", info);
        for (int64_t i = 0; i < k; i++)
            values[i] = self->values[found - 1 - i];
        double largest = fmax(fabs(self->values[found - 1]), fabs(self->values[0]));
        *converged = residuals(self, k, found) <= self->matrix.tolerance * largest;
        if (!*converged)
            adopt(self, self->block);
    }
    return MLK_OK;
}

mlk_code mlk_eigen_largest(mlk_symmetric matrix, int64_t k, uint64_t seed, double *values, double *vectors,
                           bool *converged, mlk_status *status)
{
    *converged = true;
    if (matrix.n <= FEW || k > matrix.n / 4)
        return solve_whole(matrix, k, values, vectors, status);
    space self;
    *converged = false;
    mlk_code code = prepare(&self, matrix, k, seed, status);
    if (!code)
        code = iterate(&self, k, values, converged, status);
    if (!code)
        memcpy(vectors, self.basis, sizeof(double) * (size_t)(k * matrix.n));
    release(&self);
    return code;
}

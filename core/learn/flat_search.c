#include "flat_search.h"

#include "blas/blas.h"
#include "interrupt.h"
#include "keys.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES = 16,
    TILE = 1024,     /* rows that are looked at together */
    TILES = 16,      /* of a task */
    GROUP = 128,     /* queries that are looked for in one walk over the rows */
    FEW = 32,        /* up to so many queries the codes are faster than products */
    SPARE = 64,      /* keys that are kept beyond k before the worst are dropped */
};

static const double ROUNDING = 0x1p-24; /* of float32 */

/* --- the file -------------------------------------------------------------------- */

/* Numbers of a row as mlk_row_table_new makes it. */
static int64_t width_of(int64_t columns)
{
    return (columns + 1 + LANES - 1) / LANES * LANES;
}

mlk_code mlk_flat_search_open(const char *path, int64_t columns, mlk_flat_search *search, mlk_status *status)
{
    *search = (mlk_flat_search){0};
    mlk_code code = mlk_vectors_open(path, columns, width_of(columns), &search->vectors, status);
    if (code || search->vectors.d == width_of(search->vectors.columns))
        return code;
    mlk_vectors_close(&search->vectors);
    return mlk_fail(status, MLK_INVALID, "the vectors were not written by this search");
}

static mlk_code check_columns(const mlk_flat_search *search, mlk_samples samples, mlk_status *status)
{
    int64_t columns = search->vectors.columns;
    if (samples.d == columns)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID, "x must have %lld columns, got %lld", (long long)columns, (long long)samples.d);
}

mlk_code mlk_flat_search_add(mlk_flat_search *search, mlk_samples samples, int64_t *first, mlk_status *status)
{
    mlk_row_table table = {0};
    mlk_code code = check_columns(search, samples, status);
    if (!code)
        code = mlk_row_table_new(samples, MLK_ROWS_COSINE, NULL, &table, status);
    if (!code && search->vectors.n + table.n >= INT32_MAX)
        code = mlk_fail(status, MLK_INVALID, "a file of vectors holds fewer than %d rows", INT32_MAX);
    if (!code)
        code = mlk_vectors_append(&search->vectors, table.x, table.n, first, status);
    mlk_row_table_free(&table);
    return code;
}

void mlk_flat_search_close(mlk_flat_search *search)
{
    mlk_codes_free(&search->codes);
    mlk_vectors_close(&search->vectors);
}

/* --- the best so far ----------------------------------------------------------------- */

typedef struct best {
    uint64_t *keys; /* room */
    int64_t count, k, room;
    float least;    /* a product below it is not among the best */
    int64_t compared;
} best;

/* Products below it belong to rows that are farther than `apart` (a squared distance, as mlk_rows_apart gives it) by more
 * than the rounding of both, and of the lengths of rows, can hide. */
static float least_of(float apart, int64_t d)
{
    double doubt = 4 * ((double)(d / LANES) + 32) * ROUNDING;
    return (float)(1 - apart / 2 - doubt);
}

static void drop_worst(best *self, int64_t d)
{
    if (self->count <= self->k)
        return;
    mlk_keys_select(self->keys, self->count, self->k);
    self->count = self->k;
    self->least = least_of(mlk_key_apart(self->keys[self->k - 1]), d);
}

/* --- the walk over the rows ------------------------------------------------------------ */

typedef struct walk {
    const mlk_row_table *rows, *queries;
    const mlk_codes *codes;     /* NULL: by products */
    mlk_coded_query coded[FEW]; /* the queries, by codes */
    const bool *allowed;
    int64_t first, count; /* queries */
    float *bounds;        /* workers x GROUP x TILE */
    best *found;          /* workers x GROUP */
} walk;

/* Upper bounds of the products of the queries with rows from `row` on. */
static void bound(const walk *self, int64_t row, int64_t rows, float *bounds)
{
    const mlk_row_table *q = self->queries, *x = self->rows;
    if (self->codes) {
        for (int64_t i = 0; i < self->count; i++)
            mlk_codes_bounds(self->codes, &self->coded[self->first + i], row, rows, bounds + i * rows);
        return;
    }
    mlk_blas()->cblas_sgemm(MLK_ROW_MAJOR, MLK_AS_IS, MLK_TRANSPOSED, (int)self->count, (int)rows, (int)x->d, 1,
                            q->x + self->first * q->d, (int)q->d, x->x + row * x->d, (int)x->d, 0, bounds, (int)rows);
    float doubt = (float)(2 * (double)(x->d + LANES) * ROUNDING);
    for (int64_t i = 0; i < self->count * rows; i++)
        bounds[i] += doubt;
}

/* Compares the rows whose bounds reach the best so far. */
static void take(const walk *self, best *found, int64_t query, const float *bounds, int64_t row, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        if (bounds[i] < found->least || (self->allowed && !self->allowed[row + i]))
            continue;
        if (found->count == found->room)
            drop_worst(found, self->rows->d);
        found->keys[found->count++] = mlk_key(mlk_rows_apart(self->queries, query, self->rows, row + i), row + i);
        found->compared++;
    }
    drop_worst(found, self->rows->d);
}

static void walk_tiles(void *context, int task, int worker)
{
    const walk *self = context;
    float *bounds = self->bounds + worker * (int64_t)GROUP * TILE;
    int64_t end = (task + 1) * (int64_t)TILE * TILES;
    for (int64_t row = task * (int64_t)TILE * TILES; row < end && row < self->rows->n; row += TILE) {
        int64_t rows = self->rows->n - row < TILE ? self->rows->n - row : TILE;
        bound(self, row, rows, bounds);
        for (int64_t i = 0; i < self->count; i++)
            take(self, &self->found[worker * GROUP + i], self->first + i, bounds + i * rows, row, rows);
    }
}

/* What the workers found of each query becomes its keys. */
static int64_t gather(const walk *self, int workers, int64_t k, uint64_t *keys)
{
    int64_t compared = 0;
    for (int64_t i = 0; i < self->count; i++) {
        best *all = &self->found[i];
        for (int worker = 1; worker < workers; worker++) {
            const best *other = &self->found[worker * GROUP + i];
            drop_worst(all, self->rows->d);
            memcpy(all->keys + all->count, other->keys, sizeof(uint64_t) * (size_t)other->count);
            all->count += other->count;
            all->compared += other->compared;
        }
        mlk_keys_sort(all->keys, all->count);
        memcpy(keys + (self->first + i) * k, all->keys, sizeof(uint64_t) * (size_t)k);
        compared += all->compared;
    }
    return compared;
}

static mlk_code walk_groups(walk *self, int64_t k, int64_t *compared, uint64_t *keys, mlk_status *status)
{
    const int workers = mlk_cores(), tasks = (int)((self->rows->n + TILE * TILES - 1) / (TILE * TILES));
    const int64_t room = 2 * k + SPARE;
    self->bounds = malloc(sizeof(float) * (size_t)workers * GROUP * TILE);
    self->found = malloc(sizeof(best) * (size_t)workers * GROUP);
    uint64_t *memory = malloc(sizeof(uint64_t) * (size_t)(workers * GROUP * room));
    mlk_code code = self->bounds && self->found && memory ? MLK_OK : mlk_fail_memory(status, "the nearest vectors");
    for (self->first = 0; !code && self->first < self->queries->n; self->first += GROUP) {
        self->count = self->queries->n - self->first < GROUP ? self->queries->n - self->first : GROUP;
        for (int i = 0; i < workers * GROUP; i++)
            self->found[i] = (best){.keys = memory + i * room, .k = k, .room = room, .least = -INFINITY};
        mlk_parallel(tasks, workers, walk_tiles, self);
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        else
            *compared += gather(self, workers, k, keys);
    }
    free(self->bounds), free(self->found), free(memory);
    return code;
}

/* --- searching ----------------------------------------------------------------------- */

static mlk_code check_k(int64_t k, int64_t n, const bool *allowed, mlk_status *status)
{
    int64_t most = 0;
    for (int64_t i = 0; i < n; i++)
        most += !allowed || allowed[i];
    if (k >= 1 && k <= most)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID, "k must be 1..%lld (the rows), got %lld", (long long)most, (long long)k);
}

/* By codes, of which those that are missing are made first. */
static mlk_code find_by_codes(mlk_flat_search *search, walk *self, int64_t k, uint64_t *keys, mlk_status *status)
{
    mlk_code code = mlk_codes_extend(&search->codes, self->rows->x, self->rows->n, self->rows->d, status);
    for (int64_t i = 0; i < self->queries->n && !code; i++)
        code = mlk_coded_query_new(&search->codes, self->queries->x + i * self->queries->d, &self->coded[i], status);
    self->codes = &search->codes;
    if (!code)
        code = walk_groups(self, k, &search->compared, keys, status);
    for (int64_t i = 0; i < FEW; i++)
        free(self->coded[i].whole);
    return code;
}

static mlk_code find_by_products(mlk_flat_search *search, walk *self, int64_t k, uint64_t *keys, mlk_status *status)
{
    int threads = mlk_blas_single();
    mlk_code code = walk_groups(self, k, &search->compared, keys, status);
    mlk_blas_restore(threads);
    return code;
}

mlk_code mlk_flat_search_find(mlk_flat_search *search, mlk_samples queries, int64_t k, const bool *allowed,
                              uint64_t *keys, mlk_status *status)
{
    mlk_row_table table = {0};
    const mlk_row_table rows = {.metric = MLK_ROWS_COSINE, .n = search->vectors.n, .d = search->vectors.d,
                                .x = (float *)search->vectors.x, .scale = 1};
    search->compared = 0;
    mlk_code code = check_columns(search, queries, status);
    if (!code)
        code = check_k(k, rows.n, allowed, status);
    if (!code)
        code = mlk_row_table_new(queries, MLK_ROWS_COSINE, NULL, &table, status);
    walk self = {.rows = &rows, .queries = &table, .allowed = allowed};
    bool by_codes = queries.n <= FEW && (search->asked || queries.n > 1);
    if (!code && queries.n > 0)
        code = (by_codes ? find_by_codes : find_by_products)(search, &self, k, keys, status);
    search->asked = search->asked || queries.n > 0;
    mlk_row_table_free(&table);
    return code;
}

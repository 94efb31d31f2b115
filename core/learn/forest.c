#include "forest.h"

#include "exact.h"
#include "interrupt.h"
#include "keys.h"
#include "parallel.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TREES = 8,
    LEAF = 128,     /* rows of a leaf at most, or twice the neighbours where these are more */
    ROUNDS = 6,     /* of neighbours' neighbours */
    NEAREST = 24,   /* neighbours whose neighbours are tried, and how many of these */
    SAMPLE = 256,   /* rows on which the recall is measured */
    ROWS = 256,     /* a task */
};

static const double ENOUGH = 0.97; /* recall at which the search ends */

typedef struct forest {
    const mlk_row_table *table;
    int64_t n, k;
    int depth;         /* of the trees: 2^depth leaves */
    uint64_t seed;
    int32_t *order;    /* TREES x n: the rows, leaf after leaf */
    int tree;          /* whose leaves are looked at */
    uint64_t *keys;    /* n x k */
    uint64_t *earlier; /* n x k: keys of the last round */
    int64_t room;
    uint64_t *found;   /* workers x room */
    float *rows, *half, *apart; /* workers x leaf (x d; nothing; x leaf) */
    int64_t leaf;
    int32_t *seen;     /* workers x n: the row that last looked at each row, + 1 */
} forest;

/* --- trees ------------------------------------------------------------------------------------ */

/* Where leaf or branch `number` of the 2^level of a level begins. */
static int64_t edge_of(int64_t n, int level, int64_t number)
{
    return n * number >> level; /* rows are below 2^31, leaves below 2^24 */
}

/* Sorts `count` rows of a tree about the median of their projections on the line through two of them. */
static void split(const forest *self, mlk_random *random, int32_t *order, uint64_t *keys, int64_t count, int64_t half)
{
    const mlk_row_table *table = self->table;
    int32_t a = order[mlk_random_below(random, count)], b = order[mlk_random_below(random, count)];
    for (int64_t i = 0; i < count; i++) {
        float from_a = mlk_rows_apart(table, order[i], table, a), from_b = mlk_rows_apart(table, order[i], table, b);
        keys[i] = mlk_signed_key(from_a - from_b, order[i]);
    }
    mlk_keys_select(keys, count, half);
    for (int64_t i = 0; i < count; i++)
        order[i] = mlk_key_row(keys[i]);
}

static void grow(void *context, int task, int worker)
{
    (void)worker;
    const forest *self = context;
    int32_t *order = self->order + task * self->n;
    uint64_t *keys = malloc(sizeof(uint64_t) * (size_t)self->n);
    mlk_random random = mlk_random_seeded(mlk_random_branch(self->seed, (uint64_t)task));
    for (int64_t i = 0; i < self->n; i++)
        order[i] = (int32_t)i;
    for (int level = 0; level < self->depth && keys; level++)
        for (int64_t branch = 0; branch < (int64_t)1 << level && !mlk_interrupted(); branch++) {
            int64_t first = edge_of(self->n, level, branch), last = edge_of(self->n, level, branch + 1);
            int64_t middle = edge_of(self->n, level + 1, 2 * branch + 1);
            split(self, &random, order + first, keys, last - first, middle - first);
        }
    free(keys);
}

/* --- what a row finds ------------------------------------------------------------------------- */

/* The k smallest different ones of a row's keys and of `count` more that lie behind them in `found`. */
static void keep_nearest(const forest *self, uint64_t *keys, uint64_t *found, int64_t count)
{
    memcpy(found + count, keys, sizeof(uint64_t) * (size_t)self->k);
    mlk_keys_sort(found, count + self->k);
    int64_t kept = 0;
    for (int64_t i = 0; i < count + self->k && kept < self->k; i++)
        if (kept == 0 || found[i] != keys[kept - 1])
            keys[kept++] = found[i];
}

/* Compares the rows of one leaf. */
static void search_leaf(void *context, int task, int worker)
{
    const forest *self = context;
    int64_t d = self->table->d, first = edge_of(self->n, self->depth, task);
    int64_t count = edge_of(self->n, self->depth, task + 1) - first;
    const int32_t *order = self->order + self->tree * self->n + first;
    mlk_row_table rows = *self->table;
    rows.x = self->rows + worker * self->leaf * d;
    rows.half = self->half + worker * self->leaf;
    float *apart = self->apart + worker * self->leaf * self->leaf;
    uint64_t *found = self->found + worker * self->room;
    for (int64_t i = 0; i < count; i++) {
        memcpy(rows.x + i * d, self->table->x + order[i] * d, sizeof(float) * (size_t)d);
        rows.half[i] = self->table->half[order[i]];
    }
    mlk_rows_block(&rows, 0, count, &rows, 0, count, apart);
    for (int64_t i = 0; i < count; i++) {
        uint64_t *keys = self->keys + order[i] * self->k;
        float limit = mlk_key_apart(keys[self->k - 1]), slack = 1e-5f * rows.half[i];
        int64_t n = 0;
        for (int64_t j = 0; j < count; j++)
            if (j != i && !(apart[i * count + j] > limit + slack))
                found[n++] = mlk_key(mlk_rows_apart(&rows, i, &rows, j), order[j]);
        keep_nearest(self, keys, found, n);
    }
}

/* Tries the neighbours' neighbours of ROWS rows. */
static void explore(void *context, int task, int worker)
{
    const forest *self = context;
    int32_t *seen = self->seen + worker * self->n;
    uint64_t *found = self->found + worker * self->room;
    int64_t near = self->k < NEAREST ? self->k : NEAREST, last = (task + 1) * (int64_t)ROWS;
    for (int64_t i = task * (int64_t)ROWS; i < last && i < self->n && !mlk_interrupted(); i++) {
        const uint64_t *own = self->earlier + i * self->k;
        uint64_t *keys = self->keys + i * self->k, limit = own[self->k - 1];
        int64_t n = 0;
        seen[i] = (int32_t)i + 1;
        for (int64_t j = 0; j < self->k; j++)
            seen[mlk_key_row(own[j])] = (int32_t)i + 1;
        for (int64_t j = 0; j < near; j++) {
            const uint64_t *theirs = self->earlier + mlk_key_row(own[j]) * self->k;
            for (int64_t l = 0; l < near; l++) {
                int32_t other = mlk_key_row(theirs[l]);
                if (seen[other] == (int32_t)i + 1)
                    continue;
                seen[other] = (int32_t)i + 1;
                uint64_t key = mlk_key(mlk_rows_apart(self->table, i, self->table, other), other);
                if (key < limit)
                    found[n++] = key;
            }
        }
        keep_nearest(self, keys, found, n);
    }
}

/* --- how good it is --------------------------------------------------------------------------- */

typedef struct sample {
    mlk_row_table rows;
    int32_t own[SAMPLE];
    uint64_t *truth; /* rows x k */
} sample;

/* Rows spread over the table, and their true neighbours. */
static mlk_code draw_sample(const forest *self, sample *some, mlk_status *status)
{
    int64_t n = self->n < SAMPLE ? self->n : SAMPLE, d = self->table->d;
    some->rows = *self->table;
    some->rows.n = n;
    some->rows.x = malloc(sizeof(float) * (size_t)(n * d));
    some->rows.half = malloc(sizeof(float) * (size_t)n);
    some->truth = malloc(sizeof(uint64_t) * (size_t)(n * self->k));
    if (!some->rows.x || !some->rows.half || !some->truth)
        return mlk_fail_memory(status, "a sample of rows");
    mlk_random random = mlk_random_seeded(mlk_random_branch(self->seed, TREES));
    for (int64_t i = 0; i < n; i++) {
        int64_t first = self->n * i / n, row = first + mlk_random_below(&random, self->n * (i + 1) / n - first);
        some->own[i] = (int32_t)row;
        some->rows.half[i] = self->table->half[row];
        memcpy(some->rows.x + i * d, self->table->x + row * d, sizeof(float) * (size_t)d);
    }
    return mlk_exact_search(self->table, &some->rows, some->own, self->k, some->truth, status);
}

/* The share of found rows that are no farther than the farthest true neighbour. */
static double recall_of(const forest *self, const sample *some)
{
    int64_t right = 0;
    for (int64_t i = 0; i < some->rows.n; i++)
        for (int64_t j = 0; j < self->k; j++)
            right += mlk_key_apart(self->keys[some->own[i] * self->k + j]) <=
                     mlk_key_apart(some->truth[(i + 1) * self->k - 1]);
    return (double)right / (double)(some->rows.n * self->k);
}

/* --- the search ------------------------------------------------------------------------------- */

static void release(forest *self)
{
    free(self->order), free(self->earlier), free(self->found), free(self->rows), free(self->half), free(self->apart);
    free(self->seen);
}

static mlk_code allocate(forest *self, mlk_status *status)
{
    int64_t workers = mlk_cores(), most = self->leaf > NEAREST * NEAREST ? self->leaf : NEAREST * NEAREST;
    self->room = self->k + most;
    self->order = malloc(sizeof(int32_t) * TREES * (size_t)self->n);
    self->earlier = malloc(sizeof(uint64_t) * (size_t)(self->n * self->k));
    self->found = malloc(sizeof(uint64_t) * (size_t)(workers * self->room));
    self->rows = malloc(sizeof(float) * (size_t)(workers * self->leaf * self->table->d));
    self->half = malloc(sizeof(float) * (size_t)(workers * self->leaf));
    self->apart = malloc(sizeof(float) * (size_t)(workers * self->leaf * self->leaf));
    self->seen = calloc((size_t)(workers * self->n), sizeof(int32_t));
    return self->order && self->earlier && self->found && self->rows && self->half && self->apart && self->seen
               ? MLK_OK
               : mlk_fail_memory(status, "a forest of projections");
}

static mlk_code search(forest *self, const sample *some, double *recall, mlk_status *status)
{
    for (int64_t i = 0; i < self->n * self->k; i++)
        self->keys[i] = mlk_key(INFINITY, -1);
    mlk_parallel(TREES, 0, grow, self);
    for (self->tree = 0; self->tree < TREES && !mlk_interrupted(); self->tree++)
        mlk_parallel(1 << self->depth, 0, search_leaf, self);
    *recall = recall_of(self, some);
    for (int round = 0; round < ROUNDS && *recall < ENOUGH && !mlk_interrupted(); round++) {
        memcpy(self->earlier, self->keys, sizeof(uint64_t) * (size_t)(self->n * self->k));
        mlk_parallel((int)((self->n + ROWS - 1) / ROWS), 0, explore, self);
        *recall = recall_of(self, some);
    }
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

mlk_code mlk_forest_search(const mlk_row_table *table, int64_t k, uint64_t seed, uint64_t *keys, double *recall,
                           mlk_status *status)
{
    forest self = {.table = table, .n = table->n, .k = k, .seed = seed, .keys = keys};
    sample some = {0};
    int64_t most = 2 * k + 4 > LEAF ? 2 * k + 4 : LEAF; /* no leaf has fewer than k + 2 rows */
    while (table->n >> self.depth > most)
        self.depth++;
    self.leaf = (table->n >> self.depth) + 1;
    mlk_code code = allocate(&self, status);
    if (!code)
        code = draw_sample(&self, &some, status);
    if (!code)
        code = search(&self, &some, recall, status);
    free(some.rows.x), free(some.rows.half), free(some.truth);
    release(&self);
    return code;
}

#include "exact.h"

#include "clones.h"
#include "interrupt.h"
#include "keys.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>

enum {
    ROWS = 64,   /* a task */
    TILE = 1024, /* rows of the table that they are compared with at a time */
    STEP = 16,   /* distances that are looked at together */
    SPARE = 8,   /* candidates that are kept beyond k, because products in float32 are not exact */
};

/* Below this share of a row's squared length, squared distances from products say little: what is left of a difference
 * of large numbers is their rounding. */
static const float UNSAFE = 1e-4f;

typedef struct search {
    const mlk_row_table *train, *rows;
    const int32_t *own;
    int64_t k, keep, room;
    float *apart;         /* workers x ROWS x TILE */
    uint64_t *candidates; /* workers x ROWS x room */
    uint64_t *keys;       /* rows x k */
} search;

/* What a row has found so far. */
typedef struct finding {
    uint64_t *candidates; /* room */
    int64_t count, keep, room;
    float limit; /* what is not below it is not among the nearest */
} finding;

MLK_WIDE_CLONES
static int any_below(const float *apart, float limit)
{
    int any = 0;
    for (int i = 0; i < STEP; i++)
        any |= apart[i] < limit;
    return any;
}

static void shrink(finding *self)
{
    if (self->count <= self->keep)
        return;
    mlk_keys_select(self->candidates, self->count, self->keep);
    self->count = self->keep;
    uint64_t largest = 0;
    for (int64_t i = 0; i < self->keep; i++)
        largest = self->candidates[i] > largest ? self->candidates[i] : largest;
    self->limit = mlk_key_apart(largest);
}

/* Takes those of `columns` distances, of the rows from `first` on, that are below the limit. */
static void take(finding *self, const float *apart, int64_t columns, int64_t first)
{
    for (int64_t c = 0; c < columns; c += STEP) {
        int64_t count = columns - c < STEP ? columns - c : STEP;
        if (count == STEP && !any_below(apart + c, self->limit))
            continue;
        if (self->count + count > self->room)
            shrink(self);
        for (int64_t i = c; i < c + count; i++)
            if (apart[i] < self->limit)
                self->candidates[self->count++] = mlk_key(apart[i], first + i);
    }
}

/* Looks at every row of the table again, without products. */
static void search_precisely(const search *self, int64_t row, finding *found, float *apart)
{
    found->count = 0;
    found->limit = INFINITY;
    for (int64_t first = 0; first < self->train->n; first += TILE) {
        int64_t columns = self->train->n - first < TILE ? self->train->n - first : TILE;
        for (int64_t c = 0; c < columns; c++)
            apart[c] = mlk_rows_apart(self->rows, row, self->train, first + c);
        take(found, apart, columns, first);
    }
    shrink(found);
}

/* Distances to the bit for the candidates of a row, of which the k nearest become its keys. */
static void settle(const search *self, int64_t row, finding *found, float *apart)
{
    shrink(found);
    if (self->train->metric != MLK_ROWS_MANHATTAN && found->limit < UNSAFE * self->rows->half[row])
        search_precisely(self, row, found, apart);
    for (int64_t i = 0; i < found->count; i++) {
        int32_t other = mlk_key_row(found->candidates[i]);
        found->candidates[i] = mlk_key(mlk_rows_apart(self->rows, row, self->train, other), other);
    }
    mlk_keys_sort(found->candidates, found->count);
    uint64_t *keys = self->keys + row * self->k;
    int64_t kept = 0;
    for (int64_t i = 0; i < found->count && kept < self->k; i++)
        if (!self->own || mlk_key_row(found->candidates[i]) != self->own[row])
            keys[kept++] = found->candidates[i];
}

static void search_rows(void *context, int task, int worker)
{
    const search *self = context;
    int64_t row = task * (int64_t)ROWS, rows = self->rows->n - row < ROWS ? self->rows->n - row : ROWS;
    float *apart = self->apart + worker * (int64_t)ROWS * TILE;
    finding found[ROWS];
    for (int64_t r = 0; r < rows; r++)
        found[r] = (finding){self->candidates + (worker * ROWS + r) * self->room, 0, self->keep, self->room, INFINITY};
    for (int64_t first = 0; first < self->train->n && !mlk_interrupted(); first += TILE) {
        int64_t columns = self->train->n - first < TILE ? self->train->n - first : TILE;
        mlk_rows_block(self->rows, row, rows, self->train, first, columns, apart);
        for (int64_t r = 0; r < rows; r++)
            take(&found[r], apart + r * columns, columns, first);
    }
    for (int64_t r = 0; r < rows && !mlk_interrupted(); r++)
        settle(self, row + r, &found[r], apart);
}

mlk_code mlk_exact_search(const mlk_row_table *train, const mlk_row_table *rows, const int32_t *own, int64_t k,
                          uint64_t *keys, mlk_status *status)
{
    int workers = mlk_cores();
    search self = {.train = train, .rows = rows, .own = own, .k = k, .keys = keys};
    self.keep = k + (own != NULL) + SPARE;
    self.room = 2 * self.keep + 2 * STEP;
    self.apart = malloc(sizeof(float) * (size_t)workers * ROWS * TILE);
    self.candidates = malloc(sizeof(uint64_t) * (size_t)(workers * ROWS * self.room));
    mlk_code code = self.apart && self.candidates ? MLK_OK : mlk_fail_memory(status, "the nearest rows");
    if (!code)
        mlk_parallel((int)((rows->n + ROWS - 1) / ROWS), workers, search_rows, &self);
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    free(self.apart), free(self.candidates);
    return code;
}

/* Recordings that agree, among many: frames are put into buckets by parts of their signs; what shares a bucket is looked
 * at more closely. */
#include "print_overlap.h"

#include "interrupt.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_BITS = 24,
    PARTS = 2,      /* of a frame's 32 signs: the lowest and the highest 24 */
    NEXT = 16,      /* frames of other recordings in a bucket that each is compared with */
    FARTHEST = 256, /* and how far they may lie behind it */
    REACH = 64,     /* frames around, that must agree, too */
};

/* Chance gives such a share in a stretch once in many millions; encoders seldom turn so many round. */
static const double MOST_WRONG = 0.32;

typedef struct search {
    const mlk_prints *recordings;
    int64_t n;
    int64_t *starts;     /* n + 1: the first frame of each among all */
    uint32_t *ends;      /* 2^KEY_BITS: behind the frames of each key */
    uint32_t *frames;    /* by key */
    uint64_t *meetings;  /* a hash table of pairs that were compared: a << 32 | b, + 1; 0: free */
    size_t met, room;    /* room: a power of two */
    mlk_print_pair *pairs;
    int64_t count, pairs_room;
} search;

static uint32_t key_of(mlk_print print, int part)
{
    return part == 0 ? print.signs & ((1u << KEY_BITS) - 1) : print.signs >> (32 - KEY_BITS);
}

/* --- the table of pairs ---------------------------------------------------------------- */

static uint64_t scattered(uint64_t pair)
{
    pair ^= pair >> 33, pair *= 0xff51afd7ed558ccdull, pair ^= pair >> 33;
    return pair;
}

static uint64_t *place_of(uint64_t *table, size_t room, uint64_t pair)
{
    size_t at = scattered(pair) & (room - 1);
    while (table[at] && table[at] != pair)
        at = (at + 1) & (room - 1);
    return &table[at];
}

static bool grow(search *self)
{
    size_t room = self->room ? 2 * self->room : 1024;
    uint64_t *table = calloc(room, sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < self->room; i++)
        if (self->meetings[i])
            *place_of(table, room, self->meetings[i]) = self->meetings[i];
    free(self->meetings);
    self->meetings = table;
    self->room = room;
    return true;
}

/* Notes a pair; *known: it was noted before. False: no memory. */
static bool meet(search *self, int32_t a, int32_t b, bool *known)
{
    uint64_t pair = ((uint64_t)a << 32 | (uint32_t)b) + 1;
    if (2 * self->met >= self->room && !grow(self))
        return false;
    uint64_t *place = place_of(self->meetings, self->room, pair);
    *known = *place != 0;
    self->met += !*known;
    *place = pair;
    return true;
}

/* --- comparing --------------------------------------------------------------------------- */

static bool keep(search *self, int32_t a, int32_t b, mlk_agreement agreement)
{
    if (self->count == self->pairs_room) {
        int64_t room = self->pairs_room ? 2 * self->pairs_room : 64;
        mlk_print_pair *pairs = realloc(self->pairs, sizeof *pairs * (size_t)room);
        if (!pairs)
            return false;
        self->pairs = pairs;
        self->pairs_room = room;
    }
    self->pairs[self->count++] = (mlk_print_pair){a, b, agreement};
    return true;
}

static int32_t owner_of(const search *self, uint32_t frame)
{
    int64_t low = 0, high = self->n - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (self->starts[middle] <= frame)
            low = middle;
        else
            high = middle - 1;
    }
    return (int32_t)low;
}

static mlk_code fail_memory(mlk_status *status)
{
    return mlk_fail_memory(status, "pairs of recordings");
}

/* Frames x < y of all, with the same key. */
static mlk_code look(search *self, uint32_t x, int32_t a, uint32_t y, int32_t b, mlk_status *status)
{
    bool known;
    int64_t heard, at = x - self->starts[a], offset = at - (y - self->starts[b]);
    mlk_prints first = self->recordings[a], second = self->recordings[b];
    mlk_overlap near = mlk_overlap_near(mlk_overlap_of(first, second, offset), at - (offset > 0 ? offset : 0), REACH);
    if (mlk_overlap_wrong(near, &heard) > MOST_WRONG || heard < REACH / 2)
        return MLK_OK;
    if (!meet(self, a, b, &known))
        return fail_memory(status);
    mlk_agreement agreement;
    if (known)
        return MLK_OK;
    mlk_code code = mlk_print_compare(first, second, &agreement, status);
    if (code || agreement.heard == 0 || agreement.wrong > MOST_WRONG)
        return code;
    return keep(self, a, b, agreement) ? MLK_OK : fail_memory(status);
}

/* Frame i of a bucket, beside those behind it. */
static mlk_code look_behind(search *self, uint32_t i, uint32_t end, mlk_status *status)
{
    mlk_code code = MLK_OK;
    int32_t a = owner_of(self, self->frames[i]);
    int others = 0;
    for (uint32_t j = i + 1; !code && j < end && j <= i + FARTHEST && others < NEXT; j++) {
        int32_t b = owner_of(self, self->frames[j]);
        if (a == b)
            continue;
        others++;
        code = look(self, self->frames[i], a, self->frames[j], b, status);
    }
    return code;
}

static mlk_code look_through(search *self, mlk_status *status)
{
    mlk_code code = MLK_OK;
    uint32_t i = 0;
    for (uint32_t key = 0; key < 1u << KEY_BITS && !code; key++) {
        for (; i < self->ends[key] && !code; i++)
            code = look_behind(self, i, self->ends[key], status);
        if (key % 4096 == 0 && mlk_interrupted() && !code)
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    return code;
}

/* Half of the keys, scattered, are enough to find what two recordings share. */
static bool is_looked_up(uint32_t key)
{
    return key * 2654435769u >> 31;
}

/* Calls f of each frame of sound that is looked up. */
static void each_frame(search *self, int part, void (*f)(search *self, uint32_t key, uint32_t frame))
{
    for (int64_t r = 0; r < self->n; r++)
        for (int64_t i = 0; i < self->recordings[r].n; i++) {
            uint32_t key = key_of(self->recordings[r].frames[i], part);
            if (self->recordings[r].frames[i].strong && is_looked_up(key))
                f(self, key, (uint32_t)(self->starts[r] + i));
        }
}

static void count_frame(search *self, uint32_t key, uint32_t frame)
{
    (void)frame;
    self->ends[key]++;
}

static void put_frame(search *self, uint32_t key, uint32_t frame)
{
    self->frames[self->ends[key]++] = frame;
}

/* Frames in the order of their keys, and of time among equals: a counting sort. */
static void fill_buckets(search *self, int part)
{
    uint32_t sum = 0;
    memset(self->ends, 0, sizeof *self->ends << KEY_BITS);
    each_frame(self, part, count_frame);
    for (uint32_t key = 0; key < 1u << KEY_BITS; key++) {
        uint32_t count = self->ends[key];
        self->ends[key] = sum;
        sum += count;
    }
    each_frame(self, part, put_frame);
}

static mlk_code allocate(search *self, mlk_status *status)
{
    self->starts = malloc(sizeof *self->starts * (size_t)(self->n + 1));
    if (!self->starts)
        return fail_memory(status);
    self->starts[0] = 0;
    for (int64_t r = 0; r < self->n; r++)
        self->starts[r + 1] = self->starts[r] + self->recordings[r].n;
    if (self->starts[self->n] > UINT32_MAX)
        return mlk_fail(status, MLK_INVALID, "recordings have more than %u frames in all", UINT32_MAX);
    self->ends = malloc(sizeof *self->ends << KEY_BITS);
    self->frames = malloc(sizeof *self->frames * (size_t)(self->starts[self->n] + 1));
    return self->ends && self->frames ? MLK_OK : fail_memory(status);
}

static int in_order(const void *a, const void *b)
{
    const mlk_print_pair *x = a, *y = b;
    return x->a != y->a ? (x->a > y->a) - (x->a < y->a) : (x->b > y->b) - (x->b < y->b);
}

mlk_code mlk_print_pairs(const mlk_prints *recordings, int64_t n, mlk_print_pair **pairs, int64_t *count,
                         mlk_status *status)
{
    search self = {.recordings = recordings, .n = n};
    mlk_code code = allocate(&self, status);
    for (int part = 0; part < PARTS && !code; part++) {
        fill_buckets(&self, part);
        code = look_through(&self, status);
    }
    if (!code && self.count > 0)
        qsort(self.pairs, (size_t)self.count, sizeof *self.pairs, in_order);
    free(self.starts), free(self.ends), free(self.frames), free(self.meetings);
    if (code)
        free(self.pairs);
    *pairs = code ? NULL : self.pairs;
    *count = code ? 0 : self.count;
    return code;
}

#include "space_tree.h"

#include "clones.h"
#include "interrupt.h"
#include "keys.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAF = 32, /* points of a leaf at most */
    LANES = 16,
    MOST_DIMS = 3,
    LEAVES = 8, /* a task */
};

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

typedef struct node {
    float center[MOST_DIMS]; /* of mass */
    float low[MOST_DIMS], high[MOST_DIMS];
    float side; /* the longest, squared */
    int32_t first, count;
} node;

struct mlk_space_tree {
    int64_t n;
    int dims, depth; /* 2^depth leaves */
    int32_t *order;  /* n: points, leaf after leaf */
    uint64_t *keys;  /* n */
    float *at;       /* dims x n: their places, in this order */
    node *nodes;     /* 1: the root; 2i and 2i + 1: the halves of node i */
    double sorted;   /* how large leaves were when the points were last sorted; 0: not yet */
};

static const double GROWN = 1.2; /* leaves that are so much larger have their points sorted anew */

mlk_code mlk_space_tree_new(int64_t n, int dims, mlk_space_tree **tree, mlk_status *status)
{
    mlk_space_tree *self = *tree = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a tree of points");
    self->n = n;
    self->dims = dims;
    while (n > (int64_t)LEAF << self->depth)
        self->depth++;
    self->order = malloc(sizeof(int32_t) * (size_t)n);
    self->keys = malloc(sizeof(uint64_t) * (size_t)n);
    self->at = malloc(sizeof(float) * (size_t)(n * dims));
    self->nodes = calloc((size_t)2 << self->depth, sizeof(node));
    if (self->order && self->keys && self->at && self->nodes)
        return MLK_OK;
    mlk_space_tree_free(self);
    *tree = NULL;
    return mlk_fail_memory(status, "a tree of points");
}

void mlk_space_tree_free(mlk_space_tree *self)
{
    if (!self)
        return;
    free(self->order), free(self->keys), free(self->at), free(self->nodes);
    free(self);
}

/* --- building --------------------------------------------------------------------------------- */

/* The axis along which points first .. first+count-1 spread most. */
static int widest_axis(const mlk_space_tree *self, const float *y, int64_t first, int64_t count)
{
    int widest = 0;
    float most = -1;
    for (int a = 0; a < self->dims; a++) {
        float low = INFINITY, high = -INFINITY;
        for (int64_t i = first; i < first + count; i++) {
            float at = y[(int64_t)self->order[i] * self->dims + a];
            low = at < low ? at : low;
            high = at > high ? at : high;
        }
        if (high - low > most) {
            most = high - low;
            widest = a;
        }
    }
    return widest;
}

static void sort_points(mlk_space_tree *self, const float *y)
{
    for (int64_t i = 0; i < self->n; i++)
        self->order[i] = (int32_t)i;
    for (int level = 0; level < self->depth; level++)
        for (int64_t branch = 0; branch < (int64_t)1 << level; branch++) {
            int64_t first = self->n * branch >> level, count = (self->n * (branch + 1) >> level) - first;
            int64_t half = (self->n * (2 * branch + 1) >> (level + 1)) - first;
            int axis = widest_axis(self, y, first, count);
            int32_t *order = self->order + first;
            for (int64_t i = 0; i < count; i++)
                self->keys[i] = mlk_signed_key(y[(int64_t)order[i] * self->dims + axis], order[i]);
            mlk_keys_select(self->keys, count, half);
            for (int64_t i = 0; i < count; i++)
                order[i] = mlk_key_row(self->keys[i]);
        }
}

static float longest_side(const node *box, int dims)
{
    float longest = 0;
    for (int a = 0; a < dims; a++)
        longest = fmaxf(longest, box->high[a] - box->low[a]);
    return longest * longest;
}

static void measure_leaf(mlk_space_tree *self, int64_t leaf)
{
    node *box = &self->nodes[((int64_t)1 << self->depth) + leaf];
    int64_t first = self->n * leaf >> self->depth, last = self->n * (leaf + 1) >> self->depth;
    box->first = (int32_t)first;
    box->count = (int32_t)(last - first);
    for (int a = 0; a < self->dims; a++) {
        const float *at = self->at + a * self->n;
        double sum = 0;
        box->low[a] = INFINITY;
        box->high[a] = -INFINITY;
        for (int64_t i = first; i < last; i++) {
            sum += at[i];
            box->low[a] = at[i] < box->low[a] ? at[i] : box->low[a];
            box->high[a] = at[i] > box->high[a] ? at[i] : box->high[a];
        }
        box->center[a] = (float)(sum / box->count);
    }
    box->side = longest_side(box, self->dims);
}

static void join_halves(mlk_space_tree *self, int64_t i)
{
    node *box = &self->nodes[i], *one = &self->nodes[2 * i], *two = &self->nodes[2 * i + 1];
    box->first = one->first;
    box->count = one->count + two->count;
    for (int a = 0; a < self->dims; a++) {
        box->low[a] = fminf(one->low[a], two->low[a]);
        box->high[a] = fmaxf(one->high[a], two->high[a]);
        box->center[a] = (float)(((double)one->center[a] * one->count + (double)two->center[a] * two->count) /
                                 box->count);
    }
    box->side = longest_side(box, self->dims);
}

/* Boxes for the points' places, in the order in which they are sorted. */
static void measure(mlk_space_tree *self, const float *y)
{
    for (int a = 0; a < self->dims; a++)
        for (int64_t i = 0; i < self->n; i++)
            self->at[a * self->n + i] = y[(int64_t)self->order[i] * self->dims + a];
    for (int64_t leaf = 0; leaf < (int64_t)1 << self->depth; leaf++)
        measure_leaf(self, leaf);
    for (int64_t i = ((int64_t)1 << self->depth) - 1; i > 0; i--)
        join_halves(self, i);
}

/* The sum of the leaves' longest sides, as a share of the root's. */
static double size_of_leaves(const mlk_space_tree *self)
{
    double sum = 0;
    for (int64_t leaf = (int64_t)1 << self->depth; leaf < (int64_t)2 << self->depth; leaf++)
        sum += sqrt(self->nodes[leaf].side);
    return self->nodes[1].side > 0 ? sum / sqrt(self->nodes[1].side) : 1;
}

void mlk_space_tree_update(mlk_space_tree *self, const float *y)
{
    if (self->sorted > 0)
        measure(self, y);
    if (self->sorted > 0 && size_of_leaves(self) <= GROWN * self->sorted)
        return;
    sort_points(self, y);
    measure(self, y);
    self->sorted = size_of_leaves(self);
}

/* --- sums ------------------------------------------------------------------------------------- */

/* What acts on the points of one leaf: points, and boxes that stand for theirs. */
typedef struct acting {
    float *at;     /* dims x room */
    float *counts; /* room */
    int64_t n, room;
} acting;

typedef struct repulsion {
    const mlk_space_tree *sources, *points;
    float theta; /* squared */
    float *force, *z;
    int64_t room;
    float *memory; /* workers x (dims + 1) x room */
} repulsion;

static float distance_to_box(const float *center, const node *box, int dims)
{
    float sum = 0;
    for (int a = 0; a < dims; a++) {
        float below = box->low[a] - center[a], above = center[a] - box->high[a];
        float apart = below > 0 ? below : above > 0 ? above : 0;
        sum += apart * apart;
    }
    return sum;
}

static void add_box(acting *self, const node *box, int dims)
{
    for (int a = 0; a < dims; a++)
        self->at[a * self->room + self->n] = box->center[a];
    self->counts[self->n++] = (float)box->count;
}

static void add_points(acting *self, const mlk_space_tree *tree, const node *leaf)
{
    for (int a = 0; a < tree->dims; a++)
        memcpy(self->at + a * self->room + self->n, tree->at + a * tree->n + leaf->first,
               sizeof(float) * (size_t)leaf->count);
    for (int32_t i = 0; i < leaf->count; i++)
        self->counts[self->n++] = 1;
}

/* Fills whole vectors with what counts nothing. */
static void pad(acting *self, int dims)
{
    for (; self->n % LANES; self->n++) {
        for (int a = 0; a < dims; a++)
            self->at[a * self->room + self->n] = 0;
        self->counts[self->n] = 0;
    }
}

static void gather(const repulsion *self, const node *leaf, acting *list)
{
    const mlk_space_tree *tree = self->sources;
    int64_t stack[2 * 64], depth = 0, leaves = (int64_t)1 << tree->depth;
    list->n = 0;
    stack[depth++] = 1;
    while (depth > 0) {
        int64_t i = stack[--depth];
        const node *box = &tree->nodes[i];
        if (box->side < self->theta * distance_to_box(box->center, leaf, tree->dims)) {
            add_box(list, box, tree->dims);
        } else if (i >= leaves) {
            add_points(list, tree, box);
        } else {
            stack[depth++] = 2 * i + 1;
            stack[depth++] = 2 * i;
        }
    }
    pad(list, tree->dims);
}

static inline __attribute__((always_inline)) void sum_list(const acting *list, int dims, const float *point,
                                                           float *force, float *z)
{
    lanes forces[MOST_DIMS] = {{0}}, zs = {0};
    for (int64_t m = 0; m < list->n; m += LANES) {
        lanes apart[MOST_DIMS], squared = {0};
        for (int a = 0; a < dims; a++) {
            apart[a] = point[a] - *(const lanes *)(list->at + a * list->room + m);
            squared += apart[a] * apart[a];
        }
        lanes q = 1.0f / (1.0f + squared), counted = *(const lanes *)(list->counts + m) * q;
        zs += counted;
        counted *= q;
        for (int a = 0; a < dims; a++)
            forces[a] += counted * apart[a];
    }
    *z = 0;
    for (int lane = 0; lane < LANES; lane++)
        *z += ((const float *)&zs)[lane];
    for (int a = 0; a < dims; a++) {
        force[a] = 0;
        for (int lane = 0; lane < LANES; lane++)
            force[a] += ((const float *)&forces[a])[lane];
    }
}

MLK_WIDE_CLONES
static void sum_one(const acting *list, const float *point, float *force, float *z)
{
    sum_list(list, 1, point, force, z);
}

MLK_WIDE_CLONES
static void sum_two(const acting *list, const float *point, float *force, float *z)
{
    sum_list(list, 2, point, force, z);
}

MLK_WIDE_CLONES
static void sum_three(const acting *list, const float *point, float *force, float *z)
{
    sum_list(list, 3, point, force, z);
}

static void repel_leaf(const repulsion *self, const node *leaf, acting *list)
{
    const mlk_space_tree *points = self->points;
    int dims = points->dims;
    gather(self, leaf, list);
    for (int64_t i = leaf->first; i < leaf->first + leaf->count; i++) {
        float at[MOST_DIMS];
        for (int a = 0; a < dims; a++)
            at[a] = points->at[a * points->n + i];
        int64_t row = points->order[i];
        (dims == 1 ? sum_one : dims == 2 ? sum_two : sum_three)(list, at, self->force + row * dims, self->z + row);
    }
}

static void repel_leaves(void *context, int task, int worker)
{
    const repulsion *self = context;
    float *memory = self->memory + worker * (self->points->dims + 1) * self->room;
    acting list = {.at = memory + self->room, .counts = memory, .room = self->room};
    int64_t leaves = (int64_t)1 << self->points->depth, last = (task + 1) * (int64_t)LEAVES;
    for (int64_t leaf = task * (int64_t)LEAVES; leaf < last && leaf < leaves && !mlk_interrupted(); leaf++)
        repel_leaf(self, &self->points->nodes[leaves + leaf], &list);
}

mlk_code mlk_space_tree_repel(const mlk_space_tree *sources, const mlk_space_tree *points, double theta, float *force,
                              float *z, mlk_status *status)
{
    int workers = mlk_cores();
    repulsion self = {.sources = sources, .points = points, .theta = (float)(theta * theta), .force = force, .z = z};
    self.room = sources->n + LANES;
    self.memory = malloc(sizeof(float) * (size_t)(workers * (points->dims + 1) * self.room));
    if (!self.memory)
        return mlk_fail_memory(status, "forces");
    int64_t leaves = (int64_t)1 << points->depth;
    mlk_parallel((int)((leaves + LEAVES - 1) / LEAVES), leaves > 64 ? workers : 1, repel_leaves, &self);
    free(self.memory);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}

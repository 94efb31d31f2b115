#include "linkage.h"

#include "distance.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>

#define IN(member) MLK_IN(mlk_linkage_options, member)

static const char *const linkage_names[] = {"ward", "average", "complete", "single", NULL};

const mlk_parameter mlk_linkage_parameters[] = {
    MLK_INTEGER_OR_NIL("n_clusters", NAN, 1, INT32_MAX, "how many clusters are left", IN(n_clusters),
                       .usual = "2, unless distance_threshold is given"),
    MLK_CHOICE("linkage", MLK_WARD, linkage_names, "how far apart two clusters are", IN(linkage)),
    MLK_REAL_OR_NIL("distance_threshold", NAN, 0, HUGE_VAL, "clusters this far apart, or farther, are not joined",
                    IN(distance_threshold), .usual = "by n_clusters"),
    MLK_PARAMETERS_END,
};

/* --- merges -------------------------------------------------------------------------- */

/* The cluster that holds one: the root of its tree, with shorter ways for the next time. */
static int64_t root_of(int64_t *parent, int64_t node)
{
    int64_t root = node;
    while (parent[root] >= 0)
        root = parent[root];
    while (parent[node] >= 0) {
        int64_t next = parent[node];
        parent[node] = root;
        node = next;
    }
    return root;
}

typedef struct placed {
    mlk_edge edge;
    int64_t place;
} placed;

static int by_length(const void *left, const void *right)
{
    const placed *a = left, *b = right;
    if (a->edge.length != b->edge.length)
        return a->edge.length < b->edge.length ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static mlk_code sort_edges(mlk_edge *edges, int64_t count, mlk_status *status)
{
    placed *list = malloc(sizeof *list * (size_t)(count + 1));
    if (!list)
        return mlk_fail_memory(status, "merges");
    for (int64_t i = 0; i < count; i++)
        list[i] = (placed){edges[i], i};
    qsort(list, (size_t)count, sizeof *list, by_length);
    for (int64_t i = 0; i < count; i++)
        edges[i] = list[i].edge;
    free(list);
    return MLK_OK;
}

mlk_code mlk_merges_of(mlk_edge *edges, int64_t n, mlk_merge *merges, mlk_status *status)
{
    int64_t *parent = malloc(sizeof *parent * (size_t)(2 * n));
    mlk_code code = parent ? sort_edges(edges, n - 1, status) : mlk_fail_memory(status, "merges");
    for (int64_t i = 0; i < 2 * n && !code; i++)
        parent[i] = -1;
    for (int64_t i = 0; i < n - 1 && !code; i++) {
        int64_t a = root_of(parent, edges[i].from), b = root_of(parent, edges[i].to);
        double size = (a < n ? 1 : merges[a - n].size) + (b < n ? 1 : merges[b - n].size);
        merges[i] = (mlk_merge){(double)(a < b ? a : b), (double)(a < b ? b : a), edges[i].length, size};
        parent[a] = parent[b] = n + i;
    }
    free(parent);
    return code;
}

mlk_code mlk_linkage_cut(const mlk_merge *merges, int64_t n, int64_t k, int64_t *labels, mlk_status *status)
{
    int64_t *cluster = malloc(sizeof *cluster * (size_t)(2 * n)), *number = malloc(sizeof *number * (size_t)(2 * n));
    mlk_code code = cluster && number ? MLK_OK : mlk_fail_memory(status, "labels");
    for (int64_t node = 0; node < 2 * n - 1 && !code; node++) {
        cluster[node] = node;
        number[node] = -1;
    }
    for (int64_t i = n - k - 1; i >= 0 && !code; i--) /* from the last merge that counts down to the rows */
        cluster[(int64_t)merges[i].left] = cluster[(int64_t)merges[i].right] = cluster[n + i];
    int64_t used = 0;
    for (int64_t row = 0; row < n && !code; row++) {
        int64_t *of_cluster = &number[cluster[row]];
        if (*of_cluster < 0)
            *of_cluster = used++;
        labels[row] = *of_cluster;
    }
    free(cluster), free(number);
    return code;
}

/* --- chains of nearest neighbours -------------------------------------------------------- */

typedef struct table {
    mlk_samples samples;
    mlk_linkage linkage;
    int64_t n;
    double *distances; /* n (n - 1) / 2: those of row 0 to the rows behind it, of row 1 ...; of Ward's squared */
    double *sizes;     /* n: rows of each cluster that is left */
    int64_t *left;     /* the clusters that are left, ascending */
    int64_t count;
} table;

static double *distance(const table *self, int64_t a, int64_t b)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return &self->distances[low * (2 * self->n - low - 1) / 2 + high - low - 1];
}

static void fill_row(void *context, int task, int worker)
{
    (void)worker;
    const table *self = context;
    int64_t behind = self->n - task - 1, d = self->samples.d;
    double *row = self->distances + task * (2 * self->n - task - 1) / 2;
    mlk_squared_distances(self->samples.x + task * d, self->samples.x + (task + 1) * d, behind, d, row);
    if (self->linkage != MLK_WARD)
        for (int64_t i = 0; i < behind; i++)
            row[i] = sqrt(row[i]);
}

/* The nearest of the clusters that are left; `before` (or -1) is kept where no other is nearer. */
static int64_t nearest_to(const table *self, int64_t cluster, int64_t before, double *length)
{
    int64_t nearest = before;
    *length = before >= 0 ? *distance(self, cluster, before) : INFINITY;
    for (int64_t i = 0; i < self->count; i++) {
        int64_t other = self->left[i];
        if (other == cluster)
            continue;
        double apart = *distance(self, cluster, other);
        if (apart < *length || nearest < 0) {
            *length = apart;
            nearest = other;
        }
    }
    return nearest;
}

/* How far a third cluster is from two that became one. */
static double joined(const table *self, double a, double b, double between, double size_a, double size_b, double size)
{
    switch (self->linkage) {
    case MLK_AVERAGE: return (size_a * a + size_b * b) / (size_a + size_b);
    case MLK_COMPLETE: return fmax(a, b);
    default: return ((size_a + size) * a + (size_b + size) * b - size * between) / (size_a + size_b + size);
    }
}

/* Cluster b becomes both; a is gone. */
static void join(table *self, int64_t a, int64_t b, double between)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < self->count; i++)
        if (self->left[i] != a)
            self->left[kept++] = self->left[i];
    self->count = kept;
    for (int64_t i = 0; i < self->count; i++) {
        int64_t other = self->left[i];
        if (other == b)
            continue;
        double *to_b = distance(self, other, b);
        *to_b = joined(self, *distance(self, other, a), *to_b, between, self->sizes[a], self->sizes[b],
                       self->sizes[other]);
    }
    self->sizes[b] += self->sizes[a];
}

/* Each merge as an edge between a row of each of the two clusters. */
static mlk_code follow_chains(table *self, int64_t *chain, mlk_edge *edges, mlk_status *status)
{
    int64_t length = 0;
    for (int64_t merge = 0; merge < self->n - 1; merge++) {
        double apart;
        if (length == 0)
            chain[length++] = self->left[0];
        for (;;) { /* until two are each other's nearest */
            int64_t before = length > 1 ? chain[length - 2] : -1;
            int64_t nearest = nearest_to(self, chain[length - 1], before, &apart);
            if (nearest == before)
                break;
            chain[length++] = nearest;
        }
        int64_t a = chain[length - 1], b = chain[length - 2];
        length -= 2;
        edges[merge] = (mlk_edge){a, b, self->linkage == MLK_WARD ? sqrt(fmax(apart, 0)) : apart};
        join(self, a < b ? a : b, a < b ? b : a, apart);
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    return MLK_OK;
}

static mlk_code by_table(mlk_samples samples, mlk_linkage linkage, mlk_edge *edges, mlk_status *status)
{
    int64_t n = samples.n;
    if (n > MLK_LINKAGE_MOST)
        return mlk_fail(status, MLK_INVALID,
                        "agglomerative clustering keeps the distances of all pairs, so x must have at most %d rows "
                        "(3.6 GB), got %lld: take linkage single, k-means, or a part of the rows", MLK_LINKAGE_MOST,
                        (long long)n);
    table self = {.samples = samples, .linkage = linkage, .n = n, .count = n};
    self.distances = malloc(sizeof(double) * (size_t)(n * (n - 1) / 2));
    self.sizes = malloc(sizeof(double) * (size_t)n);
    self.left = malloc(sizeof(int64_t) * (size_t)n);
    int64_t *chain = malloc(sizeof *chain * (size_t)n);
    mlk_code code = MLK_OK;
    if (!self.distances || !self.sizes || !self.left || !chain)
        code = mlk_fail_memory(status, "the distances of all pairs");
    if (!code) {
        mlk_parallel((int)n - 1, 0, fill_row, &self);
        for (int64_t i = 0; i < n; i++) {
            self.sizes[i] = 1;
            self.left[i] = i;
        }
        code = follow_chains(&self, chain, edges, status);
    }
    free(self.distances), free(self.sizes), free(self.left), free(chain);
    return code;
}

mlk_code mlk_linkage_fit(mlk_samples samples, mlk_linkage linkage, mlk_merge *merges, mlk_status *status)
{
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    mlk_edge *edges = malloc(sizeof *edges * (size_t)samples.n);
    if (!edges)
        return mlk_fail_memory(status, "merges");
    code = linkage == MLK_SINGLE ? mlk_spanning_tree(samples, NULL, edges, status)
                                 : by_table(samples, linkage, edges, status);
    if (!code)
        code = mlk_merges_of(edges, samples.n, merges, status);
    free(edges);
    return code;
}

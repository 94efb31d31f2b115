#include "hdbscan.h"

#include "distance.h"
#include "interrupt.h"
#include "knn.h"
#include "linkage.h"
#include "parallel.h"
#include "spanning.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define IN(member) MLK_IN(mlk_hdbscan_options, member)

static const char *const selection_names[] = {"eom", "leaf", NULL};

const mlk_parameter mlk_hdbscan_parameters[] = {
    MLK_INTEGER("min_cluster_size", 5, 2, INT32_MAX, "rows that make a cluster", IN(min_cluster_size)),
    MLK_INTEGER_OR_NIL("min_samples", NAN, 1, INT32_MAX, "rows, itself counted, that make a row's place dense",
                       IN(min_samples), .usual = "min_cluster_size"),
    MLK_CHOICE("cluster_selection_method", MLK_SELECTION_EOM, selection_names,
               "the most lasting clusters (excess of mass), or the smallest", IN(selection)),
    MLK_PARAMETERS_END,
};

/* --- the condensed tree ------------------------------------------------------------------ */

/* A cluster of the condensed tree. Density is 1 / distance. Cluster 0 is all rows. */
typedef struct cluster {
    int64_t parent;   /* -1: none */
    double birth;     /* the density at which it came apart from its parent */
    double death;     /* the greatest density at which rows, or clusters, left it */
    double stability; /* how much density it lasted for, summed over its rows */
    double below;     /* the same of the best clusters within it */
    bool leaf, chosen;
    int64_t target;   /* the chosen cluster that it belongs to, or -1 */
    int64_t label;
} cluster;

typedef struct tree {
    const mlk_merge *merges;
    int64_t n, least;  /* rows; of a cluster */
    cluster *clusters;
    int64_t count;
    int64_t *home;     /* 2n: the cluster that a node of the merges is in, or was before it fell out */
    double *fallen;    /* 2n: the density at which it fell out; NAN: it has not yet */
} tree;

static double rows_of(const tree *self, int64_t node)
{
    return node < self->n ? 1 : self->merges[node - self->n].size;
}

/* What leaves a cluster at a density: the cluster lasted for it until then. */
static void leave(cluster *from, double density, double rows)
{
    if (!isinf(from->birth))
        from->stability += (density - from->birth) * rows;
    from->death = fmax(from->death, density);
}

static int64_t new_cluster(tree *self, int64_t parent, double birth)
{
    self->clusters[self->count] = (cluster){.parent = parent, .birth = birth, .leaf = true, .label = -1};
    if (parent >= 0)
        self->clusters[parent].leaf = false;
    return self->count++;
}

/* A merge seen from above: two large parts are new clusters; one large part is what is left of the cluster, and a small
 * one falls out of it. */
static void divide(tree *self, int64_t node)
{
    const mlk_merge *merge = &self->merges[node - self->n];
    int64_t parts[] = {(int64_t)merge->left, (int64_t)merge->right}, home = self->home[node];
    double density = merge->distance > 0 ? 1 / merge->distance : INFINITY;
    double least = (double)self->least;
    bool both = rows_of(self, parts[0]) >= least && rows_of(self, parts[1]) >= least;
    for (int i = 0; i < 2; i++) {
        double rows = rows_of(self, parts[i]);
        self->home[parts[i]] = home;
        self->fallen[parts[i]] = self->fallen[node];
        if (!isnan(self->fallen[node]))
            continue;
        if (both)
            self->home[parts[i]] = new_cluster(self, home, density);
        else if (rows < least)
            self->fallen[parts[i]] = density;
        if (both || rows < least)
            leave(&self->clusters[home], density, rows);
    }
}

static void condense(tree *self)
{
    int64_t root = 2 * self->n - 2;
    self->home[root] = new_cluster(self, -1, 0);
    self->fallen[root] = NAN;
    for (int64_t node = root; node >= self->n; node--)
        divide(self, node);
}

/* From the leaves up: a cluster is better than those within it, or not. Then from the root down: what lies within a
 * chosen one belongs to it. */
static void choose(tree *self, mlk_selection selection)
{
    for (int64_t c = self->count - 1; c > 0; c--) {
        cluster *it = &self->clusters[c];
        it->chosen = selection == MLK_SELECTION_LEAF ? it->leaf : it->stability >= it->below;
        self->clusters[it->parent].below += fmax(it->stability, it->below);
    }
    self->clusters[0].target = -1;
    for (int64_t c = 1; c < self->count; c++) {
        int64_t above = self->clusters[self->clusters[c].parent].target;
        self->clusters[c].target = above >= 0 ? above : self->clusters[c].chosen ? c : -1;
    }
}

/* How deep a row lies in its cluster: the density at which it left, as a share of the greatest there. */
static double depth(double density, double death)
{
    return death == 0 || isinf(density) ? 1 : fmin(density, death) / death;
}

static void label_rows(tree *self, mlk_hdbscan *found)
{
    int64_t used = 0;
    for (int64_t row = 0; row < self->n; row++) {
        int64_t target = self->clusters[self->home[row]].target;
        found->labels[row] = -1;
        found->probabilities[row] = found->limits[row] = 0;
        if (target < 0)
            continue;
        cluster *it = &self->clusters[target];
        if (it->label < 0)
            it->label = used++;
        found->labels[row] = it->label;
        found->probabilities[row] = depth(self->fallen[row], it->death);
        found->limits[row] = 1 / it->birth;
    }
}

static mlk_code take_clusters(const mlk_merge *merges, int64_t n, const mlk_hdbscan_options *options,
                              mlk_hdbscan *found, mlk_status *status)
{
    tree self = {.merges = merges, .n = n, .least = options->min_cluster_size};
    self.clusters = malloc(sizeof(cluster) * (size_t)(2 * n));
    self.home = malloc(sizeof(int64_t) * (size_t)(2 * n));
    self.fallen = malloc(sizeof(double) * (size_t)(2 * n));
    mlk_code code = self.clusters && self.home && self.fallen ? MLK_OK : mlk_fail_memory(status, "a tree of clusters");
    if (!code) {
        condense(&self);
        choose(&self, options->selection);
        label_rows(&self, found);
    }
    free(self.clusters), free(self.home), free(self.fallen);
    return code;
}

/* --- rows -------------------------------------------------------------------------------- */

/* core (samples.n): the distance to the k-th nearest of the fitted rows. */
static mlk_code core_distances(mlk_samples fitted, mlk_samples samples, int64_t k, double *core, mlk_status *status)
{
    size_t count = (size_t)(samples.n * k) + 1;
    int64_t *indices = malloc(sizeof *indices * count);
    double *distances = malloc(sizeof *distances * count);
    mlk_code code = indices && distances ? mlk_knn_search(fitted, samples, k, indices, distances, status)
                                         : mlk_fail_memory(status, "neighbours");
    for (int64_t i = 0; i < samples.n && !code; i++)
        core[i] = distances[i * k + k - 1];
    free(indices), free(distances);
    return code;
}

mlk_code mlk_hdbscan_fit(mlk_samples samples, const mlk_hdbscan_options *options, mlk_hdbscan *found,
                         mlk_status *status)
{
    int64_t neighbors = options->min_samples < 0 ? options->min_cluster_size : options->min_samples, n = samples.n;
    mlk_code code = mlk_samples_check(samples, 2, status);
    if (code)
        return code;
    if (neighbors > n)
        return mlk_fail(status, MLK_INVALID, "x must have at least min_samples (%lld) rows, got %lld",
                        (long long)neighbors, (long long)n);
    mlk_edge *edges = malloc(sizeof *edges * (size_t)n);
    mlk_merge *merges = malloc(sizeof *merges * (size_t)n);
    code = edges && merges ? core_distances(samples, samples, neighbors, found->core, status)
                           : mlk_fail_memory(status, "a tree of clusters");
    if (!code)
        code = mlk_spanning_tree(samples, found->core, edges, status);
    if (!code)
        code = mlk_merges_of(edges, n, merges, status);
    if (!code)
        code = take_clusters(merges, n, options, found, status);
    free(edges), free(merges);
    return code;
}

/* --- new rows ------------------------------------------------------------------------------ */

enum { ROWS = 16, BLOCK = 256 }; /* of a task; fitted rows whose distances are taken at a time */

typedef struct prediction {
    mlk_samples fitted, samples;
    const mlk_hdbscan *found;
    const double *core; /* samples.n */
    int64_t *labels;
} prediction;

/* The label for row i: of rows that are equally near by mutual reachability, the nearest by itself counts. */
static int64_t label_of(const prediction *self, int64_t i)
{
    double squared[BLOCK], reach = INFINITY, apart = INFINITY;
    int64_t nearest = 0, d = self->fitted.d;
    for (int64_t first = 0; first < self->fitted.n; first += BLOCK) {
        int64_t count = self->fitted.n - first < BLOCK ? self->fitted.n - first : BLOCK;
        mlk_squared_distances(self->samples.x + i * d, self->fitted.x + first * d, count, d, squared);
        for (int64_t j = 0; j < count; j++) {
            double length = fmax(sqrt(squared[j]), fmax(self->core[i], self->found->core[first + j]));
            if (length > reach || (length == reach && squared[j] >= apart))
                continue;
            reach = length;
            apart = squared[j];
            nearest = first + j;
        }
    }
    return reach <= self->found->limits[nearest] ? self->found->labels[nearest] : -1;
}

static void label_task(void *context, int task, int worker)
{
    (void)worker;
    const prediction *self = context;
    for (int64_t i = task * (int64_t)ROWS; i < (task + 1) * (int64_t)ROWS && i < self->samples.n; i++)
        self->labels[i] = label_of(self, i);
}

mlk_code mlk_hdbscan_predict(mlk_samples fitted, const mlk_hdbscan *found, int64_t min_samples, mlk_samples samples,
                             int64_t *labels, mlk_status *status)
{
    double *core = malloc(sizeof *core * (size_t)(samples.n + 1));
    if (!core)
        return mlk_fail_memory(status, "core distances");
    mlk_code code = core_distances(fitted, samples, min_samples, core, status);
    if (!code) {
        prediction self = {fitted, samples, found, core, labels};
        mlk_parallel((int)((samples.n + ROWS - 1) / ROWS), 0, label_task, &self);
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(core);
    return code;
}

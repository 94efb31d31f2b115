#include "umap.h"

#include "fuzzy.h"
#include "layout.h"
#include "random.h"
#include "spectrum.h"
#include "start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 10000 /* rows: fewer epochs are enough */ };

#define IN(member) MLK_IN(mlk_umap_options, member)

static const char *const inits[] = {"spectral", "pca", "random", NULL};

const mlk_parameter mlk_umap_parameters[] = {
    MLK_INTEGER("n_components", 2, 1, MLK_LAYOUT_DIMS, "dimensions of the embedding", IN(dims)),
    MLK_INTEGER("n_neighbors", 15, 2, INT32_MAX, "neighbours of a row, itself among them", IN(neighbors)),
    MLK_REAL("min_dist", 0.1, 0, HUGE_VAL, "how near each other rows may lie", IN(min_dist)),
    MLK_REAL("spread", 1, 0, HUGE_VAL, "how far rows lie apart; min_dist is at most this", IN(spread), .above = true),
    MLK_CHOICE("metric", MLK_ROWS_EUCLIDEAN, mlk_row_metric_names, "distance between rows", IN(metric)),
    MLK_CHOICE("init", MLK_UMAP_SPECTRAL, inits, "where rows start", IN(init)),
    MLK_INTEGER_OR_NIL("n_epochs", NAN, 1, 1000000, "passes over the edges", IN(epochs),
                       .usual = "500, or 200 with more than 10000 rows"),
    MLK_REAL("learning_rate", 1, 0, HUGE_VAL, "length of the first steps", IN(learning_rate), .above = true),
    MLK_INTEGER("negative_sample_rate", 5, 0, 1000, "rows that push, for each that pulls", IN(negative_sample_rate)),
    MLK_REAL("repulsion_strength", 1, 0, HUGE_VAL, "how strongly they push", IN(repulsion_strength)),
    MLK_REAL_OR_NIL("target_weight", NAN, 0, 1, "how much labels count, 0.5 for instance", IN(target_weight),
                    .usual = "labels are not looked at"),
    MLK_INTEGER("seed", 0, 0, HUGE_VAL, "of the start, the search for neighbours and the rows that push", IN(seed)),
    MLK_PARAMETERS_END,
};

int64_t mlk_umap_most_neighbors(int64_t n)
{
    return n > 3 ? n - 1 : 2;
}

static mlk_code check(const mlk_umap_options *options, mlk_status *status)
{
    if (options->min_dist > options->spread)
        return mlk_fail(status, MLK_INVALID, "min_dist must be at most spread (%g), got %g", options->spread,
                        options->min_dist);
    return MLK_OK;
}

static int epochs_for(const mlk_umap_options *options, int64_t n)
{
    return options->epochs > 0 ? options->epochs : n <= MANY ? 500 : 200;
}

/* --- fitting ---------------------------------------------------------------------------------- */

static mlk_code find_graph(mlk_samples samples, const int64_t *labels, const mlk_umap_options *options,
                           mlk_graph *graph, mlk_status *status)
{
    mlk_neighbors neighbors = {0};
    int64_t most = mlk_umap_most_neighbors(samples.n), k = options->neighbors < most ? options->neighbors : most;
    mlk_code code = mlk_neighbors_of(samples, k - 1, options->metric, options->seed, &neighbors, status);
    if (!code)
        code = mlk_fuzzy_graph(&neighbors, graph, status);
    mlk_neighbors_free(&neighbors);
    if (!code && labels)
        code = mlk_fuzzy_labels(graph, labels, options->target_weight, status);
    return code;
}

/* Leaves out edges that are due in no epoch; of very few epochs, in none of as many as are usual. */
static void prune(mlk_graph *graph, int epochs)
{
    float most = 0;
    for (int64_t e = 0; e < graph->starts[graph->n]; e++)
        most = graph->weights[e] > most ? graph->weights[e] : most;
    mlk_graph_prune(graph, most / (float)(epochs > 10 ? epochs : graph->n <= MANY ? 500 : 200));
}

static mlk_code start(const mlk_graph *graph, mlk_samples samples, const mlk_umap_options *options, float *y,
                      mlk_status *status)
{
    if (options->init == MLK_UMAP_SPECTRAL)
        return mlk_start_spectral(graph, samples, options->dims, options->seed, y, status);
    if (options->init == MLK_UMAP_PCA)
        return mlk_start_pca(samples, options->dims, options->seed, y, status);
    mlk_start_random(samples.n, options->dims, options->seed, y);
    return MLK_OK;
}

/* Brings each axis to 0..10, with a little noise so that rows which start at one place can part. */
static void spread_out(float *y, int64_t n, int dims, uint64_t seed)
{
    mlk_random random = mlk_random_seeded(mlk_random_branch(seed, 1));
    for (int64_t i = 0; i < n * dims; i++)
        y[i] += (float)(1e-5 * mlk_random_normal(&random));
    for (int a = 0; a < dims; a++) {
        float low = INFINITY, high = -INFINITY;
        for (int64_t i = 0; i < n; i++) {
            low = fminf(low, y[i * dims + a]);
            high = fmaxf(high, y[i * dims + a]);
        }
        for (int64_t i = 0; i < n; i++)
            y[i * dims + a] = 10 * (y[i * dims + a] - low) / fmaxf(high - low, 1e-20f);
    }
}

mlk_code mlk_umap_fit(mlk_samples samples, const int64_t *labels, const mlk_umap_options *options, float *y,
                      mlk_status *status)
{
    mlk_graph graph = {0};
    mlk_curve curve;
    mlk_code code = check(options, status);
    if (!code)
        code = mlk_samples_check(samples, 2, status);
    if (!code)
        code = find_graph(samples, labels, options, &graph, status);
    int epochs = epochs_for(options, samples.n);
    if (!code) {
        prune(&graph, epochs);
        code = start(&graph, samples, options, y, status);
    }
    if (!code) {
        spread_out(y, samples.n, options->dims, options->seed);
        mlk_curve_fit(options->min_dist, options->spread, options->repulsion_strength, &curve);
        mlk_layout layout = {
            .graph = &graph, .dims = options->dims, .n_others = samples.n, .curve = &curve, .epochs = epochs,
            .negatives = options->negative_sample_rate, .rate = options->learning_rate, .seed = options->seed,
            .progress = options->progress,
        };
        code = mlk_layout_run(&layout, y, status);
    }
    mlk_graph_free(&graph);
    return code;
}

/* --- other rows ------------------------------------------------------------------------------- */

/* A graph of k edges a row from rows to the table fitted; it takes the neighbours' memory. */
static mlk_code find_graph_among(mlk_neighbors *neighbors, mlk_graph *graph, mlk_status *status)
{
    int64_t n = neighbors->n;
    *graph = (mlk_graph){.n = n, .targets = neighbors->indices, .starts = malloc(sizeof(int64_t) * ((size_t)n + 1)),
                         .weights = malloc(sizeof(float) * (size_t)(n * neighbors->k))};
    neighbors->indices = NULL;
    if (!graph->starts || !graph->weights)
        return mlk_fail_memory(status, "a graph");
    for (int64_t i = 0; i <= n; i++)
        graph->starts[i] = i * neighbors->k;
    return mlk_fuzzy_weights(neighbors, graph->weights, status);
}

/* Each row starts at the mean of its neighbours' places by their weight, or where a row equal to it is. */
static void start_at_means(const mlk_graph *graph, const float *places, int dims, float *y)
{
    memset(y, 0, sizeof(float) * (size_t)(graph->n * dims));
    for (int64_t i = 0; i < graph->n; i++) {
        int64_t first = graph->starts[i], last = graph->starts[i + 1];
        last = graph->weights[first] >= 1 ? first + 1 : last;
        double sum = 0;
        for (int64_t e = first; e < last; e++)
            sum += graph->weights[e];
        for (int64_t e = first; e < last; e++)
            for (int a = 0; a < dims; a++)
                y[i * dims + a] +=
                    (float)(graph->weights[e] / sum * places[(int64_t)graph->targets[e] * dims + a]);
    }
}

mlk_code mlk_umap_transform(mlk_samples train, const float *places, mlk_samples samples,
                            const mlk_umap_options *options, float *y, mlk_status *status)
{
    mlk_neighbors neighbors = {0};
    mlk_graph graph = {0};
    mlk_curve curve;
    mlk_code code = check(options, status);
    if (!code)
        code = mlk_samples_check(samples, 0, status);
    if (code || samples.n == 0)
        return code;
    int64_t most = mlk_umap_most_neighbors(train.n), k = options->neighbors < most ? options->neighbors : most;
    code = mlk_neighbors_among(train, samples, k < train.n ? k : train.n, options->metric, &neighbors, status);
    if (!code)
        code = find_graph_among(&neighbors, &graph, status);
    if (!code) {
        start_at_means(&graph, places, options->dims, y);
        int epochs = options->epochs > 0 ? (options->epochs + 2) / 3 : samples.n <= MANY ? 100 : 30;
        prune(&graph, epochs);
        mlk_curve_fit(options->min_dist, options->spread, options->repulsion_strength, &curve);
        mlk_layout layout = {
            .graph = &graph, .dims = options->dims, .others = places, .n_others = train.n, .curve = &curve,
            .epochs = epochs, .negatives = options->negative_sample_rate, .rate = options->learning_rate / 4,
            .seed = options->seed, .progress = options->progress,
        };
        code = mlk_layout_run(&layout, y, status);
    }
    mlk_neighbors_free(&neighbors);
    mlk_graph_free(&graph);
    return code;
}

#include "graph.h"

#include <stdlib.h>
#include <string.h>

void mlk_graph_free(mlk_graph *graph)
{
    free(graph->starts), free(graph->targets), free(graph->weights);
    *graph = (mlk_graph){0};
}

static mlk_code allocate(mlk_graph *graph, int64_t n, int64_t edges, mlk_status *status)
{
    graph->n = n;
    graph->starts = calloc((size_t)n + 2, sizeof(int64_t));
    graph->targets = malloc(sizeof(int32_t) * (size_t)(edges + 1));
    graph->weights = malloc(sizeof(float) * (size_t)(edges + 1));
    return graph->starts && graph->targets && graph->weights ? MLK_OK : mlk_fail_memory(status, "a graph");
}

/* Every edge turned round; targets ascend, whether or not those of `graph` do. */
static mlk_code turn_round(const mlk_graph *graph, mlk_graph *turned, mlk_status *status)
{
    int64_t n = graph->n, edges = graph->starts[n];
    mlk_code code = allocate(turned, n, edges, status);
    if (code)
        return code;
    int64_t *next = turned->starts + 1; /* where the next edge of a row goes; in the end, where the row ends */
    for (int64_t e = 0; e < edges; e++)
        next[graph->targets[e] + 1]++;
    for (int64_t i = 0; i < n; i++)
        next[i + 1] += next[i];
    for (int64_t i = 0; i < n; i++)
        for (int64_t e = graph->starts[i]; e < graph->starts[i + 1]; e++) {
            int64_t at = next[graph->targets[e]]++;
            turned->targets[at] = (int32_t)i;
            turned->weights[at] = graph->weights[e];
        }
    return MLK_OK;
}

static void add(mlk_graph *graph, int64_t *edges, int32_t target, float weight)
{
    if (!(weight > 0))
        return;
    graph->targets[*edges] = target;
    graph->weights[(*edges)++] = weight;
}

/* Both have ascending targets. */
static void merge(const mlk_graph *there, const mlk_graph *back, float combine(float, float), mlk_graph *both)
{
    int64_t edges = 0;
    for (int64_t i = 0; i < there->n; i++) {
        int64_t a = there->starts[i], b = back->starts[i], a_end = there->starts[i + 1], b_end = back->starts[i + 1];
        both->starts[i] = edges;
        while (a < a_end || b < b_end) {
            int32_t from_a = a < a_end ? there->targets[a] : INT32_MAX;
            int32_t from_b = b < b_end ? back->targets[b] : INT32_MAX;
            float weight_a = from_a <= from_b ? there->weights[a++] : 0;
            float weight_b = from_b <= from_a ? back->weights[b++] : 0;
            add(both, &edges, from_a < from_b ? from_a : from_b, combine(weight_a, weight_b));
        }
    }
    both->starts[there->n] = edges;
}

/* there: any order of targets. */
static mlk_code unite(const mlk_graph *there, float combine(float, float), mlk_graph *both, mlk_status *status)
{
    mlk_graph back = {0}, sorted = {0};
    mlk_code code = turn_round(there, &back, status);
    if (!code)
        code = turn_round(&back, &sorted, status);
    if (!code)
        code = allocate(both, there->n, 2 * there->starts[there->n], status);
    if (!code)
        merge(&sorted, &back, combine, both);
    mlk_graph_free(&back);
    mlk_graph_free(&sorted);
    if (code)
        mlk_graph_free(both);
    return code;
}

mlk_code mlk_graph_union(int64_t n, int64_t k, const int32_t *targets, const float *weights,
                         float combine(float there, float back), mlk_graph *graph, mlk_status *status)
{
    mlk_graph there = {.n = n, .targets = (int32_t *)targets, .weights = (float *)weights};
    there.starts = malloc(sizeof(int64_t) * ((size_t)n + 1));
    for (int64_t i = 0; i <= n && there.starts; i++)
        there.starts[i] = i * k;
    *graph = (mlk_graph){0};
    mlk_code code = there.starts ? unite(&there, combine, graph, status) : mlk_fail_memory(status, "a graph");
    free(there.starts);
    return code;
}

mlk_code mlk_graph_unite(mlk_graph *graph, float combine(float there, float back), mlk_status *status)
{
    mlk_graph both = {0};
    mlk_code code = unite(graph, combine, &both, status);
    if (code)
        return code;
    mlk_graph_free(graph);
    *graph = both;
    return MLK_OK;
}

void mlk_graph_prune(mlk_graph *graph, float least)
{
    int64_t edges = 0, first = 0;
    for (int64_t i = 0; i < graph->n; i++) {
        int64_t last = graph->starts[i + 1];
        for (int64_t e = first; e < last; e++)
            if (graph->weights[e] >= least)
                add(graph, &edges, graph->targets[e], graph->weights[e]);
        first = last;
        graph->starts[i + 1] = edges;
    }
}

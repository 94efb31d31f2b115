#include "recurrence.h"

#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the matrix under way, where 0 is no link: a frame's link with itself, until distances become affinities. */
static const float SELF = -1;

#define IN(member) MLK_IN(mlk_recurrence_options, member)

static const char *const mode_names[] = {"connectivity", "distance", "affinity", NULL};

const mlk_parameter mlk_recurrence_parameters[] = {
    MLK_INTEGER_OR_NIL("k", NAN, 1, INT32_MAX, "links of a frame", IN(k),
                       .usual = "2·⌈√(frames − 2·width + 1)⌉"),
    MLK_INTEGER("width", 1, 1, INT32_MAX, "frames nearer in time than this are not linked", IN(width)),
    MLK_CHOICE("metric", MLK_EUCLIDEAN, mlk_metric_names, "how far two frames lie apart", IN(metric)),
    MLK_CHOICE("mode", MLK_CONNECTIVITY, mode_names, "what a link holds: 1, its distance, exp(−distance / bandwidth)",
               IN(mode)),
    MLK_REAL_OR_NIL("bandwidth", NAN, 0, HUGE_VAL, "of the mode \"affinity\"", IN(bandwidth), .above = true,
                    .usual = "median distance of the farthest links"),
    MLK_BOOLEAN("sym", false, "keep only links that go both ways", IN(sym)),
    MLK_BOOLEAN("self", false, "link each frame with itself", IN(self)),
    MLK_BOOLEAN("full", false, "link all pairs, in the modes \"distance\" and \"affinity\"", IN(full)),
    MLK_PARAMETERS_END,
};

typedef struct neighbour {
    double distance;
    int64_t frame;
} neighbour;

typedef struct work {
    mlk_frames frames;
    const mlk_recurrence_options *options;
    int64_t k, candidates;
    const double *scales;
    double *distances;  /* n for each worker */
    neighbour *nearest; /* `candidates` for each worker */
    float *out;
} work;

static bool nearer(neighbour a, neighbour b)
{
    return a.distance < b.distance || (a.distance == b.distance && a.frame < b.frame);
}

static int by_distance(const void *a, const void *b)
{
    return nearer(*(const neighbour *)a, *(const neighbour *)b) ? -1 : 1;
}

static int by_frame(const void *a, const void *b)
{
    return ((const neighbour *)a)->frame < ((const neighbour *)b)->frame ? -1 : 1;
}

/* A heap whose root is the farthest: puts `item` at `hole` or below. */
static void sift_down(neighbour *heap, int64_t count, int64_t hole, neighbour item)
{
    for (;;) {
        int64_t child = 2 * hole + 1;
        if (child >= count)
            break;
        if (child + 1 < count && nearer(heap[child], heap[child + 1]))
            child++;
        if (!nearer(item, heap[child]))
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = item;
}

/* The `count` nearest of the other frames (count < n), in no order. */
static void choose_nearest(const double *distances, int64_t n, int64_t own, int64_t count, neighbour *heap)
{
    int64_t filled = 0;
    for (int64_t j = 0; j < n; j++) {
        neighbour item = {distances[j], j};
        if (j == own)
            continue;
        if (filled < count) {
            heap[filled++] = item;
            if (filled == count)
                for (int64_t i = count / 2; i-- > 0;)
                    sift_down(heap, count, i, heap[i]);
        } else if (nearer(item, heap[0])) {
            sift_down(heap, count, 0, item);
        }
    }
}

static void link_frame(void *context, int task, int worker)
{
    const work *all = context;
    const mlk_recurrence_options *options = all->options;
    int64_t n = all->frames.n, own = task, kept = 0;
    double *distances = all->distances + worker * n;
    neighbour *nearest = all->nearest + worker * all->candidates;
    float *row = all->out + own * n;

    mlk_distances_from(options->metric, all->frames, all->scales, own, all->frames, all->scales, distances);
    choose_nearest(distances, n, own, all->candidates, nearest);
    bool plain = options->mode == MLK_CONNECTIVITY;
    bool full = options->full && !plain;
    qsort(nearest, (size_t)all->candidates, sizeof *nearest, plain ? by_frame : by_distance);

    memset(row, 0, sizeof *row * (size_t)n);
    for (int64_t i = 0; i < all->candidates && (full || kept < all->k); i++) {
        neighbour to = nearest[i];
        if (!full && llabs(to.frame - own) < options->width)
            continue;
        if (!plain && to.distance == 0)
            continue;
        row[to.frame] = plain ? 1 : (float)to.distance;
        kept++;
    }
    if (options->self && options->mode != MLK_LINK_DISTANCE)
        row[own] = plain ? 1 : SELF;
}

static void keep_mutual(float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            out[i * n + j] = out[j * n + i] = fminf(out[i * n + j], out[j * n + i]);
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The median over the frames of the distance of their k-th link, or of their last. `scratch` holds 2 n. */
static mlk_code estimate_bandwidth(const float *out, int64_t n, int64_t k, float *scratch, double *bandwidth,
                                   mlk_status *status)
{
    float *links = scratch, *farthest = scratch + n;
    int64_t linked = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        for (int64_t j = 0; j < n; j++)
            if (out[i * n + j] > 0)
                links[count++] = out[i * n + j];
        if (count == 0)
            continue;
        qsort(links, (size_t)count, sizeof *links, ascending);
        farthest[linked++] = links[(count < k ? count : k) - 1];
    }
    if (linked == 0)
        return mlk_fail(status, MLK_INVALID, "no frame has a link at a distance above 0, so there is no bandwidth to "
                                             "estimate: give bandwidth");
    qsort(farthest, (size_t)linked, sizeof *farthest, ascending);
    *bandwidth = ((double)farthest[(linked - 1) / 2] + farthest[linked / 2]) / 2;
    return MLK_OK;
}

static mlk_code to_affinity(float *out, int64_t n, int64_t k, double bandwidth, mlk_status *status)
{
    if (!(bandwidth > 0)) {
        float *scratch = malloc(sizeof(float) * 2 * (size_t)n);
        if (!scratch)
            return mlk_fail_memory(status, "the links of a frame");
        mlk_code code = estimate_bandwidth(out, n, k, scratch, &bandwidth, status);
        free(scratch);
        if (code)
            return code;
    }
    for (int64_t i = 0; i < n * n; i++)
        if (out[i] != 0)
            out[i] = out[i] == SELF ? 1 : (float)exp(-(double)out[i] / bandwidth);
    return MLK_OK;
}

static void transpose(float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            float swapped = out[i * n + j];
            out[i * n + j] = out[j * n + i];
            out[j * n + i] = swapped;
        }
    }
}

static mlk_code check(int64_t n, const mlk_recurrence_options *options, mlk_status *status)
{
    int64_t most = (n - 1) / 2 - 1;
    if (most < 1)
        return mlk_fail(status, MLK_INVALID, "S must have 5 frames or more, got %lld", (long long)n);
    if (options->width < 1 || options->width > most)
        return mlk_fail(status, MLK_INVALID, "width must be 1..(frames - 1)//2 - 1 (%lld), got %lld", (long long)most,
                        (long long)options->width);
    if (options->bandwidth < 0 || isinf(options->bandwidth))
        return mlk_fail(status, MLK_INVALID, "bandwidth must be above 0, got %g", options->bandwidth);
    return MLK_OK;
}

mlk_code mlk_recurrence(mlk_frames frames, const mlk_recurrence_options *options, float *out, mlk_status *status)
{
    int64_t n = frames.n;
    mlk_code code = mlk_frames_check(frames, "S", status);
    if (!code)
        code = check(n, options, status);
    if (code)
        return code;

    work all = {.frames = frames, .options = options, .out = out};
    all.k = options->k > 0 ? options->k : 2 * (int64_t)ceil(sqrt((double)(n - 2 * options->width + 1)));
    bool full = options->full && options->mode != MLK_CONNECTIVITY;
    all.candidates = full || all.k > n - 1 - 2 * options->width ? n - 1 : all.k + 2 * options->width;
    int workers = mlk_cores();
    double *scales = malloc(sizeof(double) * (size_t)n);
    all.distances = malloc(sizeof(double) * (size_t)(workers * n));
    all.nearest = malloc(sizeof(neighbour) * (size_t)(workers * all.candidates));
    if (!scales || !all.distances || !all.nearest) {
        code = mlk_fail_memory(status, "the distances of a frame");
    } else {
        mlk_frames_scales(frames, scales);
        all.scales = scales;
        if (mlk_parallel((int)n, workers, link_frame, &all) != (int)n)
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(scales);
    free(all.distances);
    free(all.nearest);
    if (code)
        return code;

    if (options->sym)
        keep_mutual(out, n);
    if (options->mode == MLK_AFFINITY)
        code = to_affinity(out, n, all.k, options->bandwidth, status);
    transpose(out, n);
    return code;
}

void mlk_shear(const float *in, int64_t rows, int64_t columns, int direction, int64_t ring, int64_t kept, float *out)
{
    memset(out, 0, sizeof(float) * (size_t)(kept * columns));
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            int64_t to = (i + direction * j) % ring;
            to = to < 0 ? to + ring : to;
            if (to < kept)
                out[to * columns + j] = in[i * columns + j];
        }
    }
}

#include "music/stretches.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool mlk_stretches_fit(const int64_t *edges, int64_t n, int64_t frames)
{
    for (int64_t i = 0; i < n; i++)
        if (edges[i] < 0 || edges[i + 1] <= edges[i] || edges[i + 1] > frames)
            return false;
    return true;
}

/* Whether stretch i slides along stretch j: of two of one length the later along the earlier. */
static bool slides(const int64_t *edges, int64_t i, int64_t j)
{
    int64_t own = edges[i + 1] - edges[i], other = edges[j + 1] - edges[j];
    return i != j && (own < other || (own == other && i > j));
}

/* sums[at] += the distance of frame k of a stretch of `length` to the one it lies over, wherever `at` it begins. */
static void add_shifts(const double *row, int64_t begin, int64_t end, int64_t length, int64_t k, double *sums)
{
    for (int64_t at = begin; at + length <= end; at++)
        sums[at] += row[at + k];
}

static double least(const double *sums, int64_t begin, int64_t end)
{
    double found = INFINITY;
    for (int64_t at = begin; at < end; at++)
        found = fmin(found, sums[at]);
    return found;
}

mlk_code mlk_stretch_distances(mlk_frames frames, const int64_t *edges, int64_t n, double *distances,
                               mlk_status *status)
{
    double *row = malloc(sizeof *row * 2 * (size_t)frames.n), *sums = row + frames.n;
    if (!row)
        return mlk_fail_memory(status, "the distances of stretches");
    for (int64_t i = 0; i < n; i++) {
        int64_t length = edges[i + 1] - edges[i];
        distances[i * n + i] = 0;
        memset(sums, 0, sizeof *sums * (size_t)frames.n);
        for (int64_t k = 0; k < length; k++) {
            mlk_distances_from(MLK_EUCLIDEAN, frames, NULL, edges[i] + k, frames, NULL, row);
            for (int64_t j = 0; j < n; j++)
                if (slides(edges, i, j))
                    add_shifts(row, edges[j], edges[j + 1], length, k, sums);
        }
        for (int64_t j = 0; j < n; j++)
            if (slides(edges, i, j))
                distances[i * n + j] = distances[j * n + i] =
                    least(sums, edges[j], edges[j + 1] - length + 1) / (double)length;
    }
    free(row);
    return MLK_OK;
}

#include "extract/segment.h"

#include <math.h>

/* A hair of tolerance: 3 s are 3 s however they were multiplied. */
static int64_t place(const mlk_grid *grid, int64_t i)
{
    return (int64_t)floor((double)i * grid->hop + 1e-6);
}

/* Segments that lie on the grid. */
static int64_t count_whole(const mlk_grid *grid, int64_t total)
{
    int64_t n = (int64_t)((double)(total - grid->length) / grid->hop) + 1;
    while (place(grid, n) + grid->length <= total)
        n++;
    while (n > 1 && place(grid, n - 1) + grid->length > total)
        n--;
    return n;
}

int64_t mlk_grid_count(const mlk_grid *grid, int64_t total)
{
    if (grid->length == 0 || total <= grid->length)
        return 1;
    int64_t n = count_whole(grid, total);
    double left = (double)(total - place(grid, n - 1) - grid->length);
    return 2 * left >= fmin(grid->hop, (double)grid->length) ? n + 1 : n;
}

int64_t mlk_grid_start(const mlk_grid *grid, int64_t total, int64_t i)
{
    int64_t last = total - mlk_grid_length(grid, total), start = place(grid, i);
    return start < last ? start : last;
}

int64_t mlk_grid_length(const mlk_grid *grid, int64_t total)
{
    return grid->length > 0 && grid->length < total ? grid->length : total;
}

/* segment.h: the pieces that a track is cut into for training: a fixed grid, or pieces at random.
 *
 * Lengths are counted in the units of the material: frames or samples.
 */
#ifndef MLK_SEGMENT_H
#define MLK_SEGMENT_H

#include <stdint.h>

typedef struct mlk_grid {
    int64_t length; /* of a segment; 0: tracks are taken whole */
    double hop;     /* from one segment to the next, at least 1 */
} mlk_grid;

/* How many segments a track of `total` units has: those that fit, and one more that ends with the track where at least
 * half a hop (or half a segment, if that is less) would be left out. A track shorter than a segment is one segment. */
int64_t mlk_grid_count(const mlk_grid *grid, int64_t total);

/* Where segment i of them begins. */
int64_t mlk_grid_start(const mlk_grid *grid, int64_t total, int64_t i);

/* Units that a segment has: grid->length, or less in a short track. */
int64_t mlk_grid_length(const mlk_grid *grid, int64_t total);

#endif

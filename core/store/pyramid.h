/* pyramid.h: a picture over time, of any length, as a pyramid of tiles in one file.
 *
 * Numbers become levels 0..255. Zoom 0 has a column for each column that came, each
 * further zoom half as many (the mean of two), down to the first that fits in one
 * tile. Columns are added as they are made: memory is that of one tile a zoom.
 *
 *     tile    256 columns (the last of a zoom may have fewer) × rows, the lowest row
 *             at the bottom: a chunk IDAT of a PNG picture of 8-bit indices
 *     index   for each zoom: its number of tiles, then place and size of each
 *     about   a text
 *     end     "MLKTILES", rows, zooms, columns, the highest level, places of index and about
 *
 * A reader puts a header and a palette in front of a chunk (lua/moonlark/server/maps.lua):
 * a picture is made without decoding or compressing anything.
 */
#ifndef MLK_PYRAMID_H
#define MLK_PYRAMID_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

enum { MLK_TILE_COLUMNS = 256, MLK_TILE_MAX_ROWS = 1024, MLK_TILE_MAX_ZOOMS = 32 };

/* How numbers become levels: `low` is 0, `high` 255. `db_factor`: 10 of powers, 20 of amplitudes, in decibels before
 * that; 0: as they are. NaN is level 0. */
typedef struct mlk_levels {
    double low, high, db_factor;
} mlk_levels;

typedef struct mlk_pyramid mlk_pyramid;

/* What was written. */
typedef struct mlk_pyramid_facts {
    int64_t columns;
    int zooms;
    int highest; /* level */
} mlk_pyramid_facts;

mlk_code mlk_pyramid_new(const char *path, int rows, const mlk_levels *levels, mlk_pyramid **made, mlk_status *status);

/* Adds columns from..to of `values`, rows × stride. */
mlk_code mlk_pyramid_add(mlk_pyramid *self, const float *values, int64_t stride, int64_t from, int64_t to,
                       mlk_status *status);

/* Writes the rest, with a text about it, and gives the file its name. MLK_INVALID: there are no columns. */
mlk_code mlk_pyramid_finish(mlk_pyramid *self, const char *about, size_t size, mlk_pyramid_facts *facts,
                            mlk_status *status);

/* Frees it; a file that was not finished is gone. Takes NULL. */
void mlk_pyramid_free(mlk_pyramid *self);

#endif

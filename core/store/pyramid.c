#include "store/pyramid.h"

#include "store/atomic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct place {
    uint64_t at, size;
} place;

/* One zoom: the tile that is being filled, and where those before it lie. */
typedef struct zoom {
    uint8_t *pixels; /* rows × (1 + 256): a zero (PNG's filter "none") before each row */
    int width;
    uint8_t *waiting; /* a column that waits for its neighbour, to become one of the next zoom */
    bool waits;
    int64_t columns;
    place *places;
    size_t count, room;
} zoom;

struct mlk_pyramid {
    mlk_atomic file;
    mlk_levels levels;
    int rows, highest;
    uint64_t written;
    zoom zooms[MLK_TILE_MAX_ZOOMS];
    uint8_t *column, *packed;
    size_t packed_room;
    bool open;
};

enum { STRIDE = MLK_TILE_COLUMNS + 1 };

static mlk_code out_of_memory(mlk_status *status)
{
    return mlk_fail_memory(status, "the tiles of a map");
}

mlk_code mlk_pyramid_new(const char *path, int rows, const mlk_levels *levels, mlk_pyramid **made, mlk_status *status)
{
    *made = NULL;
    mlk_pyramid *self = calloc(1, sizeof *self);
    if (!self)
        return out_of_memory(status);
    *self = (mlk_pyramid){.levels = *levels, .rows = rows, .packed_room = compressBound((uLong)rows * STRIDE)};
    self->column = malloc((size_t)rows);
    self->packed = malloc(self->packed_room);
    mlk_code code = self->column && self->packed ? mlk_atomic_open(path, &self->file, status) : out_of_memory(status);
    self->open = !code;
    if (code)
        mlk_pyramid_free(self);
    else
        *made = self;
    return code;
}

void mlk_pyramid_free(mlk_pyramid *self)
{
    if (!self)
        return;
    if (self->open)
        mlk_atomic_abort(&self->file);
    for (int i = 0; i < MLK_TILE_MAX_ZOOMS; i++) {
        free(self->zooms[i].pixels);
        free(self->zooms[i].waiting);
        free(self->zooms[i].places);
    }
    free(self->column);
    free(self->packed);
    free(self);
}

static mlk_code put(mlk_pyramid *self, const void *bytes, size_t n, mlk_status *status)
{
    self->written += n;
    return mlk_atomic_write(&self->file, bytes, n, status);
}

static void big_endian(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* --- tiles ------------------------------------------------------------------------- */

/* Moves the rows of a tile that is narrower than it could be together, as its picture has them. */
static void narrow(zoom *z, int rows)
{
    size_t width = (size_t)z->width + 1;
    for (size_t row = 1; row < (size_t)rows; row++)
        memmove(z->pixels + row * width, z->pixels + row * STRIDE, width);
}

static mlk_code remember(zoom *z, place where, mlk_status *status)
{
    if (z->count == z->room) {
        size_t room = z->room ? 2 * z->room : 64;
        place *places = realloc(z->places, room * sizeof *places);
        if (!places)
            return out_of_memory(status);
        z->places = places;
        z->room = room;
    }
    z->places[z->count++] = where;
    return MLK_OK;
}

/* Writes the tile that is being filled as a chunk: length, "IDAT", data, checksum. */
static mlk_code write_tile(mlk_pyramid *self, zoom *z, mlk_status *status)
{
    uint8_t head[8] = {0, 0, 0, 0, 'I', 'D', 'A', 'T'}, sum[4];
    narrow(z, self->rows);
    uLongf size = (uLongf)self->packed_room;
    if (compress2(self->packed, &size, z->pixels, (uLong)self->rows * (uLong)(z->width + 1), 6) != Z_OK)
        return out_of_memory(status);
    big_endian(head, (uint32_t)size);
    big_endian(sum, (uint32_t)crc32(crc32(0, head + 4, 4), self->packed, (uInt)size));
    place where = {self->written, size + 12};
    mlk_code code = put(self, head, sizeof head, status);
    if (!code)
        code = put(self, self->packed, size, status);
    if (!code)
        code = put(self, sum, sizeof sum, status);
    z->width = 0;
    return code ? code : remember(z, where, status);
}

static mlk_code prepare(mlk_pyramid *self, zoom *z, mlk_status *status)
{
    if (z->pixels)
        return MLK_OK;
    z->pixels = calloc((size_t)self->rows, STRIDE);
    z->waiting = malloc((size_t)self->rows);
    return z->pixels && z->waiting ? MLK_OK : out_of_memory(status);
}

static void draw(zoom *z, const uint8_t *column, int rows)
{
    for (int row = 0; row < rows; row++)
        z->pixels[(size_t)(rows - 1 - row) * STRIDE + 1 + (size_t)z->width] = column[row];
    z->width++;
    z->columns++;
}

/* The mean of two columns, in `waiting`: halves are rounded up and down in turn, so that nothing grows with zooms. */
static void halve(zoom *z, const uint8_t *column, int rows)
{
    int up = z->columns % 4 == 0;
    for (int row = 0; row < rows; row++)
        z->waiting[row] = (uint8_t)((z->waiting[row] + column[row] + up) / 2);
}

/* Adds a column to a zoom and, of every second, the mean of both to the next. */
static mlk_code add_column(mlk_pyramid *self, int number, const uint8_t *column, mlk_status *status)
{
    for (; number < MLK_TILE_MAX_ZOOMS; number++) {
        zoom *z = &self->zooms[number];
        mlk_code code = prepare(self, z, status);
        if (code)
            return code;
        if (z->width == 0)
            memset(z->pixels, 0, (size_t)self->rows * STRIDE); /* narrow() may have moved what lies there */
        draw(z, column, self->rows);
        if (z->width == MLK_TILE_COLUMNS && (code = write_tile(self, z, status)))
            return code;
        z->waits = !z->waits;
        if (z->waits) {
            memcpy(z->waiting, column, (size_t)self->rows);
            return MLK_OK;
        }
        halve(z, column, self->rows);
        column = z->waiting;
    }
    return MLK_OK;
}

static uint8_t level(const mlk_levels *levels, double value)
{
    if (levels->db_factor > 0)
        value = value > 0 ? levels->db_factor * log10(value) : -HUGE_VAL;
    double place = (value - levels->low) / (levels->high - levels->low) * 255;
    if (!(place > 0)) /* NaN, too */
        return 0;
    return (uint8_t)(place < 255 ? place + 0.5 : 255);
}

mlk_code mlk_pyramid_add(mlk_pyramid *self, const float *values, int64_t stride, int64_t from, int64_t to,
                       mlk_status *status)
{
    for (int64_t i = from; i < to; i++) {
        for (int row = 0; row < self->rows; row++) {
            self->column[row] = level(&self->levels, (double)values[row * stride + i]);
            if (self->column[row] > self->highest)
                self->highest = self->column[row];
        }
        mlk_code code = add_column(self, 0, self->column, status);
        if (code)
            return code;
    }
    return MLK_OK;
}

/* --- the end ------------------------------------------------------------------------ */

/* Columns that wait for a neighbour have none: they are columns of the next zoom as they are. */
static mlk_code flush_waiting(mlk_pyramid *self, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; i + 1 < MLK_TILE_MAX_ZOOMS && self->zooms[i].columns > 1 && !code; i++) {
        zoom *z = &self->zooms[i];
        if (!z->waits)
            continue;
        z->waits = false;
        memcpy(self->column, z->waiting, (size_t)self->rows);
        code = add_column(self, i + 1, self->column, status);
    }
    return code;
}

/* Numbers in the file are 64 bits, the lowest byte first. */
static mlk_code put_number(mlk_pyramid *self, uint64_t value, mlk_status *status)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return put(self, bytes, sizeof bytes, status);
}

static mlk_code put_numbers(mlk_pyramid *self, const uint64_t *values, int n, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; i < n && !code; i++)
        code = put_number(self, values[i], status);
    return code;
}

static mlk_code write_index(mlk_pyramid *self, int zooms, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; i < zooms && !code; i++) {
        const zoom *z = &self->zooms[i];
        code = put_number(self, z->count, status);
        for (size_t tile = 0; tile < z->count && !code; tile++)
            code = put_numbers(self, (uint64_t[]){z->places[tile].at, z->places[tile].size}, 2, status);
    }
    return code;
}

static mlk_code write_end(mlk_pyramid *self, const char *about, size_t size, const mlk_pyramid_facts *facts,
                          mlk_status *status)
{
    uint64_t index = self->written;
    mlk_code code = write_index(self, facts->zooms, status);
    uint64_t text = self->written;
    if (!code)
        code = put(self, about, size, status);
    uint64_t end[] = {(uint64_t)self->rows, (uint64_t)facts->zooms, (uint64_t)facts->columns, (uint64_t)facts->highest,
                      index, text};
    if (!code)
        code = put_numbers(self, end, 6, status);
    return code ? code : put(self, "MLKTILES", 8, status);
}

mlk_code mlk_pyramid_finish(mlk_pyramid *self, const char *about, size_t size, mlk_pyramid_facts *facts,
                            mlk_status *status)
{
    *facts = (mlk_pyramid_facts){.columns = self->zooms[0].columns, .highest = self->highest};
    if (facts->columns == 0)
        return mlk_fail(status, MLK_INVALID, "a map must have columns, got none");
    mlk_code code = flush_waiting(self, status);
    bool fits = false;
    for (int i = 0; i < MLK_TILE_MAX_ZOOMS && !fits && !code; i++) {
        zoom *z = &self->zooms[i];
        fits = z->columns <= MLK_TILE_COLUMNS;
        facts->zooms = i + 1;
        if (z->width > 0)
            code = write_tile(self, z, status);
    }
    if (!code)
        code = write_end(self, about, size, facts, status);
    if (code)
        return code;
    self->open = false;
    return mlk_atomic_commit(&self->file, status);
}

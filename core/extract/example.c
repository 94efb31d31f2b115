#include "extract/example.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a segment, wherever they lie. */
typedef struct sheet {
    const float *data;
    int64_t rows, frames, step; /* step: from row to row */
} sheet;

/* What is not finite becomes the mean, 0: networks cannot take it. */
static void normalise_row(const float *in, int64_t n, float mean, float scale, float *out)
{
    for (int64_t i = 0; i < n; i++) {
        float value = (in[i] - mean) * scale;
        out[i] = isfinite(value) ? value : 0;
    }
}

static void write(const mlk_plan *plan, const sheet *from, int64_t frames, float *out)
{
    for (int64_t row = 0; row < from->rows; row++) {
        float *to = out + row * frames;
        normalise_row(from->data + row * from->step, from->frames, plan->mean ? plan->mean[row] : 0,
                      plan->mean ? plan->scale[row] : 1, to);
        memset(to + from->frames, 0, (size_t)(frames - from->frames) * sizeof *to);
    }
}

mlk_code mlk_example_make(const mlk_plan *plan, const mlk_example *example, int64_t frames, float *out,
                          int64_t *length, mlk_status *status)
{
    mlk_piece piece;
    if (mlk_material_borrow(plan->material, plan->tracks[example->track], &piece, status))
        return status->code;
    *length = mlk_grid_length(&plan->grid, piece.length);
    write(plan, &(sheet){piece.data + example->start, piece.rows, *length, piece.length}, frames, out);
    mlk_piece_release(&piece);
    return MLK_OK;
}

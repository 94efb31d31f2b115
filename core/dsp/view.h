/* view.h: a stretch of a waveform, as frames are read from it. */
#ifndef MLK_VIEW_H
#define MLK_VIEW_H

#include <stdint.h>

/* Sample i of the waveform is samples[i - first], for first <= i < end. */
typedef struct mlk_view {
    const float *samples;
    int64_t first, end;
    int64_t n; /* samples of the whole waveform; INT64_MAX while its end is unknown */
} mlk_view;

/* What stands for samples before the first and after the last. */
typedef enum mlk_pad {
    MLK_PAD_CONSTANT, /* zeros */
    MLK_PAD_REFLECT,  /* mirrored without repeating the edge */
    MLK_PAD_EDGE,     /* the edge repeated */
} mlk_pad;

/* The names a user types, in the enum's order, NULL at the end. */
extern const char *const mlk_pad_names[];

/* The view of a whole waveform. */
static inline mlk_view mlk_view_whole(const float *samples, int64_t n)
{
    return (mlk_view){samples, 0, n, n};
}

/* Copies `length` samples from position `start` on. Positions outside of the waveform are padded. The view must hold
 * the samples asked for, and those that they mirror. */
void mlk_view_read(const mlk_view *view, int64_t start, int length, mlk_pad pad, double *out);

/* The same in single precision: a pointer into the view where nothing is padded, else `scratch`. */
const float *mlk_view_frame(const mlk_view *view, int64_t start, int length, mlk_pad pad, float *scratch);

#endif

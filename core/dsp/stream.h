/* stream.h: samples that come one after another. */
#ifndef MLK_STREAM_H
#define MLK_STREAM_H

#include "status.h"

#include <stdint.h>

/* Where samples come from, one after another. */
typedef struct mlk_stream {
    void *context;
    /* Up to `count` further samples; none only at the end. */
    mlk_code (*read)(void *context, float *out, int64_t count, int64_t *got, mlk_status *status);
    /* Back to the first sample. */
    mlk_code (*restart)(void *context, mlk_status *status);
    void (*release)(void *context); /* NULL: nothing to let go */
} mlk_stream;

#endif

#include "dsp/view.h"

#include <assert.h>
#include <stddef.h>

const char *const mlk_pad_names[] = {"constant", "reflect", "edge", NULL};

/* A sample outside 0..n-1. */
static float padded(const mlk_view *view, int64_t i, mlk_pad pad)
{
    int64_t n = view->n;
    if (pad == MLK_PAD_CONSTANT || n == 0)
        return 0;
    if (pad == MLK_PAD_EDGE || n == 1)
        i = i < 0 ? 0 : n - 1;
    else {
        int64_t period = n > INT64_MAX / 2 ? INT64_MAX : 2 * (n - 1);
        i = (i < 0 ? -i : i) % period;
        i = i < n ? i : period - i;
    }
    assert(i >= view->first && i < view->end);
    return view->samples[i - view->first];
}

void mlk_view_read(const mlk_view *view, int64_t start, int length, mlk_pad pad, double *out)
{
    int64_t n = view->n;
    int before = start < 0 ? (-start < length ? (int)-start : length) : 0;
    int inside = n < start + length ? (n > start + before ? (int)(n - start) : before) : length;
    assert(before >= inside || (start + before >= view->first && start + inside <= view->end));
    for (int i = 0; i < before; i++)
        out[i] = padded(view, start + i, pad);
    for (int i = before; i < inside; i++)
        out[i] = view->samples[start + i - view->first];
    for (int i = inside; i < length; i++)
        out[i] = padded(view, start + i, pad);
}

const float *mlk_view_frame(const mlk_view *view, int64_t start, int length, mlk_pad pad, float *scratch)
{
    if (start >= 0 && start + length <= view->n) {
        assert(start >= view->first && start + length <= view->end);
        return view->samples + (start - view->first);
    }
    for (int i = 0; i < length; i++) {
        int64_t at = start + i;
        scratch[i] = at >= 0 && at < view->n ? view->samples[at - view->first] : padded(view, at, pad);
    }
    return scratch;
}

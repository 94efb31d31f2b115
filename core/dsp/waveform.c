#include "dsp/waveform.h"

#include "dsp/decimate.h"
#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 15, LEAST = 1 << 9 }; /* samples asked of a source at once */
enum { ALIGNED = 16 };                    /* samples in a cache line: windows begin with a multiple of these */

struct mlk_waveform {
    double rate;
    int64_t n; /* INT64_MAX: not known yet */
    const float *samples; /* in memory; NULL: in the window */

    mlk_stream source;
    float *window; /* samples first .. end-1 */
    int64_t first, end, room;
    int64_t mark, lookback; /* requests reach as far as `lookback` behind the mark */

    int64_t piece; /* samples asked of the source at once; 0: there is none, samples are appended */

    int factor; /* of a decimated waveform */
    mlk_waveform *decimated, *next; /* the first of those made from this one; the next of the same origin */
};

MLK_CLONES static bool all_finite(const float *samples, int64_t n)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return !bad;
}

/* `position` is that of samples[0]. */
static mlk_code check_finite(const float *samples, int64_t n, int64_t position, double rate, mlk_status *status)
{
    if (all_finite(samples, n))
        return MLK_OK;
    while (isfinite(*samples)) {
        samples++;
        position++;
    }
    return mlk_fail(status, MLK_INVALID, "samples must be finite, got %s at sample %lld (%.3f s)",
                    isnan(*samples) ? "NaN" : "infinity", (long long)position, (double)position / rate);
}

static mlk_waveform *create(double rate, mlk_status *status)
{
    mlk_waveform *made = calloc(1, sizeof *made);
    if (made)
        *made = (mlk_waveform){.rate = rate, .n = INT64_MAX, .piece = PIECE};
    else
        mlk_fail_memory(status, "a waveform");
    return made;
}

mlk_waveform *mlk_waveform_of(const float *samples, int64_t n, double rate, mlk_status *status)
{
    static const float none[1];
    if (check_finite(samples, n, 0, rate, status))
        return NULL;
    mlk_waveform *made = create(rate, status);
    if (made) {
        made->n = made->end = n;
        made->samples = samples ? samples : none;
    }
    return made;
}

mlk_waveform *mlk_waveform_from(mlk_stream source, double rate, mlk_status *status)
{
    mlk_waveform *made = create(rate, status);
    if (made)
        made->source = source;
    else if (source.release)
        source.release(source.context);
    return made;
}

void mlk_waveform_free(mlk_waveform *waveform)
{
    if (!waveform)
        return;
    mlk_waveform_free(waveform->decimated);
    mlk_waveform_free(waveform->next);
    if (waveform->source.release)
        waveform->source.release(waveform->source.context);
    free(waveform->window);
    free(waveform);
}

mlk_waveform *mlk_waveform_open(double rate, int64_t lookback, mlk_status *status)
{
    mlk_waveform *made = create(rate, status);
    if (made) {
        made->piece = 0;
        made->lookback = lookback;
    }
    return made;
}

double mlk_waveform_rate(const mlk_waveform *waveform)
{
    return waveform->rate;
}

/* Drops what no request will ask for, and makes room for `more` samples after the last. */
static mlk_code make_room(mlk_waveform *w, int64_t more, mlk_status *status)
{
    int64_t keep = w->mark - w->lookback;
    int64_t dropped = keep > w->first ? (keep < w->end ? keep : w->end) - w->first : 0;
    dropped -= dropped % ALIGNED;
    int64_t kept = w->end - w->first - dropped;
    if (kept + more > w->room) {
        int64_t room = 2 * (kept + more);
        room += ALIGNED - room % ALIGNED;
        float *window = aligned_alloc(ALIGNED * sizeof *window, (size_t)room * sizeof *window);
        if (!window)
            return mlk_fail(status, MLK_MEMORY, "not enough memory for %lld samples", (long long)room);
        if (kept > 0)
            memcpy(window, w->window + dropped, (size_t)kept * sizeof *window);
        free(w->window);
        w->window = window;
        w->room = room;
        w->first += dropped;
        return MLK_OK;
    }
    if (w->end - w->first + more <= w->room)
        return MLK_OK; /* there is still room: moving less often is cheaper */
    memmove(w->window, w->window + dropped, (size_t)kept * sizeof *w->window);
    w->first += dropped;
    return MLK_OK;
}

mlk_code mlk_waveform_append(mlk_waveform *waveform, const float *samples, int64_t n, mlk_status *status)
{
    mlk_code code = check_finite(samples, n, waveform->end, waveform->rate, status);
    if (!code)
        code = make_room(waveform, n, status);
    if (code)
        return code;
    memcpy(waveform->window + (waveform->end - waveform->first), samples, (size_t)n * sizeof *samples);
    waveform->end += n;
    return MLK_OK;
}

void mlk_waveform_end(mlk_waveform *waveform)
{
    waveform->n = waveform->end;
}

/* Whether reading on gives more. */
static bool can_read(const mlk_waveform *w)
{
    return w->end < w->n && w->piece > 0;
}

static mlk_code read_piece(mlk_waveform *w, mlk_status *status)
{
    mlk_code code = make_room(w, w->piece, status);
    if (code)
        return code;
    float *to = w->window + (w->end - w->first);
    int64_t got = 0;
    code = w->source.read(w->source.context, to, w->piece, &got, status);
    if (!code && w->factor == 0)
        code = check_finite(to, got, w->end, w->rate, status);
    if (code)
        return code;
    w->end += got;
    if (got == 0)
        w->n = w->end;
    return MLK_OK;
}

mlk_code mlk_waveform_reach(mlk_waveform *waveform, int64_t position, int64_t *n, mlk_status *status)
{
    while (waveform->end < position && waveform->n == INT64_MAX && can_read(waveform)) {
        mlk_code code = read_piece(waveform, status);
        if (code)
            return code;
    }
    *n = waveform->n < INT64_MAX ? waveform->n : waveform->end;
    return MLK_OK;
}

mlk_code mlk_waveform_load(mlk_waveform *waveform, mlk_status *status)
{
    mlk_view view;
    mlk_waveform_mark(waveform, 0);
    mlk_code code = mlk_waveform_view(waveform, 0, INT64_MAX, &view, status);
    if (!code)
        waveform->samples = view.samples;
    return code;
}

mlk_code mlk_waveform_length(mlk_waveform *waveform, int64_t *n, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int64_t at = 0; !code && waveform->n == INT64_MAX; at += PIECE) {
        mlk_waveform_mark(waveform, at);
        code = mlk_waveform_reach(waveform, at + PIECE, n, status);
    }
    *n = waveform->n;
    mlk_waveform_mark(waveform, 0);
    return code;
}

mlk_code mlk_waveform_view(mlk_waveform *waveform, int64_t first, int64_t end, mlk_view *view, mlk_status *status)
{
    mlk_waveform *w = waveform;
    if (w->samples) {
        *view = mlk_view_whole(w->samples, w->n);
        return MLK_OK;
    }
    if (w->mark - first > w->lookback)
        w->lookback = w->mark - first;
    first = first > 0 ? first : 0;
    if (first < w->first) {
        assert(w->piece > 0); /* what was appended does not come again */
        mlk_code code = w->source.restart(w->source.context, status);
        if (code)
            return code;
        w->first = w->end = 0;
    }
    while (w->end < end && can_read(w)) {
        mlk_code code = read_piece(w, status);
        if (code)
            return code;
    }
    *view = (mlk_view){w->window, w->first, w->end, w->n};
    return MLK_OK;
}

void mlk_waveform_mark(mlk_waveform *waveform, int64_t position)
{
    waveform->mark = position;
    for (mlk_waveform *child = waveform->decimated; child; child = child->next)
        mlk_waveform_mark(child, position / child->factor);
}

static mlk_code view_of(void *origin, int64_t first, int64_t end, mlk_view *view, mlk_status *status)
{
    return mlk_waveform_view(origin, first, end, view, status);
}

mlk_waveform *mlk_waveform_decimated(mlk_waveform *waveform, int factor, mlk_status *status)
{
    for (mlk_waveform *child = waveform->decimated; child; child = child->next)
        if (child->factor == factor)
            return child;
    mlk_stream source;
    if (mlk_decimation(view_of, waveform, factor, &source, status))
        return NULL;
    mlk_waveform *made = mlk_waveform_from(source, waveform->rate / factor, status);
    if (!made)
        return NULL;
    made->factor = factor;
    made->piece = waveform->piece / factor > LEAST ? waveform->piece / factor : LEAST; /* as long a time */
    made->mark = waveform->mark / factor;
    made->next = waveform->decimated;
    waveform->decimated = made;
    return made;
}

#include "dsp/live.h"

#include "dsp/block.h"

#include <stdlib.h>
#include <string.h>

struct mlk_live {
    mlk_waveform *waveform;
    mlk_blocks blocks;
    int64_t ahead;
    int64_t heard, done; /* samples pushed; positions whose frames were given */
    int64_t index;       /* of the next block */
    bool finished;
    mlk_settings features[];
};

/* --- what can be had of a stream --- */

static mlk_code check_causal(const mlk_settings *settings, mlk_status *status)
{
    const mlk_feature *feature = settings->feature;
    const char *needed = feature->gathers ? feature->gathers(settings) : NULL;
    if (feature->scope == MLK_SCOPE_CLIP || mlk_settings_fact(settings, feature->reach) < 1)
        return mlk_fail(status, MLK_INVALID, "%s cannot be had of a stream: a frame needs the whole clip", feature->name);
    if (needed)
        return mlk_fail(status, MLK_INVALID, "%s of a stream cannot know %s", feature->name, needed);
    return MLK_OK;
}

/* Refuses settings that no clip could have. */
static mlk_code check(const mlk_settings *settings, double rate, mlk_status *status)
{
    mlk_status reason;
    mlk_feature_shape shape;
    mlk_code code = check_causal(settings, status);
    if (!code && mlk_feature_measure(settings, 2 * (int64_t)mlk_settings_fact(settings, settings->feature->reach), rate,
                                     &shape, &reason))
        code = mlk_fail(status, MLK_INVALID, "%s: %.200s", settings->feature->name, reason.message);
    return code;
}

static int64_t longest(const mlk_settings *features, int n, int64_t (*length)(const mlk_settings *))
{
    int64_t most = 0;
    for (int i = 0; i < n; i++)
        most = length(&features[i]) > most ? length(&features[i]) : most;
    return most;
}

static int64_t reach(const mlk_settings *settings)
{
    return (int64_t)mlk_settings_fact(settings, settings->feature->reach);
}

/* What of that lies behind a frame's position. */
static int64_t ahead(const mlk_settings *settings)
{
    bool centred = mlk_settings_get(settings, "center") != 0;
    return centred ? reach(settings) - reach(settings) / 2 : reach(settings);
}

mlk_code mlk_live_new(const mlk_settings *features, int n, double rate, mlk_live **live, mlk_status *status)
{
    *live = NULL;
    for (int i = 0; i < n; i++)
        if (check(&features[i], rate, status))
            return status->code;
    mlk_live *made = calloc(1, sizeof *made + (size_t)n * sizeof *features);
    if (!made)
        return mlk_fail_memory(status, "a stream of features");
    memcpy(made->features, features, (size_t)n * sizeof *features);
    made->ahead = longest(features, n, ahead);
    made->waveform = mlk_waveform_open(rate, 2 * longest(features, n, reach), status);
    mlk_code code = made->waveform ? mlk_blocks_init(&made->blocks, made->features, n, made->waveform, status)
                                   : status->code;
    if (code) {
        mlk_live_free(made);
        return code;
    }
    *live = made;
    return MLK_OK;
}

void mlk_live_free(mlk_live *live)
{
    if (!live)
        return;
    mlk_blocks_clear(&live->blocks);
    mlk_waveform_free(live->waveform);
    free(live);
}

int64_t mlk_live_ahead(const mlk_live *live)
{
    return live->ahead;
}

int64_t mlk_live_heard(const mlk_live *live)
{
    return live->heard;
}

/* --- as sound comes --- */

enum { PIECE = 1 << 15 }; /* samples taken at once, as a sweep's blocks are long */

/* The frames at positions before `end`. */
static mlk_code give(mlk_live *live, int64_t end, mlk_sink sink, mlk_status *status)
{
    mlk_blocks *blocks = &live->blocks;
    mlk_block block = {MLK_PASS_FINAL, live->index, live->done, end};
    mlk_code code = mlk_analysis_enter(blocks->analysis, block, 0, status);
    for (int i = 0; !code && i < blocks->n; i++)
        code = mlk_blocks_compute(blocks, i, sink, status);
    live->done = end;
    live->index++;
    return code;
}

static mlk_code refuse_more(mlk_status *status)
{
    return mlk_fail(status, MLK_INVALID, "the stream is finished");
}

mlk_code mlk_live_push(mlk_live *live, const float *samples, int64_t n, mlk_sink sink, mlk_status *status)
{
    mlk_code code = live->finished ? refuse_more(status) : MLK_OK;
    for (int64_t at = 0, count; !code && at < n; at += count) {
        count = n - at < PIECE ? n - at : PIECE;
        code = mlk_waveform_append(live->waveform, samples + at, count, status);
        if (code)
            break;
        live->heard += count;
        int64_t end = live->heard - live->ahead + 1;
        if (end > live->done)
            code = give(live, end, sink, status);
    }
    return code;
}

mlk_code mlk_live_finish(mlk_live *live, mlk_sink sink, mlk_status *status)
{
    if (live->finished)
        return refuse_more(status);
    live->finished = true;
    mlk_waveform_end(live->waveform);
    return give(live, INT64_MAX, sink, status);
}

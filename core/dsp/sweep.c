#include "dsp/sweep.h"

#include "interrupt.h"

#include <stdlib.h>
#include <string.h>

/* Positions of the waveform in a block: 64 frames at the usual hop, whose spectra fit a second-level cache. */
enum { BLOCK = 1 << 15 };

typedef struct sweep {
    mlk_blocks blocks;
    mlk_sink sink;
    bool *surveyed; /* features that wait for the final pass */
} sweep;

static const mlk_settings *settings_of(const sweep *s, int feature)
{
    return &s->blocks.features[feature];
}

static mlk_code compute(sweep *s, int feature, mlk_status *status)
{
    return mlk_blocks_compute(&s->blocks, feature, s->sink, status);
}

static mlk_code survey(sweep *s, int feature, mlk_status *status)
{
    const mlk_settings *settings = settings_of(s, feature);
    mlk_status reason;
    s->surveyed[feature] = settings->feature->gathers && settings->feature->gathers(settings);
    mlk_code code = s->surveyed[feature] ? settings->feature->survey(settings, s->blocks.analysis, &reason) : MLK_OK;
    return code ? mlk_blocks_fail(&s->blocks, feature, code, &reason, status) : MLK_OK;
}

/* What a pass does with a feature in a block. */
static mlk_code work(sweep *s, mlk_pass pass, int feature, mlk_status *status)
{
    bool frame_by_frame = settings_of(s, feature)->feature->scope == MLK_SCOPE_FRAME;
    if (pass == MLK_PASS_FINAL)
        return frame_by_frame && s->surveyed[feature] ? compute(s, feature, status) : MLK_OK;
    mlk_code code = survey(s, feature, status);
    return code || s->surveyed[feature] || !frame_by_frame ? code : compute(s, feature, status);
}

/* Samples that a frame may reach beyond its block. */
static int64_t reach_ahead(const sweep *s)
{
    int64_t longest = 0;
    for (int i = 0; i < s->blocks.n; i++) {
        int64_t reach = (int64_t)mlk_settings_fact(settings_of(s, i), settings_of(s, i)->feature->reach);
        longest = reach > longest ? reach : longest;
    }
    return longest + BLOCK;
}

static mlk_code walk(sweep *s, mlk_pass pass, mlk_status *status)
{
    int64_t ahead = reach_ahead(s);
    mlk_code code = MLK_OK;
    bool ended = false;
    for (int64_t i = 0; !code && !ended; i++) {
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        code = mlk_analysis_enter(s->blocks.analysis, (mlk_block){pass, i, i * BLOCK, (i + 1) * BLOCK}, ahead, status);
        for (int f = 0; !code && f < s->blocks.n; f++)
            code = work(s, pass, f, status);
        ended = !code && s->blocks.analysis->n < i * BLOCK; /* a frame may lie at the very end, or a little behind it */
    }
    return code;
}

/* The features that need the whole clip. */
static mlk_code whole(sweep *s, mlk_status *status)
{
    mlk_code code = mlk_analysis_enter_whole(s->blocks.analysis, status);
    for (int i = 0; !code && i < s->blocks.n; i++)
        if (settings_of(s, i)->feature->scope == MLK_SCOPE_CLIP)
            code = mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : compute(s, i, status);
    return code;
}

static mlk_code run(sweep *s, mlk_status *status)
{
    bool blocks = false, again = false, clip = false;
    for (int i = 0; i < s->blocks.n; i++) {
        blocks = blocks || settings_of(s, i)->feature->scope == MLK_SCOPE_FRAME || settings_of(s, i)->feature->survey;
        clip = clip || settings_of(s, i)->feature->scope == MLK_SCOPE_CLIP;
    }
    mlk_code code = blocks ? walk(s, MLK_PASS_SURVEY, status) : MLK_OK;
    if (!code && clip) /* before the final pass, which lets go of what the survey kept */
        code = whole(s, status);
    for (int i = 0; i < s->blocks.n; i++)
        again = again || (s->surveyed[i] && settings_of(s, i)->feature->scope == MLK_SCOPE_FRAME);
    return !code && again ? walk(s, MLK_PASS_FINAL, status) : code;
}

mlk_code mlk_sweep(const mlk_settings *features, int n, mlk_waveform *waveform, mlk_sink sink, mlk_status *status)
{
    sweep s = {.sink = sink};
    mlk_code code = mlk_blocks_init(&s.blocks, features, n, waveform, status);
    s.surveyed = calloc((size_t)n + 1, sizeof *s.surveyed);
    if (!code)
        code = s.surveyed ? run(&s, status) : mlk_fail_memory(status, "an analysis");
    mlk_blocks_clear(&s.blocks);
    free(s.surveyed);
    return code;
}

void mlk_sweep_place(const mlk_feature_shape *part, const void *data, int64_t frames, void *out)
{
    size_t width = mlk_dtype_size(part->dtype);
    for (int64_t row = 0; row < part->rows; row++)
        memcpy((char *)out + (size_t)(row * frames + part->first) * width,
               (const char *)data + (size_t)(row * part->frames) * width, (size_t)part->frames * width);
}

typedef struct target {
    int64_t frames;
    void *out;
} target;

static mlk_code take(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status)
{
    (void)feature, (void)status;
    const target *to = context;
    mlk_sweep_place(part, data, to->frames, to->out);
    return MLK_OK;
}

mlk_code mlk_sweep_into(const mlk_settings *settings, mlk_waveform *waveform, const mlk_feature_shape *shape, void *out,
                        mlk_status *status)
{
    target to = {shape->frames, out};
    return mlk_sweep(settings, 1, waveform, (mlk_sink){&to, take}, status);
}

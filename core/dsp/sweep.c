#include "dsp/sweep.h"

#include "interrupt.h"

#include <stdlib.h>
#include <string.h>

/* Positions of the waveform in a block: 64 frames at the usual hop, whose spectra fit a second-level cache. */
enum { BLOCK = 1 << 15 };

typedef struct sweep {
    const mlk_settings *features;
    int n;
    mlk_analysis *analysis;
    mlk_sink sink;
    bool *surveyed;    /* features that wait for the final pass */
    mlk_carry *carries; /* of each feature */
    void *data;     /* one feature of one block */
    size_t room;
} sweep;

static mlk_code named(const sweep *s, int feature, mlk_code code, const mlk_status *reason, mlk_status *status)
{
    if (code == MLK_INTERRUPTED)
        return mlk_fail(status, code, "%s", reason->message);
    return mlk_fail(status, code, "%s: %.200s", s->features[feature].feature->name, reason->message);
}

static mlk_code make_room(sweep *s, const mlk_feature_shape *part, mlk_status *status)
{
    size_t bytes = (size_t)part->rows * (size_t)part->frames * mlk_dtype_size(part->dtype);
    if (bytes <= s->room)
        return MLK_OK;
    free(s->data);
    s->data = malloc(bytes);
    s->room = s->data ? bytes : 0;
    return s->data ? MLK_OK
                   : mlk_fail(status, MLK_MEMORY, "not enough memory for %lld x %lld values", (long long)part->rows,
                              (long long)part->frames);
}

/* Computes a feature's frames in the block and hands them on. */
static mlk_code compute(sweep *s, int feature, mlk_status *status)
{
    const mlk_settings *settings = &s->features[feature];
    mlk_feature_shape shape;
    mlk_status reason;
    mlk_code code = mlk_feature_measure(settings, s->analysis->n, s->analysis->rate, &shape, &reason);
    if (!code) {
        shape = mlk_feature_in_block(settings, s->analysis, &shape);
        if (shape.frames == 0)
            return MLK_OK;
        code = make_room(s, &shape, &reason);
    }
    s->analysis->carry = &s->carries[feature];
    if (!code)
        code = settings->feature->compute(settings, s->analysis, &shape, s->data, &reason);
    if (code)
        return named(s, feature, code, &reason, status);
    return s->sink.take(s->sink.context, feature, &shape, s->data, status);
}

static mlk_code survey(sweep *s, int feature, mlk_status *status)
{
    const mlk_settings *settings = &s->features[feature];
    mlk_status reason;
    mlk_code code = settings->feature->survey
                        ? settings->feature->survey(settings, s->analysis, &s->surveyed[feature], &reason)
                        : MLK_OK;
    return code ? named(s, feature, code, &reason, status) : MLK_OK;
}

/* What a pass does with a feature in a block. */
static mlk_code work(sweep *s, mlk_pass pass, int feature, mlk_status *status)
{
    bool frame_by_frame = s->features[feature].feature->scope == MLK_SCOPE_FRAME;
    if (pass == MLK_PASS_FINAL)
        return frame_by_frame && s->surveyed[feature] ? compute(s, feature, status) : MLK_OK;
    mlk_code code = survey(s, feature, status);
    return code || s->surveyed[feature] || !frame_by_frame ? code : compute(s, feature, status);
}

/* Samples that a frame may reach beyond its block. */
static int64_t reach_ahead(const sweep *s)
{
    int64_t longest = 0;
    for (int i = 0; i < s->n; i++) {
        int64_t reach = (int64_t)mlk_settings_fact(&s->features[i], s->features[i].feature->reach);
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
        code = mlk_analysis_enter(s->analysis, (mlk_block){pass, i, i * BLOCK, (i + 1) * BLOCK}, ahead, status);
        for (int f = 0; !code && f < s->n; f++)
            code = work(s, pass, f, status);
        ended = !code && s->analysis->n < i * BLOCK; /* a frame may lie at the very end, or a little behind it */
    }
    return code;
}

/* The features that need the whole clip. */
static mlk_code whole(sweep *s, mlk_status *status)
{
    mlk_code code = mlk_analysis_enter_whole(s->analysis, status);
    for (int i = 0; !code && i < s->n; i++)
        if (s->features[i].feature->scope == MLK_SCOPE_CLIP)
            code = mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : compute(s, i, status);
    return code;
}

static mlk_code run(sweep *s, mlk_status *status)
{
    bool blocks = false, again = false, clip = false;
    for (int i = 0; i < s->n; i++) {
        blocks = blocks || s->features[i].feature->scope == MLK_SCOPE_FRAME || s->features[i].feature->survey;
        clip = clip || s->features[i].feature->scope == MLK_SCOPE_CLIP;
    }
    mlk_code code = blocks ? walk(s, MLK_PASS_SURVEY, status) : MLK_OK;
    if (!code && clip) /* before the final pass, which lets go of what the survey kept */
        code = whole(s, status);
    for (int i = 0; i < s->n; i++)
        again = again || (s->surveyed[i] && s->features[i].feature->scope == MLK_SCOPE_FRAME);
    return !code && again ? walk(s, MLK_PASS_FINAL, status) : code;
}

mlk_code mlk_sweep(const mlk_settings *features, int n, mlk_waveform *waveform, mlk_sink sink, mlk_status *status)
{
    sweep s = {.features = features, .n = n, .sink = sink};
    s.analysis = mlk_analysis_of(waveform, status);
    s.surveyed = calloc((size_t)n + 1, sizeof *s.surveyed);
    s.carries = calloc((size_t)n + 1, sizeof *s.carries);
    bool ready = s.analysis && s.surveyed && s.carries;
    mlk_code code = ready ? run(&s, status) : mlk_fail_memory(status, "an analysis");
    mlk_analysis_free(s.analysis);
    for (int i = 0; s.carries && i < n; i++)
        free(s.carries[i].memory);
    free(s.carries);
    free(s.surveyed);
    free(s.data);
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

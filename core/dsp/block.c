#include "dsp/block.h"

#include <stdlib.h>

mlk_code mlk_blocks_init(mlk_blocks *blocks, const mlk_settings *features, int n, mlk_waveform *waveform,
                         mlk_status *status)
{
    *blocks = (mlk_blocks){.features = features, .n = n};
    blocks->analysis = mlk_analysis_of(waveform, status);
    blocks->carries = calloc((size_t)n + 1, sizeof *blocks->carries);
    return blocks->analysis && blocks->carries ? MLK_OK : mlk_fail_memory(status, "an analysis");
}

void mlk_blocks_clear(mlk_blocks *blocks)
{
    mlk_analysis_free(blocks->analysis);
    for (int i = 0; blocks->carries && i < blocks->n; i++)
        free(blocks->carries[i].memory);
    free(blocks->carries);
    free(blocks->data);
    *blocks = (mlk_blocks){0};
}

mlk_code mlk_blocks_fail(const mlk_blocks *blocks, int feature, mlk_code code, const mlk_status *reason,
                         mlk_status *status)
{
    if (code == MLK_INTERRUPTED)
        return mlk_fail(status, code, "%s", reason->message);
    return mlk_fail(status, code, "%s: %.200s", blocks->features[feature].feature->name, reason->message);
}

static mlk_code make_room(mlk_blocks *b, const mlk_feature_shape *part, mlk_status *status)
{
    size_t bytes = (size_t)part->rows * (size_t)part->frames * mlk_dtype_size(part->dtype);
    if (bytes <= b->room)
        return MLK_OK;
    free(b->data);
    b->data = malloc(bytes);
    b->room = b->data ? bytes : 0;
    return b->data ? MLK_OK
                   : mlk_fail(status, MLK_MEMORY, "not enough memory for %lld x %lld values", (long long)part->rows,
                              (long long)part->frames);
}

mlk_code mlk_blocks_compute(mlk_blocks *blocks, int feature, mlk_sink sink, mlk_status *status)
{
    const mlk_settings *settings = &blocks->features[feature];
    mlk_analysis *analysis = blocks->analysis;
    mlk_feature_shape shape;
    mlk_status reason;
    mlk_code code = mlk_feature_measure(settings, analysis->n, analysis->rate, &shape, &reason);
    if (!code) {
        shape = mlk_feature_in_block(settings, analysis, &shape);
        if (shape.frames == 0)
            return MLK_OK;
        code = make_room(blocks, &shape, &reason);
    }
    analysis->carry = &blocks->carries[feature];
    if (!code)
        code = settings->feature->compute(settings, analysis, &shape, blocks->data, &reason);
    if (code)
        return mlk_blocks_fail(blocks, feature, code, &reason, status);
    return sink.take(sink.context, feature, &shape, blocks->data, status);
}

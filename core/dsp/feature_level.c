/* Features of the waveform itself. */
#include "dsp/feature_table.h"

#include "dsp/level.h"
#include "dsp/lpc.h"

#include <string.h>

static mlk_code measure(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape, mlk_status *status)
{
    int frame_length = (int)mlk_settings_get(s, "frame_length"), hop = (int)mlk_settings_get(s, "hop_length");
    bool center = mlk_settings_get(s, "center") != 0;
    shape->frames = mlk_frame_count(n, frame_length, hop, center);
    shape->start = center ? 0 : frame_length / 2 / rate;
    if (shape->frames == 0)
        return mlk_fail(status, MLK_INVALID,
                        "frame_length (%d) must not exceed the clip's %lld samples when center is false",
                        frame_length, (long long)n);
    return MLK_OK;
}

/* The frames of a block; their samples are in *view. */
static mlk_code frames_of(const mlk_settings *s, mlk_pad pad, mlk_analysis *a, const mlk_feature_shape *shape,
                          mlk_view *view, mlk_frames *frames, mlk_status *status)
{
    *frames = (mlk_frames){
        .view = view,
        .first = shape->first,
        .count = shape->frames,
        .length = (int)mlk_settings_get(s, "frame_length"),
        .hop = (int)mlk_settings_get(s, "hop_length"),
        .center = mlk_settings_get(s, "center") != 0,
        .pad = pad,
    };
    return mlk_analysis_view(a, frames->length, frames->hop, frames->center, (mlk_span){shape->first, shape->frames},
                             view, status);
}

static mlk_code rms(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                    mlk_status *status)
{
    mlk_view view;
    mlk_frames frames;
    mlk_code code = frames_of(s, (mlk_pad)mlk_settings_get(s, "pad_mode"), a, shape, &view, &frames, status);
    return code ? code : mlk_rms(&frames, out, status);
}

static const mlk_parameter rms_parameters[] = {
    MLK_FRAME_LENGTH(1),
    MLK_HOP_LENGTH,
    MLK_CENTER,
    MLK_PAD_MODE,
};

const mlk_feature mlk_feature_rms = {
    .name = "rms",
    .summary = "loudness as the root of the mean square of each frame",
    .kind = "rms",
    MLK_PLAIN_FRAMES,
    .energy = MLK_FIXED(1),
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(rms_parameters),
    .measure = measure,
    .compute = rms,
};

static mlk_code measure_zcr(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                            mlk_status *status)
{
    if (n == 0)
        return mlk_fail(status, MLK_INVALID, "zero_crossing_rate needs at least one sample, got an empty clip");
    return measure(s, n, rate, shape, status);
}

static mlk_code zero_crossing_rate(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                                   mlk_status *status)
{
    mlk_view view;
    mlk_frames frames;
    mlk_code code = frames_of(s, MLK_PAD_EDGE, a, shape, &view, &frames, status);
    return code ? code : mlk_zero_crossing_rate(&frames, mlk_settings_get(s, "threshold"), out, status);
}

static const mlk_parameter zcr_parameters[] = {
    MLK_FRAME_LENGTH(1),
    MLK_HOP_LENGTH,
    MLK_CENTER,
    MLK_REAL("threshold", 1e-10, 0, HUGE_VAL, "smaller magnitudes count as 0"),
};

const mlk_feature mlk_feature_zero_crossing_rate = {
    .name = "zero_crossing_rate",
    .summary = "share of a frame's samples at which the sign changes",
    .kind = "zero_crossing_rate",
    MLK_PLAIN_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(zcr_parameters),
    .measure = measure_zcr,
    .compute = zero_crossing_rate,
};

static mlk_code measure_lpc(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                            mlk_status *status)
{
    int order = (int)mlk_settings_get(s, "order"), frame_length = (int)mlk_settings_get(s, "frame_length");
    shape->rows = order + 1;
    if (order >= frame_length)
        return mlk_fail(status, MLK_INVALID, "order must be 1..frame_length - 1 (%d), got %d", frame_length - 1, order);
    return measure(s, n, rate, shape, status);
}

static mlk_code lpc(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                    mlk_status *status)
{
    mlk_view view;
    mlk_frames frames;
    mlk_code code = frames_of(s, (mlk_pad)mlk_settings_get(s, "pad_mode"), a, shape, &view, &frames, status);
    return code ? code : mlk_lpc(&frames, (int)mlk_settings_get(s, "order"), out, status);
}

static const mlk_parameter lpc_parameters[] = {
    MLK_INTEGER("order", 16, 1, 4096, "samples before that predict one"),
    MLK_FRAME_LENGTH(2),
    MLK_HOP_LENGTH,
    MLK_CENTER,
    MLK_PAD_MODE,
};

const mlk_feature mlk_feature_lpc = {
    .name = "lpc",
    .summary = "linear prediction coefficients: the filter that takes each frame's resonances out",
    .kind = "lpc",
    .axis = {.name = "coefficient"},
    MLK_PLAIN_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(lpc_parameters),
    .measure = measure_lpc,
    .compute = lpc,
};

static mlk_code measure_samples(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                mlk_status *status)
{
    (void)s;
    (void)rate;
    shape->frames = n;
    return n > 0 ? MLK_OK : mlk_fail(status, MLK_INVALID, "samples needs at least one sample, got an empty clip");
}

static mlk_code samples(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                        mlk_status *status)
{
    (void)s;
    (void)status;
    memcpy(out, a->samples, (size_t)shape->frames * sizeof(float));
    return MLK_OK;
}

static const mlk_parameter samples_parameters[] = {
    MLK_INTEGER("hop_length", 1, 1, 1, "from frame to frame: always this", .unit = "samples"),
};

const mlk_feature mlk_feature_samples = {
    .name = "samples",
    .summary = "the waveform itself, for networks that hear sound as it is",
    .kind = "samples",
    .hop = MLK_FIXED(1),
    MLK_PARAMETERS(samples_parameters),
    .measure = measure_samples,
    .compute = samples,
};

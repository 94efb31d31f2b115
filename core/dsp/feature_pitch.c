/* The pitch of one voice. */
#include "dsp/feature_table.h"

#include "dsp/pyin.h"

#include <string.h>

#define C2_HZ 65.40639132514966
#define C7_HZ 2093.004522404789

#define PITCH_PARAMETERS                                                                                        \
    MLK_REAL("fmin", C2_HZ, 1e-3, 1e9, "the lowest pitch", .unit = "Hz"),                                       \
        MLK_REAL("fmax", C7_HZ, 1e-3, 1e9, "the highest pitch", .unit = "Hz"), MLK_FRAME_LENGTH(4),             \
        MLK_HOP_LENGTH, MLK_CENTER, MLK_PAD_MODE

static mlk_yin yin_of(const mlk_settings *s)
{
    return (mlk_yin){
        .fmin = mlk_settings_get(s, "fmin"),
        .fmax = mlk_settings_get(s, "fmax"),
        .frame_length = (int)mlk_settings_get(s, "frame_length"),
        .hop_length = (int)mlk_settings_get(s, "hop_length"),
        .center = mlk_settings_get(s, "center") != 0,
        .pad_mode = (mlk_pad)mlk_settings_get(s, "pad_mode"),
    };
}

static mlk_code measure_frames(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                               mlk_status *status)
{
    mlk_yin yin = yin_of(s);
    shape->frames = mlk_frame_count(n, yin.frame_length, yin.hop_length, yin.center);
    shape->start = yin.center ? 0 : yin.frame_length / 2 / rate;
    if (shape->frames == 0)
        return mlk_fail(status, MLK_INVALID,
                        "frame_length (%d) must not exceed the clip's %lld samples when center is false",
                        yin.frame_length, (long long)n);
    return MLK_OK;
}

/* --- yin --- */

static mlk_code measure_yin(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                            mlk_status *status)
{
    mlk_yin yin = yin_of(s);
    mlk_code code = mlk_yin_check(&yin, rate, status);
    return code ? code : measure_frames(s, n, rate, shape, status);
}

static mlk_code compute_yin(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                            mlk_status *status)
{
    mlk_yin yin = yin_of(s);
    mlk_view view = mlk_view_whole(a->samples, a->n);
    return mlk_yin_pitch(&yin, mlk_settings_get(s, "trough_threshold"), &view, shape->frames, a->rate, out, status);
}

static const mlk_parameter yin_parameters[] = {PITCH_PARAMETERS, MLK_REAL("trough_threshold", 0.1, 1e-6, 1e6,
                                                        "the first trough under it is taken for the period")};

const mlk_feature mlk_feature_yin = {
    .name = "yin",
    .summary = "pitch of each frame by itself, Hz, voiced or not",
    .kind = "yin",
    .unit = "Hz",
    MLK_PLAIN_FRAMES,
    MLK_PARAMETERS(yin_parameters),
    .measure = measure_yin,
    .compute = compute_yin,
};

/* --- pyin: pitch, voicing and its probability from one computation over the whole clip --- */

static mlk_pyin pyin_of(const mlk_settings *s)
{
    return (mlk_pyin){
        .yin = yin_of(s),
        .n_thresholds = (int)mlk_settings_get(s, "n_thresholds"),
        .beta_a = mlk_settings_get(s, "beta_a"),
        .beta_b = mlk_settings_get(s, "beta_b"),
        .boltzmann_parameter = mlk_settings_get(s, "boltzmann_parameter"),
        .resolution = mlk_settings_get(s, "resolution"),
        .max_transition_rate = mlk_settings_get(s, "max_transition_rate"),
        .switch_prob = mlk_settings_get(s, "switch_prob"),
        .no_trough_prob = mlk_settings_get(s, "no_trough_prob"),
    };
}

static mlk_code measure_pyin(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    mlk_pyin pyin = pyin_of(s);
    mlk_code code = mlk_pyin_check(&pyin, rate, status);
    return code ? code : measure_frames(s, n, rate, shape, status);
}

typedef struct request {
    const mlk_pyin *pyin;
    const mlk_analysis *analysis;
    int64_t frames;
} request;

static void *make_track(const void *context, mlk_status *status)
{
    const request *r = context;
    mlk_view view = mlk_view_whole(r->analysis->samples, r->analysis->n);
    return mlk_pyin_track(r->pyin, &view, r->frames, r->analysis->rate, status);
}

static const mlk_pitch_track *track_of(const mlk_settings *s, mlk_analysis *a, int64_t frames, mlk_status *status)
{
    static const mlk_memo_kind tracks = {make_track, mlk_pitch_track_free};
    mlk_pyin pyin = pyin_of(s);
    mlk_key key = mlk_analysis_key(a);
    mlk_pyin_key(&key, &pyin);
    request r = {&pyin, a, frames};
    return mlk_memo_get(&a->memo, &tracks, &key, &r, status);
}

static mlk_code compute_pyin(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                             mlk_status *status)
{
    const mlk_pitch_track *track = track_of(s, a, shape->frames, status);
    if (!track)
        return status->code;
    bool guess = mlk_settings_get(s, "best_guess") != 0;
    float fill_na = (float)mlk_settings_get(s, "fill_na"), *pitch = out;
    for (int64_t t = 0; t < shape->frames; t++)
        pitch[t] = guess || track->voiced[t] != 0 ? track->pitch[t] : fill_na;
    return MLK_OK;
}

static mlk_code compute_voiced_flag(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                                    mlk_status *status)
{
    const mlk_pitch_track *track = track_of(s, a, shape->frames, status);
    if (!track)
        return status->code;
    memcpy(out, track->voiced, (size_t)shape->frames * sizeof *track->voiced);
    return MLK_OK;
}

static mlk_code compute_voiced_probability(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape,
                                           void *out, mlk_status *status)
{
    const mlk_pitch_track *track = track_of(s, a, shape->frames, status);
    if (!track)
        return status->code;
    memcpy(out, track->probability, (size_t)shape->frames * sizeof *track->probability);
    return MLK_OK;
}

#define VOICING_PARAMETERS                                                                                      \
    PITCH_PARAMETERS, MLK_INTEGER("n_thresholds", 100, 1, 10000, "thresholds that vote"),                       \
        MLK_REAL("beta_a", 2, 1e-3, 1e4, "first number of the thresholds' Beta distribution"),                  \
        MLK_REAL("beta_b", 18, 1e-3, 1e4, "second number of it"),                                               \
        MLK_REAL("boltzmann_parameter", 2, 1e-6, 700, "how far shorter periods are preferred"),                 \
        MLK_REAL("resolution", 0.1, 1e-4, 1, "of the pitches", .unit = "semitones"),                            \
        MLK_REAL("max_transition_rate", 35.92, 0, 1e6, "how fast a pitch may move", .unit = "octaves/s"),       \
        MLK_REAL("switch_prob", 0.01, 0, 1, "probability that voicing changes from frame to frame"),            \
        MLK_REAL("no_trough_prob", 0.01, 0, 1, "share of the votes that find no trough, for the lowest")

/* Where unvoiced: 0 by default, for NaN would make every pooled value NaN. */
static const mlk_parameter pyin_parameters[] = {
    VOICING_PARAMETERS,
    MLK_REAL_OR_NIL("fill_na", 0, -1e9, 1e9, "pitch of unvoiced frames", .unit = "Hz", .usual = "NaN"),
    MLK_BOOLEAN("best_guess", 0, "keep the pitch that an unvoiced frame might have"),
};

const mlk_feature mlk_feature_pyin = {
    .name = "pyin",
    .summary = "pitch of a voice over the clip, Hz; 0 where nothing is voiced",
    .kind = "pyin",
    .unit = "Hz",
    MLK_PLAIN_FRAMES,
    MLK_PARAMETERS(pyin_parameters),
    .measure = measure_pyin,
    .compute = compute_pyin,
};

static const mlk_parameter voicing_parameters[] = {VOICING_PARAMETERS};

const mlk_feature mlk_feature_voiced_flag = {
    .name = "voiced_flag",
    .summary = "1 where pyin hears a voice, else 0: its mean is the share of voiced frames",
    .kind = "voiced_flag",
    MLK_PLAIN_FRAMES,
    MLK_PARAMETERS(voicing_parameters),
    .measure = measure_pyin,
    .compute = compute_voiced_flag,
};

const mlk_feature mlk_feature_voiced_probability = {
    .name = "voiced_probability",
    .summary = "how likely each frame is voiced, by pyin",
    .kind = "voiced_probability",
    MLK_PLAIN_FRAMES,
    MLK_PARAMETERS(voicing_parameters),
    .measure = measure_pyin,
    .compute = compute_voiced_probability,
};

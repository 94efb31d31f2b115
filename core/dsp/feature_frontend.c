/* The inputs of pretrained models. All take 16 kHz and need the whole clip: it is cut or padded to a length, or
 * measured by its maximum. */
#include "dsp/feature_table.h"

#include "dsp/frontend.h"

#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, WHISPER_SAMPLES = 30 * RATE };

static mlk_code check_rate(const mlk_settings *s, double rate, mlk_status *status)
{
    if (rate == RATE)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID, "%s needs a waveform of %d Hz, got %g Hz: load it with rate = %d",
                    s->feature->name, RATE, rate, RATE);
}

/* The shape of `frames` frames, of which a clip of n samples must fill at least one. */
static mlk_code measure_frames(const mlk_settings *s, const mlk_frontend *f, int64_t n, double rate, int64_t frames,
                               mlk_feature_shape *shape, mlk_status *status)
{
    mlk_code code = check_rate(s, rate, status);
    if (code)
        return code;
    if (mlk_frontend_frames(f, n) < 1)
        return mlk_fail(status, MLK_INVALID, "%s needs at least %d samples, got %lld", s->feature->name,
                        f->frame_length, (long long)n);
    if (f->fmin >= f->fmax || f->fmax > rate / 2)
        return mlk_fail(status, MLK_INVALID, "fmin (%g Hz) must lie below fmax (%g Hz), and that not above %g Hz",
                        f->fmin, f->fmax, rate / 2);
    shape->rows = f->n_bands;
    shape->frames = frames;
    shape->start = f->center ? 0 : f->frame_length / 2 / rate;
    return MLK_OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Bands of the frames that are there; the rest 0. */
static mlk_code bands(const mlk_frontend *f, const mlk_analysis *a, const mlk_feature_shape *shape, float *out,
                      mlk_status *status)
{
    memset(out, 0, (size_t)(shape->rows * shape->frames) * sizeof *out);
    return mlk_frontend_bands(f, a->samples, a->n, a->rate, least(shape->frames, mlk_frontend_frames(f, a->n)),
                              shape->frames, out, status);
}

#define N_FRAMES(standard)                                                                                      \
    MLK_INTEGER_OR_NIL("n_frames", standard, 1, MLK_MAX_FRAME, "cut or pad to so many", .unit = "frames",       \
                       .usual = "the clip's")
#define NORMALIZE MLK_BOOLEAN("normalize", 1, "to the mean and deviation that the network was trained with")
#define FIXED_HOP(hop)                                                                                          \
    MLK_INTEGER("hop_length", hop, hop, hop, "from frame to frame: always this", .unit = "samples")

/* --- whisper_mel --- */

static mlk_frontend whisper(const mlk_settings *s)
{
    return (mlk_frontend){.frame_length = 400, .hop_length = 160, .n_fft = 400, .center = true, .pad = MLK_PAD_REFLECT,
                          .periodic = true, .power = 2, .n_bands = (int)mlk_settings_get(s, "n_mels"), .fmax = 8000};
}

static mlk_code measure_whisper(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                                mlk_status *status)
{
    mlk_frontend f = whisper(s);
    bool pad = mlk_settings_get(s, "pad") != 0;
    if (!pad && n <= 200)
        return mlk_fail(status, MLK_INVALID, "whisper_mel needs more than 200 samples unless pad is true, got %lld",
                        (long long)n);
    int64_t length = pad ? WHISPER_SAMPLES : n;
    return measure_frames(s, &f, length, rate, length / f.hop_length, shape, status);
}

static mlk_code compute_whisper(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                                mlk_status *status)
{
    mlk_frontend f = whisper(s);
    bool pad = mlk_settings_get(s, "pad") != 0;
    int64_t n = pad ? WHISPER_SAMPLES : a->n, count = shape->rows * shape->frames;
    float *padded = pad ? calloc((size_t)n, sizeof *padded) : NULL, *x = out;
    if (pad && !padded)
        return mlk_fail_memory(status, "a padded clip");
    if (pad)
        memcpy(padded, a->samples, (size_t)least(n, a->n) * sizeof *padded);
    const float *from = pad ? padded : a->samples;
    mlk_code code = mlk_frontend_bands(&f, from, n, a->rate, shape->frames, shape->frames, x, status);
    free(padded);
    float range = (float)mlk_settings_get(s, "range"), highest = -INFINITY;
    for (int64_t i = 0; !code && i < count; i++) {
        x[i] = (float)log10(fmax(x[i], 1e-10));
        highest = fmaxf(highest, x[i]);
    }
    for (int64_t i = 0; !code && i < count; i++)
        x[i] = (fmaxf(x[i], highest - range) + 4) / 4; /* of a number and NAN fmaxf takes the number */
    return code;
}

static void place_whisper(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)rate;
    (void)rows;
    mlk_frontend f = whisper(s);
    mlk_frontend_centres(&f, values);
}

static const mlk_parameter whisper_parameters[] = {
    MLK_N_MELS(80, 1024),
    MLK_BOOLEAN("pad", 1, "cut or pad with silence to 30 s"),
    FIXED_HOP(160),
    MLK_REAL_OR_NIL("range", 8, 1e-3, 100, "below the clip's maximum, where values end; false: no end",
                    .unit = "decades"),
};

const mlk_feature mlk_feature_whisper_mel = {
    .name = "whisper_mel",
    .summary = "input of OpenAI's Whisper: log-mel of 30 s at 16 kHz",
    .kind = "whisper_mel",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel", .palette = "magma"},
    .hop = MLK_FIXED(160),
    MLK_PARAMETERS(whisper_parameters),
    .measure = measure_whisper,
    .compute = compute_whisper,
    .place = place_whisper,
};

/* --- vggish_mel --- */

static const mlk_frontend vggish = {.frame_length = 400, .hop_length = 160, .n_fft = 512, .periodic = true, .power = 1,
                                    .n_bands = 64, .fmin = 125, .fmax = 7500, .triangles_in_mel = true};

static mlk_code measure_vggish(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                               mlk_status *status)
{
    return measure_frames(s, &vggish, n, rate, mlk_frontend_frames(&vggish, n), shape, status);
}

static mlk_code compute_vggish(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                               mlk_status *status)
{
    (void)s;
    float *x = out;
    mlk_code code = bands(&vggish, a, shape, x, status);
    for (int64_t i = 0; !code && i < shape->rows * shape->frames; i++)
        x[i] = (float)log(x[i] + 0.01);
    return code;
}

static void place_vggish(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)s;
    (void)rate;
    (void)rows;
    mlk_frontend_centres(&vggish, values);
}

static const mlk_parameter vggish_parameters[] = {FIXED_HOP(160)};

const mlk_feature mlk_feature_vggish_mel = {
    .name = "vggish_mel",
    .summary = "input of Google's VGGish: log-mel of magnitudes at 16 kHz",
    .kind = "vggish_mel",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel", .palette = "magma"},
    .hop = MLK_FIXED(160),
    MLK_PARAMETERS(vggish_parameters),
    .measure = measure_vggish,
    .compute = compute_vggish,
    .place = place_vggish,
};

/* --- kaldi_fbank --- */

static mlk_frontend kaldi(const mlk_settings *s)
{
    return (mlk_frontend){
        .frame_length = 400,
        .hop_length = 160,
        .n_fft = 512,
        .taper = (mlk_taper)mlk_settings_get(s, "window"),
        .remove_mean = mlk_settings_get(s, "remove_dc_offset") != 0,
        .preemphasis = mlk_settings_get(s, "preemphasis"),
        .power = 2,
        .n_bands = (int)mlk_settings_get(s, "n_mels"),
        .fmin = mlk_settings_get(s, "fmin"),
        .fmax = mlk_settings_get(s, "fmax"),
        .triangles_in_mel = true,
    };
}

static mlk_code measure_kaldi(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    mlk_frontend f = kaldi(s);
    double length = mlk_settings_get(s, "n_frames");
    return measure_frames(s, &f, n, rate, isnan(length) ? mlk_frontend_frames(&f, n) : (int64_t)length, shape, status);
}

static mlk_code compute_kaldi(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                              mlk_status *status)
{
    mlk_frontend f = kaldi(s);
    float *x = out;
    mlk_code code = bands(&f, a, shape, x, status);
    int64_t filled = least(shape->frames, mlk_frontend_frames(&f, a->n));
    bool normalize = mlk_settings_get(s, "normalize") != 0;
    double scale = mlk_settings_get(s, "scale"), gain = scale * scale;
    for (int64_t i = 0; !code && i < shape->rows * shape->frames; i++) {
        double value = i % shape->frames < filled ? log(fmax(gain * x[i], 1.1920929e-7)) : 0;
        x[i] = (float)(normalize ? (value + 4.2677393) / (2 * 4.5689974) : value);
    }
    return code;
}

static void place_kaldi(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)rate;
    (void)rows;
    mlk_frontend f = kaldi(s);
    mlk_frontend_centres(&f, values);
}

static const mlk_parameter kaldi_parameters[] = {
    MLK_N_MELS(128, 1024),
    MLK_REAL("fmin", 20, 0, 8000, "where the lowest band begins", .unit = "Hz"),
    MLK_REAL("fmax", 8000, 1e-3, 8000, "where the highest band ends", .unit = "Hz"),
    MLK_CHOICE("window", MLK_TAPER_HANN, mlk_taper_names, "shape of the window"),
    MLK_BOOLEAN("remove_dc_offset", 1, "take each frame's mean off"),
    MLK_REAL("preemphasis", 0.97, 0, 1, "share of the sample before that is taken off each"),
    MLK_REAL("scale", 1, 1e-6, 1e6, "of samples: 32768 where Kaldi's whole numbers are meant"),
    N_FRAMES(1024),
    NORMALIZE,
    FIXED_HOP(160),
};

const mlk_feature mlk_feature_kaldi_fbank = {
    .name = "kaldi_fbank",
    .summary = "Kaldi's filter bank at 16 kHz; as it stands the input of the Audio Spectrogram Transformer",
    .kind = "kaldi_fbank",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel"},
    .hop = MLK_FIXED(160),
    MLK_PARAMETERS(kaldi_parameters),
    .measure = measure_kaldi,
    .compute = compute_kaldi,
    .place = place_kaldi,
};

/* --- maest_mel --- */

static const mlk_frontend maest = {.frame_length = 512, .hop_length = 256, .n_fft = 512, .center = true,
                                   .periodic = true, .power = 2, .n_bands = 96, .fmax = 8000};

static mlk_code measure_maest(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    double length = mlk_settings_get(s, "n_frames");
    return measure_frames(s, &maest, n, rate, isnan(length) ? mlk_frontend_frames(&maest, n) : (int64_t)length, shape,
                          status);
}

static mlk_code compute_maest(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                              mlk_status *status)
{
    float *x = out;
    mlk_code code = bands(&maest, a, shape, x, status);
    bool normalize = mlk_settings_get(s, "normalize") != 0;
    for (int64_t i = 0; !code && i < shape->rows * shape->frames; i++) {
        double value = log10(1 + 10000 * (double)x[i]);
        x[i] = (float)(normalize ? (value - 2.06755686098554) / (2 * 1.268292820667291) : value);
    }
    return code;
}

static void place_maest(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    (void)s;
    (void)rate;
    (void)rows;
    mlk_frontend_centres(&maest, values);
}

static const mlk_parameter maest_parameters[] = {N_FRAMES(1876),
                                                 NORMALIZE, FIXED_HOP(256)};

const mlk_feature mlk_feature_maest_mel = {
    .name = "maest_mel",
    .summary = "input of the music transformer MAEST: log-mel at 16 kHz",
    .kind = "maest_mel",
    .axis = {.name = "frequency", .unit = "Hz", .scale = "mel", .palette = "magma"},
    .hop = MLK_FIXED(256),
    MLK_PARAMETERS(maest_parameters),
    .measure = measure_maest,
    .compute = compute_maest,
    .place = place_maest,
};

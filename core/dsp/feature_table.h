/* feature_table.h: what the files that define features share; private to core/dsp.
 *
 * feature_<group>.c holds one mlk_feature for each name of feature_list.h.
 */
#ifndef MLK_FEATURE_TABLE_H
#define MLK_FEATURE_TABLE_H

#include "dsp/feature.h"
#include "dsp/feature_list.h"

#include <math.h>

#define MLK_MAX_FRAME (1 << 24) /* samples in a frame: beyond any use, below any overflow */

/* Parameters that several features have: one wording for each. */
#define MLK_HOP_LENGTH MLK_INTEGER("hop_length", 512, 1, MLK_MAX_FRAME, "from frame to frame", .unit = "samples")
#define MLK_FRAME_LENGTH(least)                                                                                 \
    MLK_INTEGER("frame_length", 2048, least, MLK_MAX_FRAME, "length of a frame", .unit = "samples")
#define MLK_CENTER MLK_BOOLEAN("center", 1, "frame t lies around sample t·hop_length, else it begins there")
#define MLK_WINDOW(name) MLK_CHOICE(name, MLK_WINDOW_HANN, mlk_window_names, "shape of the window")
#define MLK_PAD_MODE MLK_CHOICE("pad_mode", MLK_PAD_CONSTANT, mlk_pad_names, "what lies beyond the clip's ends")
#define MLK_POWER(standard) MLK_REAL("power", standard, 1e-3, 100, "exponent of the magnitudes")
#define MLK_NORM_OF_COLUMNS(standard)                                                                           \
    MLK_CHOICE("norm", standard, mlk_norm_names, "what each frame is divided by: a norm of its rows")
#define MLK_TUNING(standard)                                                                                    \
    MLK_REAL_OR_NIL("tuning", standard, -100, 100, "distance from A = 440 Hz", .unit = "bins",                  \
                    .usual = "estimated")
#define MLK_FMIN_C1                                                                                             \
    MLK_REAL_OR_NIL("fmin", NAN, 1e-3, 1e9, "the lowest frequency", .unit = "Hz", .usual = "C1, 32.7 Hz")
#define MLK_TOP_DB                                                                                              \
    MLK_REAL_OR_NIL("top_db", 80, 0, 1e9, "lift what lies further under the clip's largest", .unit = "dB",      \
                    .usual = "nothing is lifted")
#define MLK_AMIN MLK_REAL("amin", 1e-10, 1e-37, 1e30, "smaller values count as this")
#define MLK_N_MELS(standard, most) MLK_INTEGER("n_mels", standard, 1, most, "mel bands")

/* The parameters of every feature that starts from the STFT, read back by mlk_feature_stft_of. */
#define MLK_STFT_PARAMETERS                                                                                     \
    MLK_INTEGER("n_fft", 2048, 2, MLK_MAX_FRAME, "length of a frame", .unit = "samples"), MLK_HOP_LENGTH,              \
        MLK_INTEGER_OR_NIL("win_length", NAN, 1, MLK_MAX_FRAME, "length of the window", .unit = "samples",          \
                           .usual = "n_fft"),                                                                   \
        MLK_WINDOW("window"), MLK_CENTER, MLK_PAD_MODE

/* Where the frames of such a feature lie. */
#define MLK_STFT_FRAMES .hop = MLK_SAID_BY("hop_length"), .reach = MLK_SAID_BY("n_fft")

/* The same for features that frame the waveform itself, and for constant-Q transforms, which ask for the samples that
 * they need. */
#define MLK_PLAIN_FRAMES .hop = MLK_SAID_BY("hop_length"), .reach = MLK_SAID_BY("frame_length")
#define MLK_CQT_FRAMES .hop = MLK_SAID_BY("hop_length")

/* The parameters of a mel spectrogram except the norm, whose name differs; read back by mlk_feature_mel_of. */
#define MLK_MEL_PARAMETERS                                                                                      \
    MLK_STFT_PARAMETERS, MLK_POWER(2), MLK_N_MELS(128, 4096),                                                   \
        MLK_REAL("fmin", 0, 0, 1e9, "where the lowest band begins", .unit = "Hz"),                              \
        MLK_REAL_OR_NIL("fmax", NAN, 0, 1e9, "where the highest band ends", .unit = "Hz",                       \
                        .usual = "rate / 2"),                                                       \
        MLK_BOOLEAN("htk", 0, "HTK's mel scale, not Slaney's"),                                                 \
        MLK_CHOICE("triangles", 0, mlk_mel_triangle_names, "the scale on which the bands are straight")

#define MLK_MEL_NORM(name) MLK_CHOICE(name, 0, mlk_mel_norm_names, "what a band's weights are divided by")

#define MLK_AXIS_HZ(scale_, ...) .axis = {.name = "frequency", .unit = "Hz", .scale = scale_, __VA_ARGS__}

#define MLK_PARAMETERS(list) .n_parameters = sizeof(list) / sizeof *(list), .parameters = (list)

mlk_stft mlk_feature_stft_of(const mlk_settings *settings);

/* The bands; `norm` is the parameter's name, NULL: they are divided by nothing. */
mlk_mel mlk_feature_mel_of(const mlk_settings *settings, const char *norm, double rate);

/* How many mel bands are empty: .empty of a row that has MLK_MEL_PARAMETERS. */
int mlk_feature_empty_mel(const mlk_settings *settings, double rate);

/* Refuses bands that do not fit the sample rate. */
mlk_code mlk_feature_check_mel(const mlk_settings *settings, double rate, mlk_status *status);

/* fmin in Hz: nil is C1. */
double mlk_feature_fmin_of(const mlk_settings *settings);

/* The frames of a constant-Q transform; and a survey for its tuning, when that is to be estimated. */
mlk_code mlk_feature_measure_cqt(const mlk_cqt *cqt, int64_t n, double rate, mlk_feature_shape *shape,
                                 mlk_status *status);
mlk_code mlk_feature_survey_cqt(const mlk_cqt *cqt, mlk_analysis *analysis, mlk_status *status);

/* .gathers of rows whose parameter `tuning` may be nil, or `top_db`. */
const char *mlk_feature_gathers_tuning(const mlk_settings *settings);
const char *mlk_feature_gathers_loudest(const mlk_settings *settings);

/* Shape of a feature with `rows` rows over STFT frames; refuses win_length > n_fft and clips without a frame. */
mlk_code mlk_feature_measure_stft(const mlk_settings *settings, int64_t rows, int64_t n, double rate,
                                  mlk_feature_shape *shape, mlk_status *status);

#define MLK_DECLARE_FEATURE(name) extern const mlk_feature mlk_feature_##name;
MLK_FEATURES(MLK_DECLARE_FEATURE)
#undef MLK_DECLARE_FEATURE

#endif

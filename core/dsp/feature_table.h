/* feature_table.h: what the files that define features share; private to core/dsp.
 *
 * feature_<group>.c holds one mlk_feature for each name; feature.c lists them.
 */
#ifndef MLK_FEATURE_TABLE_H
#define MLK_FEATURE_TABLE_H

#include "dsp/feature.h"

#include <math.h>

#define MLK_MAX_FRAME (1 << 24) /* samples in a frame: beyond any use, below any overflow */

/* The parameters of every feature that starts from the STFT, read back by mlk_feature_stft_of. */
#define MLK_STFT_PARAMETERS                                                                                     \
    MLK_INTEGER("n_fft", 2048, 2, MLK_MAX_FRAME, ""), MLK_INTEGER("hop_length", 512, 1, MLK_MAX_FRAME, ""),             \
        MLK_INTEGER_OR_NIL("win_length", NAN, 1, MLK_MAX_FRAME, ""), MLK_CHOICE("window", 0, mlk_window_names, ""),     \
        MLK_BOOLEAN("center", 1, ""), MLK_CHOICE("pad_mode", 0, mlk_pad_names, "")

/* Those of a mel spectrogram, but for the norm, whose name differs; read back by mlk_feature_mel_of. */
#define MLK_MEL_PARAMETERS                                                                                      \
    MLK_STFT_PARAMETERS, MLK_REAL("power", 2, 1e-3, 100, ""), MLK_INTEGER("n_mels", 128, 1, 4096, ""),                   \
        MLK_REAL("fmin", 0, 0, 1e9, ""), MLK_REAL_OR_NIL("fmax", NAN, 0, 1e9, ""), MLK_BOOLEAN("htk", 0, ""),     \
        MLK_CHOICE("triangles", 0, mlk_mel_triangle_names, "")

#define MLK_PARAMETERS(list) .n_parameters = sizeof(list) / sizeof *(list), .parameters = (list)

mlk_stft mlk_feature_stft_of(const mlk_settings *settings);

/* The bands; `norm` is the parameter's name. */
mlk_mel mlk_feature_mel_of(const mlk_settings *settings, const char *norm, double rate);

/* Refuses bands that do not fit the sample rate. */
mlk_code mlk_feature_check_mel(const mlk_settings *settings, double rate, mlk_status *status);

/* fmin in Hz: nil is C1. */
double mlk_feature_fmin_of(const mlk_settings *settings);

/* The frames of a constant-Q transform; and a survey for its tuning, when that is to be estimated. */
mlk_code mlk_feature_measure_cqt(const mlk_cqt *cqt, int64_t n, double rate, mlk_feature_shape *shape,
                                 mlk_status *status);
mlk_code mlk_feature_survey_cqt(const mlk_cqt *cqt, mlk_analysis *analysis, bool *needed, mlk_status *status);

/* Shape of a feature with `rows` rows over STFT frames; refuses win_length > n_fft and clips without a frame. */
mlk_code mlk_feature_measure_stft(const mlk_settings *settings, int64_t rows, int64_t n, double rate,
                                  mlk_feature_shape *shape, mlk_status *status);

extern const mlk_feature mlk_feature_mel, mlk_feature_log_mel, mlk_feature_mfcc, mlk_feature_mfcc_delta,
    mlk_feature_mfcc_delta2;
extern const mlk_feature mlk_feature_stft, mlk_feature_spectrogram, mlk_feature_spectral_centroid,
    mlk_feature_spectral_bandwidth, mlk_feature_spectral_rolloff, mlk_feature_spectral_flatness,
    mlk_feature_spectral_contrast;
extern const mlk_feature mlk_feature_onset_strength, mlk_feature_onset_strength_multi, mlk_feature_tempogram,
    mlk_feature_fourier_tempogram;
extern const mlk_feature mlk_feature_yin, mlk_feature_pyin, mlk_feature_voiced_flag, mlk_feature_voiced_probability;
extern const mlk_feature mlk_feature_cqt, mlk_feature_vqt, mlk_feature_pseudo_cqt, mlk_feature_hybrid_cqt;
extern const mlk_feature mlk_feature_chroma_stft, mlk_feature_chroma_cqt, mlk_feature_chroma_cens, mlk_feature_tonnetz;
extern const mlk_feature mlk_feature_whisper_mel, mlk_feature_vggish_mel, mlk_feature_kaldi_fbank, mlk_feature_maest_mel;
extern const mlk_feature mlk_feature_poly_features, mlk_feature_spectral_flux, mlk_feature_pcen;
extern const mlk_feature mlk_feature_rms, mlk_feature_zero_crossing_rate, mlk_feature_lpc;

#endif

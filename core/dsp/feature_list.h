/* feature_list.h: every feature, in the order in which they are listed.
 *
 * A feature is its row, `const mlk_feature mlk_feature_<name>` in a feature_<group>.c, and a line here: feature.c makes
 * the table of this list, feature_table.h declares the rows.
 */
#ifndef MLK_FEATURE_LIST_H
#define MLK_FEATURE_LIST_H

#define MLK_FEATURES(X) \
    X(stft)                    \
    X(spectrogram)             \
    X(mel)                     \
    X(log_mel)                 \
    X(pcen)                    \
    X(mfcc)                    \
    X(mfcc_delta)              \
    X(mfcc_delta2)             \
    X(whisper_mel)             \
    X(vggish_mel)              \
    X(kaldi_fbank)             \
    X(maest_mel)               \
    X(chroma_stft)             \
    X(cqt)                     \
    X(vqt)                     \
    X(pseudo_cqt)              \
    X(hybrid_cqt)              \
    X(chroma_cqt)              \
    X(chroma_cens)             \
    X(tonnetz)                 \
    X(spectral_centroid)       \
    X(spectral_bandwidth)      \
    X(spectral_rolloff)        \
    X(spectral_flatness)       \
    X(spectral_entropy)       \
    X(spectral_contrast)       \
    X(spectral_flux)           \
    X(poly_features)           \
    X(lpc)                     \
    X(onset_strength)          \
    X(onset_strength_multi)    \
    X(tempogram)               \
    X(fourier_tempogram)       \
    X(yin)                     \
    X(pyin)                    \
    X(voiced_flag)             \
    X(voiced_probability)      \
    X(zero_crossing_rate)      \
    X(rms)                     \
    X(samples)

#endif

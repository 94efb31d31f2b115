#include "dsp/feature_table.h"

mlk_stft mlk_feature_stft_of(const mlk_settings *settings)
{
    double win_length = mlk_settings_get(settings, "win_length");
    mlk_stft stft = {
        .n_fft = (int)mlk_settings_get(settings, "n_fft"),
        .hop_length = (int)mlk_settings_get(settings, "hop_length"),
        .window = (mlk_window)mlk_settings_get(settings, "window"),
        .center = mlk_settings_get(settings, "center") != 0,
        .pad_mode = (mlk_pad)mlk_settings_get(settings, "pad_mode"),
    };
    stft.win_length = isnan(win_length) ? stft.n_fft : (int)win_length;
    return stft;
}

const char *mlk_feature_gathers_tuning(const mlk_settings *settings)
{
    return isnan(mlk_settings_get(settings, "tuning")) ? "the clip's tuning: give tuning = 0, say" : NULL;
}

const char *mlk_feature_gathers_loudest(const mlk_settings *settings)
{
    return isnan(mlk_settings_get(settings, "top_db")) ? NULL : "the clip's loudest decibel: give top_db = false";
}

mlk_code mlk_feature_measure_stft(const mlk_settings *settings, int64_t rows, int64_t n, double rate,
                                  mlk_feature_shape *shape, mlk_status *status)
{
    mlk_stft stft = mlk_feature_stft_of(settings);
    if (stft.win_length > stft.n_fft)
        return mlk_fail(status, MLK_INVALID, "win_length must be 1..n_fft (%d), got %d", stft.n_fft, stft.win_length);
    shape->rows = rows;
    shape->frames = mlk_frame_count(n, stft.n_fft, stft.hop_length, stft.center);
    shape->start = stft.center ? 0 : stft.n_fft / 2 / rate;
    if (shape->frames == 0)
        return mlk_fail(status, MLK_INVALID, "n_fft (%d) must not exceed the clip's %lld samples when center is false",
                        stft.n_fft, (long long)n);
    return MLK_OK;
}

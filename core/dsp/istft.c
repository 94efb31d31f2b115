#include "dsp/istft.h"

#include "dsp/fft.h"
#include "dsp/normalize.h"
#include "interrupt.h"

#include <string.h>

#define IN(member) MLK_IN(mlk_istft_options, member)

const mlk_parameter mlk_istft_parameters[] = {
    MLK_INTEGER("n_fft", 0, 2, 1 << 24, "samples in a frame", IN(stft.n_fft), .required = true),
    MLK_INTEGER("hop_length", 0, 1, 1 << 24, "samples from frame to frame", IN(stft.hop_length), .required = true),
    MLK_INTEGER("win_length", 0, 1, 1 << 24, "samples in the window", IN(stft.win_length), .required = true),
    MLK_CHOICE("window", 0, mlk_window_names, "shape of the window", IN(stft.window)),
    MLK_BOOLEAN("center", true, "frame t lies around sample t·hop_length", IN(stft.center)),
    MLK_INTEGER_OR_NIL("length", NAN, 0, INT64_C(1) << 40, "samples of the result", IN(length),
                       .usual = "what the frames give"),
    MLK_PARAMETERS_END,
};

int64_t mlk_istft_length(const mlk_stft *stft, int64_t frames, int64_t length)
{
    if (length >= 0)
        return length;
    int64_t whole = stft->n_fft + (frames - 1) * stft->hop_length - (stft->center ? 2 * (stft->n_fft / 2) : 0);
    return frames > 0 && whole > 0 ? whole : 0;
}

MLK_CLONES static void overlap(const double *restrict frame, const double *restrict window, int count,
                               double *restrict sum, double *restrict weight)
{
    for (int i = 0; i < count; i++) {
        sum[i] += frame[i] * window[i];
        weight[i] += window[i] * window[i];
    }
}

mlk_code mlk_istft(const mlk_stft *stft, const float complex *bins, int64_t frames, int64_t length, float *out,
                   mlk_status *status)
{
    mlk_spectrum spectrum = {bins, frames, frames, 1};
    return mlk_istft_of(stft, &spectrum, length, out, status);
}

mlk_code mlk_istft_of(const mlk_stft *stft, const mlk_spectrum *spectrum, int64_t length, float *out,
                      mlk_status *status)
{
    int64_t frames = spectrum->frames;
    int n_fft = stft->n_fft, rows = n_fft / 2 + 1, skip = stft->center ? n_fft / 2 : 0;
    int64_t n = mlk_istft_length(stft, frames, length), used = frames;
    if (length >= 0) { /* later frames would only touch what is cut off */
        int64_t needed = (length + 2 * skip + stft->hop_length - 1) / stft->hop_length;
        used = needed < frames ? needed : frames;
    }
    const mlk_fft *fft = mlk_fft_plan(n_fft, status);
    const double *window = fft ? mlk_window_centred(stft->window, stft->win_length, n_fft, status) : NULL;
    if (!window)
        return MLK_MEMORY;
    double *sum = mlk_fft_buffer((size_t)n), *weight = mlk_fft_buffer((size_t)n);
    double *frame = mlk_fft_buffer((size_t)n_fft);
    double complex *column = (double complex *)mlk_fft_buffer(2 * (size_t)rows);
    mlk_code code = sum && weight && frame && column ? MLK_OK : mlk_fail_memory(status, "an inverse transform");
    for (int64_t t = 0; !code && t < used; t++) {
        for (int k = 0; k < rows; k++)
            column[k] = spectrum->bins[k * spectrum->bin_step + t * spectrum->frame_step];
        mlk_fft_inverse(fft, column, frame);
        int64_t start = t * stft->hop_length - skip;
        int first = start < 0 ? (int)-start : 0;
        int64_t room = n - start;
        int end = room < n_fft ? (int)(room < first ? first : room) : n_fft;
        if (end > first)
            overlap(frame + first, window + first, end - first, sum + start + first, weight + start + first);
        if (t % 64 == 0 && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    for (int64_t i = 0; !code && i < n; i++)
        out[i] = (float)(weight[i] > MLK_NORM_TINY ? sum[i] / weight[i] : sum[i]);
    mlk_fft_release(sum);
    mlk_fft_release(weight);
    mlk_fft_release(frame);
    mlk_fft_release(column);
    return code;
}

#include "dsp/frontend.h"

#include "dsp/fft.h"
#include "dsp/mel.h"
#include "dsp/stft.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>

const char *const mlk_taper_names[] = {"hann", "povey", "hamming", NULL};

int64_t mlk_frontend_frames(const mlk_frontend *frontend, int64_t n)
{
    return mlk_frame_count(n, frontend->frame_length, frontend->hop_length, frontend->center);
}

/* Corner i of the triangles, 0..n_bands + 1, on the scale they are straight on. */
static double corner(const mlk_frontend *f, int i)
{
    bool htk = f->triangles_in_mel;
    double low = mlk_mel_from_hz(f->fmin, htk), high = mlk_mel_from_hz(f->fmax, htk);
    double mel = low + (high - low) * i / (f->n_bands + 1);
    return htk ? mel : mlk_mel_to_hz(mel, false);
}

void mlk_frontend_centres(const mlk_frontend *frontend, double *out)
{
    for (int i = 0; i < frontend->n_bands; i++)
        out[i] = frontend->triangles_in_mel ? mlk_mel_to_hz(corner(frontend, i + 1), true) : corner(frontend, i + 1);
}

/* Weight of a frequency in a band. */
static double weight(const mlk_frontend *f, int band, double hz)
{
    double at = f->triangles_in_mel ? mlk_mel_from_hz(hz, true) : hz;
    double low = corner(f, band), centre = corner(f, band + 1), high = corner(f, band + 2);
    double height = fmin((at - low) / (centre - low), (high - at) / (high - centre));
    if (!(height > 0) || (f->triangles_in_mel && hz == 0))
        return 0;
    return f->triangles_in_mel ? height : height * 2 / (high - low);
}

/* Everything that is made once. */
typedef struct workshop {
    const mlk_fft *fft;
    double *taper, *frame, *bins, *weights; /* weights: n_bands x bins */
    int *first, *end;                       /* of each band's weights that are not 0 */
    float *scratch;
} workshop;

static void workshop_close(workshop *w)
{
    mlk_fft_release(w->taper);
    mlk_fft_release(w->frame);
    mlk_fft_release(w->bins);
    free(w->weights);
    free(w->first);
    free(w->end);
    free(w->scratch);
}

static mlk_code workshop_open(workshop *w, const mlk_frontend *f, double rate, mlk_status *status)
{
    int count = f->n_fft / 2 + 1;
    *w = (workshop){.fft = mlk_fft_plan(f->n_fft, status)};
    if (!w->fft)
        return status->code;
    w->taper = mlk_fft_buffer((size_t)f->frame_length);
    w->frame = mlk_fft_buffer((size_t)f->n_fft);
    w->bins = mlk_fft_buffer(2 * (size_t)count);
    w->weights = malloc((size_t)(f->n_bands * count) * sizeof *w->weights);
    w->first = calloc((size_t)f->n_bands, sizeof *w->first);
    w->end = calloc((size_t)f->n_bands, sizeof *w->end);
    w->scratch = malloc((size_t)f->frame_length * sizeof *w->scratch);
    if (!w->taper || !w->frame || !w->bins || !w->weights || !w->first || !w->end || !w->scratch) {
        workshop_close(w);
        return mlk_fail_memory(status, "a front end");
    }
    mlk_window_fill(f->taper == MLK_TAPER_HAMMING ? MLK_WINDOW_HAMMING : MLK_WINDOW_HANN, f->frame_length, f->periodic,
                    w->taper);
    for (int i = 0; f->taper == MLK_TAPER_POVEY && i < f->frame_length; i++)
        w->taper[i] = pow(w->taper[i], 0.85);
    for (int band = 0; band < f->n_bands; band++)
        for (int k = 0; k < count; k++) {
            double value = w->weights[band * count + k] = weight(f, band, k * rate / f->n_fft);
            if (value > 0 && w->end[band] == 0)
                w->first[band] = k;
            w->end[band] = value > 0 ? k + 1 : w->end[band];
        }
    return MLK_OK;
}

/* Spectrum of one frame, |.|^power, in w->frame. */
static void transform(workshop *w, const mlk_frontend *f, const float *from)
{
    double mean = 0, before;
    for (int i = 0; i < f->frame_length; i++)
        mean += f->remove_mean ? from[i] : 0;
    mean /= f->frame_length;
    before = from[0] - mean;
    for (int i = 0; i < f->frame_length; i++) {
        double here = from[i] - mean;
        w->frame[i] = (here - f->preemphasis * before) * w->taper[i];
        before = here;
    }
    for (int i = f->frame_length; i < f->n_fft; i++)
        w->frame[i] = 0;
    mlk_fft_forward(w->fft, w->frame, (double complex *)w->bins);
    for (int k = 0; k <= f->n_fft / 2; k++) {
        double square = w->bins[2 * k] * w->bins[2 * k] + w->bins[2 * k + 1] * w->bins[2 * k + 1];
        w->frame[k] = f->power == 2 ? square : sqrt(square);
    }
}

mlk_code mlk_frontend_bands(const mlk_frontend *frontend, const float *samples, int64_t n, double rate, int64_t frames,
                            int64_t stride, float *out, mlk_status *status)
{
    const mlk_frontend *f = frontend;
    mlk_view view = mlk_view_whole(samples, n);
    workshop w;
    int count = f->n_fft / 2 + 1;
    mlk_code code = workshop_open(&w, f, rate, status);
    if (code)
        return code;
    for (int64_t t = 0; !code && t < frames; t++) {
        int64_t start = t * f->hop_length - (f->center ? f->frame_length / 2 : 0);
        transform(&w, f, mlk_view_frame(&view, start, f->frame_length, f->pad, w.scratch));
        for (int band = 0; band < f->n_bands; band++) {
            double sum = 0;
            for (int k = w.first[band]; k < w.end[band]; k++)
                sum += w.weights[band * count + k] * w.frame[k];
            out[band * stride + t] = (float)sum;
        }
        if (t % 256 == 0 && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    workshop_close(&w);
    return code;
}

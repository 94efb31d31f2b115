#include "dsp/window.h"

#include "dsp/fft.h"
#include "dsp/memo.h"

#include <math.h>

const char *const mlk_window_names[] = {"hann", "hamming", "blackman", "bartlett", "ones", NULL};

static double value(mlk_window window, double phase)
{
    double turn = 2 * M_PI * phase;
    switch (window) {
    case MLK_WINDOW_HANN:
        return 0.5 - 0.5 * cos(turn);
    case MLK_WINDOW_HAMMING:
        return 0.54 - 0.46 * cos(turn);
    case MLK_WINDOW_BLACKMAN:
        return 0.42 - 0.5 * cos(turn) + 0.08 * cos(2 * turn);
    case MLK_WINDOW_BARTLETT:
        return 1 - fabs(2 * phase - 1);
    case MLK_WINDOW_ONES:
        break;
    }
    return 1;
}

void mlk_window_fill(mlk_window window, int length, bool periodic, double *out)
{
    int span = periodic ? length : length - 1;
    for (int i = 0; i < length; i++)
        out[i] = length == 1 ? 1 : value(window, (double)i / span);
}

typedef struct request {
    mlk_window window;
    int length, n_fft;
} request;

static void *make(const void *context, mlk_status *status)
{
    const request *r = context;
    double *out = mlk_fft_buffer((size_t)r->n_fft);
    if (!out)
        mlk_fail_memory(status, "a window");
    else
        mlk_window_fill(r->window, r->length, true, out + (r->n_fft - r->length) / 2);
    return out;
}

const double *mlk_window_centred(mlk_window window, int length, int n_fft, mlk_status *status)
{
    static const mlk_memo_kind windows = {make, mlk_fft_release};
    request r = {window, length, n_fft};
    return mlk_memo_get(mlk_memo_shared(), &windows, MLK_KEY(window, length, n_fft), &r, status);
}

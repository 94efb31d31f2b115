#include "dsp/fft.h"

#include "dsp/memo.h"

#include <fftw3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct mlk_fft {
    int n;
    fftw_plan forward, inverse;
};

/* FFTW's planner, alone of its functions, must not run in two threads at once. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

double *mlk_fft_buffer(size_t doubles)
{
    double *buffer = fftw_malloc((doubles ? doubles : 1) * sizeof *buffer);
    if (buffer)
        memset(buffer, 0, doubles * sizeof *buffer);
    return buffer;
}

void mlk_fft_release(void *buffer)
{
    fftw_free(buffer);
}

static void release(void *value)
{
    mlk_fft *fft = value;
    pthread_mutex_lock(&planner);
    fftw_destroy_plan(fft->forward);
    fftw_destroy_plan(fft->inverse);
    pthread_mutex_unlock(&planner);
    free(fft);
}

static void *make(const void *length, mlk_status *status)
{
    int n = *(const int *)length;
    mlk_fft *fft = calloc(1, sizeof *fft);
    double *time = mlk_fft_buffer((size_t)n);
    double complex *bins = (double complex *)mlk_fft_buffer(2 * ((size_t)n / 2 + 1));
    if (fft && time && bins) {
        fft->n = n;
        pthread_mutex_lock(&planner);
        fft->forward = fftw_plan_dft_r2c_1d(n, time, bins, FFTW_ESTIMATE);
        fft->inverse = fftw_plan_dft_c2r_1d(n, bins, time, FFTW_ESTIMATE);
        pthread_mutex_unlock(&planner);
    }
    mlk_fft_release(time);
    mlk_fft_release(bins);
    if (fft && fft->forward && fft->inverse)
        return fft;
    mlk_fail(status, MLK_MEMORY, "not enough memory for a Fourier transform of %d samples", n);
    if (fft)
        release(fft);
    return NULL;
}

const mlk_fft *mlk_fft_plan(int n, mlk_status *status)
{
    static const mlk_memo_kind plans = {make, release};
    return mlk_memo_get(mlk_memo_shared(), &plans, MLK_KEY(n), &n, status);
}

struct mlk_fft_packed {
    fftwf_plan plan;
};

static void release_packed(void *value)
{
    mlk_fft_packed *fft = value;
    pthread_mutex_lock(&planner);
    fftwf_destroy_plan(fft->plan);
    pthread_mutex_unlock(&planner);
    free(fft);
}

static void *make_packed(const void *length, mlk_status *status)
{
    int n = *(const int *)length;
    mlk_fft_packed *fft = calloc(1, sizeof *fft);
    float complex *in = (float complex *)mlk_fft_buffer((size_t)n), *out = (float complex *)mlk_fft_buffer((size_t)n);
    if (fft && in && out) {
        pthread_mutex_lock(&planner);
        fft->plan = fftwf_plan_dft_1d(n / 2, in, out, FFTW_FORWARD, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
        pthread_mutex_unlock(&planner);
    }
    mlk_fft_release(in);
    mlk_fft_release(out);
    if (fft && fft->plan)
        return fft;
    mlk_fail(status, MLK_MEMORY, "not enough memory for a Fourier transform of %d samples", n);
    if (fft)
        release_packed(fft);
    return NULL;
}

const mlk_fft_packed *mlk_fft_packed_plan(int n, mlk_status *status)
{
    static const mlk_memo_kind plans = {make_packed, release_packed};
    return mlk_memo_get(mlk_memo_shared(), &plans, MLK_KEY(n), &n, status);
}

void mlk_fft_packed_forward(const mlk_fft_packed *fft, const float *in, float complex *out)
{
    fftwf_execute_dft(fft->plan, (float complex *)in, out); /* the plan preserves its input */
}

bool mlk_fft_packed_takes(const float *in)
{
    return fftwf_alignment_of((float *)in) == 0;
}

void mlk_fft_forward(const mlk_fft *fft, double *in, double complex *out)
{
    fftw_execute_dft_r2c(fft->forward, in, out);
}

void mlk_fft_inverse(const mlk_fft *fft, double complex *in, double *out)
{
    fftw_execute_dft_c2r(fft->inverse, in, out);
    for (int i = 0; i < fft->n; i++)
        out[i] /= fft->n;
}

static bool quick(int n)
{
    for (int factor = 2; factor <= 5; factor++)
        while (n % factor == 0)
            n /= factor;
    return n == 1;
}

int mlk_fft_fast_length(int n)
{
    for (n += n & 1; !quick(n); n += 2)
        ;
    return n;
}

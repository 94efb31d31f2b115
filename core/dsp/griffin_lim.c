#include "dsp/griffin_lim.h"

#include "dsp/fft.h"
#include "dsp/istft.h"
#include "dsp/normalize.h"
#include "parallel.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_griffin_lim, member)

static const char *const guesses[] = {"zeros", "random", NULL};

const mlk_parameter mlk_griffin_lim_parameters[] = {
    MLK_INTEGER("n_iter", 32, 0, 1000000, "passes; 0: the sound of the first guess", IN(n_iter)),
    MLK_REAL("momentum", 0.99, 0, 2, "how far a guess goes beyond the analysis; 0: not", IN(momentum)),
    MLK_CHOICE("init", true, guesses, "the phases to begin with", IN(random)),
    MLK_INTEGER("seed", 0, -0x1p63, HUGE_VAL, "of random phases", IN(seed)),
    MLK_CHOICE("pad_mode", MLK_PAD_CONSTANT, mlk_pad_names, "what lies beyond the ends", IN(stft.pad_mode)),
    MLK_PARAMETERS_END,
};

enum { PIECE = 32 }; /* frames of a task: it adds them up for itself, and pieces are added in order */

typedef struct scratch {
    double *frame;
    double complex *bins;
} scratch;

typedef struct work {
    const mlk_griffin_lim *settings;
    const mlk_fft *fft;
    const double *window;
    int rows, hop, skip; /* skip: samples of padding before the sound, and after */
    int64_t frames, n, padded, piece_length;
    int pieces, workers, pass;
    float *wanted;         /* frames x rows magnitudes */
    float complex *before; /* frames x rows: the last pass's analysis; at first, the phases to begin with */
    double *sound;         /* padded */
    double *share;         /* padded: 1 / sum of squared windows */
    double *sums;          /* pieces x piece_length */
    scratch *scratch;      /* one a worker */
} work;

static void work_close(work *w)
{
    free(w->wanted);
    free(w->before);
    mlk_fft_release(w->sound);
    mlk_fft_release(w->share);
    mlk_fft_release(w->sums);
    for (int i = 0; w->scratch && i < w->workers; i++) {
        mlk_fft_release(w->scratch[i].frame);
        mlk_fft_release(w->scratch[i].bins);
    }
    free(w->scratch);
}

static bool work_open(work *w)
{
    size_t cells = (size_t)(w->frames * w->rows + 1);
    w->wanted = malloc(cells * sizeof *w->wanted);
    w->before = malloc(cells * sizeof *w->before);
    w->sound = mlk_fft_buffer((size_t)w->padded);
    w->share = mlk_fft_buffer((size_t)w->padded);
    w->sums = mlk_fft_buffer((size_t)(w->pieces * w->piece_length));
    w->scratch = calloc((size_t)w->workers, sizeof *w->scratch);
    bool ok = w->wanted && w->before && w->sound && w->share && w->sums && w->scratch;
    for (int i = 0; ok && i < w->workers; i++) {
        w->scratch[i].frame = mlk_fft_buffer((size_t)w->settings->stft.n_fft);
        w->scratch[i].bins = (double complex *)mlk_fft_buffer(2 * (size_t)w->rows);
        ok = w->scratch[i].frame && w->scratch[i].bins;
    }
    return ok;
}

/* The magnitudes frame after frame. */
static mlk_code take(work *w, const float *magnitudes, mlk_status *status)
{
    for (int64_t k = 0; k < w->rows; k++)
        for (int64_t t = 0; t < w->frames; t++) {
            float value = magnitudes[k * w->frames + t];
            if (!(value >= 0 && value <= HUGE_VALF / 2))
                return mlk_fail(status, MLK_INVALID,
                                "magnitude must be finite and not negative, got %g in row %lld, frame %lld",
                                isnan(value) ? NAN : (double)value, (long long)k, (long long)t);
            w->wanted[t * w->rows + k] = value;
        }
    return MLK_OK;
}

static void guess(work *w)
{
    mlk_random random = mlk_random_seeded(w->settings->seed);
    for (int64_t i = 0; i < w->frames * w->rows; i++) {
        double angle = w->settings->random ? 2 * acos(-1) * mlk_random_uniform(&random) : 0;
        w->before[i] = (float)cos(angle) + (float)sin(angle) * I;
    }
}

static void find_shares(work *w)
{
    for (int64_t t = 0; t < w->frames; t++)
        for (int i = 0; i < w->settings->stft.n_fft; i++)
            w->share[t * w->hop + i] += w->window[i] * w->window[i];
    for (int64_t i = 0; i < w->padded; i++)
        w->share[i] = w->share[i] > MLK_NORM_TINY ? 1 / w->share[i] : 1;
}

MLK_CLONES static void begin(const float *restrict phases, const float *restrict wanted, int rows,
                             double *restrict bins)
{
    for (int k = 0; k < rows; k++) {
        bins[2 * k] = (double)phases[2 * k] * wanted[k];
        bins[2 * k + 1] = (double)phases[2 * k + 1] * wanted[k];
    }
}

/* bins: the analysis of the last guess; becomes the next. before: the analysis one pass ago; becomes this one. */
MLK_CLONES static void improve(double *restrict bins, float *restrict before, const float *restrict wanted,
                               double back, int rows)
{
    for (int k = 0; k < rows; k++) {
        double x = bins[2 * k] - back * before[2 * k], y = bins[2 * k + 1] - back * before[2 * k + 1];
        before[2 * k] = (float)bins[2 * k];
        before[2 * k + 1] = (float)bins[2 * k + 1];
        double by = wanted[k] / (sqrt(x * x + y * y) + MLK_NORM_TINY);
        bins[2 * k] = x * by;
        bins[2 * k + 1] = y * by;
    }
}

MLK_CLONES static void weigh(const double *restrict in, const double *restrict window, int n, double *restrict out)
{
    for (int i = 0; i < n; i++)
        out[i] = in[i] * window[i];
}

MLK_CLONES static void add(const double *restrict in, const double *restrict window, int n, double *restrict sum)
{
    for (int i = 0; i < n; i++)
        sum[i] += in[i] * window[i];
}

static void run_piece(void *context, int task, int worker)
{
    work *w = context;
    scratch *s = &w->scratch[worker];
    int n_fft = w->settings->stft.n_fft;
    double momentum = w->settings->momentum, back = w->pass > 1 ? momentum / (1 + momentum) : 0;
    double *sum = w->sums + task * w->piece_length;
    int64_t first = (int64_t)task * PIECE, end = first + PIECE < w->frames ? first + PIECE : w->frames;
    memset(sum, 0, (size_t)w->piece_length * sizeof *sum);
    for (int64_t t = first; t < end; t++) {
        float *before = (float *)(w->before + t * w->rows);
        const float *wanted = w->wanted + t * w->rows;
        if (w->pass == 0)
            begin(before, wanted, w->rows, (double *)s->bins);
        else {
            weigh(w->sound + t * w->hop, w->window, n_fft, s->frame);
            mlk_fft_forward(w->fft, s->frame, s->bins);
            improve((double *)s->bins, before, wanted, back, w->rows);
        }
        mlk_fft_inverse(w->fft, s->bins, s->frame);
        add(s->frame, w->window, n_fft, sum + (t - first) * w->hop);
    }
}

/* Where sample i, before the first or after the last, is taken from; -1: it is zero. */
static int64_t origin(int64_t i, int64_t n, mlk_pad mode)
{
    if (mode == MLK_PAD_CONSTANT || n == 0)
        return -1;
    if (mode == MLK_PAD_EDGE || n == 1)
        return i < 0 ? 0 : n - 1;
    int64_t period = 2 * (n - 1), at = ((i % period) + period) % period;
    return at < n ? at : period - at;
}

/* The pieces make the sound; what lies around it is padding. */
static void join(work *w)
{
    mlk_pad mode = w->settings->stft.pad_mode;
    memset(w->sound, 0, (size_t)w->padded * sizeof *w->sound);
    for (int piece = 0; piece < w->pieces; piece++) {
        const double *sum = w->sums + piece * w->piece_length;
        int64_t start = (int64_t)piece * PIECE * w->hop;
        int64_t count = w->piece_length < w->padded - start ? w->piece_length : w->padded - start;
        for (int64_t i = 0; i < count; i++)
            w->sound[start + i] += sum[i];
    }
    double *sound = w->sound + w->skip;
    for (int64_t i = 0; i < w->n; i++)
        sound[i] *= w->share[w->skip + i];
    for (int64_t i = -w->skip; i < 0; i++)
        sound[i] = origin(i, w->n, mode) < 0 ? 0 : sound[origin(i, w->n, mode)];
    for (int64_t i = w->n; i < w->padded - w->skip; i++) {
        int64_t from = i < w->n + w->skip ? origin(i, w->n, mode) : -1;
        sound[i] = from < 0 ? 0 : sound[from];
    }
}

static mlk_code run(work *w, const float *magnitudes, float *out, mlk_status *status)
{
    mlk_code code = take(w, magnitudes, status);
    if (code)
        return code;
    guess(w);
    find_shares(w);
    for (w->pass = 0; w->pass <= w->settings->n_iter; w->pass++) {
        if (mlk_parallel(w->pieces, w->workers, run_piece, w) < w->pieces)
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        join(w);
    }
    for (int64_t i = 0; i < w->n; i++)
        out[i] = (float)w->sound[w->skip + i];
    return MLK_OK;
}

mlk_code mlk_griffin_lim_sound(const mlk_griffin_lim *settings, const float *magnitudes, int64_t frames,
                               int64_t length, float *out, mlk_status *status)
{
    const mlk_stft *stft = &settings->stft;
    work w = {
        .settings = settings, .rows = stft->n_fft / 2 + 1, .hop = stft->hop_length,
        .skip = stft->center ? stft->n_fft / 2 : 0, .frames = frames, .n = mlk_istft_length(stft, frames, length),
        .pieces = (int)((frames + PIECE - 1) / PIECE), .workers = mlk_cores(),
        .piece_length = (int64_t)(PIECE - 1) * stft->hop_length + stft->n_fft,
    };
    int64_t reach = frames ? (frames - 1) * stft->hop_length + stft->n_fft : 0;
    w.padded = reach > w.n + 2 * w.skip ? reach : w.n + 2 * w.skip;
    w.fft = mlk_fft_plan(stft->n_fft, status);
    w.window = w.fft ? mlk_window_centred(stft->window, stft->win_length, stft->n_fft, status) : NULL;
    if (!w.window)
        return MLK_MEMORY;
    mlk_code code = work_open(&w) ? run(&w, magnitudes, out, status) : mlk_fail_memory(status, "Griffin-Lim");
    work_close(&w);
    return code;
}

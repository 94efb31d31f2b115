#include "dsp/pyin.h"

#include "dsp/pitch_path.h"
#include "interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* States are numbered in 16 bits; the moves between them take 16 bytes each. */
enum { MOST_BINS = 32768, MOST_MOVES = 1 << 24 };

static int bins_per_semitone(const mlk_pyin *pyin)
{
    return (int)ceil(1 / pyin->resolution);
}

static double bin_count(const mlk_pyin *pyin)
{
    return floor(12 * bins_per_semitone(pyin) * log2(pyin->yin.fmax / pyin->yin.fmin)) + 1;
}

/* How many bins a pitch may reach in the next frame. */
static double transition_width(const mlk_pyin *pyin, double rate)
{
    return rint(pyin->max_transition_rate * 12 * pyin->yin.hop_length / rate) * bins_per_semitone(pyin) + 1;
}

mlk_code mlk_pyin_check(const mlk_pyin *pyin, double rate, mlk_status *status)
{
    mlk_code code = mlk_yin_check(&pyin->yin, rate, status);
    if (code)
        return code;
    double bins = bin_count(pyin), width = transition_width(pyin, rate);
    if (bins > MOST_BINS)
        return mlk_fail(status, MLK_INVALID,
                        "resolution must leave at most %d pitches between fmin and fmax, got %g: %.0f", MOST_BINS,
                        pyin->resolution, bins);
    if (width > bins)
        return mlk_fail(status, MLK_INVALID,
                        "max_transition_rate must not lead beyond fmin..fmax (%.0f pitches) within hop_length, "
                        "got %g octaves per second: %.0f pitches",
                        bins, pyin->max_transition_rate, width);
    if (bins * width > MOST_MOVES)
        return mlk_fail(status, MLK_INVALID,
                        "resolution must leave at most %d moves from pitch to pitch, got %g: %.0f pitches that reach "
                        "%.0f each",
                        MOST_MOVES, pyin->resolution, bins, width);
    return MLK_OK;
}

/* --- the thresholds' distribution --- */

/* The continued fraction of the incomplete beta function, by Lentz's method. Converges fast for
 * x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 10000; m++) {
        double change = 1;
        for (int odd = 0; odd < 2; odd++) {
            double term = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                              : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            c = fabs(c) < tiny ? tiny : c;
            change = c * d;
            value *= change;
        }
        if (fabs(change - 1) < 1e-16)
            break;
    }
    return value;
}

/* The share of a Beta(a, b) distribution below x. */
static double beta_cdf(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x >= 1;
    int sign; /* always 1; lgamma itself keeps it in a global */
    double gammas = lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign);
    double front = exp(gammas + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * fraction(a, b, x) / a;
    return 1 - front * fraction(b, a, 1 - x) / b;
}

/* --- the observations of a frame --- */

typedef struct observer {
    const mlk_pyin *pyin;
    double rate;
    mlk_yin_scan scan;
    int bins, per_semitone;
    double *thresholds, *weights; /* n_thresholds of each */
    int *troughs;                 /* periods of the frame's troughs, shortest first */
    double *decay;                /* exp(-boltzmann_parameter * k) */
    double *probabilities;        /* of the troughs */
    double *voiced;               /* of each bin */
} observer;

static mlk_code observer_begin(observer *o, const mlk_pyin *pyin, double rate, mlk_status *status)
{
    int n = pyin->n_thresholds;
    *o = (observer){.pyin = pyin, .rate = rate};
    o->bins = (int)bin_count(pyin);
    o->per_semitone = bins_per_semitone(pyin);
    mlk_code code = mlk_yin_scan_begin(&o->scan, &pyin->yin, rate, status);
    if (code)
        return code;
    size_t most = (size_t)o->scan.n_periods;
    o->thresholds = malloc((size_t)n * sizeof *o->thresholds);
    o->weights = malloc((size_t)n * sizeof *o->weights);
    o->troughs = malloc(most * sizeof *o->troughs);
    o->decay = malloc((most + 1) * sizeof *o->decay);
    o->probabilities = malloc(most * sizeof *o->probabilities);
    o->voiced = malloc((size_t)o->bins * sizeof *o->voiced);
    if (!o->thresholds || !o->weights || !o->troughs || !o->decay || !o->probabilities || !o->voiced)
        return mlk_fail_memory(status, "the pitches of a frame");
    double below = 0, step = 1.0 / n;
    for (int j = 0; j < n; j++) {
        o->thresholds[j] = j == n - 1 ? 1 : (j + 1) * step;
        double share = beta_cdf(pyin->beta_a, pyin->beta_b, o->thresholds[j]);
        o->weights[j] = share - below;
        below = share;
    }
    for (size_t k = 0; k <= most; k++)
        o->decay[k] = exp(-pyin->boltzmann_parameter * (double)k);
    return MLK_OK;
}

static void observer_end(observer *o)
{
    mlk_yin_scan_end(&o->scan);
    free(o->thresholds);
    free(o->weights);
    free(o->troughs);
    free(o->decay);
    free(o->probabilities);
    free(o->voiced);
}

/* Shares each threshold's weight among the troughs below it, or gives a little of it to the lowest. */
static void weigh_troughs(observer *o, int n_troughs)
{
    const double *d = o->scan.difference;
    int lowest = 0;
    for (int i = 0; i < n_troughs; i++) {
        o->probabilities[i] = 0;
        if (d[o->troughs[i]] < d[o->troughs[lowest]])
            lowest = i;
    }
    double missed = 0;
    for (int j = 0; j < o->pyin->n_thresholds; j++) {
        int below = 0, place = 0;
        for (int i = 0; i < n_troughs; i++)
            below += d[o->troughs[i]] < o->thresholds[j];
        if (below == 0) {
            missed += o->weights[j];
            continue;
        }
        double first = (1 - o->decay[1]) / (1 - o->decay[below]);
        for (int i = 0; i < n_troughs; i++)
            if (d[o->troughs[i]] < o->thresholds[j])
                o->probabilities[i] += first * o->decay[place++] * o->weights[j];
    }
    o->probabilities[lowest] += o->pyin->no_trough_prob * missed;
}

/* Fills o->voiced with the probability of each pitch; gives that of any. */
static double observe(observer *o)
{
    int n_troughs = 0;
    for (int i = 0; i < o->scan.n_periods; i++)
        if (mlk_yin_is_trough(&o->scan, i))
            o->troughs[n_troughs++] = i;
    memset(o->voiced, 0, (size_t)o->bins * sizeof *o->voiced);
    if (n_troughs == 0)
        return 0;
    weigh_troughs(o, n_troughs);
    for (int i = 0; i < n_troughs; i++) {
        if (o->probabilities[i] == 0)
            continue;
        double hz = o->rate / mlk_yin_period(&o->scan, o->troughs[i]);
        double bin = rint(12 * o->per_semitone * log2(hz / o->pyin->yin.fmin));
        if (bin < o->bins) /* of two in one bin, the longer period counts */
            o->voiced[bin < 0 ? 0 : (int)bin] = o->probabilities[i];
    }
    double sum = 0;
    for (int b = 0; b < o->bins; b++)
        sum += o->voiced[b];
    return sum > 1 ? 1 : sum;
}

/* --- the track --- */

void mlk_pitch_track_free(void *track)
{
    mlk_pitch_track *t = track;
    if (t) {
        free(t->pitch);
        free(t->voiced);
        free(t->probability);
    }
    free(t);
}

static mlk_pitch_track *track_new(int64_t frames, mlk_status *status)
{
    mlk_pitch_track *t = calloc(1, sizeof *t);
    size_t bytes = ((size_t)frames + 1) * sizeof(float); /* never 0 */
    if (t) {
        t->frames = frames;
        t->pitch = malloc(bytes);
        t->voiced = malloc(bytes);
        t->probability = malloc(bytes);
    }
    if (t && t->pitch && t->voiced && t->probability)
        return t;
    mlk_pitch_track_free(t);
    mlk_fail_memory(status, "a track of pitches");
    return NULL;
}

static mlk_code follow(observer *o, const mlk_view *view, mlk_pitch_path *path, mlk_pitch_track *track,
                       mlk_status *status)
{
    for (int64_t t = 0; t < track->frames; t++) {
        if (t % 64 == 0 && mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        mlk_yin_scan_frame(&o->scan, view, t);
        double any = observe(o);
        track->probability[t] = (float)any;
        if (mlk_pitch_path_step(path, o->voiced, (1 - any) / o->bins, status))
            return status->code;
    }
    const uint16_t *states = mlk_pitch_path_decode(path);
    for (int64_t t = 0; t < track->frames; t++) {
        int bin = states[t] % o->bins;
        track->voiced[t] = states[t] < o->bins;
        track->pitch[t] = (float)(o->pyin->yin.fmin * exp2((double)bin / (12 * o->per_semitone)));
    }
    return MLK_OK;
}

mlk_pitch_track *mlk_pyin_track(const mlk_pyin *pyin, const mlk_view *view, int64_t frames, double rate,
                                mlk_status *status)
{
    if (mlk_pyin_check(pyin, rate, status))
        return NULL;
    observer o;
    mlk_code code = observer_begin(&o, pyin, rate, status);
    mlk_pitch_path *path = code ? NULL
                                : mlk_pitch_path_new(o.bins, (int)transition_width(pyin, rate), pyin->switch_prob,
                                                     frames, status);
    mlk_pitch_track *track = path ? track_new(frames, status) : NULL;
    if (track && follow(&o, view, path, track, status)) {
        mlk_pitch_track_free(track);
        track = NULL;
    }
    mlk_pitch_path_free(path);
    observer_end(&o);
    return track;
}

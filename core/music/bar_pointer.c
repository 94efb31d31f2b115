#include "music/bar_pointer.h"

#include "clones.h"
#include "interrupt.h"

#include <stdlib.h>
#include <string.h>

#define IN(member) MLK_IN(mlk_bar_pointer_options, member)

const mlk_parameter mlk_bar_pointer_parameters[] = {
    MLK_REAL("min_bpm", 55, 1, 1000, "the slowest tempo", IN(min_bpm), .unit = "BPM"),
    MLK_REAL("max_bpm", 215, 1, 1000, "the fastest tempo", IN(max_bpm), .unit = "BPM"),
    MLK_REAL("steadiness", 70, 0, 1e4, "how unlikely changes of tempo are", IN(steadiness)),
    MLK_REAL("usual_bpm", 118, 1, 1000, "the tempo that is likeliest beforehand", IN(usual_bpm), .unit = "BPM"),
    MLK_REAL("spread", 0.35, 0, 10, "how far tempi lie around it: deviation of the logarithm", IN(spread), .above = true),
    MLK_REAL("trust", 20, 0, 1e4, "how much that weighs", IN(trust)),
    MLK_PARAMETERS_END,
};

/* A beat is heard in the first sixteenth of its interval. */
enum { PARTS = 16, MOST_TEMPI = 255 };

/* Tempi are compared a few at a time; there are places for some more, to which nothing leads. */
enum { LANES = 4, ABREAST = 4, GROUP = LANES * ABREAST, PLACES = (MOST_TEMPI + GROUP - 1) / GROUP * GROUP };

typedef double lanes __attribute__((vector_size(32), may_alias));
typedef int64_t masks __attribute__((vector_size(32), may_alias));

static const double least_activation = 0.05, certain = 1e-5;

/* The states: for each tempo an interval of so many frames, one state a frame. */
typedef struct space {
    int tempi, states;
    int interval[MOST_TEMPI], first[MOST_TEMPI], beat_states[MOST_TEMPI];
    int places;     /* of tempi, whole groups */
    double *change; /* tempi x places: from, to; a logarithm */
} space;

/* A walk: how likely each state is now, and where each tempo's first state was come from, frame after frame. The states
 * of a tempo are a ring: to walk on by a state it turns, and only its first slot moves. */
typedef struct walk {
    double *score, *ends;
    int start[MOST_TEMPI]; /* the slot of each tempo's first state */
    uint8_t *from; /* frames x tempi */
} walk;

static mlk_code make_space(space *s, double rate_hz, const mlk_bar_pointer_options *o, mlk_status *status)
{
    if (!(o->min_bpm < o->max_bpm))
        return mlk_fail(status, MLK_INVALID, "min_bpm must lie below max_bpm (%g BPM), got %g", o->max_bpm, o->min_bpm);
    int least = (int)lround(60 * rate_hz / o->max_bpm), most = (int)lround(60 * rate_hz / o->min_bpm);
    if (least < 1 || most - least >= MOST_TEMPI)
        return mlk_fail(status, MLK_INVALID,
                        "from min_bpm to max_bpm there must be 1..%d intervals of whole frames, got %d from %d frames on",
                        MOST_TEMPI, most - least + 1, least);
    s->tempi = most - least + 1;
    for (int k = 0; k < s->tempi; k++) {
        s->interval[k] = least + k;
        s->first[k] = s->states;
        s->beat_states[k] = (least + k + PARTS - 1) / PARTS;
        s->states += least + k;
    }
    s->places = (s->tempi + GROUP - 1) / GROUP * GROUP;
    s->change = aligned_alloc(sizeof(lanes), sizeof *s->change * (size_t)(s->tempi * s->places));
    if (!s->change)
        return mlk_fail_memory(status, "changes of tempo");
    for (int from = 0; from < s->tempi; from++) {
        double *row = s->change + from * s->places, sum = 0;
        for (int to = 0; to < s->tempi; to++) {
            row[to] = -o->steadiness * fabs((double)s->interval[to] / s->interval[from] - 1);
            sum += exp(row[to]);
        }
        for (int to = 0; to < s->places; to++)
            row[to] = to < s->tempi ? row[to] - log(sum) : -HUGE_VAL;
    }
    return MLK_OK;
}

static void set_prior(const space *s, double rate_hz, const mlk_bar_pointer_options *o, double *score)
{
    for (int k = 0; k < s->tempi; k++) {
        double off = log(60 * rate_hz / s->interval[k] / o->usual_bpm) / o->spread;
        for (int j = 0; j < s->interval[k]; j++)
            score[s->first[k] + j] = -0.5 * o->trust * off * off;
    }
}

/* Where a pointer comes from that begins an interval of each tempo, and how likely that is; of equally likely ones the
 * first. */
MLK_CLONES static void choose(const space *s, const double *ends, double *most, int64_t *from)
{
    for (int group = 0; group < s->places; group += GROUP) {
        lanes best[ABREAST];
        masks origin[ABREAST] = {{0}};
        for (int i = 0; i < ABREAST; i++)
            best[i] = (lanes){-HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
        for (int q = 0; q < s->tempi; q++) {
            const lanes *change = (const lanes *)(s->change + q * s->places + group);
            masks number = {q, q, q, q};
            for (int i = 0; i < ABREAST; i++) {
                lanes value = ends[q] + change[i];
                masks better = value > best[i];
                best[i] = (lanes)((better & (masks)value) | (~better & (masks)best[i]));
                origin[i] = (better & number) | (~better & origin[i]);
            }
        }
        memcpy(most + group, best, sizeof best);
        memcpy(from + group, origin, sizeof origin);
    }
}

/* Every pointer goes on by one state; those at an end choose a tempo. Scores are relative to those of pointers far from
 * a beat, which therefore stay as they are. */
static void step(const space *s, double activation, walk *w, uint8_t *from)
{
    double a = fmin(fmax(activation, certain), 1 - certain);
    double beat = log(a) - log((1 - a) / (PARTS - 1));
    for (int k = 0; k < s->tempi; k++) {
        w->start[k] = (w->start[k] + s->interval[k] - 1) % s->interval[k];
        w->ends[k] = w->score[s->first[k] + w->start[k]];
    }
    double most[PLACES];
    int64_t origin[PLACES];
    choose(s, w->ends, most, origin);
    for (int k = 0; k < s->tempi; k++) {
        double *ring = w->score + s->first[k];
        for (int j = 1; j < s->beat_states[k]; j++)
            ring[(w->start[k] + j) % s->interval[k]] += beat;
        ring[w->start[k]] = most[k] + beat;
        from[k] = (uint8_t)origin[k];
    }
}

/* The frame between frames where a parabola through the highest and its neighbours has its peak. */
static double refine(const float *a, int64_t frames, int64_t t)
{
    if (t < 1 || t >= frames - 1)
        return (double)t;
    double curvature = (double)a[t - 1] - 2.0 * a[t] + a[t + 1];
    double shift = curvature < -1e-9 ? 0.5 * ((double)a[t - 1] - a[t + 1]) / curvature : 1;
    return fabs(shift) <= 0.5 ? (double)t + shift : (double)t;
}

static int likeliest(const space *s, const walk *w, int *tempo)
{
    int best = 0, k = s->tempi - 1;
    for (int j = 1; j < s->states; j++)
        if (w->score[j] > w->score[best])
            best = j;
    while (s->first[k] > best)
        k--;
    int slot = best - s->first[k];
    *tempo = k;
    return s->first[k] + (slot - w->start[k] + s->interval[k]) % s->interval[k];
}

/* Walks back from the likeliest end. Each stay in the states of a beat gives one, at its highest frame; from the last to
 * the first, then turned about. */
static int64_t read_beats(const space *s, const walk *w, const float *a, int64_t first, int64_t last, int64_t frames,
                          mlk_beat *beats)
{
    int64_t n = 0, highest = -1;
    int k, state = likeliest(s, w, &k);
    for (int64_t t = last; t >= first; t--) {
        int at = state - s->first[k];
        if (at < s->beat_states[k] && (highest < 0 || a[t] >= a[highest]))
            highest = t;
        if (at == 0 || t == first) {
            if (highest >= 0)
                beats[n++] = (mlk_beat){refine(a, frames, highest), s->interval[k]};
            highest = -1;
        }
        if (at == 0) {
            k = w->from[(t - first) * s->tempi + k];
            state = s->first[k] + s->interval[k] - 1;
        } else
            state--;
    }
    for (int64_t i = 0; i < n / 2; i++) {
        mlk_beat swapped = beats[i];
        beats[i] = beats[n - 1 - i];
        beats[n - 1 - i] = swapped;
    }
    return n;
}

static mlk_code follow(const space *s, walk *w, const float *a, int64_t first, int64_t last, mlk_status *status)
{
    for (int64_t t = first; t <= last; t++) {
        if (t % 1024 == 0 && mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        step(s, a[t], w, w->from + (t - first) * s->tempi);
    }
    return MLK_OK;
}

mlk_code mlk_bar_pointer(const float *activation, int64_t frames, double rate_hz, const mlk_bar_pointer_options *options,
                         mlk_beat *beats, int64_t *n_beats, mlk_status *status)
{
    space s = {0};
    walk w = {0};
    int64_t first = 0, last = frames - 1;
    *n_beats = 0;
    mlk_code code = make_space(&s, rate_hz, options, status);
    if (code)
        return code;
    while (first <= last && !(activation[first] >= least_activation))
        first++;
    while (last >= first && !(activation[last] >= least_activation))
        last--;
    if (first <= last) {
        w.score = malloc(sizeof *w.score * (size_t)s.states);
        w.ends = malloc(sizeof *w.ends * (size_t)s.tempi);
        w.from = malloc((size_t)(last - first + 1) * (size_t)s.tempi);
        if (!w.score || !w.ends || !w.from)
            code = mlk_fail_memory(status, "the ways to the beats of a song");
        else {
            set_prior(&s, rate_hz, options, w.score);
            code = follow(&s, &w, activation, first, last, status);
        }
        if (!code)
            *n_beats = read_beats(&s, &w, activation, first, last, frames, beats);
    }
    free(w.score);
    free(w.ends);
    free(w.from);
    free(s.change);
    return code;
}

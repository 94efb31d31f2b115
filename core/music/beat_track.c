#include "music/beat_track.h"

#include "interrupt.h"

#include <math.h>
#include <stdlib.h>

static const double tightness = 100, quietest_first = 0.01;

/* A song while its beats are sought. */
typedef struct tracking {
    int64_t frames, period;
    double *strength;  /* onsets over their deviation */
    double *local;     /* strength, smoothed: how well a beat fits into a frame */
    double *total;     /* of the best beats that end in a frame */
    double *penalty;   /* of an interval of so many frames, up to 2 periods */
    double *window;    /* a bell of 2 periods + 1 */
    int64_t *previous; /* the beat before one in this frame; -1: none */
} tracking;

/* False for a curve without change. */
static int scale(const float *onsets, tracking *t)
{
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < t->frames; i++)
        mean += onsets[i];
    mean /= (double)t->frames;
    for (int64_t i = 0; i < t->frames; i++)
        squares += (onsets[i] - mean) * (onsets[i] - mean);
    if (!(squares > 0))
        return 0;
    float deviation = (float)sqrt(squares / (double)(t->frames - 1));
    for (int64_t i = 0; i < t->frames; i++)
        t->strength[i] = onsets[i] / deviation;
    return 1;
}

static void smooth(tracking *t)
{
    int64_t p = t->period;
    for (int64_t j = -p; j <= p; j++)
        t->window[j + p] = exp(-0.5 * pow(32.0 * (double)j / (double)p, 2));
    for (int64_t i = 0; i < t->frames; i++) {
        int64_t first = i - p > 0 ? i - p : 0, last = i + p < t->frames ? i + p : t->frames - 1;
        t->local[i] = 0;
        for (int64_t j = last; j >= first; j--)
            t->local[i] += t->window[i - j + p] * t->strength[j];
    }
}

static void make_penalties(tracking *t)
{
    for (int64_t gap = 1; gap <= 2 * t->period; gap++)
        t->penalty[gap] = tightness * pow(log((double)gap) - log((double)t->period), 2);
}

/* The best beat before each frame. */
static mlk_code link_beats(tracking *t, mlk_status *status)
{
    double loudest = t->local[0];
    for (int64_t i = 1; i < t->frames; i++)
        loudest = fmax(loudest, t->local[i]);
    int64_t nearest = (int64_t)rint((double)t->period / 2);
    int begun = 0;
    for (int64_t i = 0; i < t->frames; i++) {
        double best = -HUGE_VAL;
        int64_t from = -1;
        if (i % 4096 == 0 && mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        for (int64_t gap = nearest; gap <= 2 * t->period && gap <= i; gap++) {
            double score = t->total[i - gap] - t->penalty[gap];
            if (score > best) {
                best = score;
                from = i - gap;
            }
        }
        t->total[i] = t->local[i] + (from >= 0 ? best : 0);
        begun = begun || t->local[i] >= quietest_first * loudest;
        t->previous[i] = begun ? from : -1;
    }
    return MLK_OK;
}

static int is_highest(const tracking *t, int64_t i)
{
    return i > 0 && t->total[i] > t->total[i - 1] && (i == t->frames - 1 || t->total[i] >= t->total[i + 1]);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The last frame in which the total is at a height and at least half of what is usual there. `heights` is room. */
static int64_t last_beat(const tracking *t, double *heights)
{
    size_t n = 0;
    for (int64_t i = 0; i < t->frames; i++)
        if (is_highest(t, i))
            heights[n++] = t->total[i];
    if (n == 0)
        return t->frames - 1;
    qsort(heights, n, sizeof *heights, ascending);
    double median = n % 2 ? heights[n / 2] : (heights[n / 2 - 1] + heights[n / 2]) / 2;
    for (int64_t i = t->frames - 1; i >= 0; i--)
        if (is_highest(t, i) && t->total[i] >= median / 2)
            return i;
    return t->frames - 1;
}

/* Half the root mean square of what lies at the beats, smoothed over neighbours (1/2, 1, 1/2). As the reference cuts
 * the smoothed list it begins with the first beat and has two numbers more than there are beats, the last of them 0. */
static double weakest(const tracking *t, const int64_t *beats, int64_t n)
{
    double sum = 0;
    int64_t count = n + 2 < t->frames ? n + 2 : t->frames;
    for (int64_t i = 0; i < count; i++) {
        double value = (i < n ? t->local[beats[i]] : 0) + (i > 0 && i <= n ? t->local[beats[i - 1]] / 2 : 0) +
                       (i + 1 < n ? t->local[beats[i + 1]] / 2 : 0);
        sum += value * value;
    }
    return 0.5 * sqrt(sum / (double)count);
}

/* Walks back from the last beat, and leaves out those before the first and after the last frame that is strong. */
static void read_beats(const tracking *t, int64_t tail, int64_t *beats, int64_t *n_beats)
{
    int64_t n = 0, first = 0, last = t->frames - 1, kept = 0;
    for (int64_t i = tail; i >= 0; i = t->previous[i])
        beats[n++] = i;
    for (int64_t i = 0; i < n / 2; i++) {
        int64_t swapped = beats[i];
        beats[i] = beats[n - 1 - i];
        beats[n - 1 - i] = swapped;
    }
    double least = weakest(t, beats, n);
    while (first <= last && t->local[first] <= least)
        first++;
    while (last >= first && t->local[last] <= least)
        last--;
    for (int64_t i = 0; i < n; i++)
        if (beats[i] >= first && beats[i] <= last)
            beats[kept++] = beats[i];
    *n_beats = kept;
}

mlk_code mlk_beat_track(const float *onsets, int64_t frames, int64_t period, int64_t *beats, int64_t *n_beats,
                        mlk_status *status)
{
    size_t n = (size_t)frames, p = (size_t)period;
    double *room = malloc(sizeof *room * (3 * n + 4 * p + 2));
    int64_t *previous = malloc(sizeof *previous * n);
    mlk_code code = MLK_OK;
    *n_beats = 0;
    if (!room || !previous)
        code = mlk_fail_memory(status, "the beats of a song");
    else {
        tracking t = {frames, period, room, room + n, room + 2 * n, room + 3 * n, room + 3 * n + 2 * p + 1, previous};
        if (scale(onsets, &t)) {
            smooth(&t);
            make_penalties(&t);
            code = link_beats(&t, status);
            if (!code)
                read_beats(&t, last_beat(&t, t.strength), beats, n_beats);
        }
    }
    free(room);
    free(previous);
    return code;
}
